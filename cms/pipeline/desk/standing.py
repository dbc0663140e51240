"""Where a page stands: what has become of its last change, in a sentence and, where something is amiss, in more."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AnySet
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from wagtail.models import Page, PageLogEntry

from cms.pipeline.consumers import FailedForNow, PermanentError, Unavailable, consumers, event_consumers
from cms.pipeline.desk.moments import moment
from cms.pipeline.labels import ConsumerLabel, label_of
from cms.pipeline.models import Event, PageChange, Work
from cms.pipeline.overdue import Overdue, overdue_pages
from cms.pipeline.status import is_silent, worker_last_seen_at
from cms.users.models import User
from cms.visibility import is_over, public_pages

UNPUBLISHED = ("wagtail.unpublish", "wagtail.unpublish.scheduled")
LONGEST_SHOWN_ERROR = 300  # characters
MOST_PROBLEMS = 10
MEANT_FOR_EDITORS = {PermanentError.__name__, FailedForNow.__name__}


class State(Enum):
    """What has become of a row."""

    DONE = "done"
    WAITING = "waiting"
    FAILING = "failing"
    AWAY = "away"
    DEAD = "dead"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What keeps a consumer from being done, and in `error` what it said itself."""

    text: str
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a page stands at one moment.

    Args:
        sentence: All of it in one sentence.
        problems: What is waited for, and why.
        is_settled: Nothing will change by itself.
        can_be_retried: Something failed that somebody may have tried again at once.
    """

    sentence: str
    problems: tuple[Problem, ...]
    is_settled: bool
    can_be_retried: bool


def standing_of(page: Page, *, user: User, now: datetime) -> Standing:
    """Tell somebody where a page stands, in as many queries however much the pipeline has to do."""
    is_public = public_pages().filter(pk=page.pk).exists()
    scheduled = page.scheduled_revision
    goes_live_at = scheduled.approved_go_live_at if scheduled is not None else None
    changes = {row.consumer: row for row in PageChange.objects.filter(page_id=page.pk)}
    events = _events(page)
    parts = _headline(page, is_public=is_public, goes_live_at=goes_live_at, now=now)
    if is_public or page.first_published_at:
        parts += _parts_of_changes(page, changes, is_public=is_public, now=now)
        parts += _parts_of_events(page, events)
    rows: list[Work] = [*(changes[name] for name in consumers if name in changes), *events]
    unfinished = [row for row in rows if state_of(row) is not State.DONE]
    states = {state_of(row) for row in unfinished}
    return Standing(
        sentence=_("%(parts)s.") % {"parts": ", ".join(parts)},
        problems=(*_problems(unfinished, user=user, now=now), *_lateness(page, now=now)),
        is_settled=states <= {State.DEAD} and (goes_live_at is None or goes_live_at > now),
        can_be_retried=bool(states - {State.WAITING}),
    )


def state_of(row: Work) -> State:
    if row.finished_at is not None:
        return State.DONE
    if row.dead_at is not None:
        return State.DEAD
    if row.last_failed_at is None:
        return State.WAITING
    return State.AWAY if row.last_error.startswith(f"{Unavailable.__name__}: ") else State.FAILING


def error_in_words(row: Work, *, user: User) -> str:
    """Return the last error as far as this person may know it: some name hosts of the operator's network.

    Names of exceptions that say what the state says already are left out.
    """
    name, _colon, text = row.last_error.partition(": ")
    if name in MEANT_FOR_EDITORS:
        return _shortened(text)
    if user.is_superuser:
        return _shortened(text if name == Unavailable.__name__ else row.last_error)
    if state_of(row) in {State.FAILING, State.DEAD}:
        return _("Something unforeseen went wrong. Whoever runs the site finds it in the log.")
    return ""


def _shortened(words: str) -> str:
    return words if len(words) <= LONGEST_SHOWN_ERROR else f"{words[:LONGEST_SHOWN_ERROR]}…"


def standing_context(page: Page, *, user: User) -> dict[str, Any]:
    """Return what the templates show of a page's standing, and let this person do about it."""
    standing = standing_of(page, user=user, now=timezone.now())
    may_retry = standing.can_be_retried and page.permissions_for_user(user).can_publish()
    return {"page": page, "standing": standing, "may_retry": may_retry}


def no_worker(*, now: datetime) -> str:
    """Return what to do about a worker that is not there; nothing where one is."""
    last_seen_at = worker_last_seen_at()
    if not is_silent(last_seen_at, now=now):
        return ""
    if last_seen_at is None:
        return _("No worker has been seen. %(advice)s") % {"advice": _advice()}
    since = {"time": moment(last_seen_at, now=now), "advice": _advice()}
    return _("No worker has been seen since %(time)s. %(advice)s") % since


def _advice() -> str:
    return _(
        "Nothing is lost, and it goes on when the worker is back: ask whoever runs the site to start "
        "“manage.py run_pipeline”."
    )


def _events(page: Page) -> list[Event]:
    """Return the page's events since it was last published, and of earlier ones those that are not done."""
    asked = Q(finished_at=None)
    if page.last_published_at is not None:
        asked |= Q(waiting_since__gte=page.last_published_at)
    events = Event.objects.filter(asked, page_id=page.pk, consumer__in=list(event_consumers))
    return list(events.defer("payload").order_by("pk"))


