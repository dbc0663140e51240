"""What is somebody's own is neither kept nor answered from what is kept."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from wagtail.models import PageViewRestriction

from cms.page_cache.generation import get_generation
from cms.users.models import User
from home.models import HomePage
from tests.page_cache.browsing import Browser
from tests.page_cache.conftest import NewFront
from tests.pages import ArticleFactory
from tests.people import PASSWORD


def test_whoever_logs_in_is_answered_by_django_until_they_log_out(
    new_front: NewFront, home_page: HomePage, alice: User
) -> None:
    front = new_front()
    stranger, browser = Browser(handler=front), Browser(handler=front)
    stranger.get("/")
    log_in = browser.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
    assert log_in.status_code == 302
    assert "session" in browser.cookies
    before = front.rendered
    browser.get("/")
    browser.get("/")
    assert front.rendered == before + 2
    stranger.get("/")
    assert front.rendered == before + 2


def test_an_editor_sees_shortcuts_that_no_reader_gets(
    new_front: NewFront, publish_article: ArticleFactory, editor_client: Client
) -> None:
    article = publish_article(title="Prolactin").url
    front = new_front()
    editor, reader = Browser(handler=front), Browser(handler=front)
    editor.cookies = editor_client.cookies
    for _ in range(2):
        assert b"wagtail-userbar" in editor.get(article).content
        assert b"wagtail-userbar" not in reader.get(article).content


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": "session=abc"},
        {"Cookie": "a=b; session =abc"},
        {"Cookie": "messages=abc"},
        {"Cookie": "preview=abc"},
        {"Authorization": "Bearer abc"},
        {"Range": "bytes=0-10"},
    ],
)
def test_a_request_that_may_be_somebodys_own_goes_through_and_leaves_nothing(
    new_front: NewFront, home_page: HomePage, headers: dict[str, str]
) -> None:
    front = new_front()
    reader, somebody = Browser(handler=front), Browser(handler=front, headers=headers)
    somebody.get("/")
    assert len(front.front._kept._entries) == 0
    reader.get("/")
    somebody.get("/")
    assert front.rendered == 3


@pytest.mark.parametrize("cookie", ["csrftoken=abc", "_ga=GA1.2.3", "consent=yes"])
def test_other_cookies_are_no_reason_to_make_a_page_again(
    new_front: NewFront, home_page: HomePage, cookie: str
) -> None:
    front = new_front()
    Browser(handler=front).get("/")
    Browser(handler=front, headers={"Cookie": cookie}).get("/")
    assert front.rendered == 1


def test_an_unsafe_method_goes_through(browser_behind: Browser, home_page: HomePage) -> None:
    browser_behind.get("/")
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        browser_behind.generic(method, "/")
    assert browser_behind.rendered == 6


@pytest.mark.parametrize(
    "address",
    ["/accounts/login/", "/search/?q=milk", "/api/search/?q=milk", "/nowhere/", "/healthz", "/membership/guidelines/"],
)
def test_what_does_not_say_that_it_may_be_kept_is_not(
    browser_behind: Browser, home_page: HomePage, address: str
) -> None:
    browser_behind.get(address)
    browser_behind.get(address)
    assert browser_behind.rendered == 2


def restrict_by_password(restriction: PageViewRestriction) -> None:
    restriction.restriction_type = PageViewRestriction.PASSWORD
    restriction.password = "open sesame"
    restriction.save()


def restrict_to_group(restriction: PageViewRestriction) -> None:
    restriction.restriction_type = PageViewRestriction.GROUPS
    restriction.save()
    restriction.groups.add(Group.objects.create(name="The few"))


def restrict_to_accounts(restriction: PageViewRestriction) -> None:
    restriction.restriction_type = PageViewRestriction.LOGIN
    restriction.save()


@pytest.mark.parametrize("restrict", [restrict_by_password, restrict_to_group, restrict_to_accounts])
def test_a_restricted_page_is_never_kept(
    browser_behind: Browser, publish_article: ArticleFactory, restrict: Callable[[PageViewRestriction], None]
) -> None:
    article = publish_article(title="Prolactin")
    restrict(PageViewRestriction(page=article))
    get_generation().renew()
    for _ in range(2):
        response = browser_behind.get(article.url)
        assert "public" not in response.headers.get("Cache-Control", "")
    assert browser_behind.rendered == 2


def test_who_knows_the_password_leaves_nothing_for_others(new_front: NewFront, publish_article: ArticleFactory) -> None:
    article = publish_article(title="Prolactin", text="for those who know")
    restriction = PageViewRestriction(page=article)
    restrict_by_password(restriction)
    front = new_front()
    knowing, stranger = Browser(handler=front), Browser(handler=front)
    knowing.post(
        f"/_util/authenticate_with_password/{restriction.pk}/{article.pk}/",
        {"password": "open sesame", "return_url": article.url},
    )
    assert b"for those who know" in knowing.get(article.url).content
    assert b"for those who know" not in stranger.get(article.url).content
    assert b"for those who know" in knowing.get(article.url).content
