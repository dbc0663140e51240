"""The pipeline's figures for Prometheus. They come from the database, so any process of the site can tell them."""

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from cms.pipeline.status import pipeline_status, worker_last_seen_at

LAG = "How long the oldest row of this consumer has been waiting for the worker."
PENDING = "Rows that wait for this consumer and have not failed."
FAILING = "Rows that failed and are tried again."
DEAD = "Rows that are tried again only when somebody says so."
OVERDUE = "Pages and others that should have been published or taken down a minute ago or earlier."
LAST_SEEN = "When a worker last said that it is there, in seconds since 1970; 0 when none ever did."


def pipeline_metrics() -> Iterator[Metric]:
    status = pipeline_status()
    consumers = status["consumers"]
    for name, meaning, figures in (
        ("milk_pipeline_lag_seconds", LAG, {name: counted["lag_seconds"] for name, counted in consumers.items()}),
        ("milk_pipeline_pending", PENDING, {name: counted["pending"] for name, counted in consumers.items()}),
        ("milk_pipeline_failing", FAILING, {name: counted["failing"] for name, counted in consumers.items()}),
        ("milk_pipeline_dead", DEAD, {name: counted["dead"] for name, counted in consumers.items()}),
    ):
        family = GaugeMetricFamily(name, meaning, labels=["consumer"])
        for consumer, figure in figures.items():
            family.add_metric([consumer], figure)
        yield family
    yield GaugeMetricFamily("milk_pipeline_scheduled_overdue", OVERDUE, value=status["scheduled"]["overdue"])
    last_seen_at = worker_last_seen_at()
    seconds = last_seen_at.timestamp() if last_seen_at else 0
    yield GaugeMetricFamily("milk_pipeline_worker_last_seen_timestamp_seconds", LAST_SEEN, value=seconds)
