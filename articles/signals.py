"""Changes that reach an article without a save of it: what it is filed under has another name."""

from typing import Any

from django.db.models.signals import post_save, pre_delete
from django.dispatch import receiver
from taggit.models import Tag

from articles.models import ArticlePage, ArticleTag, Category
from cms.pipeline.outbox import record


@receiver(post_save, sender=Category)
def category_changed(instance: Category, created: bool, raw: bool, **_kwargs: Any) -> None:
    if not created and not raw:
        record(page_ids=ArticlePage.objects.filter(category=instance).values_list("pk", flat=True))


@receiver(post_save, sender=Tag)
@receiver(pre_delete, sender=Tag)
def tag_changed(instance: Tag, raw: bool = False, **_kwargs: Any) -> None:
    if not raw:
        record(page_ids=ArticleTag.objects.filter(tag=instance).values_list("content_object_id", flat=True))
