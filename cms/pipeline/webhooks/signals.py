"""Which changes are announced in the transaction that makes them.

The worker looks at every other page that `cms/pipeline/signals.py` records. A restriction that is taken away is left to
it: while a restricted page is deleted, its restriction goes first, and for that moment the page seems public.
"""

from typing import Any

from django.db.models.signals import post_save, pre_delete
from django.dispatch import receiver
from wagtail.models import Page, PageViewRestriction
from wagtail.signals import page_published, page_unpublished, post_page_move

from cms.pipeline.webhooks.announcing import announce, announce_deletion
from cms.visibility import covered_paths


@receiver(page_published)
def published(instance: Page, **_kwargs: Any) -> None:
    announce(page_ids=[instance.pk])


@receiver(page_unpublished)
def unpublished(instance: Page, **_kwargs: Any) -> None:
    # Wagtail says so of a page that is being deleted, too, without a change in the database.
    announce(page_ids=Page.objects.filter(pk=instance.pk, live=False).values_list("pk", flat=True))


@receiver(post_page_move)
def page_moved(instance: Page, **_kwargs: Any) -> None:
    announce(page_ids=_subtree(instance.path))


@receiver(post_save, sender=PageViewRestriction)
def page_restricted(instance: PageViewRestriction, raw: bool, **_kwargs: Any) -> None:
    if raw:
        return
    for path in covered_paths(Page.objects.get(pk=instance.page_id)):
        announce(page_ids=_subtree(path))


@receiver(pre_delete, sender=Page)
def page_deleted(instance: Page, **_kwargs: Any) -> None:
    """Called for each page of a subtree."""
    announce_deletion(page_ids=[instance.pk])


def _subtree(path: str) -> Any:
    return Page.objects.filter(path__startswith=path).values_list("pk", flat=True)
