"""The search page, on both engines."""

from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from bs4 import BeautifulSoup, Tag
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.pages import ArticleFactory
from tests.search.conftest import IndexNow

QUERY_LIMIT = 15
# Among them the dearest: words that are mistyped, and nothing to be found.
ADDRESSES = (
    "/search/",
    "/search/?q=oxytocin",
    "/search/?q=oxitocin+mlik+duckt+lowre",
    "/search/?q=xylophone+zzyzx",
    "/search/?q=low+supply&category=hormones&tag=flow",
)


def read(client: Client, address: str) -> BeautifulSoup:
    response = client.get(address)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def titles(page: BeautifulSoup) -> list[str]:
    return [title.get_text(strip=True) for title in page.select(".result__title")]


def link(page: BeautifulSoup, text: str) -> dict[str, list[str]]:
    """Return what the link with this text asks for."""
    anchors = [anchor for anchor in page.select("main a") if text in anchor.get_text()]
    assert anchors, f"no link says {text}"
    return parse_qs(urlsplit(str(anchors[0]["href"])).query)


@pytest.fixture
def article(publish_article: ArticleFactory, index_now: IndexNow) -> str:
    page = publish_article(
        title="Let-down",
        summary="How it begins.",
        body=[
            ("paragraph", "<p>The lead.</p>"),
            ("heading", {"text": "The reflex", "anchor": "reflex", "level": "h2"}),
            ("paragraph", "<p>Oxytocin &lt;i&gt; moves milk.</p>"),
        ],
        tags=["flow"],
    )
    index_now()
    return str(page.url)


def test_a_result_shows_the_passage_and_links_to_it(client: Client, article: str) -> None:
    page = read(client, "/search/?q=oxytocin")
    (result,) = page.select(".result")
    title = result.select_one(".result__title a")
    passage = result.select_one(".passages li")
    assert isinstance(title, Tag)
    assert isinstance(passage, Tag)
    assert (title.get_text(), title["href"]) == ("Let-down", article)
    heading = passage.find("a")
    assert isinstance(heading, Tag)
    assert heading.get_text() == "The reflex"
    assert heading["href"] == f"{article}#reflex"
    assert "<mark>Oxytocin</mark> &lt;i&gt; moves milk." in str(passage)


def test_the_form_needs_no_javascript_and_keeps_the_question(client: Client, article: str) -> None:
    form = read(client, "/search/?q=oxytocin").select_one("main form")
    assert isinstance(form, Tag)
    assert (form["action"], form["method"]) == ("/search/", "get")
    field = form.find("input", {"name": "q"})
    assert isinstance(field, Tag)
    assert field["value"] == "oxytocin"


def test_results_are_not_for_search_engines_and_not_kept_by_caches(client: Client, article: str) -> None:
    response = client.get("/search/?q=oxytocin")
    assert '<meta name="robots" content="noindex">' in response.text
    assert response["Cache-Control"] == "max-age=0, must-revalidate"


def test_facets_are_links_with_counts(client: Client, publish_article: ArticleFactory, index_now: IndexNow) -> None:
    publish_article(title="One", text="Milk.", category="hormones", tags=["flow"])
    publish_article(title="Two", text="Milk.", category="supply-and-demand", tags=["flow", "night"])
    index_now()
    page = read(client, "/search/?q=milk")
    facets = page.select_one(".facets")
    assert isinstance(facets, Tag)
    assert [item.get_text(" ", strip=True) for item in facets.select("li")] == [
        "Hormones 1",
        "Supply and demand 1",
        "flow 2",
        "night 1",
    ]
    assert link(page, "Hormones") == {"q": ["milk"], "category": ["hormones"]}


def test_a_chosen_facet_can_be_taken_back(client: Client, publish_article: ArticleFactory, index_now: IndexNow) -> None:
    publish_article(title="One", text="Milk.", category="hormones", tags=["flow"])
    publish_article(title="Two", text="Milk.", category="supply-and-demand", tags=["flow", "night"])
    index_now()
    page = read(client, "/search/?q=milk&category=hormones&tag=flow")
    assert titles(page) == ["One"]
    chips = page.select(".search__results .tags a")
    assert [str(chip["aria-label"]) for chip in chips] == ["Remove “Hormones”", "Remove “flow”"]
    assert parse_qs(urlsplit(str(chips[0]["href"])).query) == {"q": ["milk"], "tag": ["flow"]}
    chosen = [anchor.get_text() for anchor in page.select(".facets a[aria-current]")]
    assert ["Hormones" in chosen[0], "flow" in chosen[1], len(chosen)] == [True, True, 2]


