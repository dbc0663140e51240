"""A site with many articles, for measuring what reads them from the database."""

import random
from typing import Any
from unittest import mock

from django.core.management import call_command
from django.utils import timezone

from articles.models import ArticleIndexPage, ArticlePage, Category
from cms.pipeline.consumers import consumers
from tests.bench.search import Words

SECTIONS = 6
TAGS = 4


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


def add_article(index: ArticleIndexPage, *, number: int, category: Category, words: Words) -> None:
    body: list[tuple[str, Any]] = [("paragraph", f"<p>{words.text(75)}</p>")]
    for part in range(1, SECTIONS):
        heading = {"text": words.text(4), "level": "h2", "anchor": f"part-{part}"}
        body += [("heading", heading), ("paragraph", f"<p>{words.text(75)}</p>")]
    article = ArticlePage(
        title=words.text(5),
        slug=f"article-{number}",
        summary=words.text(20)[:250],
        author="The editorial team",
        category=category,
        body=body,
        last_published_at=timezone.now(),
    )
    index.add_child(instance=article)
    article.tags.set([f"tag {tag}" for tag in words.chance.sample(range(60), k=TAGS)])
    article.save()
