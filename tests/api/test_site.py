"""GET /api/site/: what surrounds every page."""

from django.test import Client
from pytest_django import Settings
from wagtail.models import PageViewRestriction, Site

from articles.models import ArticleIndexPage
from home.models import HomePage, SiteSettings
from tests.pages import ArticleFactory, StandardPageFactory


def test_it_has_texts_menu_and_footer(
    client: Client, article_index: ArticleIndexPage, publish_page: StandardPageFactory, settings: Settings
) -> None:
    about = publish_page(title="About", show_in_menus=True)
    publish_page(title="Imprint")
    SiteSettings.objects.create(
        site=Site.objects.get(is_default_site=True),
        description="Milk & more.",
        footer_text="First.\n\nSecond.",
        contact_email="hello@example.org",
        footer_links=[
            ("link", {"label": "Imprint", "page": about, "address": ""}),
            ("link", {"label": "Elsewhere", "page": None, "address": "https://example.org/"}),
        ],
    )
    root = settings.SITE_URL
    answer = client.get("/api/site/").json()
    assert "not medical advice" in answer.pop("safety_html")
    assert answer == {
        "name": "Dreams of Milk",
        "description": "Milk & more.",
        "url": f"{root}/",
        "language": "en-us",
        "menu": [
            {"id": article_index.pk, "title": "Articles", "path": "/articles/", "url": f"{root}/articles/"},
            {"id": about.pk, "title": "About", "path": "/about/", "url": f"{root}/about/"},
        ],
        "footer_text": "First.\n\nSecond.",
        "footer_links": [
            {"label": "Imprint", "url": f"{root}/about/"},
            {"label": "Elsewhere", "url": "https://example.org/"},
        ],
        "contact_email": "hello@example.org",
    }


def test_what_readers_may_not_see_is_in_no_menu_and_footer(
    client: Client, article_index: ArticleIndexPage, draft_article: ArticleFactory
) -> None:
    link = {"label": "Soon", "page": draft_article(slug="secret-plan"), "address": ""}
    SiteSettings.objects.create(site=Site.objects.get(is_default_site=True), footer_links=[("link", link)])
    PageViewRestriction.objects.create(page=article_index, restriction_type=PageViewRestriction.LOGIN)
    answer = client.get("/api/site/").json()
    assert (answer["menu"], answer["footer_links"]) == ([], [])


def test_it_may_be_kept_and_changes_with_its_texts(client: Client, home_page: HomePage) -> None:
    first = client.get("/api/site/")
    assert first["Cache-Control"] == "public, max-age=0, must-revalidate"
    again = {"If-None-Match": first["ETag"]}
    assert client.get("/api/site/", headers=again).status_code == 304
    SiteSettings.objects.create(site=Site.objects.get(is_default_site=True), description="New.")
    assert client.get("/api/site/", headers=again).json()["description"] == "New."


def test_reading_stores_nothing(client: Client, home_page: HomePage) -> None:
    client.get("/api/site/")
    assert not SiteSettings.objects.exists()


def test_before_the_site_is_set_up_there_is_a_problem_document(client: Client, db: None) -> None:
    Site.objects.all().delete()
    response = client.get("/api/site/")
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
