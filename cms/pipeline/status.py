"""Where the pipeline stands, for operators, machines and the readiness probe."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, TypedDict

from django.db.models import Case, Count, DateTimeField, Exists, F, Max, Min, Q, When
from django.utils import timezone

from cms.health import Condition
from cms.pipeline.consumers import consumers, event_consumers, trials
from cms.pipeline.models import Event, PageChange, Worker, earlier
from cms.pipeline.overdue import count_overdue

# Beyond these the worker is not keeping up, or is not there.
MOST_LAG_SECONDS = 60.0
MOST_SILENCE_SECONDS = 60.0


class ConsumerStatus(TypedDict):
    """Each row that is not finished is counted once: waiting, failed before, or a dead letter that is no trial.

    `lag_seconds` is how long the oldest row has been waiting for the worker; a row that failed waits from when it is
    to be tried again, and one that waits for another does not count.
    """

    pending: int
    failing: int
    dead: int
    lag_seconds: float


class WorkerStatus(TypedDict):
    last_seen_seconds: float | None


class ScheduledStatus(TypedDict):
    """`overdue` is how many items should have been published or taken down by now."""

    overdue: int


class Status(TypedDict):
    consumers: dict[str, ConsumerStatus]
    scheduled: ScheduledStatus
    worker: WorkerStatus


def pipeline_status() -> Status:
    """Tell where everything stands, in as many queries whatever the number of rows and consumers."""
    now = timezone.now()
    rows = {row["consumer"]: row for model in (PageChange, Event) for row in _counted(model)}
    statuses = {name: _status(rows.get(name), now=now) for name in [*consumers, *event_consumers]}
    return {
        "consumers": statuses,
        "scheduled": {"overdue": count_overdue(now=now)},
        "worker": {"last_seen_seconds": _silence(now=now)},
    }


def worker_condition() -> Condition:
    """The readiness probe: a worker was seen lately, and no consumer is far behind."""
    status = pipeline_status()
    silence = status["worker"]["last_seen_seconds"]
    lag = max((consumer["lag_seconds"] for consumer in status["consumers"].values()), default=0.0)
    ok = silence is not None and silence < MOST_SILENCE_SECONDS and lag < MOST_LAG_SECONDS
    return {"ok": ok, "lag_seconds": lag, "last_seen_seconds": silence}


def _counted(model: type[PageChange] | type[Event]) -> list[dict[str, Any]]:
    alive = Q(dead_at=None)
    waiting_from = Case(When(attempts=0, then=F("waiting_since")), default=F("due_at"), output_field=DateTimeField())
    # What waits for an earlier event of its key waits for no worker.
    in_turn = ~Q(Exists(earlier())) if model is Event else Q()
    missed = ~Q(event__in=trials) if model is Event else Q()
    rows: Iterable[Any] = (
        model.objects.filter(finished_at=None)
        .values("consumer")
        .annotate(
            pending=Count("pk", filter=alive & Q(last_failed_at=None)),
            failing=Count("pk", filter=alive & Q(last_failed_at__isnull=False)),
            dead=Count("pk", filter=~alive & missed),
            waiting_from=Min(waiting_from, filter=alive & in_turn),
        )
        .order_by()
    )
    return [dict(row) for row in rows]


def _status(row: dict[str, Any] | None, *, now: datetime) -> ConsumerStatus:
    if row is None:
        return {"pending": 0, "failing": 0, "dead": 0, "lag_seconds": 0.0}
    lag = max(now - (row["waiting_from"] or now), timedelta())
    return {
        "pending": row["pending"],
        "failing": row["failing"],
        "dead": row["dead"],
        "lag_seconds": round(lag.total_seconds(), 1),
    }


def worker_last_seen_at() -> datetime | None:
    """Return when any worker last said that it is there; None where none ever did."""
    last_seen_at: datetime | None = Worker.objects.aggregate(last=Max("last_seen_at"))["last"]
    return last_seen_at


def is_silent(last_seen_at: datetime | None, *, now: datetime) -> bool:
    return last_seen_at is None or (now - last_seen_at).total_seconds() >= MOST_SILENCE_SECONDS


def _silence(*, now: datetime) -> float | None:
    last_seen_at = worker_last_seen_at()
    if last_seen_at is None:
        return None
    return round(max(now - last_seen_at, timedelta()).total_seconds(), 1)
