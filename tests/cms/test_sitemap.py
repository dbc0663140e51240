"""What search engines are told: every public page with its date, and nothing of what is private."""

import datetime as dt
from xml.etree import ElementTree

import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from articles.models import ArticleIndexPage, ArticlePage
from community.membership.setup import set_up_landing_page
from tests.pages import ArticleFactory

SITE = "http://127.0.0.1:8000"


def dates(client: Client) -> dict[str, str | None]:
    response = client.get("/sitemap.xml")
    assert response["Content-Type"] == "application/xml"
    root = ElementTree.fromstring(response.content)
    return {str(url.findtext("{*}loc")).removeprefix(SITE): url.findtext("{*}lastmod") for url in root}


def test_every_public_page_is_there_with_the_day_of_its_last_change(
    client: Client, article_index: ArticleIndexPage, publish_article: ArticleFactory, draft_article: ArticleFactory
) -> None:
    set_up_landing_page()
    with time_machine.travel(dt.datetime(2026, 3, 4, 12, tzinfo=dt.UTC)):
        article = publish_article(slug="one")
        article.create_alias(parent=article_index, update_slug="alias")
    draft_article(slug="draft")
    expired = publish_article(slug="expired")
    expired.expire_at = timezone.now() - dt.timedelta(minutes=1)
    expired.save()
    found = dates(client)
    assert list(found) == ["/", "/articles/", "/articles/one/", "/membership/"]
    assert found["/articles/one/"] == "2026-03-04"
    assert all(found.values())


def test_a_newer_draft_does_not_change_the_date(client: Client, publish_article: ArticleFactory) -> None:
    with time_machine.travel(dt.datetime(2026, 3, 4, 12, tzinfo=dt.UTC)):
        article = publish_article(slug="one")
    article.title = "Half finished"
    article.save_revision()
    assert dates(client)["/articles/one/"] == "2026-03-04"


def test_a_page_without_a_date_of_publishing_tells_none(client: Client, publish_article: ArticleFactory) -> None:
    article = publish_article(slug="one")
    article.save_revision()
    ArticlePage.objects.update(last_published_at=None)
    assert dates(client)["/articles/one/"] is None


def test_robots_are_kept_from_what_is_private_and_led_to_the_sitemap(client: Client) -> None:
    response = client.get("/robots.txt")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    lines = response.text.splitlines()
    assert lines[0] == "User-agent: *"
    for path in (*settings.PRIVATE_PATHS, "/admin/"):
        assert f"Disallow: {path}" in lines
    assert lines[-1] == f"Sitemap: {SITE}/sitemap.xml"
