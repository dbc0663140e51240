"""Suggestions while a reader types, on both engines: GET /api/suggest/."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from wagtail.models import Page, PageViewRestriction

from articles.models import ArticlePage
from search.engines.database import _dialect
from search.models import SearchHeadlineWord
from search.suggesting import MOST_SUGGESTIONS
from tests.pages import ArticleFactory, Block
from tests.search.conftest import IndexNow
from tests.search.test_hostile_questions import QUESTIONS

QUERY_LIMIT = 4
NOBODY = "http://127.0.0.1:9"


def suggest(client: Client, text: str) -> list[dict[str, Any]]:
    response = client.get("/api/suggest/", {"q": text})
    assert response.status_code == 200
    suggestions: list[dict[str, Any]] = response.json()["suggestions"]
    return suggestions


def texts(client: Client, text: str) -> list[str]:
    return [suggestion["text"] for suggestion in suggest(client, text)]


def heading(text: str) -> list[Block]:
    return [("heading", {"text": text, "level": "h2", "anchor": ""}), ("paragraph", "<p>Text.</p>")]


@pytest.fixture
def article(publish_article: ArticleFactory, index_now: IndexNow) -> ArticlePage:
    page = publish_article(title="Supply & <demand>", body=heading("Low supply"), expire_at=in_an_hour())
    index_now()
    return page


def in_an_hour() -> Any:
    return timezone.now() + timedelta(hours=1)


def test_an_answer_has_the_shape_of_the_contract(client: Client, article: ArticlePage, settings: Settings) -> None:
    url = f"{settings.SITE_URL}{article.url}"
    response = client.get("/api/suggest/?q=  sup  ")
    assert response.json() == {
        "query": "sup",
        "suggestions": [
            {"kind": "title", "text": "Supply & <demand>", "page_title": "Supply & <demand>", "url": url},
            {
                "kind": "heading",
                "text": "Low supply",
                "page_title": "Supply & <demand>",
                "url": f"{url}#low-supply",
            },
        ],
    }
    assert response["Content-Type"].startswith("application/json")


@pytest.mark.parametrize("typed", ["", "   ", "?!", "\x00", "xylophone"])
def test_where_nothing_fits_the_list_is_empty(client: Client, article: ArticlePage, typed: str) -> None:
    assert suggest(client, typed) == []


def test_without_q_the_list_is_empty(client: Client, article: ArticlePage) -> None:
    assert client.get("/api/suggest/").json() == {"query": "", "suggestions": []}


def test_what_begins_so_comes_first_and_titles_before_headings(
    client: Client, publish_article: ArticleFactory, index_now: IndexNow
) -> None:
    publish_article(title="Too much milk", body=heading("Milk at night"))
    publish_article(title="Milk and honey", body=heading("About milk"))
    index_now()
    assert texts(client, "mil") == ["Milk and honey", "Milk at night", "Too much milk", "About milk"]
    assert texts(client, "much mi") == ["Too much milk"]


def test_words_without_a_meaning_are_passed_over(client: Client, article: ArticlePage) -> None:
    assert texts(client, "what is a low su") == ["Low supply"]


def test_of_a_long_text_its_end_counts(client: Client, article: ArticlePage) -> None:
    assert texts(client, "word " * 100 + "supply " * 8 + "lo") == ["Low supply"]


def test_there_are_few_and_no_page_takes_all_places(
    client: Client, publish_article: ArticleFactory, index_now: IndexNow
) -> None:
    for number in range(4):
        publish_article(
            title=f"Milk {number}", body=[block for part in range(5) for block in heading(f"Milk part {part}")]
        )
    index_now()
    found = suggest(client, "milk")
    assert len(found) == MOST_SUGGESTIONS
    assert [suggestion["kind"] for suggestion in found[:4]] == ["title"] * 4
    pages = [suggestion["page_title"] for suggestion in found]
    assert max(pages.count(page) for page in pages) <= 3


def test_the_answer_is_asked_for_anew_and_sent_once(client: Client, article: ArticlePage) -> None:
    first = client.get("/api/suggest/?q=sup")
    assert first["Cache-Control"] == "public, max-age=0, must-revalidate"
    # It changes when the index does, which is not when the page does.
    assert "Last-Modified" not in first
    again = client.get("/api/suggest/?q=sup", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_it_takes_few_queries_however_much_is_found(
    client: Client, publish_article: ArticleFactory, index_now: IndexNow
) -> None:
    for number in range(12):
        publish_article(title=f"Milk {number}", body=heading("Milk"))
    index_now()
    suggest(client, "milk")
    with CaptureQueriesContext(connection) as queries:
        assert len(suggest(client, "mil")) == MOST_SUGGESTIONS
    assert len(queries) <= QUERY_LIMIT, [query["sql"] for query in queries]


@pytest.mark.parametrize("site_engine", ["database"], indirect=True)
def test_the_database_finds_words_by_an_index(site_engine: str) -> None:
    found = SearchHeadlineWord.objects.filter(_dialect().begins_with("mil"))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A table as small as this one is read faster as a whole.
            cursor.execute("SET LOCAL enable_seqscan = off")
    plan = found.explain()
    assert "search_searchheadlineword_word" in plan
    assert "SCAN" not in plan


def unpublish(page: ArticlePage) -> None:
    page.unpublish()


def delete(page: ArticlePage) -> None:
    page.delete()


def restrict(page: ArticlePage) -> None:
    PageViewRestriction.objects.create(page=page, restriction_type=PageViewRestriction.LOGIN)


def unpublish_past_all_signals(page: ArticlePage) -> None:
    Page.objects.filter(pk=page.pk).update(live=False)


@pytest.mark.parametrize("hide", [unpublish, delete, restrict, unpublish_past_all_signals])
def test_a_hidden_page_is_not_suggested_however_far_the_index_lags(
    client: Client, article: ArticlePage, hide: Any
) -> None:
    assert len(suggest(client, "supply")) == 2
    hide(ArticlePage.objects.get(pk=article.pk))
    assert suggest(client, "supply") == []


def test_an_expired_page_is_not_suggested(client: Client, article: ArticlePage) -> None:
    with time_machine.travel(in_an_hour() + timedelta(seconds=1), tick=False):
        assert suggest(client, "supply") == []


def test_a_title_is_that_of_this_moment(client: Client, article: ArticlePage) -> None:
    Page.objects.filter(pk=article.pk).update(title="Renamed")
    assert suggest(client, "demand")[0]["text"] == "Renamed"


@pytest.mark.usefixtures("article")
def test_nothing_that_is_typed_breaks_it(client: Client) -> None:
    for question in QUESTIONS:
        suggest(client, question.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))
    for raw in ("q=%ff%fe", "q=%", "q=%00", "q&q", "q[]=milk", "q=a&q=b"):
        assert client.get(f"/api/suggest/?{raw}").status_code == 200, raw


def test_the_database_suggests_while_elasticsearch_is_away(
    client: Client, publish_article: ArticleFactory, index_now: IndexNow, settings: Settings
) -> None:
    publish_article(title="Supply")
    index_now()
    settings.ELASTICSEARCH_HOSTS = [NOBODY]
    assert texts(client, "sup") == ["Supply"]
