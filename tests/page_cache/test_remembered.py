"""What pages share is read once for as long as nothing changes, and again as soon as something does."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from wagtail.models import PageViewRestriction, Site
from wagtail.models.sites import get_site_for_hostname

from articles.models import ArticleIndexPage, ArticlePage
from cms.page_cache import remembered as module
from cms.page_cache.generation import FileGeneration, get_generation
from cms.page_cache.remembered import MOST_VALUES, get_memory, remembered
from cms.sites import site_of
from home.models import HomePage, SiteSettings
from tests.pages import ArticleFactory, StandardPageFactory

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

# An article itself, its tags and its sources.
ARTICLE_QUERIES = 3

Counted = Callable[..., int]


@pytest.fixture
def counted() -> Counted:
    """A remembered function of anything that returns how often it has read."""
    count = 0

    @remembered
    def read(_what: object = None) -> int:
        nonlocal count
        count += 1
        return count

    return read


def test_it_is_read_once_until_something_changes(counted: Counted) -> None:
    assert [counted(), counted()] == [1, 1]
    get_generation().renew()
    assert [counted(), counted()] == [2, 2]


def test_each_argument_has_its_own(counted: Counted) -> None:
    assert [counted("one"), counted("two"), counted("one")] == [1, 2, 1]


def test_a_change_by_another_process_counts(counted: Counted, settings: Settings) -> None:
    assert counted() == 1
    FileGeneration(settings.PAGES_DIR / "generation").renew()
    assert counted() == 2


def test_a_transaction_reads_for_itself_and_leaves_nothing(counted: Counted) -> None:
    assert counted() == 1
    with transaction.atomic():
        assert [counted(), counted()] == [2, 3]
    assert counted() == 1


def test_the_clock_ends_it_where_a_page_expires(counted: Counted, publish_article: ArticleFactory) -> None:
    publish_article(expire_at=timezone.now() + timedelta(minutes=10))
    assert [counted(), counted()] == [1, 1]
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        assert [counted(), counted()] == [2, 2]


def test_what_escaped_the_signals_shows_after_an_hour(counted: Counted) -> None:
    assert [counted(), counted()] == [1, 1]
    with time_machine.travel(timezone.now() + timedelta(minutes=61), tick=False):
        assert counted() == 2


def test_nothing_is_remembered_while_the_generation_cannot_be_known(
    counted: Counted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    nowhere = FileGeneration(tmp_path / "file" / "generation")
    monkeypatch.setattr(module, "get_generation", lambda: nowhere)
    assert [counted(), counted()] == [1, 2]


def test_made_up_arguments_do_not_fill_the_memory(counted: Counted) -> None:
    for number in range(MOST_VALUES):
        counted(number)
    assert counted("one more") < counted("one more")
    assert counted(0) == 1


def test_an_article_costs_what_it_alone_has(client: Client, publish_article: ArticleFactory) -> None:
    first, second = publish_article(title="First"), publish_article(title="Second")
    client.get(first.url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(second.url).status_code == 200
    assert len(queries) == ARTICLE_QUERIES, [query["sql"] for query in queries]


def test_an_article_names_its_category_as_it_is_now(client: Client, publish_article: ArticleFactory) -> None:
    article = publish_article(title="First")
    assert "Hormones" in client.get(article.url).text
    category = article.category
    category.name, category.slug = "Messengers", "messengers"
    category.save()
    page = client.get(article.url).text
    assert "Messengers" in page
    assert "/articles/categories/messengers/" in page
    assert "Hormones" not in page


def test_the_api_counts_what_is_public_at_this_moment(client: Client, publish_article: ArticleFactory) -> None:
    def total(**chosen: str) -> int:
        return int(client.get("/api/articles/", chosen).json()["total"])

    article = publish_article(title="First", tags=["milk"])
    assert (total(), total(tag="milk"), total(tag="tea")) == (1, 1, 0)
    publish_article(title="Second", tags=["tea"], expire_at=timezone.now() + timedelta(minutes=10))
    assert (total(), total(tag="milk"), total(tag="tea")) == (2, 1, 1)
    article.unpublish()
    assert (total(), total(tag="milk"), total(tag="tea")) == (1, 0, 1)
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        assert (total(), total(tag="tea")) == (0, 0)


def test_a_list_of_the_api_takes_two_queries(client: Client, publish_article: ArticleFactory) -> None:
    for number in range(3):
        publish_article(title=f"Article {number}", tags=["milk"])
    client.get("/api/articles/")
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/api/articles/?page_size=2").json()["total"] == 3
    assert len(queries) == 2, [query["sql"] for query in queries]


def test_the_menu_and_the_footer_change_with_what_they_show(client: Client, publish_page: StandardPageFactory) -> None:
    assert "Imprint" not in client.get("/").text
    page = publish_page(title="Imprint", show_in_menus=True)
    assert "Imprint" in client.get("/").text
    SiteSettings.objects.create(site=Site.objects.get(), description="All about milk.")
    assert "All about milk." in client.get("/").text
    page.unpublish()
    assert "Imprint" not in client.get("/").text


def test_the_menu_loses_a_page_that_expires_before_a_worker_comes(
    client: Client, publish_page: StandardPageFactory
) -> None:
    publish_page(title="Imprint", show_in_menus=True, expire_at=timezone.now() + timedelta(minutes=10))
    assert "Imprint" in client.get("/").text
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        assert "Imprint" not in client.get("/").text


def test_a_restriction_holds_from_its_first_moment_on(client: Client, publish_article: ArticleFactory) -> None:
    article = publish_article(text="Hidden words")
    assert "Hidden words" in client.get(article.url).text
    restriction = PageViewRestriction.objects.create(page=article.get_parent(), restriction_type="login")
    assert client.get(article.url).status_code == 302
    restriction.delete()
    assert "Hidden words" in client.get(article.url).text


def test_a_restriction_of_an_article_holds_for_its_alias(client: Client, publish_article: ArticleFactory) -> None:
    article = publish_article(text="Hidden words")
    alias: ArticlePage = article.create_alias(update_slug="alias")
    assert "Hidden words" in client.get(alias.url).text
    PageViewRestriction.objects.create(page=article, restriction_type="login")
    assert client.get(alias.url).status_code == 302


def test_a_list_that_moves_takes_its_articles_along(client: Client, publish_article: ArticleFactory) -> None:
    article = publish_article(text="Wandering words")
    assert client.get("/articles/let-down/").status_code == 200
    index = ArticleIndexPage.objects.get()
    index.slug = "library"
    index.save_revision().publish()
    assert "Wandering words" in client.get("/library/let-down/").text
    assert client.get(article.url).status_code in {301, 404}


def test_made_up_hosts_are_not_remembered(client: Client, publish_article: ArticleFactory, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = [".example.org", "testserver"]
    article = publish_article()
    client.get(article.url, headers={"host": "first.example.org"})
    known = set(get_memory().values())
    for number in range(20):
        host = f"x{number}.example.org:{8000 + number}"
        assert client.get(article.url, headers={"host": host}).status_code == 200
    assert set(get_memory().values()) == known


@pytest.mark.parametrize("has_default", [True, False])
def test_the_site_is_the_one_that_wagtail_finds(home_page: HomePage, *, has_default: bool) -> None:
    Site.objects.all().delete()
    Site.objects.create(hostname="milk.example", port=443, root_page=home_page, is_default_site=has_default)
    for hostname, port in [("milk.example", 80), ("one.example", 80), ("two.example", 80), ("two.example", 8000)]:
        Site.objects.create(hostname=hostname, port=port, root_page=home_page)
    for hostname, port in product(["milk.example", "one.example", "two.example", "no.example"], [80, 443, 8000, 9000]):
        request = RequestFactory().get("/", headers={"host": f"{hostname}:{port}"}, SERVER_PORT=str(port))
        try:
            expected = get_site_for_hostname(hostname, port)
        except Site.DoesNotExist:
            expected = None
        assert site_of(request) == expected, (hostname, port)
