"""What ends with time alone: no worker comes round and nobody changes anything, only the clock moves."""

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from django.utils import timezone

from articles.models import ArticlePage
from cms.page_cache.generation import get_generation
from cms.pipeline.scheduled import ScheduledPublishing
from cms.previews.links import share, token_of
from cms.users.models import User
from cms.visibility import moments
from tests.page_cache.browsing import Browser
from tests.pages import ArticleFactory

SURFACES = [
    "/",
    "/articles/",
    "/articles/categories/hormones/",
    "/articles/tags/milk/",
    "/articles/prolactin/",
    "/api/articles/",
    "/api/articles/prolactin/",
    "/api/pages/",
    "/feeds/articles.atom",
    "/feeds/articles.json",
    "/sitemap.xml",
]
MINUTES = 60


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that stands still until it is moved, at a whole second."""
    with time_machine.travel(timezone.now().replace(microsecond=0), tick=False) as clock:
        yield clock


def minutes(number: float) -> dt.datetime:
    return timezone.now() + dt.timedelta(minutes=number)


def look(browser: Browser) -> dict[str, bool]:
    """Return for each surface whether Prolactin is there."""
    return {address: b"rolactin" in browser.get(address).content for address in SURFACES}


def test_an_article_is_gone_from_every_surface_at_the_moment_of_its_expiry(
    browser_behind: Browser, publish_article: ArticleFactory, clock: time_machine.Traveller
) -> None:
    publish_article(title="Prolactin", tags=["milk"], expire_at=minutes(10))
    assert look(browser_behind) == dict.fromkeys(SURFACES, True)
    asked = browser_behind.rendered
    clock.shift(10 * MINUTES - 1)
    assert look(browser_behind) == dict.fromkeys(SURFACES, True)
    assert browser_behind.rendered == asked
    clock.shift(1)
    assert look(browser_behind) == dict.fromkeys(SURFACES, False)


def test_an_entry_ends_when_something_is_scheduled_and_the_worker_shows_it(
    browser_behind: Browser, draft_article: ArticleFactory, clock: time_machine.Traveller
) -> None:
    draft = draft_article(title="Prolactin", tags=["milk"]).get_latest_revision_as_object()
    draft.go_live_at = minutes(10)
    draft.save_revision().publish()
    lists = [address for address in SURFACES if "prolactin" not in address and "tags" not in address]
    for address in lists * 2:
        assert b"rolactin" not in browser_behind.get(address).content
    assert browser_behind.rendered == len(lists)
    clock.shift(10 * MINUTES)
    for address in lists:
        browser_behind.get(address)
    # Whether or not the worker had been there, everybody looks again.
    assert browser_behind.rendered == 2 * len(lists)
    ScheduledPublishing().run()
    get_generation().renew()  # as it does after the commit, which a test's own transaction never comes to
    assert look(browser_behind) == dict.fromkeys(SURFACES, True)


def test_a_scheduled_change_of_a_public_article_ends_it_too(
    browser_behind: Browser, publish_article: ArticleFactory, clock: time_machine.Traveller
) -> None:
    article = publish_article(title="Prolactin")
    article.title, article.go_live_at = "Oxytocin", minutes(10)
    article.save_revision().publish()
    get_generation().renew()
    browser_behind.get(article.url)
    clock.shift(10 * MINUTES - 1)
    browser_behind.get(article.url)
    assert browser_behind.rendered == 1
    clock.shift(1)
    browser_behind.get(article.url)
    assert browser_behind.rendered == 2


def test_the_earliest_of_all_moments_ends_an_entry_and_then_the_next(
    browser_behind: Browser,
    publish_article: ArticleFactory,
    clock: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    review_due = minutes(20)
    monkeypatch.setitem(moments, "review due", lambda now: review_due if review_due > now else None)
    publish_article(title="Prolactin", expire_at=minutes(10))
    publish_article(title="Oxytocin", expire_at=minutes(30))
    made = []
    for _minute in range(40):
        browser_behind.get("/articles/")
        made.append(browser_behind.rendered)
        clock.shift(MINUTES)
    assert made == [1] * 10 + [2] * 10 + [3] * 10 + [4] * 10
    # With nothing more to come, an entry has its hour again: the last one was made at 30 minutes.
    clock.shift(49 * MINUTES)
    browser_behind.get("/articles/")
    assert browser_behind.rendered == 4
    clock.shift(MINUTES)
    browser_behind.get("/articles/")
    assert browser_behind.rendered == 5


def test_a_moment_that_comes_while_an_answer_is_made_ends_it_at_once(
    browser_behind: Browser,
    publish_article: ArticleFactory,
    clock: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish_article(title="Prolactin", expire_at=minutes(10))
    clock.shift(10 * MINUTES - 1)
    slow = browser_behind.handler.front._application

    def slowly(environ: dict[str, object], start_response: object) -> object:
        body = slow(environ, start_response)  # type: ignore[arg-type]
        clock.shift(2)
        return body

    monkeypatch.setattr(browser_behind.handler.front, "_application", slowly)
    assert b"Prolactin" in browser_behind.get("/articles/").content
    assert b"Prolactin" not in browser_behind.get("/articles/").content


def test_a_preview_is_never_kept_and_ends_with_its_link(
    browser_behind: Browser, draft_article: ArticleFactory, admin: User, clock: time_machine.Traveller
) -> None:
    article: ArticlePage = draft_article(title="Prolactin")
    link = share(page=article, user=admin, lifetime=dt.timedelta(minutes=10), now=timezone.now())
    address = f"/preview/{token_of(link)}/"
    for _time in range(2):
        response = browser_behind.get(address)
        assert b"Prolactin" in response.content
        assert "no-store" in response["Cache-Control"]
    assert browser_behind.rendered == 2
    clock.shift(10 * MINUTES)
    assert b"Prolactin" not in browser_behind.get(address).content
    assert b"Prolactin" not in browser_behind.get("/articles/").content
    assert len(browser_behind.handler.front._kept._entries) == 0
