"""What readers must not see is nowhere: neither its page, nor in a list, a count, a tag or a category."""

import datetime
from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from wagtail.models import Page, PageViewRestriction

from articles.models import ArticlePage
from cms.visibility import public_pages
from home.models import HomePage
from tests.pages import ArticleFactory

NOW = timezone.now()
HOUR = datetime.timedelta(hours=1)
CANARY = "canary"


def unpublish(page: Page) -> None:
    page.unpublish()


def expire(article: ArticlePage) -> None:
    """Let the expiry pass without a worker coming round."""
    Page.objects.filter(pk=article.pk).update(expire_at=NOW - HOUR)


def restrict(article: ArticlePage) -> None:
    PageViewRestriction.objects.create(page=article, restriction_type=PageViewRestriction.LOGIN)


def restrict_by_password(article: ArticlePage) -> None:
    PageViewRestriction.objects.create(
        page=article, restriction_type=PageViewRestriction.PASSWORD, password="long-enough-for-a-test"
    )


def hide_index(article: ArticlePage) -> None:
    PageViewRestriction.objects.create(page=article.get_parent(), restriction_type=PageViewRestriction.LOGIN)


HIDINGS = [unpublish, expire, restrict, restrict_by_password]


@pytest.fixture
def canary(publish_article: ArticleFactory) -> ArticlePage:
    publish_article(title="Seen by all", tags=["public"])
    return publish_article(
        title="Canary", slug=CANARY, summary="A canary.", text="canary", category="health-and-safety", tags=["canary"]
    )


def assert_hidden(client: Client) -> None:
    for address in ("/", "/articles/", "/articles/tags/public/", "/articles/categories/health-and-safety/"):
        page = client.get(address)
        assert page.status_code == 200
        assert CANARY not in page.content.decode().lower(), address
    assert 'Health &amp; safety <span class="count">0</span>' in client.get("/articles/").content.decode()
    assert client.get("/articles/tags/canary/").status_code == 404


def test_the_canary_sings_while_it_is_public(client: Client, canary: ArticlePage) -> None:
    for address in ("/", "/articles/", "/articles/tags/canary/", "/articles/categories/health-and-safety/"):
        assert CANARY in client.get(address).content.decode().lower(), address
    assert client.get(canary.url).status_code == 200


@pytest.mark.parametrize("hide", HIDINGS)
def test_a_hidden_article_is_in_no_list(
    client: Client, canary: ArticlePage, hide: Callable[[ArticlePage], None]
) -> None:
    hide(canary)
    assert_hidden(client)


@pytest.mark.parametrize("hide", HIDINGS)
def test_a_hidden_article_does_not_show_itself(
    client: Client, canary: ArticlePage, hide: Callable[[ArticlePage], None]
) -> None:
    address = canary.url
    hide(canary)
    response = client.get(address)
    assert response.status_code in {404, 302} or "canary" not in response.content.decode().lower().replace(address, "")
    assert "A canary." not in response.content.decode()


def test_an_expired_article_is_not_found_before_the_worker_comes_round(client: Client, canary: ArticlePage) -> None:
    expire(canary)
    assert canary.live
    assert client.get(canary.url).status_code == 404


def test_so_is_any_other_kind_of_page(client: Client, canary: ArticlePage) -> None:
    Page.objects.filter(pk=canary.get_parent().pk).update(expire_at=NOW - HOUR)
    assert client.get("/articles/").status_code == 404
    assert client.get("/articles/tags/canary/").status_code == 404
    assert "/articles/categories/" not in client.get("/").content.decode()


def let_expire(page: Page) -> None:
    page.expire_at = NOW - HOUR
    page.save()


@pytest.mark.parametrize("hide", [unpublish, let_expire])
def test_an_article_does_not_show_a_list_that_is_gone(
    client: Client, publish_article: ArticleFactory, hide: Callable[[Page], None]
) -> None:
    index = publish_article(slug="one", tags=["ducts"]).get_parent()
    index.title = "Heron"
    index.save()
    assert "Heron" in client.get("/articles/one/").text
    hide(index)
    page = client.get("/articles/one/")
    assert page.status_code == 200
    for told in ("Heron", f'{settings.SITE_URL}/articles/"', "/articles/tags/"):
        assert told not in page.text, told


