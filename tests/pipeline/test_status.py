"""Operators and machines can see where the pipeline stands."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from cms.pipeline.consumers import FailedForNow, PermanentError
from cms.pipeline.models import PageChange, Worker
from cms.pipeline.outbox import record, record_event
from cms.pipeline.overdue import PATIENCE
from cms.pipeline.scheduled import ScheduledPublishing
from cms.pipeline.status import MOST_LAG_SECONDS, MOST_SILENCE_SECONDS, pipeline_status
from cms.pipeline.worker import drain
from tests.pipeline.conftest import Clock, EventConsumer, PageConsumer, Tree
from tests.pipeline.test_scheduled import HOUR, let_expire, schedule


def status_as_json() -> dict[str, Any]:
    output = io.StringIO()
    call_command("pipeline_status", json=True, stdout=output)
    status: dict[str, Any] = json.loads(output.getvalue())
    return status


def test_a_consumer_without_rows_shows_zeros(db: None, consumer: PageConsumer, event_consumer: EventConsumer) -> None:
    zeros = {"pending": 0, "failing": 0, "dead": 0, "lag_seconds": 0.0}
    expected = {
        "consumers": {"index": zeros, "letters": zeros},
        "scheduled": {"overdue": 0},
        "worker": {"last_seen_seconds": None},
    }
    assert status_as_json() == expected


def test_each_row_is_counted_once(db: None, consumer: PageConsumer, event_consumer: EventConsumer) -> None:
    consumer.errors = {1: PermanentError("too long"), 2: ValueError("not now"), 3: ValueError("not now")}
    record(page_ids=[1, 2, 3, 4])
    drain()
    record(page_ids=[5, 6, 7])
    record_event(consumer="letters", key="7", event="published", payload={"text": "waiting"})
    counts = {
        name: (counted["pending"], counted["failing"], counted["dead"])
        for name, counted in status_as_json()["consumers"].items()
    }
    assert counts == {"index": (3, 2, 1), "letters": (1, 0, 0)}


def test_the_lag_is_the_age_of_the_oldest_waiting_row(db: None, consumer: PageConsumer) -> None:
    record(page_ids=[1, 2])
    now = timezone.now()
    PageChange.objects.filter(page_id=1).update(waiting_since=now - timedelta(seconds=90))
    assert pipeline_status()["consumers"]["index"]["lag_seconds"] == pytest.approx(90, abs=5)


def test_a_row_that_is_to_be_tried_again_later_is_no_lag(db: None, consumer: PageConsumer, clock: Clock) -> None:
    now = timezone.now()
    consumer.errors[1] = ValueError("not now")
    record(page_ids=[1])
    drain()
    PageChange.objects.update(attempts=9, waiting_since=now - timedelta(minutes=20), due_at=now + timedelta(seconds=30))
    assert pipeline_status()["consumers"]["index"]["lag_seconds"] == 0.0
    clock.move(seconds=45)
    assert pipeline_status()["consumers"]["index"]["lag_seconds"] == pytest.approx(15, abs=5)


def test_an_event_that_waits_for_an_earlier_one_of_its_key_is_no_lag(
    db: None, event_consumer: EventConsumer, clock: Clock
) -> None:
    event_consumer.errors["first"] = FailedForNow("away", wait=timedelta(hours=1))
    for text in ("first", "second"):
        record_event(consumer="letters", key="7", event="published", payload={"text": text})
    drain()
    clock.move(seconds=1200)
    status = pipeline_status()["consumers"]["letters"]
    assert (status["pending"], status["failing"], status["lag_seconds"]) == (1, 1, 0.0)
    clock.move(seconds=2490)
    assert pipeline_status()["consumers"]["letters"]["lag_seconds"] == pytest.approx(90, abs=5)


def test_dead_letters_are_no_lag(db: None, consumer: PageConsumer, clock: Clock) -> None:
    consumer.errors[1] = PermanentError("too long")
    record(page_ids=[1])
    drain()
    clock.move(seconds=3600)
    assert pipeline_status()["consumers"]["index"]["lag_seconds"] == 0.0


def test_the_table_has_a_line_for_each_consumer(db: None, consumer: PageConsumer) -> None:
    record(page_ids=[1, 2])
    Worker.objects.create(name="here", last_seen_at=timezone.now())
    output = io.StringIO()
    call_command("pipeline_status", stdout=output)
    header, row, _empty, late, worker = output.getvalue().splitlines()
    assert header.split() == ["consumer", "pending", "failing", "dead", "lag", "(s)"]
    assert row.split()[:4] == ["index", "2", "0", "0"]
    assert len(header) == len(row)
    assert late == "Nothing that is scheduled is late."
    assert worker.startswith("A worker was seen")


def test_what_is_scheduled_and_late_is_counted(tree: Tree, clock: Clock) -> None:
    schedule(tree.child, title="New")
    let_expire(tree.other)
    clock.move(seconds=HOUR + PATIENCE.total_seconds() - 1)
    assert status_as_json()["scheduled"] == {"overdue": 0}
    clock.move(seconds=2)
    assert status_as_json()["scheduled"] == {"overdue": 2}
    output = io.StringIO()
    call_command("pipeline_status", stdout=output)
    assert "Scheduled and late: 2." in output.getvalue()
    ScheduledPublishing().run()
    assert status_as_json()["scheduled"] == {"overdue": 0}


@pytest.mark.parametrize(
    ("silence", "waiting", "ok"),
    [
        (1.0, 1.0, True),
        (MOST_SILENCE_SECONDS + 1, 1.0, False),
        (1.0, MOST_LAG_SECONDS + 1, False),
        (None, 1.0, False),
    ],
    ids=["keeps up", "not seen", "behind", "never there"],
)
@pytest.mark.usefixtures("db", "consumer")
def test_readiness_tells_whether_a_worker_keeps_up(
    silence: float | None, waiting: float, ok: bool, client: Client
) -> None:
    now = timezone.now()
    record(page_ids=[1])
    PageChange.objects.update(waiting_since=now - timedelta(seconds=waiting))
    if silence is not None:
        Worker.objects.create(name="here", last_seen_at=now - timedelta(seconds=silence))
    answer = client.get("/readyz").json()
    assert answer["worker"]["ok"] is ok
    assert answer["worker"]["lag_seconds"] == pytest.approx(waiting, abs=5)
    assert answer["worker"]["last_seen_seconds"] == (silence and pytest.approx(silence, abs=5))
