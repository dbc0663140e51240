"""Several of Wagtail's sites in one installation: whose pages answer, under which addresses."""

import pytest
from django.test import Client
from pytest_django import Settings
from wagtail.models import Page, PageViewRestriction, Site

from articles.models import ArticleIndexPage
from cms.pipeline.worker import drain
from home.models import HomePage
from tests.pages import ArticleFactory

OTHER = {"Host": "other.example"}
OWN_URL, OTHER_URL = "/articles/let-down/", "http://other.example/articles/let-down/"


@pytest.fixture
def other_index(article_index: ArticleIndexPage, settings: Settings) -> ArticleIndexPage:
    """The list of articles of a second site."""
    settings.ALLOWED_HOSTS = ["testserver", "other.example"]
    home, index = HomePage(title="Other", slug="other"), ArticleIndexPage(title="Articles", slug="articles")
    Page.objects.get(depth=1).add_child(instance=home)
    home.add_child(instance=index)
    Site.objects.create(hostname="other.example", root_page=home)
    return index


@pytest.fixture
def _both(publish_article: ArticleFactory, other_index: ArticleIndexPage) -> None:
    publish_article(title="Here", slug="let-down")
    # The latest of all.
    publish_article(title="There", slug="let-down", parent=other_index)
    drain()


def title_of(client: Client, address: str, headers: dict[str, str] | None = None) -> str:
    return str(client.get(address, headers=headers).json()["title"])


@pytest.mark.usefixtures("_both")
@pytest.mark.parametrize("address", ["/api/articles/let-down/", "/api/pages/find/?path=/articles/let-down/"])
def test_an_article_is_the_one_of_the_site_that_is_asked(client: Client, address: str) -> None:
    assert title_of(client, address) == "Here"
    assert title_of(client, address, OTHER) == "There"


def test_an_article_that_only_another_site_has_is_found_too(
    client: Client, publish_article: ArticleFactory, other_index: ArticleIndexPage
) -> None:
    publish_article(title="There", slug="let-down", parent=other_index)
    answer = client.get("/api/articles/let-down/").json()
    assert (answer["title"], answer["url"]) == ("There", OTHER_URL)


def test_of_one_slug_under_two_lists_of_a_site_the_latest_answers_and_its_path_finds_the_other(
    client: Client, publish_article: ArticleFactory, home_page: HomePage
) -> None:
    publish_article(title="First", slug="let-down")
    home_page.add_child(instance=ArticleIndexPage(title="Elsewhere", slug="elsewhere"))
    elsewhere = ArticleIndexPage.objects.get(slug="elsewhere")
    publish_article(title="Second", slug="let-down", parent=elsewhere)
    assert title_of(client, "/api/articles/let-down/") == "Second"
    paths = {each["title"]: each["path"] for each in client.get("/api/articles/").json()["results"]}
    assert paths == {"First": "/articles/let-down/", "Second": "/elsewhere/let-down/"}
    for title, path in paths.items():
        assert title_of(client, f"/api/pages/find/?path={path}") == title


@pytest.mark.usefixtures("_both")
@pytest.mark.parametrize(
    ("address", "key", "expected"),
    [
        ("/api/articles/", "results", {"Here", "There"}),
        ("/api/articles/?fields=title,url,contents", "results", {"Here", "There"}),
        ("/api/search/?q=oxytocin", "results", {"Here", "There"}),
        ("/feeds/articles.json", "items", {"Here", "There"}),
        ("/api/pages/", "results", {"Here"}),
    ],
)
def test_lists_of_articles_are_of_all_sites_and_lists_of_pages_of_one_each_under_its_own_address(
    client: Client, settings: Settings, address: str, key: str, expected: set[str]
) -> None:
    found = {each["title"]: each["url"] for each in client.get(address).json()[key]}
    urls = {"Here": f"{settings.SITE_URL}{OWN_URL}", "There": OTHER_URL}
    articles = {title: url for title, url in found.items() if title in urls}
    assert articles == {title: urls[title] for title in expected}
    elsewhere = client.get(address, headers=OTHER).json()[key]
    assert ("There", OTHER_URL) in [(each["title"], each["url"]) for each in elsewhere]


@pytest.mark.usefixtures("_both")
def test_what_one_site_restricts_no_other_tells(client: Client, other_index: ArticleIndexPage) -> None:
    surfaces = [
        "/articles/",
        "/search/?q=oxytocin",
        "/api/articles/",
        "/api/search/?q=oxytocin",
        "/api/suggest/?q=there",
        "/api/pages/",
        "/api/v2/pages/",
        "/feeds/articles.atom",
        "/feeds/articles.json",
        "/sitemap.xml",
    ]
    # The sitemap has addresses and no titles.
    tells = [address for address in surfaces if "There" in client.get(address, headers=OTHER).text]
    assert tells == surfaces[:-1]
    home = other_index.get_parent()
    PageViewRestriction.objects.create(page=home, restriction_type=PageViewRestriction.LOGIN)
    for headers in (None, OTHER):
        for address in surfaces:
            text = client.get(address, headers=headers).text
            assert "There" not in text, address
            assert OTHER_URL not in text, address
    assert title_of(client, "/api/articles/let-down/", OTHER) == "Here"
