"""The outbox: what is still to be done about a change, written down in the transaction that made it."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self, TypeVar

from django.db import connection, models, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms.pipeline.consumers import FailedForNow, policies

# How long a worker may hold a row, in seconds; so long it waits when the worker was killed with the row in its hands
# and no other worker of the same host runs.
LEASE_SECONDS = 30
# A row that failed this often is a dead letter. With the delays below that is after about an hour.
MOST_ATTEMPTS = 15
FIRST_DELAY_SECONDS = 2
LONGEST_DELAY_SECONDS = 600
LONGEST_ERROR = 2_000  # characters

UNFINISHED = Q(finished_at=None, dead_at=None)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How long a consumer's rows are tried again, and how often, before they are dead letters.

    Args:
        first_delay_seconds: How long a row waits after its first failure, at most.
        longest_delay_seconds: How long it ever waits. Between the two, the delay doubles each time.
        most_attempts: After so many failures it is a dead letter; None where the time alone decides.
        give_up_after: So long after its first failure it is tried for the last time; None where the attempts alone
            decide.
    """

    first_delay_seconds: int = FIRST_DELAY_SECONDS
    longest_delay_seconds: int = LONGEST_DELAY_SECONDS
    most_attempts: int | None = MOST_ATTEMPTS
    give_up_after: timedelta | None = None

    def back_off(self, *, attempts: int) -> timedelta:
        """Return how long to wait after this many failed attempts.

        Between half and the whole of the delay is drawn by chance, so that rows that failed together are not all tried
        again together.
        """
        # No delay doubles more often than this, and the power stays a small number.
        doublings = min(attempts - 1, 30)
        longest = min(self.first_delay_seconds * 2**doublings, self.longest_delay_seconds)
        return timedelta(seconds=random.uniform(longest / 2, longest))  # noqa: S311 - it spreads load and hides nothing

    def next_try(self, *, attempts: int, failing_since: datetime, wait: timedelta, now: datetime) -> datetime | None:
        """Return when to try a row again that has failed `attempts` times, `wait` from now at the earliest.

        None where that was the last time.
        """
        if self.most_attempts is not None and attempts >= self.most_attempts:
            return None
        due_at = now + max(self.back_off(attempts=attempts), wait)
        if self.give_up_after is None:
            return due_at
        last_try_at = failing_since + self.give_up_after
        return min(due_at, last_try_at) if now < last_try_at else None


DEFAULT_POLICY = Policy()


AnyWork = TypeVar("AnyWork", bound="Work")


class WorkQuerySet(models.QuerySet[AnyWork]):
    def unfinished(self) -> Self:
        """What is waiting, held or failing; a dead letter is none of these."""
        return self.filter(UNFINISHED)

    def due(self, *, now: datetime) -> Self:
        """What a worker may take at this moment, in the order to take it."""
        free = Q(leased_until=None) | Q(leased_until__lte=now)
        return self.unfinished().filter(free, due_at__lte=now).order_by("due_at", "pk")

    def lock(self) -> None:
        """Take the rows one after the other in the order of their numbers, as everybody does who takes several: an
        UPDATE takes them as it meets them, and two transactions would wait for each other until one of them is broken
        off. Call it in a transaction.
        """
        if connection.features.has_select_for_update:
            list(self.select_for_update().order_by("pk").values_list("pk"))

    def revive(self, *, now: datetime, **more: Any) -> int:
        """Make the rows due as if they had never been tried, dead letters too, and return how many they are.

        Args:
            more: Further fields to set.
        """
        return self.update(
            waiting_since=Case(When(UNFINISHED, then=F("waiting_since")), default=now), due_at=now, attempts=0,
            last_error="", last_failed_at=None, failing_since=None, dead_at=None, finished_at=None, **more,
        )  # fmt: skip


class Work(models.Model):
    """One thing that one consumer has to do, and how that went."""

    consumer = models.CharField(max_length=40)
    waiting_since = models.DateTimeField()
    due_at = models.DateTimeField()
    leased_by = models.CharField(max_length=100, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)
    last_failed_at = models.DateTimeField(null=True, blank=True)
    # When the failures began that the attempts count.
    failing_since = models.DateTimeField(null=True, blank=True)
    dead_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects: Any

    class Meta:
        abstract = True

    @classmethod
    def claim(cls, *, consumer: str, worker: str, now: datetime, **within: str) -> Self | None:
        """Take the next due row of a consumer for `LEASE_SECONDS`; None where there is none.

        Rows that somebody is writing at this moment are passed over, so a long transaction holds up nobody but its
        own pages. `within` narrows the choice by further fields.
        """
        due = cls.objects.due(now=now).filter(consumer=consumer, **within)
        # An idle worker only reads: on SQLite a transaction would take the write lock.
        if not due.exists():
            return None
        with transaction.atomic():
            row: Self | None = due.select_for_update(skip_locked=True, of=("self",)).first()
            if row is None:
                return None
            row.leased_by = worker
            # Getting here may have taken as long as another transaction.
            row.leased_until = max(now, timezone.now()) + timedelta(seconds=LEASE_SECONDS)
            row.save(update_fields=["leased_by", "leased_until"])
        return row

    @classmethod
    def release(cls, *, worker: str) -> None:
        """Let go of what a worker holds that will not come back."""
        held = cls.objects.filter(leased_by=worker, leased_until__isnull=False)
        with transaction.atomic():
            held.lock()
            held.update(leased_by="", leased_until=None)

    def finish(self, *, now: datetime) -> None:
        self._settle(finished_at=now, last_error="", last_failed_at=None)

    def fail(self, error: Exception, *, now: datetime) -> None:
        """Write down a failed attempt: the row is tried again later, or is a dead letter, as the policy says."""
        attempts = self.attempts + 1
        failing_since = self.failing_since or now
        next_try_at = policies.get(self.consumer, DEFAULT_POLICY).next_try(
            attempts=attempts,
            failing_since=failing_since,
            wait=error.wait if isinstance(error, FailedForNow) else timedelta(),
            now=now,
        )
        outcome = {"dead_at": now} if next_try_at is None else {"due_at": next_try_at}
        if next_try_at is None:
            self._leave_to_others(failing_since=failing_since)
        self._settle(attempts=attempts, failing_since=failing_since, **outcome, **_failure(error, now=now))

    def bury(self, error: Exception, *, now: datetime) -> None:
        """Make the row a dead letter, which stays until it is recorded again or somebody deals with it."""
        self._settle(attempts=self.attempts + 1, dead_at=now, **_failure(error, now=now))

    def postpone(self, error: Exception, *, until: datetime, now: datetime) -> None:
        """Put the row back without counting an attempt, behind those that are due before `until`."""
        self._settle(due_at=until, **_failure(error, now=now))

    def _leave_to_others(self, *, failing_since: datetime) -> None:
        """Tell the rows that waited for this one, which is given up, since when nobody was there."""

    def _settle(self, **outcome: Any) -> None:
        free = {"leased_by": "", "leased_until": None}
        if self._as_claimed().update(**outcome, **free) == 0:
            # It was recorded again meanwhile, so this outcome is about a page as it was before: the row stays due.
            # Where the lease ran out and another worker took the row, this changes nothing.
            self.held().update(**free)

    def held(self) -> models.QuerySet[Self]:
        """Return this row for as long as it is in the hands of whoever has claimed it."""
        held: models.QuerySet[Self] = type(self).objects.filter(pk=self.pk, leased_by=self.leased_by)
        return held

    def _as_claimed(self) -> models.QuerySet[Self]:
        return self.held()


