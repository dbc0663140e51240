"""JSON by its parameters: kept where there are only so many answers, and where an answer has only so many addresses."""

from itertools import permutations
from urllib.parse import quote

import pytest
from pytest_django import Settings
from wagtail.contrib.redirects.models import Redirect

from articles.models import ArticlePage
from tests.commits import commit
from tests.page_cache.browsing import Browser
from tests.pages import ArticleFactory

LIST = "/api/articles/"
FRIEND = "https://app.example.org"


@pytest.fixture(autouse=True)
def no_limit(settings: Settings) -> None:
    settings.API_RATE_LIMIT = 0


@pytest.fixture
def eleven(publish_article: ArticleFactory) -> list[ArticlePage]:
    """Eleven articles: a page of ten, and one more."""
    return [
        publish_article(title=f"Article {number}", slug=f"article-{number}", tags=["élan", "milk"])
        for number in range(11)
    ]


def is_kept(browser: Browser, address: str) -> bool:
    """Ask twice, and say whether Django was asked only once; the answer is the same either way."""
    before = browser.rendered
    first, second = browser.get(address), browser.get(address)
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert "X-Used-Parameters" not in second
    return browser.rendered == before + 1


@pytest.mark.usefixtures("eleven")
@pytest.mark.parametrize(
    "query",
    [
        "category=hormones",
        "tag=milk",
        "tag=%C3%A9lan",
        "page=1",
        "page_size=10",
        "page_size=12",
        "page_size=20",
        "page_size=24",
        "page_size=50",
        "page=2&page_size=10",
        "category=hormones&tag=milk&page=2&page_size=10",
        "category=hormones&utm_source=letter",
    ],
)
def test_a_list_is_kept_by_its_filters_and_pages(browser_behind: Browser, query: str) -> None:
    assert is_kept(browser_behind, f"{LIST}?{query}")
    assert browser_behind.get(f"{LIST}?{query}").json()["results"]


@pytest.mark.usefixtures("eleven")
def test_in_whatever_order_parameters_come_it_is_one_answer(browser_behind: Browser) -> None:
    pairs = ["category=hormones", "tag=milk", "page=2", "page_size=10"]
    answers = {browser_behind.get(f"{LIST}?{'&'.join(order)}").content for order in permutations(pairs)}
    assert (len(answers), browser_behind.rendered) == (1, 1)


@pytest.mark.usefixtures("eleven")
@pytest.mark.parametrize(
    "query",
    [
        # Other spellings of what is kept.
        "page=02",
        "page=+2&page_size=10",
        "page=%31",
        "page=1.0",
        "p%61ge=1",
        "page=1&p%61ge=1",
        "page=1&page=1",
        "page_size=012",
        "category=hormone%73",
        "category=hormones&tag=",
        "category=&tag=milk",
        "tag=%c3%a9lan",
        "tag=élan",
        # What nothing is found by.
        "category=made-up",
        "tag=made-up",
        "tag=Milk",
        "category=hormones&tag=made-up",
        "page=3&page_size=10",
        "page=1000",
        "page_size=11",
        "page_size=49",
        # What has answers without end.
        "other=1",
        "category=hormones&other=1",
        "fields=title",
        "category=hormones&fields=title",
        "reviewed_since=2020-01-01",
        "before=9999999999999999.1",
        "page=0",
        "fields=secret",
    ],
)
def test_what_a_scraper_could_make_up_is_not_kept(browser_behind: Browser, query: str) -> None:
    assert not is_kept(browser_behind, f"{LIST}?{query}")
    assert kept(browser_behind) == []


def kept(browser: Browser) -> list[str]:
    return [key.query for key in browser.handler.front._kept._entries]


@pytest.mark.parametrize("query", ["category=hormones", "page=1", "page_size=20"])
def test_a_list_of_nothing_is_kept_without_parameters_alone(
    browser_behind: Browser, article_index: object, query: str
) -> None:
    assert is_kept(browser_behind, LIST)
    assert not is_kept(browser_behind, f"{LIST}?{query}")


FIND = "/api/pages/find/?path="


