"""A site with many articles, for measuring what reads them from the database."""

import json
import random
from collections.abc import Iterator
from typing import Any
from unittest import mock
from uuid import uuid4

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from articles.models import ArticleIndexPage, ArticlePage, ArticleSource, Category
from cms.pipeline.consumers import consumers
from tests.bench.search import Words

SECTIONS = 6
TAGS = 4
SOURCES = 4


def make_site(*, articles: int) -> None:
    """Make a migrated database with published articles of about 3 KB each."""
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("setup_site", verbosity=0)
    index = ArticleIndexPage.objects.get()
    category = Category.objects.earliest("pk")
    words = Words(random.Random(20))
    with mock.patch.dict(consumers, clear=True):  # Nobody is to look at them one by one.
        for number in range(articles):
            add_article(index, number=number, category=category, words=words)
    # What a database that serves readers does by itself now and then; nobody waits for it here.
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def add_article(index: ArticleIndexPage, *, number: int, category: Category, words: Words) -> None:
    article = ArticlePage(
        title=words.text(5),
        slug=f"article-{number}",
        summary=words.text(20)[:250],
        author="The editorial team",
        reviewed_on=timezone.now().date(),
        category=category,
        body=json.dumps([{"type": kind, "value": value, "id": str(uuid4())} for kind, value in blocks(words)]),
        first_published_at=timezone.now(),
        last_published_at=timezone.now(),
    )
    article.sources.set([source(words) for _ in range(SOURCES)])
    index.add_child(instance=article)
    article.tags.set([f"tag {tag}" for tag in words.chance.sample(range(60), k=TAGS)])
    article.save()


def blocks(words: Words) -> Iterator[tuple[str, Any]]:
    """Make up a body: sections, with one of every other block that needs no file."""
    yield "paragraph", paragraph(words)
    for part in range(1, SECTIONS):
        yield "heading", {"text": words.text(4), "level": "h2", "anchor": f"part-{part}"}
        yield "paragraph", paragraph(words)
    yield "callout", {"kind": "note", "text": f"<p>{words.text(15)}</p>"}
    yield "table", table(words)
    yield "quote", {"text": words.text(20), "attribution": words.text(3)}


def paragraph(words: Words) -> str:
    return f"<p>{words.text(40)} <b>{words.text(2)}</b> {words.text(33)}</p>"


def table(words: Words) -> dict[str, Any]:
    return {
        "columns": [{"type": "text", "heading": words.text(1)} for _ in range(3)],
        "rows": [{"values": [words.text(3) for _ in range(3)]} for _ in range(3)],
        "caption": words.text(4),
    }


def source(words: Words) -> ArticleSource:
    return ArticleSource(title=words.text(6), authors=words.text(4), publication=words.text(3), year=2020)
