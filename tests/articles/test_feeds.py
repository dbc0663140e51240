"""Atom and JSON Feed: whole articles, that feed readers can read whatever is in them."""

import datetime as dt
import json
from typing import Any
from xml.etree import ElementTree

import feedparser
import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.images.models import Image
from wagtail.models import PageViewRestriction

from articles.models import ArticlePage, ArticleSource
from cms.page_cache.remembered import SETTLED_SECONDS
from tests.commits import commit
from tests.pages import ArticleFactory

ATOM, JSON = "/feeds/articles.atom", "/feeds/articles.json"
SITE = "http://127.0.0.1:8000"

pytestmark = pytest.mark.usefixtures("article_index")


def read_atom(client: Client) -> Any:
    response = client.get(ATOM)
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    ElementTree.fromstring(response.content)  # stricter than any reader
    feed = feedparser.parse(response.content)
    assert not feed.bozo, feed.get("bozo_exception")
    return feed


def read_json(client: Client) -> Any:
    response = client.get(JSON)
    assert response["Content-Type"] == "application/feed+json; charset=utf-8"
    return json.loads(response.content)


def test_an_entry_has_everything(client: Client, publish_article: ArticleFactory, image: Image) -> None:
    other = publish_article(title="Other", slug="other", first_published_at="2026-01-01T00:00:00Z")
    article = publish_article(
        title="Let-down",
        slug="let-down",
        summary="How milk moves.",
        author="The team",
        tags=["oxytocin", "ducts"],
        first_published_at="2026-02-03T10:00:00Z",
        sources=[ArticleSource(title="A study", url="https://example.org/study")],
        body=[
            ("heading", {"text": "How", "level": "h2", "anchor": ""}),
            ("paragraph", f'<p>See <a linktype="page" id="{other.pk}">the other</a> and <a href="#how">above</a>.</p>'),
            ("image", {"image": image, "alt": "A duct", "caption": "", "credit": ""}),
        ],
    )
    feed = read_atom(client)
    assert (feed.feed.title, feed.feed.id, feed.feed.language) == ("Dreams of Milk: articles", SITE + ATOM, "en-us")
    assert [(link.rel, link.href) for link in feed.feed.links] == [("alternate", f"{SITE}/"), ("self", SITE + ATOM)]
    entry = feed.entries[0]
    assert entry.id == article.translation_key.urn
    assert (entry.title, entry.link, entry.author) == ("Let-down", f"{SITE}/articles/let-down/", "The team")
    assert entry.summary == "How milk moves."
    assert [tag.term for tag in entry.tags] == ["Hormones", "ducts", "oxytocin"]
    assert entry.published == "2026-02-03T10:00:00+00:00"
    assert article.last_published_at is not None
    assert entry.updated == article.last_published_at.isoformat()
    text = entry.content[0].value
    for part in (
        f'<a href="{SITE}/articles/other/">the other</a>',
        f'<a href="{SITE}/articles/let-down/#how">above</a>',
        f'src="{SITE}/media/images/',
        'alt="A duct"',
        "https://example.org/study",
        "not medical advice",
        "Not clinically reviewed",
    ):
        assert part in text, part

    (item, _other) = read_json(client)["items"]
    assert item["content_html"].count(f"{SITE}/media/images/") >= 3
    assert {name: item[name] for name in item if name != "content_html"} == {
        "id": article.translation_key.urn,
        "url": f"{SITE}/articles/let-down/",
        "title": "Let-down",
        "summary": "How milk moves.",
        "date_published": "2026-02-03T10:00:00+00:00",
        "date_modified": article.last_published_at.isoformat(),
        "authors": [{"name": "The team"}],
        "tags": ["Hormones", "ducts", "oxytocin"],
    }


def test_json_feed_says_what_it_is(client: Client) -> None:
    assert read_json(client) == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Dreams of Milk: articles",
        "home_page_url": f"{SITE}/",
        "feed_url": SITE + JSON,
        "language": "en-us",
        "items": [],
    }


HOSTILE = ["</script><script>alert(1)</script>", "]]><!--", "a\x07b\x0bc", "&amp;<b>bold</b>", "\ufffe 🍼", "\" ' `"]


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_break_no_feed(client: Client, publish_article: ArticleFactory, words: str) -> None:
    article = publish_article(slug="one", text="Text.")
    body = [{"type": "quote", "value": {"text": words, "attribution": ""}}]
    ArticlePage.objects.filter(pk=article.pk).update(title=words, summary=words, author=words, body=body)
    (entry,) = read_atom(client).entries
    (item,) = read_json(client)["items"]
    expected = "".join(letter for letter in words if letter not in "\x07\x0b\ufffe").strip()
    assert (item["title"], item["summary"]) == (expected, expected)
    root = ElementTree.fromstring(client.get(ATOM).content)
    assert root.findtext("{*}entry/{*}title") == expected
    assert "<script>alert" not in item["content_html"]
    assert entry.id == article.translation_key.urn


