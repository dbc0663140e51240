"""A row is in one worker's hands at a time."""

import threading
import time
from collections import Counter

import pytest
from django.db import connection, transaction

from cms.pipeline.consumers import consumers
from cms.pipeline.models import LEASE_SECONDS, PageChange
from cms.pipeline.outbox import record, unfinished_page_ids
from cms.pipeline.worker import Lane, drain
from tests.pipeline.conftest import Clock, PageConsumer

own_connections = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def test_a_held_row_is_not_given_to_another_worker(db: None, consumer: PageConsumer, clock: Clock) -> None:
    record(page_ids=[7])
    held = PageChange.claim(consumer="index", worker="first", now=clock())
    assert held is not None
    assert PageChange.claim(consumer="index", worker="second", now=clock()) is None


def test_a_row_is_taken_over_when_its_lease_has_run_out(db: None, consumer: PageConsumer, clock: Clock) -> None:
    record(page_ids=[7])
    late = PageChange.claim(consumer="index", worker="first", now=clock())
    clock.move(seconds=LEASE_SECONDS)
    taken_over = PageChange.claim(consumer="index", worker="second", now=clock())
    assert late is not None
    assert taken_over is not None
    # What the first worker has to say comes too late.
    late.finish(now=clock())
    assert PageChange.objects.get().leased_by == "second"
    assert unfinished_page_ids(consumer="index") == {7}
    taken_over.finish(now=clock())
    assert unfinished_page_ids(consumer="index") == set()


def test_a_page_recorded_again_stays_with_the_worker_that_holds_it(
    db: None, consumer: PageConsumer, clock: Clock
) -> None:
    record(page_ids=[7])
    assert PageChange.claim(consumer="index", worker="first", now=clock())
    record(page_ids=[7])
    assert PageChange.claim(consumer="index", worker="second", now=clock()) is None


def test_the_page_that_is_due_longest_comes_first(db: None, consumer: PageConsumer, lane: Lane) -> None:
    for page_id in (3, 1, 2):
        record(page_ids=[page_id])
    while lane.step():
        pass
    assert consumer.page_ids == [3, 1, 2]


@own_connections
def test_two_workers_handle_every_page_once_and_never_the_same_at_once(consumer: PageConsumer) -> None:
    hands: Counter[int] = Counter()
    most: list[int] = []
    handled: Counter[int] = Counter()
    lock = threading.Lock()

    def handle(page_id: int) -> None:
        with lock:
            hands[page_id] += 1
            handled[page_id] += 1
            most.append(hands[page_id])
        time.sleep(0.002)
        with lock:
            hands[page_id] -= 1

    consumers["index"] = handle
    record(page_ids=range(40))
    in_threads(*[drain] * 2)
    assert handled == Counter(range(40))
    assert max(most) == 1
    assert unfinished_page_ids(consumer="index") == set()


@own_connections
def test_a_page_in_a_long_transaction_holds_up_no_other(consumer: PageConsumer) -> None:
    record(page_ids=[1, 2])
    written, handled = threading.Event(), threading.Event()

    def write_for_long() -> None:
        with transaction.atomic():
            record(page_ids=[1])
            written.set()
            # SQLite has one writer at a time, so there the worker has to wait.
            if connection.vendor == "postgresql":
                assert handled.wait(timeout=20)

    def work() -> None:
        assert written.wait(timeout=20)
        drain()
        handled.set()

    in_threads(write_for_long, work)
    assert consumer.page_ids[0] == 2
    drain()
    assert set(consumer.page_ids) == {1, 2}
    assert unfinished_page_ids(consumer="index") == set()


def in_threads(*functions: object) -> None:
    """Run each function in a thread with a database connection of its own, and fail where one of them failed."""
    errors: list[BaseException] = []

    def run(function: object) -> None:
        try:
            function()  # type: ignore[operator]
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
