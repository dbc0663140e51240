"""Links between pages inside rich text."""

import datetime

from bs4 import BeautifulSoup, Tag
from django.test import Client
from django.utils import timezone
from wagtail.models import PageViewRestriction

from articles.models import ArticlePage
from tests.pages import ArticleFactory

PAST = timezone.now() - datetime.timedelta(hours=1)


def link_to(page: ArticlePage) -> str:
    return f'<p>See <a id="{page.pk}" linktype="page">the other one</a>.</p>'


def rendered_link(client: Client, article: ArticlePage) -> Tag:
    link = BeautifulSoup(client.get(article.url).content, "html.parser").select_one(".prose a")
    assert link is not None
    return link


def test_a_link_follows_its_page_to_a_new_address(client: Client, publish_article: ArticleFactory) -> None:
    target = publish_article(title="Target", slug="old")
    article = publish_article(body=[("paragraph", link_to(target))])
    assert rendered_link(client, article)["href"] == "/articles/old/"
    target.slug = "new"
    target.save_revision().publish()
    assert rendered_link(client, article)["href"] == "/articles/new/"


def test_a_link_to_a_draft_is_only_its_words(
    client: Client, publish_article: ArticleFactory, draft_article: ArticleFactory
) -> None:
    target = draft_article(title="Secret plan", slug="secret-plan")
    article = publish_article(body=[("paragraph", link_to(target))])
    link = rendered_link(client, article)
    assert link.get_text() == "the other one"
    assert not link.has_attr("href")
    assert b"secret" not in client.get(article.url).content.lower()


def test_a_link_to_an_expired_or_restricted_page_is_only_its_words(
    client: Client, publish_article: ArticleFactory
) -> None:
    expired = publish_article(title="Expired", slug="over", expire_at=timezone.now() + datetime.timedelta(hours=1))
    ArticlePage.objects.filter(pk=expired.pk).update(expire_at=PAST)
    restricted = publish_article(title="Restricted", slug="closed")
    PageViewRestriction.objects.create(page=restricted, restriction_type=PageViewRestriction.LOGIN)
    for target in (expired, restricted):
        article = publish_article(title=f"To {target.slug}", body=[("paragraph", link_to(target))])
        assert not rendered_link(client, article).has_attr("href")


def test_a_link_to_a_deleted_page_is_only_its_words(client: Client, publish_article: ArticleFactory) -> None:
    target = publish_article(title="Gone")
    article = publish_article(body=[("paragraph", link_to(target))])
    target.delete()
    assert not rendered_link(client, article).has_attr("href")


def test_links_in_callouts_and_tables_lead_somewhere_too(client: Client, publish_article: ArticleFactory) -> None:
    target = publish_article(title="Target", slug="target")
    cell = f'<a id="{target.pk}" linktype="page">here</a>'
    table = {"columns": [{"type": "rich_text", "heading": "Link"}], "rows": [{"values": [cell]}], "caption": ""}
    article = publish_article(body=[("callout", {"kind": "note", "text": link_to(target)}), ("table", table)])
    soup = BeautifulSoup(client.get(article.url).content, "html.parser")
    assert [link["href"] for link in soup.select(".prose a")] == ["/articles/target/", "/articles/target/"]
