"""Asking again: 304 while nothing has changed, whatever the change is, for tags and for dates; and HEAD."""

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.test import Client
from wagtail.images.models import Image
from wagtail.models import PageViewRestriction

from articles.models import ArticlePage, Category
from cms.page_cache.remembered import SETTLED_SECONDS, unchanged_since
from tests.commits import commit
from tests.pages import ArticleFactory

NOW = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)
LIST = "/api/articles/"
DETAIL = "/api/articles/let-down/"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def article(clock: time_machine.Traveller, publish_article: ArticleFactory) -> ArticlePage:
    article = publish_article(title="Let-down", slug="let-down")
    settle(clock)
    return article


def settle(clock: time_machine.Traveller) -> None:
    """Commit, and let the time pass after which a date is told."""
    commit()
    unchanged_since()
    clock.shift(SETTLED_SECONDS)


def rename(article: ArticlePage) -> None:
    article.title = "Renamed"
    article.save_revision().publish()


def restrict(article: ArticlePage) -> None:
    PageViewRestriction.objects.create(page=article, restriction_type=PageViewRestriction.LOGIN)


def rename_category(article: ArticlePage) -> None:
    category = Category.objects.get(pk=article.category_id)
    category.name = "Other"
    category.save()


@pytest.mark.parametrize("address", [LIST, DETAIL])
def test_an_answer_may_be_kept_and_is_asked_for_anew(client: Client, article: ArticlePage, address: str) -> None:
    response = client.get(address)
    assert response["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert response["Last-Modified"] == "Fri, 01 May 2026 12:00:00 GMT"
    assert "Cookie" not in response.get("Vary", "")
    assert not response.cookies


@pytest.mark.parametrize("address", [LIST, DETAIL])
def test_who_has_it_already_gets_304(client: Client, article: ArticlePage, address: str) -> None:
    first = client.get(address)
    for headers in ({"If-None-Match": first["ETag"]}, {"If-Modified-Since": first["Last-Modified"]}):
        again = client.get(address, headers=headers)
        assert (again.status_code, again.content) == (304, b"")
        assert again["ETag"] == first["ETag"]
        assert again["Cache-Control"] == first["Cache-Control"]


@pytest.mark.parametrize("address", [LIST, DETAIL])
@pytest.mark.parametrize("change", [rename, ArticlePage.unpublish, ArticlePage.delete, restrict, rename_category])
def test_after_a_change_the_new_state_is_sent(
    client: Client,
    article: ArticlePage,
    clock: time_machine.Traveller,
    address: str,
    change: Callable[[ArticlePage], None],
) -> None:
    first = client.get(address)
    clock.shift(dt.timedelta(minutes=1))
    change(ArticlePage.objects.get(pk=article.pk))
    commit()
    for headers in ({"If-None-Match": first["ETag"]}, {"If-Modified-Since": first["Last-Modified"]}):
        again = client.get(address, headers=headers)
        assert again.status_code in {200, 404}
        assert again.content != first.content


def test_an_expiry_is_a_change_from_its_moment_on(
    client: Client, clock: time_machine.Traveller, publish_article: ArticleFactory
) -> None:
    publish_article(slug="let-down", expire_at=NOW + dt.timedelta(hours=1))
    settle(clock)
    since = {"If-Modified-Since": client.get(LIST)["Last-Modified"]}
    clock.shift(dt.timedelta(minutes=59))
    assert client.get(LIST, headers=since).status_code == 304
    clock.shift(dt.timedelta(minutes=2))
    # No worker has been round.
    assert client.get(LIST, headers=since).json()["total"] == 0


def test_no_date_is_told_while_another_change_may_bear_the_same(
    client: Client, article: ArticlePage, clock: time_machine.Traveller
) -> None:
    rename(article)
    commit()
    assert "Last-Modified" not in client.get(LIST)
    clock.shift(SETTLED_SECONDS)
    assert client.get(LIST)["Last-Modified"] == "Fri, 01 May 2026 12:00:02 GMT"


def test_what_articles_show_besides_pages_is_a_change_too(
    client: Client, article: ArticlePage, image: Image, clock: time_machine.Traveller
) -> None:
    settle(clock)
    seen = {"If-Modified-Since": client.get(DETAIL)["Last-Modified"]}
    assert client.get(DETAIL, headers=seen).status_code == 304
    image.title = "Renamed"
    image.save()
    commit()
    assert client.get(DETAIL, headers=seen).status_code == 200


@pytest.mark.parametrize("headers", [{"If-None-Match": '"x", W/"y'}, {"If-Modified-Since": "yesterday"}])
def test_conditions_that_make_no_sense_are_passed_over(
    client: Client, article: ArticlePage, headers: dict[str, str]
) -> None:
    assert client.get(DETAIL, headers=headers).status_code == 200


def test_a_condition_that_cannot_hold_is_told_in_a_problem_document(client: Client, article: ArticlePage) -> None:
    response = client.get(DETAIL, headers={"If-Match": '"other"'})
    assert (response.status_code, response["Content-Type"]) == (412, "application/problem+json")


@pytest.mark.parametrize("address", [LIST, DETAIL, "/api/search/", "/api/articles/nothing/"])
def test_head_is_get_without_its_body(client: Client, article: ArticlePage, address: str) -> None:
    got, head = client.get(address), client.head(address)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert head["Content-Type"] == got["Content-Type"]
    assert head.get("ETag") == got.get("ETag")
    if "search" not in address:  # its answer tells how long it took
        assert head["Content-Length"] == str(len(got.content))


def test_an_error_is_not_kept(client: Client, article: ArticlePage) -> None:
    assert client.get("/api/articles/nothing/")["Cache-Control"] == "no-store"


def test_a_list_without_any_article_can_be_asked_for(client: Client, db: None) -> None:
    response = client.get(LIST)
    assert response.status_code == 200
    assert client.get(LIST, headers={"If-None-Match": response["ETag"]}).status_code == 304
