"""What is kept, and what answers from it."""

import datetime as dt
import gzip

import brotli
import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.http import http_date
from pytest_django import Settings
from wagtail.contrib.redirects.models import Redirect

from cms.page_cache.generation import get_generation
from cms.page_cache.remembered import SETTLED_SECONDS
from home.models import HomePage
from tests.cms.test_security_headers import assert_nothing_inline
from tests.page_cache.browsing import Browser
from tests.page_cache.conftest import NewFront
from tests.pages import ArticleFactory


@pytest.fixture
def article(publish_article: ArticleFactory) -> str:
    return publish_article(title="Prolactin", text="Milk is made. " * 200, tags=["milk"]).url


ADDRESSES = ["/", "/articles/", "/articles/categories/hormones/", "/articles/tags/milk/", "/articles/prolactin/"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_public_page_is_made_once(browser_behind: Browser, article: str, address: str) -> None:
    first = browser_behind.get(address)
    assert first.status_code == 200
    with CaptureQueriesContext(connection) as queries:
        second = browser_behind.get(address)
    assert len(queries) == 0
    assert browser_behind.rendered == 1
    assert second.content == first.content
    assert dict(second.headers) == dict(first.headers)
    assert second["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert second["Vary"] == "Accept-Encoding, Cookie"
    assert_nothing_inline(second)
    assert "X-Used-Parameters" not in second


def test_another_process_takes_what_one_has_kept(new_front: NewFront, article: str) -> None:
    first, second = Browser(handler=new_front()), Browser(handler=new_front())
    kept = first.get(article)
    taken = second.get(article)
    assert second.rendered == 0
    assert (taken.content, dict(taken.headers)) == (kept.content, dict(kept.headers))


def test_a_new_generation_ends_everything_in_every_process(new_front: NewFront, article: str) -> None:
    browsers = [Browser(handler=new_front()), Browser(handler=new_front())]
    for browser in browsers:
        browser.get(article)
    get_generation().renew()
    for browser in browsers:
        browser.get(article)
        browser.get(article)
    # The first process made it again, the second took it.
    assert [browser.rendered for browser in browsers] == [2, 0]


def test_head_is_answered_from_the_page(browser_behind: Browser, article: str) -> None:
    page = browser_behind.get(article)
    head = browser_behind.head(article)
    assert browser_behind.rendered == 1
    assert head.content == b""
    assert dict(head.headers) == dict(page.headers)


def test_a_head_for_an_unknown_page_keeps_nothing(browser_behind: Browser, article: str) -> None:
    browser_behind.head(article)
    assert browser_behind.get(article).content != b""
    assert browser_behind.rendered == 2


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("*", "br"),
        ("*;q=0", None),
        ("", None),
        ("identity", None),
        ("br;q=nonsense", None),
        ("GZIP;q=1.0", "gzip"),
    ],
)
def test_a_page_is_sent_as_the_browser_takes_it(
    browser_behind: Browser, article: str, accepted: str, encoding: str | None
) -> None:
    plain = browser_behind.get(article)
    response = browser_behind.get(article, headers={"Accept-Encoding": accepted})
    assert browser_behind.rendered == 1
    assert response.headers.get("Content-Encoding") == encoding
    assert int(response["Content-Length"]) == len(response.content)
    unpacked = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[encoding](response.content)
    assert unpacked == plain.content
    assert (response["ETag"] == plain["ETag"]) == (encoding is None)