def test_an_expired_article_asks_nobody_for_a_password(client: Client, canary: ArticlePage) -> None:
    restrict_by_password(canary)
    expire(canary)
    assert client.get(canary.url).status_code == 404


def test_the_front_page_hides_articles_of_a_restricted_index(client: Client, canary: ArticlePage) -> None:
    hide_index(canary)
    page = client.get("/").content.decode().lower()
    assert CANARY not in page
    assert "seen by all" not in page
    assert "/articles/categories/" not in page
    assert client.get("/articles/").status_code == 302


def test_a_draft_is_nowhere(client: Client, publish_article: ArticleFactory, draft_article: ArticleFactory) -> None:
    publish_article(title="Seen by all", tags=["public"])
    draft = draft_article(
        title="Canary", slug=CANARY, summary="A canary.", category="health-and-safety", tags=["canary"]
    )
    assert_hidden(client)
    assert client.get(draft.url).status_code == 404


def test_a_scheduled_article_is_nowhere(
    client: Client, publish_article: ArticleFactory, draft_article: ArticleFactory
) -> None:
    publish_article(title="Seen by all", tags=["public"])
    draft = draft_article(
        title="Canary", slug=CANARY, summary="A canary.", category="health-and-safety", tags=["canary"]
    )
    draft.go_live_at = timezone.now() + HOUR
    draft.save_revision().publish()
    assert ArticlePage.objects.get(pk=draft.pk).approved_schedule
    assert_hidden(client)
    assert client.get(draft.url).status_code == 404


def test_an_alias_of_a_page_that_is_not_live_is_not_found(client: Client, canary: ArticlePage) -> None:
    alias = canary.create_alias(update_slug="canary-alias")
    assert client.get(alias.url).status_code == 200
    Page.objects.filter(pk=canary.pk).update(live=False)
    assert client.get(alias.url).status_code == 404
    assert_hidden(client)


def test_a_restriction_holds_for_aliases_and_for_what_is_under_them(
    publish_article: ArticleFactory, home_page: HomePage
) -> None:
    article = publish_article(slug=CANARY)
    alias = article.create_alias(update_slug="canary-alias")
    alias_of_alias = alias.create_alias(update_slug="canary-alias-of-alias")
    restriction = PageViewRestriction.objects.create(page=article, restriction_type=PageViewRestriction.LOGIN)
    assert not public_pages().filter(pk__in=[article.pk, alias.pk, alias_of_alias.pk]).exists()
    restriction.delete()
    index = article.get_parent()
    open_index = index.create_alias(recursive=True, parent=home_page, update_slug="open")
    assert public_pages().descendant_of(open_index).count() == 3
    PageViewRestriction.objects.create(page=index, restriction_type=PageViewRestriction.LOGIN)
    assert not public_pages().descendant_of(open_index, inclusive=True).exists()


def test_an_alias_of_a_page_that_has_expired_is_not_found(client: Client, canary: ArticlePage) -> None:
    alias = canary.create_alias(update_slug="canary-alias")
    Page.objects.filter(pk=canary.pk).update(expire_at=timezone.now() - HOUR)
    assert client.get(alias.url).status_code == 404
    assert_hidden(client)


def test_changes_that_are_not_published_are_not_seen(client: Client, canary: ArticlePage) -> None:
    canary.title = "Unfinished thought"
    canary.save_revision()
    for address in ("/", "/articles/", canary.url):
        assert "Unfinished thought" not in client.get(address).content.decode()


def test_a_page_outside_every_site_is_not_public(publish_article: ArticleFactory) -> None:
    article = publish_article()
    assert public_pages().filter(pk=article.pk).exists()
    Page.get_first_root_node().add_child(instance=Page(title="Archive", slug="archive"))
    article.get_parent().move(Page.objects.get(slug="archive"), pos="last-child")
    assert not public_pages().filter(pk=article.pk).exists()
