"""Periodic tasks run when they are due, one worker at a time."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.db.models import QuerySet
from django.utils import timezone
from pytest_django import Settings

from cms.pipeline import leases
from cms.pipeline.models import Event, PageChange, PeriodicRun, Worker
from cms.pipeline.outbox import record, record_event
from cms.pipeline.schedule import LEASE_SECONDS, Periodic, clear_sessions, periodic, prune, run_if_due
from cms.pipeline.worker import drain, run_once
from tests.pipeline.conftest import Clock, EventConsumer, PageConsumer, StartWorker, Tree
from tests.pipeline.test_claim import in_threads, own_connections
from tests.pipeline.test_worker import WITHIN, lines, wait_until

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


@pytest.fixture
def quick_task(monkeypatch: pytest.MonkeyPatch) -> Task:
    """The only task there is, and due as often as somebody asks."""
    task = Task()
    for name in list(periodic):
        monkeypatch.delitem(periodic, name)
    monkeypatch.setitem(periodic, "count", Periodic(seconds=0, run=task))
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


@pytest.fixture
def killed_in_the_midst(start_worker: StartWorker, journal: Path, quick_task: Task) -> None:
    """A worker on this process's host was killed while it ran the task."""
    process = start_worker(seconds=WITHIN, task="count")
    wait_until(lambda: lines(journal, "begin"))
    process.kill()
    process.wait()


@own_connections
@pytest.mark.usefixtures("killed_in_the_midst")
def test_a_task_of_a_killed_worker_is_free_as_soon_as_another_of_its_host_is_there(quick_task: Task) -> None:
    assert not run_if_due(name="count")
    run_once()
    assert quick_task.runs == 1


@own_connections
@pytest.mark.usefixtures("killed_in_the_midst")
def test_a_task_of_a_killed_worker_is_free_elsewhere_when_its_lease_has_run_out(
    quick_task: Task, clock: Clock, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path / "of another host"
    clock.move(seconds=LEASE_SECONDS - WITHIN)
    run_once()
    assert quick_task.runs == 0
    clock.move(seconds=WITHIN)
    run_once()
    assert quick_task.runs == 1


def test_a_task_of_a_killed_worker_is_not_run_before_it_is_due_again(db: None, task: Task, clock: Clock) -> None:
    now = clock()
    PeriodicRun.objects.create(
        name="count", started_at=now, leased_by="killed", leased_until=now + timedelta(seconds=LEASE_SECONDS)
    )
    PeriodicRun.release(worker="killed")
    # Were it the task that killed the worker, it would otherwise do so again and again.
    clock.move(seconds=59)
    assert not run_if_due(name="count")
    clock.move(seconds=1)
    assert run_if_due(name="count")


def is_leased_anew(clock: Clock) -> bool:
    return PeriodicRun.objects.filter(leased_until__gt=clock() + timedelta(seconds=LEASE_SECONDS - 5)).exists()


@own_connections
def test_a_task_that_takes_longer_than_its_lease_stays_with_its_worker(
    quick_task: Task, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEWAL_SECONDS", 0.01)
    others: list[bool] = []

    def take_long() -> None:
        for _time in range(5):
            clock.move(seconds=LEASE_SECONDS - 5)
            wait_until(lambda: is_leased_anew(clock))
            others.append(run_if_due(name="count"))

    monkeypatch.setitem(periodic, "count", Periodic(seconds=2, run=take_long))
    in_threads(lambda: run_if_due(name="count"))
    assert others == [False] * 5
    assert PeriodicRun.objects.get().leased_until is None


@own_connections
def test_a_database_that_is_away_for_a_moment_does_not_end_the_renewal(
    quick_task: Task, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(leases, "RENEWAL_SECONDS", 0.01)
    renew = QuerySet.update
    failures = iter([OperationalError("the server closed the connection")])

    def fail_once(rows: QuerySet[Any], **fields: Any) -> int:
        if threading.current_thread().name == "renewal" and (error := next(failures, None)):
            raise error
        return renew(rows, **fields)

    def take_long() -> None:
        clock.move(seconds=LEASE_SECONDS - 5)
        wait_until(lambda: is_leased_anew(clock))

    monkeypatch.setattr(QuerySet, "update", fail_once)
    monkeypatch.setitem(periodic, "count", Periodic(seconds=2, run=take_long))
    assert run_if_due(name="count")
    assert "A lease could not be renewed" in caplog.text
    assert "failed" not in caplog.text


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


def test_events_that_were_given_up_are_forgotten_after_a_month(
    db: None, event_consumer: EventConsumer, clock: Clock
) -> None:
    record_event(consumer="letters", key="one", event="published", payload={"text": "one"})
    Event.objects.update(dead_at=timezone.now())
    clock.move(seconds=29 * DAY)
    prune()
    assert Event.objects.count() == 1
    clock.move(seconds=2 * DAY)
    prune()
    assert Event.objects.count() == 0


def test_a_dead_letter_about_the_state_of_a_page_is_kept(tree: Tree, consumer: PageConsumer, clock: Clock) -> None:
    record(page_ids=[tree.child.pk])
    PageChange.objects.update(dead_at=timezone.now())
    clock.move(seconds=90 * DAY)
    prune()
    assert PageChange.objects.count() == 1


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