@pytest.mark.parametrize("accepted", ["br", "gzip", "identity"])
def test_who_has_the_page_is_told_so(browser_behind: Browser, article: str, accepted: str) -> None:
    page = browser_behind.get(article, headers={"Accept-Encoding": accepted})
    for known in (page["ETag"], f"W/{page['ETag']}", f'"other", {page["ETag"]}', "*"):
        again = browser_behind.get(article, headers={"Accept-Encoding": accepted, "If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again["ETag"] == page["ETag"]
        assert "Content-Length" not in again
        assert "Content-Encoding" not in again
    assert browser_behind.get(article, headers={"If-None-Match": '"other"'}).status_code == 200


def test_an_unchanged_page_keeps_its_tag_over_generations(browser_behind: Browser, article: str) -> None:
    tag = browser_behind.get(article)["ETag"]
    get_generation().renew()
    assert browser_behind.get(article, headers={"If-None-Match": tag}).status_code == 304
    assert browser_behind.rendered == 2


def test_memory_is_bounded_and_the_least_used_goes_first(new_front: NewFront, publish_article: ArticleFactory) -> None:
    addresses = [publish_article(title=f"Article {number}", text="milk " * 200).url for number in range(6)]
    front = new_front(most_bytes=60_000)
    browser = Browser(handler=front)
    for address in addresses:
        browser.get(addresses[0])
        browser.get(address)
    kept = [key.path for key in front.front._kept._entries]
    assert addresses[0] in kept
    assert addresses[1] not in kept
    assert front.front._kept._bytes == sum(entry.size for entry in front.front._kept._entries.values()) <= 60_000


@pytest.fixture
def _lists(publish_article: ArticleFactory) -> None:
    for number in range(13):
        publish_article(title=f"Article {number}")


@pytest.mark.usefixtures("_lists")
def test_the_parameters_that_a_page_uses_make_another_page(browser_behind: Browser) -> None:
    first = browser_behind.get("/articles/")
    second = browser_behind.get("/articles/?page=2")
    assert browser_behind.rendered == 2
    assert first.content != second.content
    assert browser_behind.get("/articles/?page=2").content == second.content
    assert browser_behind.rendered == 2


@pytest.mark.usefixtures("_lists")
@pytest.mark.parametrize(
    "query", ["page=3", "page=02", "page=x", "page=", "page=2&page=1", "p=1", "page=2&x=1", "%70age=2"]
)
def test_addresses_that_anybody_can_make_up_are_not_kept(browser_behind: Browser, query: str) -> None:
    assert browser_behind.get(f"/articles/?{query}").status_code == 200
    assert browser_behind.get(f"/articles/?{query}").status_code == 200
    assert browser_behind.rendered == 2


@pytest.mark.parametrize("query", ["utm_source=letter&utm_medium=mail", "fbclid=abc", "gclid=x&utm_campaign=y", "&"])
def test_tracking_parameters_change_nothing(browser_behind: Browser, article: str, query: str) -> None:
    page = browser_behind.get(f"{article}?{query}")
    assert b"utm_" not in page.content
    assert browser_behind.get(article).content == page.content
    assert browser_behind.get(f"{article}?utm_term=other").content == page.content
    assert browser_behind.rendered == 1


@pytest.mark.parametrize("query", ["utm_source=letter&b=1", "b=1&a=2", "fbclid=abc", "&"])
def test_whoever_is_sent_on_takes_all_parameters_along(browser_behind: Browser, article: str, query: str) -> None:
    for _time in range(2):
        response = browser_behind.get(f"{article.rstrip('/')}?{query}")
        assert (response.status_code, response["Location"]) == (301, f"{article}?{query}")


def test_whoever_is_sent_to_https_takes_all_parameters_along(
    new_front: NewFront, article: str, settings: Settings
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    response = Browser(handler=new_front()).get(f"{article}?utm_source=letter")
    assert (response.status_code, response["Location"]) == (301, f"https://127.0.0.1{article}?utm_source=letter")


def test_an_old_address_with_a_tracking_parameter_leads_on(browser_behind: Browser, article: str) -> None:
    Redirect.objects.create(old_path="/letter?utm_source=may", redirect_link=article)
    assert browser_behind.get("/letter/?utm_source=may")["Location"] == article
    assert browser_behind.get("/letter/?utm_source=june").status_code == 404


def test_hits_and_misses_are_counted(browser_behind: Browser, home_page: HomePage) -> None:
    from cms.page_cache.counters import counts

    before = counts()
    browser_behind.get("/")
    browser_behind.get("/")
    browser_behind.post("/")
    after = counts()
    assert {name: after[name] - before[name] for name in after} == {"hits": 1, "misses": 1, "bypasses": 1}


def test_the_api_is_kept_without_what_it_counts_of_its_first_client(browser_behind: Browser, article: str) -> None:
    answers = [browser_behind.get("/api/articles/") for _time in range(2)]
    assert browser_behind.rendered == 1
    assert [answer["Content-Type"] for answer in answers] == ["application/json; charset=utf-8"] * 2
    assert not any(name.startswith("RateLimit") for answer in answers for name in dict(answer.headers))


def test_who_knows_only_the_date_that_was_told_has_it_already(browser_behind: Browser, article: str) -> None:
    address = "/api/articles/"
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        assert "Last-Modified" not in browser_behind.get("/api/articles/?page_size=5")
        clock.shift(SETTLED_SECONDS)
        date = browser_behind.get(address)["Last-Modified"]
        asked = browser_behind.rendered
        again = browser_behind.get(address, headers={"If-Modified-Since": date})
        assert (again.status_code, again.content, again["Last-Modified"]) == (304, b"", date)
        later = http_date((now + dt.timedelta(minutes=1)).timestamp())
        for other in (later, "yesterday", ""):
            assert browser_behind.get(address, headers={"If-Modified-Since": other}).status_code == 200
        both = {"If-Modified-Since": date, "If-None-Match": '"other"'}
        assert browser_behind.get(address, headers=both).status_code == 200
        assert browser_behind.rendered == asked