def _headline(page: Page, *, is_public: bool, goes_live_at: datetime | None, now: datetime) -> list[str]:
    """Return what has become of the page itself, as parts of the sentence."""
    if page.live:
        headline = [_live(page, is_public=is_public, now=now)]
        if goes_live_at is not None:
            headline.append(_("a newer version goes live %(time)s") % {"time": moment(goes_live_at, now=now)})
        return headline
    if goes_live_at is not None:
        words = _("Goes live %(time)s") if goes_live_at > now else _("Due to go live since %(time)s")
        return [words % {"time": moment(goes_live_at, now=now)}]
    if page.expired and page.expire_at is not None:
        return [_("Expired %(time)s") % {"time": moment(page.expire_at, now=now)}]
    if page.first_published_at is None:
        return [_("Not published yet")]
    unpublished = PageLogEntry.objects.filter(page=page.pk, action__in=UNPUBLISHED).order_by("-timestamp").first()
    if unpublished is None:
        return [_("Not published any more")]
    return [_("Unpublished %(time)s") % {"time": moment(unpublished.timestamp, now=now)}]


def _live(page: Page, *, is_public: bool, now: datetime) -> str:
    if is_over(page):
        return _("Live, but its time is over, so readers do not see it")
    # Pages that were made without the editor were never published by anybody.
    if page.last_published_at is None:
        return _("Live") if is_public else _("Live, but not for everybody")
    time = {"time": moment(page.last_published_at, now=now)}
    return _("Published %(time)s") % time if is_public else _("Published %(time)s, but not for everybody") % time


def _parts_of_changes(page: Page, changes: dict[str, PageChange], *, is_public: bool, now: datetime) -> Iterator[str]:
    for name in consumers:
        label = label_of(name)
        if name in changes and label.applies(page.specific_class or Page):
            yield _part_of_change(changes[name], label, is_public=is_public, now=now)


def _part_of_change(row: PageChange, label: ConsumerLabel, *, is_public: bool, now: datetime) -> str:
    if row.finished_at is not None:
        done = label.done if is_public else label.gone or label.done
        return done % {"name": label.name, "time": moment(row.finished_at, now=now)}
    words = label.waiting if state_of(row) is State.WAITING else label.failed
    return words % {"name": label.name}


def _parts_of_events(page: Page, events: Sequence[Event]) -> Iterator[str]:
    for name in event_consumers:
        label = label_of(name)
        # What a channel leads to is told when it has been told of everything.
        channels: dict[str, set[State]] = defaultdict(set)
        for row in events:
            if row.consumer == name and _is_recent(row, page):
                channels[row.channel].add(state_of(row))
        if channels:
            yield _part_of_events(list(channels.values()), label)


def _part_of_events(channels: Sequence[AnySet[State]], label: ConsumerLabel) -> str:
    undone = [states for states in channels if states != {State.DONE}]
    is_on_its_way = any(states <= {State.DONE, State.WAITING} for states in undone)
    words = label.waiting if is_on_its_way else label.failed if undone else label.done
    return words % {"name": label.name, "done": len(channels) - len(undone), "total": len(channels)}


def _is_recent(row: Event, page: Page) -> bool:
    return page.last_published_at is not None and row.waiting_since >= page.last_published_at


def _problems(rows: Sequence[Work], *, user: User, now: datetime) -> Iterator[Problem]:
    waiting = [row for row in rows if state_of(row) is State.WAITING]
    # Many events may wait behind one that fails: one word for all of them.
    for consumer in dict.fromkeys(row.consumer for row in waiting):
        since = min(row.waiting_since for row in waiting if row.consumer == consumer)
        words = {"name": label_of(consumer).name, "time": moment(since, now=now)}
        yield Problem(text=_("%(name)s: waiting since %(time)s.") % words)
    failed = [row for row in rows if state_of(row) is not State.WAITING]
    for row in failed[:MOST_PROBLEMS]:
        yield Problem(text=_failure(row, now=now), error=error_in_words(row, user=user))
    if len(failed) > MOST_PROBLEMS:
        more = len(failed) - MOST_PROBLEMS
        yield Problem(text=ngettext("And %(more)d more.", "And %(more)d more.", more) % {"more": more})
    if any(state_of(row) is not State.DEAD for row in rows) and (silence := no_worker(now=now)):
        yield Problem(text=silence)


def _lateness(page: Page, *, now: datetime) -> Iterator[Problem]:
    for late in overdue_pages(Page.objects.filter(pk=page.pk), now=now):
        yield Problem(text=lateness_in_words(late, now=now), error=late.error)


def lateness_in_words(late: Overdue, *, now: datetime) -> str:
    words = {"time": moment(late.due_at, now=now)}
    if late.expires:
        return _("It was to expire at %(time)s; readers do not see it. That is tried again every minute.") % words
    return _("It was to go live at %(time)s. That is tried again every minute; or publish it yourself.") % words


def _failure(row: Work, *, now: datetime) -> str:
    words: dict[str, Any] = {
        "name": getattr(row, "label", "") or label_of(row.consumer).name,
        "failed": moment(row.last_failed_at or row.waiting_since, now=now),
        "next": moment(max(row.due_at, now), now=now),
        "attempts": row.attempts,
    }
    match state_of(row):
        case State.AWAY:
            return _("%(name)s: the server did not answer at %(failed)s. It is asked again by itself.") % words
        case State.FAILING:
            return (
                ngettext(
                    "%(name)s: failed once, at %(failed)s. The next try is at %(next)s.",
                    "%(name)s: failed %(attempts)d times, last at %(failed)s. The next try is at %(next)s.",
                    row.attempts,
                )
                % words
            )
        case _dead:
            return (
                ngettext(
                    "%(name)s: given up after one try, at %(failed)s. "
                    "It stays so until somebody has it tried again or the page is published again.",
                    "%(name)s: given up after %(attempts)d tries, the last at %(failed)s. "
                    "It stays so until somebody has it tried again or the page is published again.",
                    row.attempts,
                )
                % words
            )
