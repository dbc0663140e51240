"""GET /api/articles/: which articles, in which order, with which members, at which cost."""

import datetime as dt
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from wagtail.images.models import Image
from wagtail.models import PageViewRestriction

from articles.models import ArticlePage, ArticleSource
from tests.api.conftest import every_block
from tests.pages import ArticleFactory

DAY = dt.timedelta(days=1)
MARCH = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def ask(client: Client, address: str = "/api/articles/", /, **parameters: str | int) -> dict[str, Any]:
    response = client.get(address, parameters)
    assert response.status_code == 200, response.content
    answer: dict[str, Any] = response.json()
    return answer


def titles(answer: dict[str, Any]) -> list[str]:
    return [result["title"] for result in answer["results"]]


def path_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def all_titles(client: Client, **parameters: str | int) -> list[str]:
    """Follow `next` to the end."""
    answer = ask(client, "/api/articles/", **parameters)
    found = titles(answer)
    while answer["next"]:
        answer = ask(client, path_of(answer["next"]))
        found += titles(answer)
    return found


@pytest.fixture
def five(publish_article: ArticleFactory) -> list[ArticlePage]:
    """Articles of five days, the third and fourth of the same moment; "Article 0" is the oldest."""
    moments = [MARCH, MARCH + DAY, MARCH + 2 * DAY, MARCH + 2 * DAY, MARCH + 3 * DAY]
    return [
        publish_article(title=f"Article {number}", first_published_at=moment) for number, moment in enumerate(moments)
    ]


def test_a_summary_has_the_shape_of_the_promise(
    client: Client, publish_article: ArticleFactory, settings: Settings
) -> None:
    article = publish_article(
        title="Let-down <i>",
        slug="let-down",
        summary="How it begins.",
        tags=["flow", "Élan"],
        first_published_at=MARCH,
        reviewed_on=dt.date(2026, 4, 2),
        reviewer="C. Example, midwife",
    )
    answer = ask(client)
    (result,) = answer.pop("results")
    assert answer == {"total": 1, "page_size": 20, "next": None}
    assert article.last_published_at is not None
    assert result == {
        "id": article.pk,
        "type": "article",
        "slug": "let-down",
        "title": "Let-down <i>",
        "summary": "How it begins.",
        "path": "/articles/let-down/",
        "url": f"{settings.SITE_URL}/articles/let-down/",
        "api_url": f"{settings.SITE_URL}/api/articles/let-down/",
        "category": {"value": "hormones", "label": "Hormones"},
        "tags": [{"value": "flow", "label": "flow"}, {"value": "élan", "label": "Élan"}],
        "author": "The editorial team",
        "published_at": "2026-03-01T12:00:00Z",
        "updated_at": article.last_published_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "expires_at": None,
        "reviewed_on": "2026-04-02",
        "reviewer": "C. Example, midwife",
    }


@pytest.mark.usefixtures("five")
def test_the_latest_comes_first_and_what_is_of_one_moment_by_number(client: Client) -> None:
    assert titles(ask(client)) == [f"Article {number}" for number in (4, 3, 2, 1, 0)]


@pytest.mark.usefixtures("five")
def test_pages_by_number(client: Client) -> None:
    assert titles(ask(client, page_size=2)) == ["Article 4", "Article 3"]
    assert titles(ask(client, page_size=2, page=3)) == ["Article 0"]
    beyond = ask(client, page_size=2, page=4)
    assert (beyond["total"], beyond["results"], beyond["next"]) == (5, [], None)


@pytest.mark.usefixtures("five")
def test_whoever_follows_next_gets_everything_once_whatever_is_published_or_withdrawn_meanwhile(
    client: Client, publish_article: ArticleFactory
) -> None:
    first = ask(client, page_size=2)
    publish_article(title="Brand new")
    second = ask(client, path_of(first["next"]))
    assert titles(second) == ["Article 2", "Article 1"]
    ArticlePage.objects.get(title="Article 2").unpublish()
    third = ask(client, path_of(second["next"]))
    assert titles(third) == ["Article 0"]
    assert third["next"] is None


@pytest.mark.parametrize("size", [1, 2, 4, 20])
def test_a_list_is_as_long_as_asked_where_some_of_the_latest_are_not_for_everybody(
    client: Client, five: list[ArticlePage], size: int
) -> None:
    PageViewRestriction.objects.create(page=five[3], restriction_type=PageViewRestriction.LOGIN)
    ArticlePage.objects.filter(pk=five[1].pk).update(expire_at=timezone.now() - DAY)
    left = [f"Article {number}" for number in (4, 2, 0)]
    answer = ask(client, page_size=size)
    assert titles(answer) == left[:size]
    assert (answer["next"] is None) == (size >= 3)
    assert all_titles(client, page_size=size) == left


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_next_leads_through_all_of_them_by_any_size(client: Client, size: int) -> None:
    assert all_titles(client, page_size=size) == [f"Article {number}" for number in (4, 3, 2, 1, 0)]


def test_an_article_without_a_date_is_the_last(client: Client, five: list[ArticlePage]) -> None:
    ArticlePage.objects.filter(pk=five[4].pk).update(first_published_at=None)
    assert all_titles(client, page_size=2)[-1] == "Article 4"


