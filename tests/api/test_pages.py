"""GET /api/pages/ and /api/pages/find/: every page, and the page at an address."""

from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from wagtail.images.models import Image

from community.membership.setup import set_up_landing_page
from home.models import HomePage
from tests.api.conftest import every_block
from tests.pages import ArticleFactory, StandardPageFactory


def find(client: Client, path: str) -> dict[str, Any]:
    response = client.get("/api/pages/find/", {"path": path})
    assert response.status_code == 200, response.content
    answer: dict[str, Any] = response.json()
    return answer


def test_the_list_has_every_page_in_a_stable_order(
    client: Client, publish_article: ArticleFactory, publish_page: StandardPageFactory, draft_article: ArticleFactory
) -> None:
    set_up_landing_page()
    publish_article(slug="one")
    publish_page(title="About")
    draft_article(slug="draft")
    answer = client.get("/api/pages/").json()
    assert [(page["type"], page["path"]) for page in answer["results"]] == [
        ("home", "/"),
        ("article_index", "/articles/"),
        ("other", "/membership/"),
        ("article", "/articles/one/"),
        ("standard", "/about/"),
    ]
    assert (answer["total"], answer["page_size"], answer["next"]) == (5, 100, None)


def test_who_follows_next_gets_every_page_once_whatever_happens_meanwhile(
    client: Client, publish_article: ArticleFactory, draft_article: ArticleFactory
) -> None:
    draft = draft_article(slug="draft")
    articles = [publish_article(slug=f"article-{number}") for number in range(4)]
    first = client.get("/api/pages/?page_size=3").json()
    articles[0].unpublish()
    draft.save_revision().publish()
    second = client.get(first["next"]).json()
    assert (second["page_size"], len(second["results"])) == (3, 3)
    paths = [page["path"] for answer in (first, second) for page in answer["results"]]
    assert len(paths) == len(set(paths))
    assert {f"/articles/article-{number}/" for number in (1, 2, 3)} <= set(paths)


@pytest.mark.parametrize("after", ["-1", "x", str(2**63), "1e3"])
def test_a_place_that_is_none_is_told(client: Client, home_page: HomePage, after: str) -> None:
    assert client.get("/api/pages/", {"after": after}).status_code == 422


def test_the_home_page(
    client: Client, home_page: HomePage, publish_article: ArticleFactory, image: Image, settings: Settings
) -> None:
    target = publish_article(slug="target")
    home_page.headline, home_page.intro = "How milk is made", "Calmly."
    home_page.sections = every_block(image=image, link=target)
    home_page.save_revision().publish()
    answer = find(client, "/")
    assert (answer["type"], answer["path"], answer["url"]) == ("home", "/", f"{settings.SITE_URL}/")
    assert (answer["headline"], answer["intro"]) == ("How milk is made", "Calmly.")
    assert [block["type"] for block in answer["body"]] == [
        "heading", "paragraph", "image", "callout", "table", "quote",
    ]  # fmt: skip
    assert f'href="{settings.SITE_URL}/articles/target/"' in answer["html"]


@pytest.mark.parametrize("path", ["/about/", "/about", "about", "about//", "//about"])
def test_a_standard_page_with_or_without_slashes(
    client: Client, publish_page: StandardPageFactory, image: Image, path: str
) -> None:
    publish_page(title="About", intro="Who we are.", seo_title="About us", body=every_block(image=image))
    answer = find(client, path)
    assert (answer["type"], answer["path"], answer["intro"]) == ("standard", "/about/", "Who we are.")
    assert (answer["seo_title"], answer["seo_description"]) == ("About us", "Who we are.")
    assert [heading["anchor"] for heading in answer["contents"]] == ["what-it-does"]
    assert answer["body"][0]["value"]["text"] == "What it does"


def test_the_index_of_articles_says_where_they_are_and_what_about(
    client: Client, publish_article: ArticleFactory, draft_article: ArticleFactory, settings: Settings
) -> None:
    publish_article(title="One", tags=["milk"])
    publish_article(title="Two", tags=["Milk", "sleep"])
    draft_article(tags=["secret"], category="hormones")
    answer = find(client, "/articles/")
    assert (answer["type"], answer["articles_url"]) == ("article_index", f"{settings.SITE_URL}/api/articles/")
    assert answer["categories"][0] == {"value": "hormones", "label": "Hormones", "count": 2}
    assert [category["count"] for category in answer["categories"]] == [2, 0, 0, 0]
    assert [(tag["value"], tag["count"]) for tag in answer["tags"]] == [("milk", 2), ("sleep", 1)]


def test_an_article_is_the_same_as_among_the_articles(client: Client, publish_article: ArticleFactory) -> None:
    publish_article(slug="one")
    assert find(client, "/articles/one/") == client.get("/api/articles/one/").json()


def test_a_page_of_another_room_is_named(client: Client, home_page: HomePage) -> None:
    set_up_landing_page()
    answer = find(client, "/membership/")
    assert (answer["type"], answer["title"]) == ("other", "Dreams of Milk Membership")
    assert "body" not in answer


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nowhere/", 404),
        ("/articles/draft/", 404),
        ("/../", 404),
        ("/%", 404),
        ("\0", 422),
        ("/%00/", 404),
        ("/%FF/", 404),
        ("x" * 4001, 422),
    ],
)
def test_an_address_of_nothing_is_told(client: Client, draft_article: ArticleFactory, path: str, status: int) -> None:
    draft_article(slug="draft")
    response = client.get("/api/pages/find/", {"path": path})
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")


def test_without_a_path_it_says_that_one_is_needed(client: Client, home_page: HomePage) -> None:
    response = client.get("/api/pages/find/")
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == ["path"]


def test_a_list_of_pages_costs_the_same_with_more_pages(client: Client, publish_article: ArticleFactory) -> None:
    publish_article()
    client.get("/api/pages/")
    counts = []
    for _more in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get("/api/pages/")
        counts.append(len(queries))
        for number in range(10):
            publish_article(title=f"Article {number}")
    assert counts[0] == counts[1] <= 6


@pytest.mark.parametrize("slug", ["élan", "ж" * 60])
def test_a_page_with_letters_beyond_ascii_is_found_by_the_path_that_lists_give(
    client: Client, publish_article: ArticleFactory, slug: str
) -> None:
    article = publish_article(slug=slug)
    (listed,) = client.get("/api/articles/").json()["results"]
    whole = client.get(f"/api/articles/{slug}/").json()
    assert [listed[name] for name in ("path", "url", "api_url")] == [whole[name] for name in ("path", "url", "api_url")]
    for path in (listed["path"], f"/articles/{slug}/", f"/articles/{quote(slug)}/"):
        assert find(client, path)["id"] == article.pk
    assert client.get(listed["api_url"]).json()["id"] == article.pk
