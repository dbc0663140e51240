"""One look for all consumers tells each of them when there is something to do."""

import threading
import time
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cms.pipeline import worker
from cms.pipeline.consumers import consumers
from cms.pipeline.models import PageChange
from cms.pipeline.outbox import record, record_event
from cms.pipeline.worker import Watch, run
from tests.pipeline.conftest import Clock, EventConsumer, PageConsumer
from tests.pipeline.test_claim import in_threads, own_connections
from tests.pipeline.test_worker import WITHIN, wait_until


@pytest.fixture
def other_consumer(consumer: PageConsumer) -> Iterator[PageConsumer]:
    other = PageConsumer()
    consumers["other"] = other
    yield other
    consumers.pop("other", None)


def woken(watch: Watch) -> set[str]:
    return {name for name, wake in watch.wakes.items() if wake.is_set()}


def test_whoever_has_something_due_is_woken_and_nobody_else(
    db: None, consumer: PageConsumer, event_consumer: EventConsumer, clock: Clock
) -> None:
    watch = Watch()
    watch.step()
    assert woken(watch) == set()
    record(page_ids=[7])
    watch.step()
    assert woken(watch) == {"index"}
    record_event(consumer="letters", key="1", event="said", payload={"text": "one"})
    watch.step()
    assert woken(watch) == {"index", "letters"}


def test_what_failed_wakes_when_it_is_due_again(db: None, consumer: PageConsumer, clock: Clock) -> None:
    record(page_ids=[7])
    row = PageChange.claim(consumer="index", worker="first", now=clock())
    assert row is not None
    row.fail(RuntimeError("no"), now=clock())
    watch = Watch()
    watch.step()
    assert woken(watch) == set()
    clock.move(seconds=60)
    watch.step()
    assert woken(watch) == {"index"}


def test_a_look_takes_two_queries_whatever_the_number_of_consumers(
    db: None, consumer: PageConsumer, other_consumer: PageConsumer, event_consumer: EventConsumer
) -> None:
    record(page_ids=range(20))
    watch = Watch()
    with CaptureQueriesContext(connection) as queries:
        watch.step()
    assert len(queries) == 2
    assert {"index", "other"} <= woken(watch)


@own_connections
@pytest.mark.usefixtures("event_consumer")
def test_a_worker_whose_consumers_sleep_for_long_hears_of_a_change_and_of_its_end(
    consumer: PageConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LONGEST_POLL_SECONDS", 10 * WITHIN)
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.01)
    stop = threading.Event()
    stopped_at = ended_at = 0.0

    def work() -> None:
        nonlocal ended_at
        run(stop=stop)
        ended_at = time.monotonic()

    def change_and_stop() -> None:
        nonlocal stopped_at
        try:
            for page_id in (1, 2):
                record(page_ids=[page_id])
                wait_until(lambda: page_id in consumer.page_ids)  # noqa: B023 - called at once
        finally:
            stopped_at = time.monotonic()
            stop.set()

    in_threads(work, change_and_stop)
    assert consumer.page_ids == [1, 2]
    assert ended_at - stopped_at < WITHIN