def test_next_keeps_what_was_asked_for(client: Client, publish_article: ArticleFactory) -> None:
    for number in range(3):
        publish_article(title=f"Article {number}", tags=["élan"], category="hormones")
    publish_article(title="Another")
    answer = ask(client, page_size=1, tag="élan", category="hormones", fields="title")
    assert answer["results"] == [{"title": "Article 2"}]
    assert ask(client, path_of(answer["next"]))["results"] == [{"title": "Article 1"}]
    assert all_titles(client, page_size=1, tag="élan", fields="title") == ["Article 2", "Article 1", "Article 0"]


def test_filters_by_category_tag_and_review(client: Client, publish_article: ArticleFactory) -> None:
    publish_article(title="One", category="hormones", tags=["flow"], reviewed_on=dt.date(2026, 1, 31))
    publish_article(title="Two", category="supply-and-demand", tags=["flow", "milk"], reviewed_on=dt.date(2026, 2, 1))
    publish_article(title="Three", category="supply-and-demand")
    assert titles(ask(client, category="supply-and-demand")) == ["Three", "Two"]
    assert titles(ask(client, tag="flow")) == ["Two", "One"]
    assert titles(ask(client, reviewed_since="2026-02-01")) == ["Two"]
    assert titles(ask(client, reviewed_since="2026-01-31", category="hormones", tag="flow")) == ["One"]
    assert ask(client, category="supply-and-demand")["total"] == 2
    assert ask(client, category="nonesuch") == {"total": 0, "page_size": 20, "next": None, "results": []}


def test_fields_choose_members(client: Client, publish_article: ArticleFactory, image: Image) -> None:
    source = ArticleSource(title="On milk", year=1996)
    publish_article(title="One", slug="one", body=every_block(image=image), sources=[source])
    (result,) = ask(client, fields="title,sources,body")["results"]
    assert list(result) == ["title", "body", "sources"]
    assert [block["type"] for block in result["body"]] == [
        "heading", "paragraph", "image", "callout", "table", "quote",
    ]  # fmt: skip
    assert result["sources"] == [{"title": "On milk", "authors": "", "publication": "", "year": 1996, "url": ""}]


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"fields": "title,secret"}, "fields"),
        ({"fields": ""}, "fields"),
        ({"fields": "title,,id"}, "fields"),
        ({"fields": "html"}, "fields"),
        ({"reviewed_since": "yesterday"}, "reviewed_since"),
        ({"reviewed_since": "2026-02-30"}, "reviewed_since"),
        ({"reviewed_since": "0"}, "reviewed_since"),
        ({"reviewed_since": "2026-02-01T00:00"}, "reviewed_since"),
        ({"page": "0"}, "page"),
        ({"page": "x"}, "page"),
        ({"page": "9" * 5_000}, "page"),
        ({"page_size": "0"}, "page_size"),
        ({"page_size": "51"}, "page_size"),
        ({"before": "1"}, "before"),
        ({"before": "1.x"}, "before"),
        ({"before": "9" * 40 + ".1"}, "before"),
        ({"category": "\0"}, "category"),
        ({"tag": "x" * 300}, "tag"),
    ],
)
def test_what_cannot_be_asked_is_told(client: Client, db: None, parameters: dict[str, str], field: str) -> None:
    response = client.get("/api/articles/", parameters)
    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"
    assert [error["field"] for error in response.json()["errors"]] == [field]


def test_an_unknown_field_names_those_that_there_are(client: Client, db: None) -> None:
    (error,) = client.get("/api/articles/?fields=title,secret").json()["errors"]
    assert error["message"].startswith("There is no field “secret”. The fields are: id, type, slug, title, summary,")


@pytest.mark.parametrize("cursor", ["9999999999999999.999999999999999999", "-9999999999999999.1", "0.0"])
def test_a_place_where_nothing_is_is_no_error(client: Client, five: list[ArticlePage], cursor: str) -> None:
    assert ask(client, before=cursor)["total"] == 5


def test_other_methods_are_refused(client: Client, db: None) -> None:
    response = client.post("/api/articles/")
    assert (response.status_code, response["Allow"]) == (405, "GET")
    assert response["Content-Type"] == "application/problem+json"


@pytest.fixture
def twenty(publish_article: ArticleFactory, image: Image) -> None:
    target = publish_article(title="Target")
    for number in range(19):
        publish_article(
            title=f"Article {number}",
            tags=["milk", f"tag {number}"],
            sources=[ArticleSource(title="On milk")],
            body=every_block(image=image, link=target),
        )


@pytest.mark.usefixtures("twenty")
@pytest.mark.parametrize(("fields", "most"), [("", 6), ("?fields=id,title,url", 6), ("?fields=tags,sources,body", 11)])
def test_a_list_of_twenty_takes_at_most_six_queries_and_some_more_with_bodies(
    client: Client, fields: str, most: int
) -> None:
    address = f"/api/articles/{fields}"
    assert len(ask(client, address)["results"]) == 20
    with CaptureQueriesContext(connection) as queries:
        ask(client, address)
    assert len(queries) <= most
