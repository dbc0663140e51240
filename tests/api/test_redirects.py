"""GET /api/redirects/ and /api/redirects/find/: where old addresses lead to."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Site

from articles.models import ArticlePage
from tests.pages import ArticleFactory


@pytest.fixture
def article(publish_article: ArticleFactory) -> ArticlePage:
    return publish_article(slug="new")


@pytest.mark.parametrize("path", ["/old", "/old/", "/old/?utm=1", "old"])
def test_an_old_address_leads_to_the_page(client: Client, article: ArticlePage, settings: Settings, path: str) -> None:
    Redirect.add_redirect("/old/", redirect_to=article)
    assert client.get("/api/redirects/find/", {"path": path}).json() == {
        "path": "/old",
        "url": f"{settings.SITE_URL}/articles/new/",
        "is_permanent": True,
    }


def test_a_changed_address_is_followed(client: Client, article: ArticlePage, settings: Settings) -> None:
    article.slug = "newer"
    article.save_revision().publish()
    Redirect.add_redirect("/articles/new", redirect_to=article)
    answer = client.get("/api/redirects/find/?path=/articles/new/").json()
    assert answer["url"] == f"{settings.SITE_URL}/articles/newer/"


def test_a_redirect_to_elsewhere_and_one_that_is_not_for_good(client: Client, article: ArticlePage) -> None:
    Redirect.add_redirect("/out", redirect_to="https://example.org/x", is_permanent=False)
    answer = client.get("/api/redirects/find/?path=/out").json()
    assert (answer["url"], answer["is_permanent"]) == ("https://example.org/x", False)


def test_words_with_accents_are_found_written_either_way(client: Client, article: ArticlePage) -> None:
    Redirect.add_redirect("/älter/", redirect_to=article)
    for path in ("/älter/", "/%C3%A4lter/"):
        assert client.get("/api/redirects/find/", {"path": path}).status_code == 200


def test_the_query_string_counts_first(client: Client, article: ArticlePage) -> None:
    Redirect.add_redirect("/page?id=7", redirect_to="https://example.org/seven")
    Redirect.add_redirect("/page", redirect_to="https://example.org/any")
    assert client.get("/api/redirects/find/", {"path": "/page?id=7"}).json()["url"] == "https://example.org/seven"
    assert client.get("/api/redirects/find/", {"path": "/page?id=8"}).json()["url"] == "https://example.org/any"


def test_a_hidden_page_is_not_told(client: Client, draft_article: ArticleFactory) -> None:
    Redirect.add_redirect("/old", redirect_to=draft_article(slug="secret-plan"))
    response = client.get("/api/redirects/find/?path=/old")
    assert response.status_code == 404
    assert "secret-plan" not in response.text


@pytest.mark.parametrize("path", ["/nothing", "//[", "http://[", "", "?", "/%00", "/" + "a" * 200])
def test_an_address_of_nothing_is_told(client: Client, article: ArticlePage, path: str) -> None:
    response = client.get("/api/redirects/find/", {"path": path})
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")


def test_a_redirect_of_another_site_is_not_this_ones(client: Client, article: ArticlePage) -> None:
    other = Site.objects.create(hostname="other.example.org", root_page=article.get_parent())
    Redirect.add_redirect("/old", redirect_to=article, site=other)
    assert client.get("/api/redirects/find/?path=/old").status_code == 404


def test_the_list_has_every_old_address_that_leads_somewhere(
    client: Client, article: ArticlePage, draft_article: ArticleFactory, settings: Settings
) -> None:
    Redirect.add_redirect("/old", redirect_to=article)
    Redirect.add_redirect("/secret", redirect_to=draft_article(slug="secret-plan"))
    Redirect.add_redirect("/out", redirect_to="https://example.org/x", is_permanent=False)
    Redirect.objects.create(old_path="/nowhere")
    answer = client.get("/api/redirects/").json()
    assert answer["results"] == [
        {"path": "/old", "url": f"{settings.SITE_URL}/articles/new/", "is_permanent": True},
        {"path": "/out", "url": "https://example.org/x", "is_permanent": False},
    ]
    assert (answer["total"], answer["page_size"], answer["next"]) == (2, 100, None)
    first = client.get("/api/redirects/?page_size=1").json()
    second = client.get(first["next"]).json()
    assert [redirect["path"] for redirect in second["results"]] == ["/out"]
    assert second["next"] is None


def test_what_one_site_has_of_its_own_counts_there(client: Client, article: ArticlePage) -> None:
    here = Site.objects.get(is_default_site=True)
    other = Site.objects.create(hostname="other.example.org", root_page=article.get_parent())
    Redirect.add_redirect("/old", redirect_to="https://example.org/all")
    Redirect.add_redirect("/old", redirect_to="https://example.org/here", site=here)
    Redirect.add_redirect("/other", redirect_to="https://example.org/there", site=other)
    results = client.get("/api/redirects/").json()["results"]
    assert [(redirect["path"], redirect["url"]) for redirect in results] == [("/old", "https://example.org/here")]


def test_an_address_below_a_page_is_kept(client: Client, article: ArticlePage, settings: Settings) -> None:
    index = article.get_parent().specific
    Redirect.objects.create(old_path="/topics", redirect_page=index, redirect_page_route_path="/categories/hormones/")
    url = f"{settings.SITE_URL}/articles/categories/hormones/"
    assert client.get("/api/redirects/").json()["results"][0]["url"] == url
    assert client.get("/api/redirects/find/?path=/topics").json()["url"] == url


def test_the_list_costs_the_same_with_more_of_them(client: Client, publish_article: ArticleFactory) -> None:
    counts = []
    for number in range(1, 12):
        Redirect.add_redirect(f"/old-{number}", redirect_to=publish_article(title=f"Article {number}"))
        with CaptureQueriesContext(connection) as queries:
            client.get("/api/redirects/")
        counts.append(len(queries))
    assert counts[1] == counts[-1] <= 5
