"""Periodic tasks run when they are due, one worker at a time."""

import threading
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from cms.pipeline.models import Event, PageChange, PeriodicRun, Worker
from cms.pipeline.outbox import record, record_event
from cms.pipeline.schedule import LEASE_SECONDS, Periodic, clear_sessions, periodic, prune, run_if_due
from cms.pipeline.worker import drain
from tests.pipeline.conftest import Clock, EventConsumer, PageConsumer, Tree
from tests.pipeline.test_claim import in_threads, own_connections

DAY = 86_400  # seconds


class Task:
    def __init__(self) -> None:
        self.runs = 0
        self.error: Exception | None = None

    def __call__(self) -> None:
        self.runs += 1
        if self.error:
            raise self.error


@pytest.fixture
def task(monkeypatch: pytest.MonkeyPatch) -> Task:
    task = Task()
    monkeypatch.setitem(periodic, "count", Periodic(seconds=60, run=task))
    return task


def test_a_task_runs_at_once_and_then_whenever_its_time_has_passed(db: None, task: Task, clock: Clock) -> None:
    assert run_if_due(name="count")
    clock.move(seconds=59)
    assert not run_if_due(name="count")
    clock.move(seconds=1)
    assert run_if_due(name="count")
    assert task.runs == 2


def test_a_task_that_fails_is_logged_and_runs_again(
    db: None, task: Task, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    task.error = ValueError("broken")
    assert run_if_due(name="count")
    assert "The periodic task count failed" in caplog.text
    clock.move(seconds=60)
    assert run_if_due(name="count")
    assert task.runs == 2


def test_a_task_whose_worker_was_killed_runs_again_after_its_lease(db: None, task: Task, clock: Clock) -> None:
    now = clock()
    PeriodicRun.objects.create(name="count", started_at=now, leased_until=now + timedelta(seconds=LEASE_SECONDS))
    clock.move(seconds=LEASE_SECONDS - 1)
    assert not run_if_due(name="count")
    clock.move(seconds=1)
    assert run_if_due(name="count")


@own_connections
def test_several_workers_run_a_task_once(task: Task) -> None:
    start = threading.Barrier(4)

    def work() -> None:
        start.wait(timeout=20)
        run_if_due(name="count")

    in_threads(*[work] * 4)
    assert task.runs == 1


def test_the_worker_has_its_own_tasks() -> None:
    assert {"scheduled_publishing", "prune", "clear_sessions"} <= set(periodic)


def test_finished_events_are_deleted_after_a_week_and_dead_ones_are_kept(
    db: None, event_consumer: EventConsumer, clock: Clock
) -> None:
    event_consumer.errors["broken"] = ValueError("not now")
    for text in ("done", "broken"):
        record_event(consumer="letters", key=text, event="published", payload={"text": text})
    drain()
    Event.objects.filter(finished_at=None).update(dead_at=timezone.now())
    clock.move(seconds=6 * DAY)
    prune()
    assert Event.objects.count() == 2
    clock.move(seconds=2 * DAY)
    prune()
    assert [event.payload for event in Event.objects.all()] == [{"text": "broken"}]


def test_mail_that_could_not_be_delivered_is_forgotten_after_a_week(db: None, clock: Clock) -> None:
    record_event(consumer="mail", key="one", event="send", payload={"body": "Your code is 123456"})
    Event.objects.update(dead_at=timezone.now())
    clock.move(seconds=6 * DAY)
    prune()
    assert Event.objects.count() == 1
    clock.move(seconds=2 * DAY)
    prune()
    assert Event.objects.count() == 0


def test_the_last_word_on_a_page_is_kept_as_long_as_the_page(tree: Tree, consumer: PageConsumer, clock: Clock) -> None:
    gone = 999_999
    record(page_ids=[tree.child.pk, gone])
    drain()
    clock.move(seconds=8 * DAY)
    prune()
    assert [row.page_id for row in PageChange.objects.all()] == [tree.child.pk]


def test_workers_that_were_not_seen_for_a_day_are_forgotten(db: None) -> None:
    now = timezone.now()
    Worker.objects.create(name="silent", last_seen_at=now - timedelta(days=2))
    Worker.objects.create(name="alive", last_seen_at=now)
    prune()
    assert [worker.name for worker in Worker.objects.all()] == ["alive"]


def test_expired_sessions_are_deleted(db: None) -> None:
    now = timezone.now()
    Session.objects.create(session_key="old", session_data="", expire_date=now - timedelta(minutes=1))
    Session.objects.create(session_key="new", session_data="", expire_date=now + timedelta(minutes=1))
    clear_sessions()
    assert [session.session_key for session in Session.objects.all()] == ["new"]
