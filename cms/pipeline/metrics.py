"""The pipeline's figures for Prometheus. They come from the database, so any process of the site can tell them."""

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from cms.pipeline.status import pipeline_status, worker_last_seen_at

LAG = "How long the oldest row of this consumer has been waiting for the worker."
PENDING = "Rows that wait for this consumer and have not failed."
FAILING = "Rows that failed and are tried again."
DEAD = "Rows that are tried again only when somebody says so."
LAST_SEEN = "When a worker last said that it is there, in seconds since 1970; 0 when none ever did."


def pipeline_metrics() -> Iterator[Metric]:
    consumers = pipeline_status()["consumers"]
    for name, meaning, figures in (
        ("milk_pipeline_lag_seconds", LAG, {name: status["lag_seconds"] for name, status in consumers.items()}),
        ("milk_pipeline_pending", PENDING, {name: status["pending"] for name, status in consumers.items()}),
        ("milk_pipeline_failing", FAILING, {name: status["failing"] for name, status in consumers.items()}),
        ("milk_pipeline_dead", DEAD, {name: status["dead"] for name, status in consumers.items()}),
    ):
        family = GaugeMetricFamily(name, meaning, labels=["consumer"])
        for consumer, figure in figures.items():
            family.add_metric([consumer], figure)
        yield family
    last_seen_at = worker_last_seen_at()
    seconds = last_seen_at.timestamp() if last_seen_at else 0
    yield GaugeMetricFamily("milk_pipeline_worker_last_seen_timestamp_seconds", LAST_SEEN, value=seconds)
