"""Elasticsearch for the tests of searching, and the site set up to search with it."""

import os
from collections.abc import Callable

import pytest
from pytest_django import Settings

from cms.pipeline.consumers import consumers
from cms.pipeline.worker import drain
from search.documents import version_now
from search.engines.elasticsearch import ElasticsearchEngine
from search.indexing import ELASTICSEARCH_INDEX, refresh_elasticsearch
from search.interface import get_engine

IndexNow = Callable[[], None]


@pytest.fixture(scope="session")
def _elasticsearch_engine(elasticsearch_url: str) -> ElasticsearchEngine:
    engine = ElasticsearchEngine(hosts=[elasticsearch_url], alias=f"{os.environ['ELASTICSEARCH_INDEX']}-engine")
    with engine.building() as new:
        new.switch()
    engine.remove_leftovers()
    return engine


@pytest.fixture
def elasticsearch_engine(_elasticsearch_engine: ElasticsearchEngine) -> ElasticsearchEngine:
    """The engine on the real server, with an empty index."""
    engine = _elasticsearch_engine
    engine.delete(engine.entries().keys(), version=version_now())
    assert engine.entries() == {}
    return engine


@pytest.fixture
def feed_elasticsearch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the pipeline feed Elasticsearch, as it does where ELASTICSEARCH_URL is set."""
    monkeypatch.setitem(consumers, ELASTICSEARCH_INDEX, refresh_elasticsearch)


@pytest.fixture
def on_elasticsearch(
    elasticsearch_engine: ElasticsearchEngine, elasticsearch_url: str, feed_elasticsearch: None, settings: Settings
) -> ElasticsearchEngine:
    """The site as it is with ELASTICSEARCH_URL, with an empty index."""
    settings.ELASTICSEARCH_HOSTS = [elasticsearch_url]
    settings.ELASTICSEARCH_INDEX = f"{os.environ['ELASTICSEARCH_INDEX']}-engine"
    return elasticsearch_engine


@pytest.fixture(params=["database", "elasticsearch"])
def site_engine(request: pytest.FixtureRequest, db: None) -> str:
    """The site on one engine after the other; returns the engine's name."""
    if request.param == "elasticsearch":
        request.getfixturevalue("on_elasticsearch")
    name: str = request.param
    return name


@pytest.fixture
def index_now(site_engine: str) -> IndexNow:
    """Have the worker do what is due, and the engine let searches see it."""

    def index_now() -> None:
        drain()
        get_engine().entries()

    return index_now
