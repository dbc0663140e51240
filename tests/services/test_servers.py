"""The tests' own servers are real, each worker has its own corner of them, and they can be killed."""

import json
import os
import signal
import urllib.error
import urllib.request
from collections.abc import Callable
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from playwright.sync_api import Page
from redis import Redis

from tests.services.elasticsearch.server import Elasticsearch
from tests.services.plugin import SITE_VARIABLES
from tests.services.site import ROOT
from tests.test_docs import READS_A_VARIABLE


def health(url: str) -> str:
    with urllib.request.urlopen(f"{url}/_cluster/health", timeout=5) as response:
        return str(json.load(response)["status"])


def test_postgresql_is_there(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url) as server:
        assert server.info.server_version >= 150_000


def test_redis_keeps_the_workers_apart(redis_url: str) -> None:
    with Redis.from_url(redis_url) as client:
        client.set("worker", os.environ.get("PYTEST_XDIST_WORKER", ""))
        assert client.get("worker") == os.environ.get("PYTEST_XDIST_WORKER", "").encode()
        client.delete("worker")


def test_elasticsearch_is_healthy(elasticsearch_url: str) -> None:
    assert health(elasticsearch_url) in {"green", "yellow"}


def test_chromium_renders_a_page(page: Page) -> None:
    page.set_content("<title>Ripples</title><h1>Let-down</h1>")
    assert page.title() == "Ripples"
    assert page.get_by_role("heading").inner_text() == "Let-down"


def test_a_page_that_logs_an_error_is_noticed(page: Page, page_errors: list[str]) -> None:
    page.set_content("<script>console.error('spilt')</script>")
    page.evaluate("1")  # The message has arrived when the answer has.
    assert [error.split(" (")[0] for error in page_errors] == ["console: spilt"]
    page_errors.clear()


def test_a_page_that_asks_another_host_is_noticed(page: Page, page_errors: list[str]) -> None:
    page.route("**", lambda route: route.fulfill(status=200, content_type="image/svg+xml", body="<svg/>"))
    page.set_content("<img src='http://elsewhere.example/drop.svg'>", wait_until="load")
    assert page_errors == ["request to another host: http://elsewhere.example/drop.svg"]
    page_errors.clear()


def test_no_script_runs_without_javascript(page_without_javascript: Page) -> None:
    script = "document.querySelector('h1').innerText = 'After'"
    page_without_javascript.set_content(f"<h1>Before</h1><script>{script}</script>")
    assert page_without_javascript.get_by_role("heading").inner_text() == "Before"


@pytest.mark.django_db
def test_the_suite_runs_on_the_database_that_the_worker_is_named_after() -> None:
    wanted = os.environ.get("PYTEST_XDIST_WORKER", os.environ.get("TEST_DATABASE", "sqlite"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM django_migrations")
        assert cursor.fetchone()[0] > 100
    assert connection.vendor == wanted


@pytest.mark.django_db
def test_a_new_database_is_migrated_and_apart(new_database: Callable[[], str]) -> None:
    first, second = new_database(), new_database()
    assert first != second
    assert connection.settings_dict["NAME"] not in {urlsplit(first).path, urlsplit(second).path}


def test_the_site_under_test_takes_nothing_from_the_shell() -> None:
    read = set(READS_A_VARIABLE.findall((ROOT / "cms/settings.py").read_text()))
    assert read == {*SITE_VARIABLES, "SECRET_KEY", "DATA_DIR", "DATABASE_URL", "ELASTICSEARCH_INDEX"}
    assert not any(variable in os.environ for variable in SITE_VARIABLES)
    assert str(settings.DATA_DIR).startswith(os.environ["TEST_FOLDER"])


def test_elasticsearch_survives_being_killed_on_the_same_address(private_elasticsearch: Elasticsearch) -> None:
    url = private_elasticsearch.url
    document = urllib.request.Request(
        f"{url}/kept/_doc/1", method="PUT", data=b'{"kept": true}', headers={"Content-Type": "application/json"}
    )
    urllib.request.urlopen(document, timeout=30).close()

    private_elasticsearch.kill()
    with pytest.raises(urllib.error.URLError):
        health(url)

    private_elasticsearch.start()
    private_elasticsearch.wait()
    with urllib.request.urlopen(f"{url}/kept/_doc/1", timeout=30) as response:
        assert json.load(response)["_source"] == {"kept": True}


def test_elasticsearch_can_be_made_to_hang(private_elasticsearch: Elasticsearch) -> None:
    private_elasticsearch.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(TimeoutError):
            urllib.request.urlopen(f"{private_elasticsearch.url}/_cluster/health", timeout=1)
    finally:
        private_elasticsearch.send_signal(signal.SIGCONT)
    private_elasticsearch.wait()
    assert health(private_elasticsearch.url) in {"green", "yellow"}
