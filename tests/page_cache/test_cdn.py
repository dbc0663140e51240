"""A CDN or caching proxy may keep what it can be told to forget, and is told so after each change."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from pytest_django import Settings
from requests.adapters import HTTPAdapter
from wagtail.models import PageViewRestriction

from articles.models import ArticleIndexPage, ArticlePage
from cms.page_cache import cdn, renewal
from cms.page_cache.front import in_front_of
from cms.page_cache.generation import get_generation
from cms.page_cache.models import CdnCopy
from cms.pipeline.consumers import consumers
from cms.pipeline.models import Event, PageChange
from cms.pipeline.outbox import unfinished_page_ids
from cms.pipeline.worker import Lane, drain
from tests.page_cache.browsing import Browser
from tests.pages import ArticleFactory
from tests.services.receiver import Handler, Receiver

HOST = "127.0.0.1"
ADDRESSES = ["/", "/articles/", "/articles/prolactin/", "/api/articles/", "/feeds/articles.atom"]


@pytest.fixture
def proxy(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A caching proxy that the site purges; it writes down what it is told to forget."""
    proxy = Receiver()
    proxy.start()
    settings.WAGTAILFRONTENDCACHE = {
        "proxy": {"BACKEND": "cms.page_cache.cdn.BanningProxy", "LOCATION": f"http://127.0.0.1:{proxy.port}"}
    }
    monkeypatch.setitem(consumers, renewal.CDN, renewal.purge_for_page)
    yield proxy
    proxy.stop()


@pytest.fixture
def article(proxy: Receiver, publish_article: ArticleFactory) -> ArticlePage:
    """An article that nothing is left to be done for."""
    article = publish_article(title="Prolactin", text="Milk is made. " * 50, tags=["milk"])
    drain()
    return article


def purges(proxy: Receiver) -> int:
    """Return how often the proxy was told to forget all of the site, and have it forget that it was told."""
    told = [(request.method, request.headers["host"], request.path) for request in proxy.requests]
    proxy.requests.clear()
    assert set(told) <= {("BAN", HOST, "/")}
    return len(told)


def give_out(browser: Browser, *addresses: str) -> None:
    for address in addresses:
        assert "s-maxage" in browser.get(address)["Cache-Control"], address


def test_a_cdn_may_keep_a_page_until_it_ends_and_a_browser_asks_each_time(
    browser_behind: Browser, article: ArticlePage
) -> None:
    for _time in range(2):
        response = browser_behind.get(article.url)
        said = re.fullmatch(r"public, max-age=0, s-maxage=(\d+), must-revalidate", response["Cache-Control"])
        assert said is not None
        assert 3_500 < int(said[1]) <= 3_600
    unchanged = browser_behind.get(article.url, headers={"If-None-Match": response["ETag"]})
    assert (unchanged.status_code, "s-maxage" in unchanged["Cache-Control"]) == (304, True)
    assert browser_behind.rendered == 1


@pytest.mark.parametrize("address", ["/articles/prolactin/?other=1", "/search/?q=milk", "/articles/?page=02"])
def test_a_cdn_may_not_keep_what_is_not_kept_here(browser_behind: Browser, article: ArticlePage, address: str) -> None:
    assert "s-maxage" not in browser_behind.get(address)["Cache-Control"]
    assert "s-maxage" not in browser_behind.get(address)["Cache-Control"]


def test_a_page_is_forgotten_under_every_address_that_a_cdn_may_know_it_by(
    browser_behind: Browser, proxy: Receiver, article: ArticlePage
) -> None:
    give_out(browser_behind, article.url, f"{article.url}?", f"{article.url}?utm_source=a", "/articles/pr%6Flactin/")
    assert browser_behind.rendered == 1
    article.unpublish()
    drain()
    # Whoever is told so forgets them all: it names no address.
    assert purges(proxy) == 1


