"""What the worker does from time to time. Rooms add theirs in AppConfig.ready()."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.core.management import call_command
from django.db.models import Q
from django.utils import timezone
from wagtail.models import Page

from cms.pipeline.mail import CONSUMER as MAIL
from cms.pipeline.models import Event, PageChange, PeriodicRun, Worker

logger = logging.getLogger(__name__)

# A task that takes longer may be started by a second worker besides; so long it waits when its worker was killed.
LEASE_SECONDS = 300
KEEP_FINISHED = timedelta(days=7)
KEEP_SILENT_WORKERS = timedelta(days=1)


class Periodic(NamedTuple):
    """`seconds` lie at least between two starts; `run` is called with no arguments, in a thread of its own."""

    seconds: int
    run: Callable[[], None]


# name -> a task. Whatever the number of workers, one of them runs it each time. A task that fails is logged and runs
# again when it is next due.
periodic: dict[str, Periodic] = {}


def run_if_due(*, name: str) -> bool:
    """Run a periodic task unless it ran within its `seconds` or a worker is at it; tell whether it was run."""
    task = periodic[name]
    started_at = timezone.now()
    if not _claim(name=name, seconds=task.seconds, now=started_at):
        return False
    try:
        task.run()
    except Exception:  # whatever went wrong with one task, the worker goes on
        logger.exception("The periodic task %s failed", name)
    PeriodicRun.objects.filter(name=name, started_at=started_at).update(leased_until=None)
    return True


def _claim(*, name: str, seconds: int, now: datetime) -> bool:
    runs = PeriodicRun.objects.filter(name=name)
    due = runs.filter(
        Q(started_at=None) | Q(started_at__lte=now - timedelta(seconds=seconds)),
        Q(leased_until=None) | Q(leased_until__lte=now),
    )
    # Reading first keeps an idle worker off SQLite's write lock.
    if not due.exists():
        if runs.exists():
            return False
        PeriodicRun.objects.bulk_create([PeriodicRun(name=name)], ignore_conflicts=True)
    return due.update(started_at=now, leased_until=now + timedelta(seconds=LEASE_SECONDS)) == 1


def prune() -> None:
    """Delete what was finished `KEEP_FINISHED` ago. Dead letters stay, and so does the last word on a page there is.

    Dead mail goes: what it says is for its recipient alone, and a code to log in with is of no use after a week.
    """
    now = timezone.now()
    Event.objects.filter(finished_at__lt=now - KEEP_FINISHED).delete()
    Event.objects.filter(consumer=MAIL, dead_at__lt=now - KEEP_FINISHED).delete()
    finished = PageChange.objects.filter(finished_at__lt=now - KEEP_FINISHED)
    finished.exclude(page_id__in=Page.objects.values("pk")).delete()
    Worker.objects.filter(last_seen_at__lt=now - KEEP_SILENT_WORKERS).delete()


def clear_sessions() -> None:
    call_command("clearsessions")
