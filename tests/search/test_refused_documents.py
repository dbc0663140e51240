"""A page that Elasticsearch refuses stays out alone."""

import pytest

from articles.models import ArticlePage
from cms.pipeline.consumers import PermanentError
from cms.searchable import Section
from search.engines.elasticsearch import ElasticsearchEngine
from search.indexing import rebuild, refresh_elasticsearch
from tests.pages import ArticleFactory

# Elasticsearch takes 10,000 nested documents in one (index.mapping.nested_objects.limit).
TOO_MANY = [Section(heading="", anchor="", text="milk")] * 10_001


def test_a_rebuild_goes_on_without_a_page_that_is_refused(
    on_elasticsearch: ElasticsearchEngine, publish_article: ArticleFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = {publish_article(title="First").pk, publish_article(title="Last").pk}
    refused = publish_article(title="Endless").pk
    sections = ArticlePage.search_sections
    monkeypatch.setattr(ArticlePage, "search_sections", lambda page: TOO_MANY if page.pk == refused else sections(page))
    rebuild(on_elasticsearch)
    assert set(on_elasticsearch.entries()) == taken


def test_what_was_indexed_of_a_page_before_it_was_refused_is_found_no_more(
    on_elasticsearch: ElasticsearchEngine, publish_article: ArticleFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    page_id = publish_article(title="Endless").pk
    refresh_elasticsearch(page_id)
    assert page_id in on_elasticsearch.entries()
    monkeypatch.setattr(ArticlePage, "search_sections", lambda _page: TOO_MANY)
    with pytest.raises(PermanentError):
        refresh_elasticsearch(page_id)
    assert page_id not in on_elasticsearch.entries()
