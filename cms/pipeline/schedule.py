"""What the worker does from time to time. Rooms add theirs in AppConfig.ready()."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.core.management import call_command
from django.db.models import Q
from django.utils import timezone
from wagtail.models import Page

from cms.pipeline.leases import renewed
from cms.pipeline.mail import CONSUMER as MAIL
from cms.pipeline.models import Event, PageChange, PeriodicRun, Worker

logger = logging.getLogger(__name__)

# So long a task is kept from the others when its worker was killed and no other worker of the same host runs. While it
# runs the lease is renewed, so it may take any time.
LEASE_SECONDS = 30
KEEP_FINISHED = timedelta(days=7)
KEEP_DEAD_EVENTS = timedelta(days=30)
KEEP_SILENT_WORKERS = timedelta(days=1)


class Periodic(NamedTuple):
    """`seconds` lie at least between two starts; `run` is called with no arguments, in a thread of its own."""

    seconds: int
    run: Callable[[], None]


# name -> a task. Whatever the number of workers, one of them runs it each time. A task that fails is logged and runs
# again when it is next due.
periodic: dict[str, Periodic] = {}


def run_if_due(*, name: str, worker: str = "") -> bool:
    """Run a periodic task unless it ran within its `seconds` or a worker is at it; tell whether it was run.

    Args:
        worker: Who runs it: when that worker is killed, another of the same host gives the task free.
    """
    task = periodic[name]
    started_at = timezone.now()
    if not _claim(name=name, worker=worker, seconds=task.seconds, now=started_at):
        return False
    own_run = PeriodicRun.objects.filter(name=name, started_at=started_at)
    try:
        with renewed(own_run, seconds=LEASE_SECONDS):
            task.run()
    except Exception:  # whatever went wrong with one task, the worker goes on
        logger.exception("The periodic task %s failed", name)
    own_run.update(leased_by="", leased_until=None)
    return True


def _claim(*, name: str, worker: str, seconds: int, now: datetime) -> bool:
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
    leased_until = now + timedelta(seconds=LEASE_SECONDS)
    return due.update(started_at=now, leased_by=worker, leased_until=leased_until) == 1


def prune() -> None:
    """Delete what is of no use any more.

    That is what was finished `KEEP_FINISHED` ago, but for the last word on a page that there is; events that were given
    up `KEEP_DEAD_EVENTS` ago, with the log of their attempts; and dead mail sooner: what it says is for its recipient
    alone, and a code to log in with is of no use after a week. Dead letters about the state of a page stay.
    """
    now = timezone.now()
    Event.objects.filter(finished_at__lt=now - KEEP_FINISHED).delete()
    Event.objects.filter(consumer=MAIL, dead_at__lt=now - KEEP_FINISHED).delete()
    Event.objects.filter(dead_at__lt=now - KEEP_DEAD_EVENTS).delete()
    finished = PageChange.objects.filter(finished_at__lt=now - KEEP_FINISHED)
    finished.exclude(page_id__in=Page.objects.values("pk")).delete()
    Worker.objects.filter(last_seen_at__lt=now - KEEP_SILENT_WORKERS).delete()


def clear_sessions() -> None:
    call_command("clearsessions")