def _failure(error: Exception, *, now: datetime) -> dict[str, Any]:
    # PostgreSQL stores no NUL, and a server's answer may hold any byte.
    text = f"{type(error).__name__}: {error}".replace("\0", "")
    return {"last_error": text[:LONGEST_ERROR], "last_failed_at": now}


class PageChange(Work):
    """A consumer has to look at a page again.

    There is one row for each consumer and page, however often the page changes: `version` counts the changes, so
    that a worker which began before the last of them does not finish the row.
    """

    # No foreign key: a deleted page is a change too.
    page_id = models.BigIntegerField()
    version = models.PositiveIntegerField(default=1)

    objects = WorkQuerySet["PageChange"].as_manager()

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        constraints = [models.UniqueConstraint(fields=["consumer", "page_id"], name="one_change_of_page")]
        indexes = [models.Index(fields=["consumer", "due_at"], condition=UNFINISHED, name="unfinished_change")]

    def __str__(self) -> str:
        return f"page {self.page_id} for {self.consumer}"

    def _as_claimed(self) -> models.QuerySet[Self]:
        return self.held().filter(version=self.version)


def earlier() -> "EventQuerySet":
    """Return what an event of a query around this one waits for: those of its key that were recorded before it."""
    return Event.objects.unfinished().filter(consumer=OuterRef("consumer"), key=OuterRef("key"), pk__lt=OuterRef("pk"))


class EventQuerySet(WorkQuerySet["Event"]):
    def due(self, *, now: datetime) -> Self:
        """Events of one key in the order in which they were recorded: none before the earlier are done or dead."""
        return super().due(now=now).exclude(Exists(earlier()))


class Event(Work):
    """Something that happened and that a consumer is to be told of, each time it happens."""

    key = models.CharField(max_length=200)
    # Events of different channels are handled side by side, so that one slow receiver holds up no other.
    channel = models.CharField(max_length=40, blank=True, default="")
    event = models.CharField(max_length=40)
    # What an editor reads of it, when the payload is gone or is nobody's business; blank where it concerns no editor.
    label = models.CharField(max_length=300, blank=True)
    # The page that it is about, if any; no foreign key, for the same reason as above.
    page_id = models.BigIntegerField(null=True, blank=True)
    payload = models.JSONField()

    objects = EventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["consumer", "due_at"], condition=UNFINISHED, name="unfinished_event"),
            models.Index(fields=["consumer", "key"], condition=UNFINISHED, name="unfinished_event_of_key"),
            models.Index(fields=["page_id"], name="event_of_page"),
            models.Index(fields=["consumer", "channel"], name="event_of_channel"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.pk} for {self.consumer}"

    def finish(self, *, now: datetime) -> None:
        self._settle(finished_at=now, last_error="", last_failed_at=None, payload=self.payload)

    def _leave_to_others(self, *, failing_since: datetime) -> None:
        # The time for which an event is tried runs while an earlier one of its key is: where a receiver is gone for
        # good, a page that was published fifty times does not keep its events for fifty times that long.
        behind = Event.objects.unfinished().filter(consumer=self.consumer, key=self.key, pk__gt=self.pk)
        with transaction.atomic():
            behind.lock()
            behind.update(failing_since=Greatest("waiting_since", Value(failing_since)))


class PeriodicRun(models.Model):
    """When a periodic task was last started, by whichever worker."""

    name = models.CharField(max_length=60, unique=True)
    started_at = models.DateTimeField(null=True, blank=True)
    leased_by = models.CharField(max_length=100, blank=True, default="")
    leased_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def release(cls, *, worker: str) -> None:
        """Let go of what a worker was at that will not come back."""
        cls.objects.filter(leased_by=worker, leased_until__isnull=False).update(leased_by="", leased_until=None)


class Worker(models.Model):
    """A process that runs the pipeline, and when it last said so."""

    name = models.CharField(max_length=100, unique=True)
    last_seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
