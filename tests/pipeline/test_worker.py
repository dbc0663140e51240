"""The worker as a process: it ends cleanly, may be killed at any moment, and outlives its database's hiccups."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from wagtail.models import Page

from cms.pipeline import worker
from cms.pipeline.models import LEASE_SECONDS, PageChange, Worker
from cms.pipeline.outbox import record, unfinished_page_ids
from cms.pipeline.status import worker_condition
from cms.pipeline.worker import drain
from tests.pipeline.conftest import Clock, PageConsumer, StartWorker, Tree
from tests.pipeline.test_claim import in_threads, own_connections

WITHIN = 60  # seconds, on a machine that does much else


def lines(journal: Path, word: str) -> list[int]:
    return [int(line.split()[1]) for line in journal.read_text().splitlines() if line.startswith(word)]


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < deadline, f"It did not happen within {WITHIN} s"
        time.sleep(0.02)


@own_connections
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_worker_after_the_page_in_hand(
    number: signal.Signals, start_worker: StartWorker, journal: Path, consumer: PageConsumer
) -> None:
    record(page_ids=[1, 2, 3])
    process = start_worker(seconds=0.5)
    wait_until(lambda: lines(journal, "begin"))
    process.send_signal(number)
    assert process.wait(timeout=WITHIN) == 0
    assert lines(journal, "end") == lines(journal, "begin")
    assert unfinished_page_ids(consumer="index") == {1, 2, 3} - set(lines(journal, "end"))
    assert not PageChange.objects.exclude(leased_until=None).exists()


@own_connections
def test_a_page_in_the_hands_of_a_killed_worker_is_handled_when_the_lease_has_run_out(
    start_worker: StartWorker, journal: Path, consumer: PageConsumer, clock: Clock
) -> None:
    record(page_ids=[7])
    process = start_worker(seconds=WITHIN)
    wait_until(lambda: lines(journal, "begin"))
    process.kill()
    process.wait()
    drain()
    assert consumer.page_ids == []
    clock.move(seconds=LEASE_SECONDS)
    drain()
    assert consumer.page_ids == [7]
    assert unfinished_page_ids(consumer="index") == set()


@own_connections
def test_two_workers_of_which_one_is_killed_lose_nothing_and_repeat_what_it_held_alone(
    start_worker: StartWorker, journal: Path, consumer: PageConsumer
) -> None:
    record(page_ids=range(1, 61))
    killed, other = start_worker(seconds=0.05), start_worker(seconds=0.05)
    wait_until(lambda: Worker.objects.count() == 2 and len(lines(journal, "end")) >= 20)
    killed.kill()
    killed.wait()
    wait_until(lambda: not unfinished_page_ids(consumer="index"))
    other.terminate()
    assert other.wait(timeout=WITHIN) == 0
    begun = Counter(lines(journal, "begin"))
    assert begun.keys() == set(range(1, 61))
    assert sum(begun.values()) <= 61


@own_connections
def test_a_running_worker_sees_what_is_recorded_and_says_that_it_is_there(
    start_worker: StartWorker, journal: Path, consumer: PageConsumer
) -> None:
    start_worker(seconds=0)
    wait_until(Worker.objects.exists)
    record(page_ids=[7])
    wait_until(lambda: not unfinished_page_ids(consumer="index"))
    assert lines(journal, "end") == [7]
    assert worker_condition()["ok"]
    seen = Worker.objects.get().last_seen_at
    wait_until(lambda: Worker.objects.get().last_seen_at > seen)


def test_once_publishes_what_is_due_and_handles_what_is_recorded(
    tree: Tree, consumer: PageConsumer, clock: Clock
) -> None:
    tree.child.expire_at = timezone.now() + timedelta(hours=1)
    tree.child.save()
    clock.move(seconds=3600)
    record(page_ids=[tree.other.pk])
    call_command("run_pipeline", once=True)
    assert not Page.objects.get(pk=tree.child.pk).live
    assert {tree.child.pk, tree.other.pk} <= set(consumer.page_ids)
    assert unfinished_page_ids(consumer="index") == set()


@own_connections
def test_a_lost_database_connection_ends_no_thread(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker, "RECOVERY_SECONDS", 0.01)
    stop = threading.Event()
    seen: list[object] = []

    def step() -> bool:
        if not seen:
            connection.ensure_connection()
            connection.connection.close()
        seen.append("tried")
        seen.append(Worker.objects.count())
        stop.set()
        return False

    in_threads(lambda: worker._loop(step, idle_seconds=0.01, stop=stop))
    assert seen == ["tried", "tried", 0]
    assert "The database does not answer" in caplog.text


@own_connections
def test_an_error_of_the_worker_itself_ends_no_thread(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker, "RECOVERY_SECONDS", 0.01)
    stop = threading.Event()
    tries: list[int] = []

    def step() -> bool:
        tries.append(len(tries))
        if len(tries) == 1:
            raise KeyError("a mistake")
        stop.set()
        return False

    in_threads(lambda: worker._loop(step, idle_seconds=0.01, stop=stop))
    assert tries == [0, 1]
    assert "The worker failed" in caplog.text
