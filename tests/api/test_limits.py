"""How often one client may ask, and who counts as one."""

import datetime as dt
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client, RequestFactory
from pytest_django import Settings

from cms import environment
from cms.api.limits import spend

START = dt.datetime(2026, 5, 1, 12, 0, 15, tzinfo=dt.UTC)
ADDRESS = "/api/articles/"


@pytest.fixture(autouse=True)
def three_a_minute(settings: Settings, db: None) -> None:
    settings.API_RATE_LIMIT = 3


def statuses(client: Client, count: int, **extra: str) -> list[int]:
    return [client.get(ADDRESS, **extra).status_code for _ in range(count)]  # type: ignore[arg-type]


def test_who_asks_too_often_is_told_when_to_come_back(client: Client) -> None:
    with time_machine.travel(START, tick=False) as clock:
        assert statuses(client, 3) == [200, 200, 200]
        refused = client.get(ADDRESS)
        assert (refused.status_code, refused["Content-Type"]) == (429, "application/problem+json")
        assert (refused["Retry-After"], refused["RateLimit"]) == ("45", '"default";r=0;t=45')
        assert refused.json()["detail"]
        clock.shift(dt.timedelta(seconds=45))
        assert client.get(ADDRESS).status_code == 200


def test_every_answer_says_what_is_left(client: Client) -> None:
    with time_machine.travel(START, tick=False):
        first, missing = client.get(ADDRESS), client.get("/api/nothing/")
    assert (first["RateLimit-Policy"], first["RateLimit"]) == ('"default";q=3;w=60', '"default";r=2;t=45')
    assert missing["RateLimit"] == '"default";r=1;t=45'


def test_only_the_api_is_counted(client: Client) -> None:
    assert {client.get("/healthz").status_code for _ in range(9)} == {200}


def test_each_client_has_its_own_count(client: Client) -> None:
    with time_machine.travel(START, tick=False):
        assert statuses(client, 4, REMOTE_ADDR="192.0.2.1")[-1] == 429
        assert statuses(client, 1, REMOTE_ADDR="192.0.2.2") == [200]


def test_a_home_with_ipv6_is_one_client(client: Client) -> None:
    with time_machine.travel(START, tick=False):
        for number in range(3):
            assert statuses(client, 1, REMOTE_ADDR=f"2001:db8:0:1::{number}") == [200]
        assert statuses(client, 1, REMOTE_ADDR="2001:db8:0:1:ffff::1") == [429]
        assert statuses(client, 1, REMOTE_ADDR="2001:db8:0:2::1") == [200]


def test_ipv4_clients_of_a_socket_for_both_versions_are_different_ones(client: Client) -> None:
    with time_machine.travel(START, tick=False):
        assert statuses(client, 4, REMOTE_ADDR="::ffff:192.0.2.1")[-1] == 429
        assert statuses(client, 1, REMOTE_ADDR="::ffff:192.0.2.2") == [200]
        assert statuses(client, 1, REMOTE_ADDR="192.0.2.1") == [429]


def test_without_proxies_nobody_can_pretend_to_be_others(client: Client) -> None:
    with time_machine.travel(START, tick=False):
        found = [statuses(client, 1, HTTP_X_FORWARDED_FOR=f"192.0.2.{number}") for number in range(4)]
    assert found == [[200], [200], [200], [429]]


def test_behind_proxies_the_address_that_they_wrote_counts(client: Client, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 2
    with time_machine.travel(START, tick=False):
        for number in range(3):
            # What stands further left was sent by the client itself.
            assert statuses(client, 1, HTTP_X_FORWARDED_FOR=f"9.9.9.{number}, 192.0.2.1, 10.0.0.1") == [200]
        assert statuses(client, 1, HTTP_X_FORWARDED_FOR="192.0.2.1, 10.0.0.1") == [429]
        assert statuses(client, 1, HTTP_X_FORWARDED_FOR="192.0.2.2, 10.0.0.1") == [200]


@pytest.mark.parametrize("forwarded", ["", "nonsense", ",,,", "[::1", "x" * 5_000])
def test_an_address_that_is_none_counts_too(client: Client, settings: Settings, forwarded: str) -> None:
    settings.TRUSTED_PROXIES = 1
    with time_machine.travel(START, tick=False):
        assert statuses(client, 4, HTTP_X_FORWARDED_FOR=forwarded) == [200, 200, 200, 429]


def test_nothing_is_counted_where_there_is_no_limit(client: Client, settings: Settings) -> None:
    settings.API_RATE_LIMIT = 0
    response = client.get(ADDRESS)
    assert response.status_code == 200
    assert "RateLimit" not in response


def test_a_count_that_was_forgotten_begins_anew(client: Client, settings: Settings) -> None:
    with time_machine.travel(START, tick=False):
        assert statuses(client, 4)[-1] == 429
        shutil.rmtree(settings.API_COUNTS_DIR)
        assert statuses(client, 1) == [200]


def test_counts_of_minutes_that_are_over_are_thrown_away(client: Client, settings: Settings) -> None:
    for minute in range(3):
        with time_machine.travel(START + dt.timedelta(minutes=minute), tick=False):
            assert statuses(client, 1) == [200]
    assert len(list(settings.API_COUNTS_DIR.iterdir())) == 1


def test_requests_at_once_are_all_counted(client: Client, settings: Settings) -> None:
    request = RequestFactory().get(ADDRESS)
    settings.API_RATE_LIMIT = 1_000
    with time_machine.travel(START, tick=False), ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: spend(request), range(200)))
    assert min(allowance.remaining for allowance in found if allowance) == 800


@pytest.mark.parametrize("has_redis", [True, False])
def test_it_counts_with_redis_and_without(settings: Settings, redis_url: str, has_redis: bool) -> None:
    if has_redis:
        settings.REDIS_URL = redis_url
        settings.CACHES = {"default": environment.cache(redis=redis_url, files=settings.CACHE_FILES, entries=9)}
    request = RequestFactory().get(ADDRESS)
    with time_machine.travel(START, tick=False):
        found = [spend(request) for _ in range(4)]
    assert [allowance.remaining for allowance in found if allowance] == [2, 1, 0, -1]
    cache.clear()


def test_a_count_that_cannot_be_written_turns_nobody_away(client: Client, settings: Settings, tmp_path: Path) -> None:
    settings.REDIS_URL = ""
    # Where the folder of the counts belongs is a file: nothing can be made there, not even by root.
    settings.API_COUNTS_DIR = tmp_path / "counts"
    settings.API_COUNTS_DIR.touch()
    assert statuses(client, 4) == [200] * 4
