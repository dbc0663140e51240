"""Elasticsearch is killed while editors publish, and started again: they notice nothing, and nothing is lost."""

import pytest
from elasticsearch import Elasticsearch as Client
from pytest_django import Settings

from cms.pipeline.models import PageChange
from cms.pipeline.outbox import unfinished_page_ids
from cms.pipeline.schedule import periodic, run_if_due
from cms.pipeline.worker import drain
from search.documents import version_now
from search.engines.elasticsearch import ElasticsearchEngine
from search.indexing import ELASTICSEARCH_INDEX, check
from search.models import Outage
from tests.faults.conftest import Newsroom, Processes, assert_index_equals_published, wait_until
from tests.pipeline.test_claim import own_connections
from tests.services.elasticsearch.server import Elasticsearch


@pytest.fixture
def server_url(private_elasticsearch: Elasticsearch) -> str:
    return private_elasticsearch.url


def writes(settings: Settings) -> int:
    """Ask the server how many documents it was given since it started."""
    with Client(settings.ELASTICSEARCH_HOSTS) as client:
        counted = client.indices.stats(index=settings.ELASTICSEARCH_INDEX, metric="indexing")
    return int(counted["_all"]["primaries"]["indexing"]["index_total"])


def nothing_is_left() -> bool:
    drain()
    return not unfinished_page_ids(consumer=ELASTICSEARCH_INDEX)


@own_connections
def test_elasticsearch_killed_during_two_hundred_publishes_loses_and_doubles_nothing(
    newsroom: Newsroom, processes: Processes, private_elasticsearch: Elasticsearch, settings: Settings
) -> None:
    processes.start_worker()
    newsroom.work(publishes=60)
    private_elasticsearch.kill()
    newsroom.work(publishes=70)
    wait_until(lambda: PageChange.objects.exclude(last_failed_at=None).exists())
    private_elasticsearch.start()
    newsroom.work(publishes=70)
    private_elasticsearch.wait()
    assert_index_equals_published(newsroom, settings)


@own_connections
def test_a_page_published_fifty_times_while_the_server_was_away_is_indexed_once(
    newsroom: Newsroom, private_elasticsearch: Elasticsearch, settings: Settings
) -> None:
    drain()
    page_id = newsroom.article_ids[0]
    private_elasticsearch.kill()
    for number in range(50):
        newsroom.publish(page_id)
        if number % 10 == 0:
            drain()
    assert unfinished_page_ids(consumer=ELASTICSEARCH_INDEX) == {page_id}
    private_elasticsearch.start()
    private_elasticsearch.wait()
    assert writes(settings) == 0
    wait_until(nothing_is_left)
    assert writes(settings) == 1
    assert_index_equals_published(newsroom, settings)


@own_connections
def test_an_index_is_compared_as_soon_as_its_server_is_back(
    newsroom: Newsroom, private_elasticsearch: Elasticsearch
) -> None:
    engine = ElasticsearchEngine()
    drain()
    assert check(engine).page_ids == ()
    changed, lost = newsroom.article_ids[:2]
    # What no outbox row tells of, as after a server that came back with its data of yesterday.
    engine.delete([lost], version=version_now())
    private_elasticsearch.kill()
    newsroom.publish(changed)
    drain()
    assert Outage.objects.get().engine == "elasticsearch"
    run_if_due(name="search_reconcile_after_outage")
    assert Outage.objects.exists()

    private_elasticsearch.start()
    private_elasticsearch.wait()
    assert check(engine).missing == (lost,)
    periodic["search_reconcile_after_outage"].run()
    assert check(engine).page_ids == ()
    assert not Outage.objects.exists()
