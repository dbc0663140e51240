"""The latest articles with their full text, as Atom (RFC 4287) and JSON Feed 1.1."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urljoin

from bs4 import BeautifulSoup
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.xmlutils import SimplerXMLGenerator
from django.views.decorators.http import require_safe

from articles.blocks import render_together
from articles.legible import legible, on_one_line
from articles.models import ArticlePage, latest_first, public_articles
from cms.conditional import revalidated
from cms.page_cache.remembered import unchanged_since

ARTICLES_IN_FEED = 20
JSON_FEED = "https://jsonfeed.org/version/1.1"
# Of a page that was saved as it is, nobody wrote down when; a date of today would be another one each time.
UNDATED = datetime.fromtimestamp(0, tz=UTC)
ADDRESS_ATTRIBUTES = ("href", "src")


class Entry(NamedTuple):
    """An article as both feeds tell it: legible, with absolute addresses."""

    id: str
    url: str
    title: str
    summary: str
    author: str
    labels: list[str]
    published: datetime
    updated: datetime
    html: str


@require_safe
def atom(request: HttpRequest) -> HttpResponseBase:
    changed_at, articles = unchanged_since(), _latest()
    feed = _Atom(
        title=_title(),
        link=_absolute("/"),
        description=None,
        feed_url=_absolute(reverse("feeds:atom")),
        feed_guid=_absolute(reverse("feeds:atom")),
        language=get_language(),
    )
    for entry in _entries(articles):
        feed.add_item(
            title=entry.title,
            link=entry.url,
            description=entry.summary,
            unique_id=entry.id,
            author_name=entry.author,
            categories=entry.labels,
            pubdate=entry.published,
            updateddate=entry.updated,
            html=entry.html,
        )
    response = HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)
    return revalidated(request, response, last_modified=changed_at)


@require_safe
def json_feed(request: HttpRequest) -> HttpResponseBase:
    changed_at, articles = unchanged_since(), _latest()
    feed = {
        "version": JSON_FEED,
        "title": _title(),
        "home_page_url": _absolute("/"),
        "feed_url": _absolute(reverse("feeds:json")),
        "language": get_language(),
        "items": [_json_item(entry) for entry in _entries(articles)],
    }
    response = HttpResponse(json.dumps(feed, ensure_ascii=False), content_type="application/feed+json; charset=utf-8")
    return revalidated(request, response, last_modified=changed_at)


def _json_item(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        "summary": entry.summary,
        "content_html": entry.html,
        "date_published": entry.published.isoformat(),
        "date_modified": entry.updated.isoformat(),
        "authors": [{"name": entry.author}],
        "tags": entry.labels,
    }


class _Atom(Atom1Feed):
    """Django's, with the full text, and with the same date each time where nothing has one."""

    def latest_post_date(self) -> datetime:
        return max((item["updateddate"] for item in self.items), default=UNDATED)

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        handler.addQuickElement("content", item["html"], {"type": "html"})


def _latest() -> Sequence[ArticlePage]:
    articles = latest_first(public_articles()).filter(alias_of=None)
    return list(articles.prefetch_related("tags", "sources")[:ARTICLES_IN_FEED])


def _entries(articles: Sequence[ArticlePage]) -> list[Entry]:
    bodies = render_together([article.body for article in articles])
    return [_entry(article, body) for article, body in zip(articles, bodies, strict=True)]


def _entry(article: ArticlePage, body: str) -> Entry:
    url = article.full_url
    html = render_to_string("articles/feed_entry.html", {"article": article, "body": body})
    published = article.first_published_at or UNDATED
    return Entry(
        # Stays when the address changes.
        id=article.translation_key.urn,
        url=url,
        title=on_one_line(article.title),
        summary=on_one_line(article.summary),
        author=on_one_line(article.author),
        labels=[on_one_line(label) for label in (article.category.name, *(tag.label for tag in article.search_tags()))],
        published=published,
        updated=article.last_published_at or published,
        html=legible(_with_absolute_addresses(html, url=url)),
    )


def _with_absolute_addresses(html: str, *, url: str) -> str:
    soup = BeautifulSoup(html, "html.parser")
    for name in ADDRESS_ATTRIBUTES:
        for tag in soup.select(f"[{name}]"):
            tag[name] = urljoin(url, str(tag[name]))
    for tag in soup.select("[srcset]"):
        choices = (choice.split() for choice in str(tag["srcset"]).split(","))
        tag["srcset"] = ", ".join(" ".join([urljoin(url, address), *width]) for address, *width in choices)
    return str(soup)


def _title() -> str:
    return _("Dreams of Milk: articles")


def _absolute(address: str) -> str:
    return urljoin(settings.SITE_URL, address)
