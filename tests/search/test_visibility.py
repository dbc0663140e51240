"""What readers may not see is not found, not counted and not hinted at, however far the index lags."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from wagtail.models import Page, PageViewRestriction

from articles.models import ArticlePage
from search.parsing import parse
from search.searching import Answer, find
from tests.pages import ArticleFactory
from tests.search.conftest import IndexNow


@pytest.fixture
def shown(index_now: IndexNow, publish_article: ArticleFactory) -> ArticlePage:
    return publish_article(title="Shown", text="Oxytocin moves milk.", category="hormones", tags=["flow"])


@pytest.fixture
def canary(publish_article: ArticleFactory, shown: ArticlePage, index_now: IndexNow) -> ArticlePage:
    """A page that is in the index and then hidden, without the worker having been round."""
    page = publish_article(
        title="Hidden",
        text="Oxytocin and the xenoglossy.",
        category="supply-and-demand",
        tags=["secret"],
        expire_at=timezone.now() + timedelta(hours=1),
    )
    index_now()
    assert find(parse("xenoglossy")).results.total == 1
    return page


def assert_hidden(shown: ArticlePage) -> None:
    answer = find(parse("oxytocin"))
    assert [found.page.pk for found in answer.found] == [shown.pk]
    assert [hit.page_id for hit in answer.results.hits] == [shown.pk]
    assert answer.results.total == 1
    assert values(answer) == {"category": ["hormones"], "tag": ["flow"]}
    for text in ("xenoglossy", "xenoglosy"):
        answer = find(parse(text))
        assert (answer.results.total, answer.results.did_you_mean) == (0, "")
        assert values(answer) == {"category": [], "tag": []}


def values(answer: Answer) -> dict[str, list[str]]:
    return {name: [facet.value for facet in facets] for name, facets in answer.results.facets.items()}


def test_unpublished(shown: ArticlePage, canary: ArticlePage) -> None:
    canary.unpublish()
    assert_hidden(shown)


def test_deleted(shown: ArticlePage, canary: ArticlePage) -> None:
    canary.delete()
    assert_hidden(shown)


def test_restricted(shown: ArticlePage, canary: ArticlePage) -> None:
    PageViewRestriction.objects.create(page=canary, restriction_type="login")
    assert_hidden(shown)


def test_expired(shown: ArticlePage, canary: ArticlePage) -> None:
    with time_machine.travel(timezone.now() + timedelta(hours=1, seconds=1), tick=False):
        assert_hidden(shown)


def test_a_page_that_no_signal_tells_of_is_not_found_or_counted(shown: ArticlePage, canary: ArticlePage) -> None:
    Page.objects.filter(pk=canary.pk).update(live=False)
    answer = find(parse("oxytocin"))
    assert [found.page.pk for found in answer.found] == [shown.pk]
    assert answer.results.total == 1
    assert values(answer) == {"category": ["hormones"], "tag": ["flow"]}
    assert find(parse("xenoglossy")).results.total == 0


def test_results_stay_in_the_order_of_the_engine(publish_article: ArticleFactory, index_now: IndexNow) -> None:
    text = publish_article(title="Other matters", text="Prolactin.")
    title = publish_article(title="Prolactin", text="Prolactin and prolactin.")
    index_now()
    assert [found.page.pk for found in find(parse("prolactin")).found] == [title.pk, text.pk]


def test_a_result_has_the_title_of_this_moment(shown: ArticlePage, index_now: IndexNow) -> None:
    index_now()
    Page.objects.filter(pk=shown.pk).update(title="Renamed")
    assert [found.page.title for found in find(parse("oxytocin")).found] == ["Renamed"]
