"""What Prometheus is told, and that nobody else is."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from cms.metrics import collectors

ROOT = Path(__file__).resolve().parent.parent.parent

pytestmark = pytest.mark.django_db


def families(client: Client, **headers: str) -> dict[str, Metric]:
    """Return the metric families as a Prometheus server reads them."""
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {family.name: family for family in text_string_to_metric_families(answer.text)}


def test_this_machine_reads_the_metrics(client: Client) -> None:
    assert "milk_pipeline_lag_seconds" in families(client)


def test_no_cache_keeps_the_metrics(client: Client) -> None:
    assert "no-store" in client.get("/metrics")["Cache-Control"]


@pytest.mark.parametrize("address", ["203.0.113.7", "10.0.0.5", "2001:db8::1", "::ffff:203.0.113.7", "", "unix:"])
def test_other_machines_are_refused(client: Client, address: str) -> None:
    answer = client.get("/metrics", REMOTE_ADDR=address)
    assert answer.status_code == 403
    assert "METRICS_TOKEN" in answer.text
    assert "milk_" not in answer.text


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_every_address_of_this_machine_is_answered(client: Client, address: str) -> None:
    assert client.get("/metrics", REMOTE_ADDR=address).status_code == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "Via", "X-Real-IP"])
def test_whoever_comes_through_a_proxy_on_this_machine_is_refused(client: Client, header: str) -> None:
    assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 403


def test_with_a_token_whoever_has_it_is_answered_from_anywhere(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "seven-lanterns"
    answer = client.get(
        "/metrics",
        REMOTE_ADDR="203.0.113.7",
        headers={"Authorization": "Bearer seven-lanterns", "X-Forwarded-For": "203.0.113.7"},
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer six-lanterns", "Bearer \u00fc", "Basic seven-lanterns", "seven-lanterns"]
)
def test_with_a_token_nobody_else_is_answered(client: Client, settings: Settings, authorization: str) -> None:
    settings.METRICS_TOKEN = "seven-lanterns"
    answer = client.get("/metrics", headers={"Authorization": authorization} if authorization else {})
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert "milk_" not in answer.text


def test_a_room_adds_its_own_figures(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def lanterns() -> Iterator[Metric]:
        yield CounterMetricFamily("milk_lanterns", "How many were lit.", value=7)

    monkeypatch.setitem(collectors, "lanterns", lanterns)
    [sample] = families(client)["milk_lanterns"].samples
    assert (sample.name, sample.value) == ("milk_lanterns_total", 7)


def test_figures_that_cannot_be_read_keep_no_others_back(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Iterator[Metric]:
        yield CounterMetricFamily("milk_lanterns", "How many were lit.", value=7)
        raise ConnectionError("refused")

    monkeypatch.setitem(collectors, "lanterns", broken)
    told = families(client)
    heard = {sample.labels["collector"]: sample.value for sample in told["milk_collector_ok"].samples}
    assert (heard["lanterns"], heard["pipeline"]) == (0, 1)
    assert "milk_lanterns" not in told
    assert "milk_pipeline_dead" in told


def test_every_metric_is_documented_and_nothing_else(client: Client) -> None:
    documented = set(re.findall(r"`(milk_\w+)`", (ROOT / "docs/operators.md").read_text()))
    told = {f"{family.name}_total" if family.type == "counter" else family.name for family in families(client).values()}
    assert documented == told
