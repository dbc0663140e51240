"""Comparing and repairing: ids, versions and content are looked at, and what is right is not touched."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from articles.models import ArticlePage
from cms.pipeline.consumers import Unavailable
from cms.pipeline.models import PageChange
from cms.pipeline.schedule import periodic
from search.documents import document_of, version_now
from search.engines.elasticsearch import ElasticsearchEngine
from search.indexing import Differences, check, reconcile, reconcile_after_outage, refresh_elasticsearch, repair
from search.interface import Engine, get_engine
from search.models import Outage
from tests.pages import ArticleFactory
from tests.search.conftest import IndexNow
from tests.search.test_indexing import EQUAL, run_check

HOUR = 3_600_000_000  # microseconds
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def engine(site_engine: str) -> Engine:
    return get_engine()


@pytest.fixture
def articles(publish_article: ArticleFactory, index_now: IndexNow) -> list[ArticlePage]:
    """Three articles, each in the index as it is."""
    articles = [publish_article(title=f"Article {number}", slug=f"article-{number}") for number in range(3)]
    index_now()
    return articles


def test_what_was_read_before_the_last_publication_is_stale_even_if_its_content_is_the_same(
    engine: Engine, articles: list[ArticlePage]
) -> None:
    published_at = timezone.now() + timedelta(milliseconds=1)
    ArticlePage.objects.filter(pk=articles[0].pk).update(last_published_at=published_at)
    assert check(engine) == Differences(stale=(articles[0].pk,))
    repair(engine, check(engine))
    assert check(engine) == EQUAL
    assert engine.entries()[articles[0].pk].version >= published_at.timestamp() * 1_000_000


def test_a_page_that_no_revision_was_published_of_is_compared_by_its_content(
    engine: Engine, articles: list[ArticlePage]
) -> None:
    ArticlePage.objects.filter(pk=articles[0].pk).update(last_published_at=None)
    assert check(engine) == EQUAL


def test_a_page_that_cannot_be_read_is_not_said_to_be_there(
    engine: Engine, articles: list[ArticlePage], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = ArticlePage.search_sections

    def break_one(self: ArticlePage) -> Any:
        if self.pk == articles[1].pk:
            raise KeyError("block")
        return read(self)

    monkeypatch.setattr(ArticlePage, "search_sections", break_one)
    assert check(engine) == Differences(stale=(articles[1].pk,))


def test_repair_leaves_alone_what_is_right(site_engine: str, engine: Engine, articles: list[ArticlePage]) -> None:
    missing, stale, kept = (article.pk for article in articles)
    engine.delete([missing], version=version_now())
    ArticlePage.objects.filter(pk=stale).update(summary="Another one.")
    before = engine.entries()[kept], written(engine)[kept]
    assert run_check("--repair")[0] == 0
    assert (engine.entries()[kept], written(engine)[kept]) == before
    assert engine.entries().keys() == {missing, stale, kept}


def written(engine: Engine) -> dict[int, Any]:
    """Return page id -> when in the order of all writes the page was written, as far as the engine counts them."""
    ids = list(engine.entries())
    if not isinstance(engine, ElasticsearchEngine):
        return dict.fromkeys(ids)
    found = engine._server.client.mget(index=engine._alias, ids=[str(page_id) for page_id in ids])["docs"]
    return {int(one["_id"]): (one["_seq_no"], one["_primary_term"]) for one in found}


@pytest.fixture
def _another_index_afterwards(engine: Engine) -> Iterator[None]:
    """Leave nothing of a later time than the tests that follow."""
    yield
    with engine.building() as new:
        new.switch()
    engine.remove_leftovers()


@pytest.mark.usefixtures("_another_index_afterwards")
@pytest.mark.parametrize("is_gone", [False, True])
def test_what_a_clock_that_was_ahead_wrote_is_repaired(
    engine: Engine, articles: list[ArticlePage], is_gone: bool
) -> None:
    page_id = articles[0].pk
    document = document_of(page_id)
    assert document is not None
    ahead = version_now() + HOUR
    if is_gone:
        engine.delete([page_id], version=ahead)
    else:
        engine.put([replace(document, version=ahead, content_hash="of another time")])
    assert check(engine).page_ids == (page_id,)
    repair(engine, check(engine))
    assert check(engine) == EQUAL


def test_comparing_costs_as_many_queries_for_many_pages_as_for_few(
    engine: Engine, articles: list[ArticlePage], publish_article: ArticleFactory, index_now: IndexNow
) -> None:
    with CaptureQueriesContext(connection) as few:
        check(engine)
    for number in range(10):
        publish_article(title=f"More {number}", slug=f"more-{number}", tags=["one", "two"])
    index_now()
    with CaptureQueriesContext(connection) as many:
        check(engine)
    assert len(many) == len(few)


# --- After an outage -------------------------------------------------------------------------------------------------


@pytest.fixture
def away(on_elasticsearch: ElasticsearchEngine, settings: Settings, publish_article: ArticleFactory) -> ArticlePage:
    """An article that is missing in the index of a server that is away."""
    article = publish_article()
    PageChange.objects.all().delete()
    settings.ELASTICSEARCH_HOSTS = [NOBODY]
    return article


def come_back(settings: Settings, url: str) -> None:
    settings.ELASTICSEARCH_HOSTS = [url]


def test_a_write_that_finds_the_server_away_has_its_index_compared_when_it_is_back(
    away: ArticlePage, on_elasticsearch: ElasticsearchEngine, elasticsearch_url: str, settings: Settings
) -> None:
    with pytest.raises(Unavailable):
        refresh_elasticsearch(away.pk)
    reconcile_after_outage()
    assert Outage.objects.count() == 1
    come_back(settings, elasticsearch_url)
    reconcile_after_outage()
    assert check(on_elasticsearch) == EQUAL
    assert on_elasticsearch.entries().keys() == {away.pk}
    assert Outage.objects.count() == 0


@pytest.mark.parametrize("task", ["search_make_missing", "search_reconcile"])
def test_a_look_that_finds_the_server_away_does_the_same(
    task: str, away: ArticlePage, on_elasticsearch: ElasticsearchEngine, elasticsearch_url: str, settings: Settings
) -> None:
    periodic[task].run()
    come_back(settings, elasticsearch_url)
    periodic["search_reconcile_after_outage"].run()
    assert check(on_elasticsearch) == EQUAL
    assert Outage.objects.count() == 0


def test_without_an_outage_nothing_is_compared(away: ArticlePage, elasticsearch_url: str, settings: Settings) -> None:
    come_back(settings, elasticsearch_url)
    with CaptureQueriesContext(connection) as queries:
        reconcile_after_outage()
    assert len(queries) == 1


def test_every_index_is_compared_from_time_to_time(articles: list[ArticlePage], engine: Engine) -> None:
    engine.delete([articles[0].pk], version=version_now())
    reconcile()
    assert check(engine) == EQUAL