@pytest.mark.parametrize(
    ("slug", "spellings"),
    [
        # As people write it, and as programs do.
        ("one", ["/articles/one/", "%2Farticles%2Fone%2F"]),
        # And as lists give it, where letters stand in addresses as something else.
        (
            "élan",
            [
                "/articles/%C3%A9lan/",
                "%2Farticles%2F%C3%A9lan%2F",
                "/articles/%25C3%25A9lan/",
                "%2Farticles%2F%25C3%25A9lan%2F",
            ],
        ),
    ],
)
def test_a_page_is_kept_by_its_path(
    browser_behind: Browser, publish_article: ArticleFactory, slug: str, spellings: list[str]
) -> None:
    article = publish_article(slug=slug)
    for path in (f"/articles/{slug}", f"//articles/{slug}/", f"articles/{slug}/", f"/%61rticles/{slug}/"):
        assert browser_behind.get(FIND + quote(path)).json()["id"] == article.pk
        assert not is_kept(browser_behind, FIND + quote(path))
    assert not is_kept(browser_behind, f"{FIND}/nowhere/")
    assert kept(browser_behind) == []
    for path in spellings:
        assert is_kept(browser_behind, FIND + path)
        assert browser_behind.get(FIND + path).json()["id"] == article.pk


def test_an_old_address_is_kept_by_its_path(browser_behind: Browser, publish_article: ArticleFactory) -> None:
    Redirect.add_redirect("/old", redirect_to=publish_article())
    for path in ("/old", "/old/", "%2Fold%2F"):
        assert is_kept(browser_behind, f"/api/redirects/find/?path={path}")
    for path in ("old", "/old/?id=7", "/old//", "/%6Fld/", "/elsewhere/"):
        assert not is_kept(browser_behind, f"/api/redirects/find/?path={path}")


@pytest.mark.usefixtures("eleven")
@pytest.mark.parametrize(
    "address", ["/api/search/?q=milk", "/api/search/?category=hormones", "/api/suggest/?q=mi", "/search/?q=milk"]
)
def test_a_search_is_never_kept_for_the_index_changes_after_the_pages_do(browser_behind: Browser, address: str) -> None:
    for _time in range(2):
        assert browser_behind.get(address).status_code == 200
    assert browser_behind.rendered == 2


def test_a_change_shows_under_every_parameter(browser_behind: Browser, eleven: list[ArticlePage]) -> None:
    addresses = [f"{LIST}?category=hormones", f"{LIST}?tag=milk&page=2&page_size=10", f"{LIST}?page=1"]
    path = "/api/pages/find/?path=/articles/article-0/"
    for address in (*addresses, path):
        assert is_kept(browser_behind, address)
    oldest = eleven[0]
    oldest.title = "Renamed"
    oldest.save_revision().publish()
    commit()
    for address in addresses:
        assert "Renamed" in [result["title"] for result in browser_behind.get(address).json()["results"]], address
    assert browser_behind.get(path).json()["title"] == "Renamed"
    oldest.unpublish()
    commit()
    assert [browser_behind.get(address).json()["total"] for address in addresses] == [10, 10, 10]
    assert browser_behind.get(path).status_code == 404


@pytest.mark.usefixtures("eleven")
def test_head_and_304_come_from_what_is_kept(browser_behind: Browser) -> None:
    address = f"{LIST}?category=hormones&page=1"
    answer = browser_behind.get(address)
    head = browser_behind.head(address)
    assert (head.status_code, head.content, dict(head.headers)) == (200, b"", dict(answer.headers))
    again = browser_behind.get(address, headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", answer["ETag"])
    assert browser_behind.rendered == 1


@pytest.mark.usefixtures("eleven")
def test_each_front_end_that_is_let_in_has_its_own_and_any_other_none(
    browser_behind: Browser, settings: Settings
) -> None:
    settings.CORS_ALLOWED_ORIGINS = [FRIEND]
    address = f"{LIST}?category=hormones"
    for _time in range(2):
        answer = browser_behind.get(address, headers={"Origin": FRIEND})
        assert answer["Access-Control-Allow-Origin"] == FRIEND
        assert "Access-Control-Allow-Origin" not in browser_behind.get(address)
        assert "origin" in answer["Vary"].lower()
    assert browser_behind.rendered == 2
    for _time in range(2):
        answer = browser_behind.get(address, headers={"Origin": "https://evil.example"})
        assert "Access-Control-Allow-Origin" not in answer
    assert browser_behind.rendered == 4


@pytest.mark.usefixtures("eleven")
def test_what_is_kept_is_not_counted_and_what_is_not_is(browser_behind: Browser, settings: Settings) -> None:
    settings.API_RATE_LIMIT = 3
    kept_address, other = f"{LIST}?category=hormones", f"{LIST}?category=hormones&fields=title"
    for _time in range(5):
        answer = browser_behind.get(kept_address)
        assert answer.status_code == 200
        assert "RateLimit" not in answer
    assert [browser_behind.get(other).status_code for _time in range(3)] == [200, 200, 429]
    assert browser_behind.get(kept_address).status_code == 200
