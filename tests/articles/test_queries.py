"""What a page costs, however many articles there are."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from wagtail.images.models import Image

from articles.models import ArticlePage, ArticleSource
from cms.pipeline.worker import drain
from tests.pages import ArticleFactory

# What pages share is remembered, but not within a transaction that a test rolls back.
pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

ARTICLE_LIMIT = 7
MEMBERS_LIMIT = 12  # with the session, the account and its permissions
LIST_LIMIT = 8
SEARCH_LIMIT = 15


def queries_of(client: Client, address: str) -> int:
    """Count what a page costs once its images have been made and the site's addresses are known."""
    assert client.get(address).status_code == 200
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def rich_body(*, image: Image, others: list[ArticlePage]) -> list[tuple[str, Any]]:
    """Many blocks of every kind, most of them with links."""
    links = "".join(f'<a id="{other.pk}" linktype="page">{other.title}</a>' for other in others)
    blocks: list[tuple[str, Any]] = [
        ("heading", {"text": "Part", "level": "h2"}),
        ("paragraph", f"<p>{links}</p>"),
        ("image", {"image": image, "alt": "A duct"}),
        ("callout", {"kind": "note", "text": f"<p>{links}</p>"}),
        (
            "table",
            {
                "columns": [{"type": "rich_text", "heading": "Link"}],
                "rows": [{"values": [links]}, {"values": [links]}],
                "caption": "Links",
            },
        ),
        ("quote", {"text": "Milk.", "attribution": ""}),
    ]
    return blocks * 8


@pytest.mark.parametrize("count", [1, 30])
def test_an_article_page_takes_at_most_seven_queries_and_twelve_for_a_member(
    client: Client, alice_client: Client, publish_article: ArticleFactory, image: Image, count: int
) -> None:
    others = [publish_article(title=f"Other {number}", tags=["milk"]) for number in range(count - 1)]
    article = publish_article(
        body=rich_body(image=image, others=others[:5]),
        tags=["milk", "prolactin"],
        sources=[ArticleSource(title=f"Source {number}") for number in range(5)],
    )
    assert queries_of(client, article.url) <= ARTICLE_LIMIT
    assert queries_of(alice_client, article.url) <= MEMBERS_LIMIT


def test_lists_and_the_front_page_cost_the_same_with_more_articles(
    client: Client, publish_article: ArticleFactory
) -> None:
    addresses = ["/", "/articles/", "/articles/categories/hormones/", "/articles/tags/milk/"]
    publish_article(tags=["milk"])
    with_one = {address: queries_of(client, address) for address in addresses}
    for number in range(29):
        publish_article(title=f"Article {number}", tags=["milk", f"tag {number}"])
    with_thirty = {address: queries_of(client, address) for address in addresses}
    assert with_thirty == with_one
    assert max(with_one.values()) <= LIST_LIMIT


def test_a_search_takes_at_most_fifteen_queries_for_a_member(
    alice_client: Client, publish_article: ArticleFactory
) -> None:
    publish_article(text="Milk.", tags=["milk"])
    drain()
    assert queries_of(alice_client, "/search/?q=milk") <= SEARCH_LIMIT