def test_a_choice_that_nothing_has_can_be_taken_back(client: Client, article: str) -> None:
    page = read(client, "/search/?q=oxytocin&category=<b>none</b>")
    assert titles(page) == []
    (chip,) = page.select(".search__results .tags:first-of-type a[aria-label]")
    assert parse_qs(urlsplit(str(chip["href"])).query) == {"q": ["oxytocin"]}
    assert "Remove “<b>none</b>”" in unescape(str(chip["aria-label"]))


def test_there_are_pages_of_ten(client: Client, publish_article: ArticleFactory, index_now: IndexNow) -> None:
    for number in range(11):
        publish_article(title=f"Article {number}", text="Milk.")
    index_now()
    first, second = read(client, "/search/?q=milk"), read(client, "/search/?q=milk&page=2")
    assert len(titles(first)) == 10
    assert len(titles(second)) == 1
    assert {*titles(first), *titles(second)} == {f"Article {number}" for number in range(11)}
    assert link(first, "Next") == {"q": ["milk"], "page": ["2"]}


def test_beyond_the_last_page_is_the_last_page(client: Client, article: str) -> None:
    response = client.get("/search/?q=oxytocin&page=7")
    assert response.status_code == 302
    assert response["Location"] == "/search/?q=oxytocin"


def test_a_page_number_that_makes_no_sense_is_the_first(client: Client, article: str) -> None:
    for number in ("0", "-1", "x", "", "1e9", "9" * 5_000, "101", "\x00"):
        assert titles(read(client, f"/search/?q=oxytocin&page={number}")) == ["Let-down"], number[:9]


def test_a_mistyped_word_is_asked_about(client: Client, article: str) -> None:
    page = read(client, "/search/?q=oxytocn+reflex")
    assert titles(page) == ["Let-down"]
    assert "Did you mean oxytocin reflex?" in page.get_text(" ", strip=True).replace(" ?", "?")
    assert link(page, "oxytocin reflex") == {"q": ["oxytocin reflex"]}


def test_finding_nothing_helps(client: Client, article: str) -> None:
    page = read(client, "/search/?q=xylophone")
    text = page.get_text(" ", strip=True)
    assert "Nothing was found." in text
    assert "Check the spelling" in text
    assert link(page, "Hormones") == {"category": ["hormones"]}
    assert titles(read(client, "/search/")) == ["Let-down"]


def test_results_that_are_only_the_nearest_say_so(client: Client, article: str) -> None:
    assert "No article here is really about this" in read(client, "/search/?q=oxytocin+futures+exchange").get_text()
    assert "No article here is really about this" not in read(client, "/search/?q=oxytocin").get_text()


def test_without_a_question_all_articles_and_categories_are_shown(client: Client, article: str) -> None:
    page = read(client, "/search/")
    assert titles(page) == ["Let-down"]
    assert link(page, "Hormones") == {"category": ["hormones"]}


def test_a_question_is_shown_as_text(client: Client, article: str) -> None:
    response = client.get("/search/", {"q": '"><script>alert(1)</script>oxytocin'})
    assert "<script>alert" not in response.text


def test_nothing_is_said_to_be_simplified_while_all_is_well(client: Client, article: str) -> None:
    assert "simplified" not in read(client, "/search/?q=oxytocin").get_text()


@pytest.mark.parametrize("count", [1, 25])
def test_a_search_takes_at_most_fifteen_queries(
    client: Client, publish_article: ArticleFactory, index_now: IndexNow, count: int
) -> None:
    for number in range(count):
        publish_article(title=f"Article {number}", text="Oxytocin in milk; the duct is lower.", tags=["flow", "night"])
    index_now()
    for address in ADDRESSES:
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        assert len(queries) <= QUERY_LIMIT, address
