"""The shared cache while Redis is there, away, and back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.test import Client
from pytest_django import Settings

from cms import caches as shared
from cms.users.models import User
from tests.services.plugin import provide
from tests.services.redis import Redis


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    server = provide(lambda: Redis(folder=tmp_path))
    server.start()
    server.wait()
    yield server
    server.stop()


@pytest.fixture
def cache(redis: Redis, tmp_path: Path, settings: Settings) -> BaseCache:
    settings.CACHES = {
        "default": {
            "BACKEND": "cms.caches.RedisOrFilesCache",
            "LOCATION": redis.url,
            "OPTIONS": {"files": tmp_path / "cache"},
        }
    }
    return caches["default"]


def test_values_are_kept_in_redis(cache: BaseCache, tmp_path: Path) -> None:
    assert cache.add("word", {"milk": 1}, 60)
    assert not cache.add("word", "other", 60)
    assert cache.get("word") == {"milk": 1}
    assert cache.touch("word", 60)
    assert cache.delete("word")
    assert cache.get("word", "gone") == "gone"
    assert list((tmp_path / "cache").glob("*")) == []


def test_an_outage_is_bridged_by_files_and_ends_by_itself(
    cache: BaseCache, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.set("word", "in redis", 60)
    redis.kill()
    assert cache.get("word") is None
    assert cache.add("word", "in files", 60)
    assert cache.get("word") == "in files"
    cache.clear()
    assert cache.get("word") is None
    monkeypatch.setattr(shared, "PAUSE_SECONDS", 0.0)
    redis.start()
    redis.wait()
    cache._paused_until = 0.0  # type: ignore[attr-defined]
    cache.set("word", "in redis again", 60)
    assert cache._redis.get("word") == "in redis again"  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_logging_in_outlives_an_outage_and_stays_limited(cache: BaseCache, redis: Redis, client: Client) -> None:
    User.objects.create_user("dora@example.org", "correct horse battery")
    redis.kill()
    form = {"login": "dora@example.org", "password": "wrong horse"}
    answers = [client.post("/accounts/login/", form).status_code for _attempt in range(12)]
    assert answers[0] == 200
    assert 500 not in answers
    # Still counted: who guesses on is turned away.
    last = client.post("/accounts/login/", form)
    assert last.status_code == 429 or "Too many" in last.content.decode()