def test_an_id_stays_when_the_address_changes(client: Client, publish_article: ArticleFactory) -> None:
    article = publish_article(slug="old")
    (before,) = read_atom(client).entries
    article.slug = "new"
    article.save_revision().publish()
    (after,) = read_atom(client).entries
    assert after.id == before.id
    assert after.link == f"{SITE}/articles/new/"


def test_the_latest_twenty_come_first(client: Client, publish_article: ArticleFactory) -> None:
    for number in range(22):
        publish_article(title=f"Article {number}", first_published_at=dt.datetime(2026, 1, 1 + number, tzinfo=dt.UTC))
    titles = [f"Article {number}" for number in range(21, 1, -1)]
    assert [entry.title for entry in read_atom(client).entries] == titles
    assert [item["title"] for item in read_json(client)["items"]] == titles


def test_an_alias_is_no_second_entry(client: Client, publish_article: ArticleFactory) -> None:
    article = publish_article(slug="real")
    article.create_alias(parent=article.get_parent(), update_slug="alias")
    assert [entry.link for entry in read_atom(client).entries] == [f"{SITE}/articles/real/"]


@pytest.mark.parametrize("address", [ATOM, JSON, "/sitemap.xml", "/robots.txt"])
def test_a_copy_that_is_still_right_is_not_sent_again(
    client: Client, publish_article: ArticleFactory, address: str
) -> None:
    publish_article(title="One")
    first = client.get(address)
    assert first["Cache-Control"] == "public, max-age=0, must-revalidate"
    again = client.get(address, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert client.head(address)["ETag"] == first["ETag"]


@pytest.mark.parametrize("address", [ATOM, JSON])
def test_what_bears_no_date_is_the_same_each_time(
    client: Client, publish_article: ArticleFactory, address: str
) -> None:
    tags = {client.get(address)["ETag"]}
    article = publish_article(title="One")
    ArticlePage.objects.filter(pk=article.pk).update(first_published_at=None, last_published_at=None)
    with time_machine.travel(timezone.now() + dt.timedelta(hours=1)):
        tags |= {client.get(address)["ETag"]}
    with time_machine.travel(timezone.now() + dt.timedelta(hours=2)):
        tags |= {client.get(address)["ETag"]}
    assert len(tags) == 2


@pytest.mark.parametrize("address", [ATOM, JSON])
def test_whoever_asks_by_date_hears_of_every_change(
    client: Client, publish_article: ArticleFactory, address: str
) -> None:
    """A publish, an update, a restriction, an expiry, an unpublish: each a minute after the one before."""
    start = timezone.now().replace(microsecond=0)
    with time_machine.travel(start, tick=False) as clock:
        articles = [publish_article(title=f"Article {number}") for number in range(3)]
        articles[2].expire_at = start + dt.timedelta(seconds=150)
        articles[2].save_revision().publish()

        def is_changed(since: str) -> bool:
            commit()
            return bool(client.get(address, headers={"if-modified-since": since}).status_code == 200)

        def minute_later() -> str:
            commit()
            client.get(address)
            clock.shift(SETTLED_SECONDS)
            seen = client.get(address)["Last-Modified"]
            assert not is_changed(seen)
            clock.shift(60)
            return str(seen)

        seen = minute_later()
        articles[0].save_revision().publish()
        assert is_changed(seen)
        seen = minute_later()
        PageViewRestriction.objects.create(page=articles[0], restriction_type="login")
        assert is_changed(seen)
        seen = minute_later()
        assert is_changed(seen)  # the third has expired
        seen = minute_later()
        articles[1].unpublish()
        assert is_changed(seen)


@pytest.mark.parametrize("address", [ATOM, JSON, "/sitemap.xml"])
def test_the_cost_does_not_grow_with_the_articles(
    client: Client, publish_article: ArticleFactory, image: Image, address: str
) -> None:
    def article(number: int) -> ArticlePage:
        return publish_article(
            title=f"Article {number}",
            tags=["milk", f"tag {number}"],
            sources=[ArticleSource(title="A study")],
            body=[
                ("image", {"image": image, "alt": "A duct", "caption": "", "credit": ""}),
                ("paragraph", f'<p><a linktype="page" id="{home}">home</a></p>'),
            ],
        )

    def queries() -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    home = 1
    article(0)
    with_one = queries()
    for number in range(1, 12):
        article(number)
    assert queries() == with_one
    assert with_one <= 14
