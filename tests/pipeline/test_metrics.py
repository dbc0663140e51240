"""Prometheus is told how far the pipeline is behind, of each consumer, and whether a worker is there."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from cms.pipeline.consumers import PermanentError
from cms.pipeline.models import PageChange, Worker
from cms.pipeline.outbox import record, record_event
from cms.pipeline.worker import drain
from tests.pipeline.conftest import Clock, EventConsumer, PageConsumer, Tree
from tests.pipeline.test_scheduled import HOUR, let_expire, schedule


def figures(client: Client, name: str) -> dict[str, float]:
    """Return consumer -> value of one metric; the key is empty where it is about none."""
    families = {family.name: family for family in text_string_to_metric_families(client.get("/metrics").text)}
    return {sample.labels.get("consumer", ""): sample.value for sample in families[name].samples}


def test_each_row_is_counted_once(
    db: None, client: Client, consumer: PageConsumer, event_consumer: EventConsumer
) -> None:
    consumer.errors = {1: PermanentError("too long"), 2: ValueError("not now"), 3: ValueError("not now")}
    record(page_ids=[1, 2, 3, 4])
    drain()
    record(page_ids=[5, 6, 7])
    record_event(consumer="letters", key="7", event="published", payload={"text": "waiting"})
    assert figures(client, "milk_pipeline_pending") == {"index": 3, "letters": 1}
    assert figures(client, "milk_pipeline_failing") == {"index": 2, "letters": 0}
    assert figures(client, "milk_pipeline_dead") == {"index": 1, "letters": 0}


def test_the_lag_grows_while_a_row_waits(db: None, client: Client, consumer: PageConsumer, clock: Clock) -> None:
    record(page_ids=[1])
    PageChange.objects.update(waiting_since=timezone.now() - timedelta(seconds=90))
    assert figures(client, "milk_pipeline_lag_seconds") == {"index": pytest.approx(90, abs=5)}
    clock.move(seconds=60)
    assert figures(client, "milk_pipeline_lag_seconds") == {"index": pytest.approx(150, abs=5)}


def test_the_time_of_the_worker_s_last_word_is_told(db: None, client: Client) -> None:
    name = "milk_pipeline_worker_last_seen_timestamp_seconds"
    assert figures(client, name) == {"": 0}
    seen_at = timezone.now() - timedelta(seconds=5)
    Worker.objects.create(name="earlier", last_seen_at=seen_at - timedelta(days=1))
    Worker.objects.create(name="here", last_seen_at=seen_at)
    assert figures(client, name) == {"": pytest.approx(seen_at.timestamp(), abs=0.01)}


def test_what_is_scheduled_and_late_is_told(client: Client, tree: Tree, clock: Clock) -> None:
    name = "milk_pipeline_scheduled_overdue"
    schedule(tree.child, title="New")
    let_expire(tree.other)
    assert figures(client, name) == {"": 0}
    clock.move(seconds=HOUR + 61)
    assert figures(client, name) == {"": 2}


def test_asking_costs_the_same_however_much_waits(
    client: Client, tree: Tree, consumer: PageConsumer, clock: Clock, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    for page in (tree.child, tree.grandchild, tree.other):
        let_expire(page)
    clock.move(seconds=HOUR + 61)
    record(page_ids=range(300))
    with django_assert_num_queries(6):  # type: ignore[operator]
        client.get("/metrics")