def test_without_a_cdn_nothing_outside_may_keep_anything(
    browser_behind: Browser, publish_article: ArticleFactory
) -> None:
    address = publish_article(title="Prolactin").url
    assert browser_behind.get(address)["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert not CdnCopy.objects.exists()


def publish_again(article: ArticlePage) -> None:
    article.save_revision().publish()


def unpublish(article: ArticlePage) -> None:
    article.unpublish()


def delete(article: ArticlePage) -> None:
    article.delete()


def restrict(article: ArticlePage) -> None:
    PageViewRestriction.objects.create(page=article, restriction_type=PageViewRestriction.LOGIN)


def rename(article: ArticlePage) -> None:
    article.slug = "elsewhere"
    article.save_revision().publish()


def move(article: ArticlePage) -> None:
    home = article.get_parent().get_parent()
    article.move(home.add_child(instance=ArticleIndexPage(title="Elsewhere")), pos="last-child")


def rename_category(article: ArticlePage) -> None:
    article.category.name = "Messengers"
    article.category.save()


@pytest.mark.parametrize("change", [publish_again, unpublish, delete, restrict, rename, move, rename_category])
def test_a_change_purges_what_was_given_out(
    browser_behind: Browser,
    proxy: Receiver,
    article: ArticlePage,
    publish_article: ArticleFactory,
    change: Callable[[ArticlePage], None],
) -> None:
    give_out(browser_behind, *ADDRESSES)
    assert purges(proxy) == 0
    change(ArticlePage.objects.get(pk=article.pk))
    drain()
    assert purges(proxy) == 1
    # Where nobody has been given anything since, there is nothing to forget once more.
    publish_article(title="Another")
    drain()
    assert purges(proxy) == 0
    give_out(browser_behind, "/")
    publish_article(title="One more")
    drain()
    assert purges(proxy) == 1


def test_a_proxy_that_is_away_is_told_when_it_is_back(
    browser_behind: Browser, proxy: Receiver, article: ArticlePage
) -> None:
    give_out(browser_behind, *ADDRESSES)
    proxy.stop()
    article.unpublish()
    lane = Lane(consumer=renewal.CDN, worker="test")
    assert not lane.step()
    assert unfinished_page_ids(consumer=renewal.CDN) == {article.pk}
    change = PageChange.objects.get(consumer=renewal.CDN, page_id=article.pk)
    assert (change.attempts, change.dead_at) == (0, None)
    assert "The proxy does not answer a purge" in change.last_error
    proxy.start()
    finish(article.pk)
    assert purges(proxy) == 1
    assert unfinished_page_ids(consumer=renewal.CDN) == set()


def finish(page_id: int) -> None:
    """Do as the worker does when the rest of a server that was away is over."""
    PageChange.objects.filter(consumer=renewal.CDN, page_id=page_id).update(due_at="2000-01-01T00:00Z")
    drain()


def hang_up(handler: Handler) -> None:
    handler.connection.close()


def wait_for_more(handler: Handler) -> None:
    handler.rfile.read(1)


@pytest.mark.parametrize("refusal", [500, 503, 403, 404, 405, hang_up])
def test_a_proxy_that_refuses_is_asked_again_until_it_has_forgotten(
    browser_behind: Browser, proxy: Receiver, article: ArticlePage, refusal: Any
) -> None:
    give_out(browser_behind, "/", "/articles/")
    proxy.script = [refusal]
    article.unpublish()
    drain()
    assert unfinished_page_ids(consumer=renewal.CDN) == {article.pk}
    assert CdnCopy.objects.exists()
    finish(article.pk)
    assert purges(proxy) == 2
    assert not CdnCopy.objects.exists()


def test_a_proxy_that_never_answers_holds_up_the_worker_only_for_a_while(
    browser_behind: Browser, proxy: Receiver, article: ArticlePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cdn, "ANSWER_SECONDS", 0.1)
    give_out(browser_behind, "/")
    proxy.script = [wait_for_more]
    article.unpublish()
    drain()
    assert unfinished_page_ids(consumer=renewal.CDN) == {article.pk}


def test_what_is_given_out_again_while_it_is_purged_is_purged_the_next_time(
    browser_behind: Browser, proxy: Receiver, article: ArticlePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_out(browser_behind, "/")
    purge = cdn._purge

    def purge_and_give_out_again(url: str) -> None:
        purge(url)
        cdn.write_down(url)

    with monkeypatch.context() as patch:
        patch.setattr(cdn, "_purge", purge_and_give_out_again)
        article.unpublish()
        drain()
    assert purges(proxy) == 1
    assert CdnCopy.objects.count() == 1
    article.get_latest_revision().publish()
    drain()
    assert purges(proxy) == 1


def test_an_answer_from_before_a_purge_is_not_given_out_for_keeping_after_it(
    browser_behind: Browser, proxy: Receiver, article: ArticlePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_down = cdn.write_down

    def purge_and_write_down(url: str) -> bool:
        get_generation().renew()  # as the purge does that is faster than this answer
        return write_down(url)

    monkeypatch.setattr(cdn, "write_down", purge_and_write_down)
    assert "s-maxage" not in browser_behind.get(article.url)["Cache-Control"]


def test_what_cannot_be_written_down_is_not_given_out_for_keeping(
    browser_behind: Browser, proxy: Receiver, article: ArticlePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cdn, "write_down", lambda _url: False)
    assert browser_behind.get(article.url)["Cache-Control"] == "public, max-age=0, must-revalidate"


def test_a_new_release_purges_what_the_one_before_gave_out(
    browser_behind: Browser, proxy: Receiver, article: ArticlePage
) -> None:
    give_out(browser_behind, *ADDRESSES)
    in_front_of(browser_behind.handler.front)
    drain()
    assert purges(proxy) == 1


# --- Cloudflare, which lies outside the machine: its answers are made up where requests would leave ------------------


class Outside:
    """What stands in for the network: it writes down what is sent, and answers as it is told."""

    def __init__(self) -> None:
        self.sent: list[requests.PreparedRequest] = []
        self.answers: list[tuple[int, bytes] | Exception] = []

    def send(self, request: requests.PreparedRequest, **_options: Any) -> requests.Response:
        self.sent.append(request)
        answer = self.answers.pop(0) if self.answers else (200, b'{"success": true, "errors": []}')
        if isinstance(answer, Exception):
            raise answer
        response = requests.Response()
        response.request, response.url = request, str(request.url)
        response.status_code, response._content = answer
        return response

    def bodies(self) -> list[Any]:
        return [json.loads(str(request.body, "utf-8")) for request in self.sent]  # type: ignore[arg-type]


@pytest.fixture
def cloudflare(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Outside:
    settings.WAGTAILFRONTENDCACHE = {
        "cloudflare": {"BACKEND": "cms.page_cache.cdn.Cloudflare", "ZONEID": "zone", "BEARER_TOKEN": "secret"}
    }
    outside = Outside()
    monkeypatch.setattr(HTTPAdapter, "send", lambda _adapter, request, **options: outside.send(request, **options))
    monkeypatch.setitem(consumers, renewal.CDN, renewal.purge_for_page)
    return outside


def test_cloudflare_is_told_to_forget_everything(cloudflare: Outside, publish_article: ArticleFactory) -> None:
    cdn.write_down("http://example.org/")
    cdn.write_down("https://example.org/")
    publish_article(title="Prolactin")
    drain()
    assert cloudflare.bodies() == [{"purge_everything": True}]
    (request,) = cloudflare.sent
    address = urlsplit(str(request.url))
    assert (address.hostname, address.path) == ("api.cloudflare.com", "/client/v4/zones/zone/purge_cache")
    assert request.headers["Authorization"] == "Bearer secret"


@pytest.mark.parametrize(
    "answer",
    [
        (200, b'{"success": false, "errors": [{"message": "Unable to purge"}]}'),
        (403, b'{"success": false}'),
        (502, b"<html>Bad gateway</html>"),
        (200, b"[]"),
        requests.ConnectionError("no route"),
    ],
)
def test_what_cloudflare_does_not_confirm_is_told_again(
    cloudflare: Outside, publish_article: ArticleFactory, answer: tuple[int, bytes] | Exception
) -> None:
    article = publish_article(title="Prolactin")
    drain()
    cdn.write_down("https://example.org/")
    cloudflare.answers = [answer]
    article.unpublish()
    drain()
    assert unfinished_page_ids(consumer=renewal.CDN) == {article.pk}
    assert not Event.objects.exclude(dead_at=None).exists()
    finish(article.pk)
    assert cloudflare.bodies() == [{"purge_everything": True}] * 2
    assert not CdnCopy.objects.exists()
