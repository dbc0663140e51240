import json
from pathlib import Path

from django.core.management.base import BaseCommand
from django.db import connection, transaction
from django.utils import timezone

from home.models import HomePage
from library.models import ArticleIndexPage, ArticlePage, ArticleSource, Category


class Command(BaseCommand):
    help = "Publish the articles of a file."

    def add_arguments(self, parser):
        parser.add_argument("path", type=Path)

    @transaction.atomic
    def handle(self, *, path, **options):
        index = HomePage.objects.get().add_child(instance=ArticleIndexPage(title="Articles", slug="articles"))
        now = timezone.now()
        for fields in json.loads(path.read_text()):
            category, _created = Category.objects.get_or_create(**fields.pop("category"))
            tags = fields.pop("tags")
            sources = [ArticleSource(**source) for source in fields.pop("sources")]
            body = json.dumps(fields.pop("body"))
            article = ArticlePage(**fields, category=category, body=body, first_published_at=now, last_published_at=now)
            article.sources.set(sources)
            index.add_child(instance=article)
            article.tags.set(tags)
            article.save()
        # What a database that serves readers does by itself now and then; nobody waits for it here.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
