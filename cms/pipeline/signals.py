"""What counts as a change of a page, and which other pages it changes besides.

Every receiver runs in the transaction of whoever makes the change; if that is rolled back, so is what is recorded
here. `page_slug_changed` is not among the signals: it is sent after the commit, so a crash could lose it. Nothing
tells of `queryset.update()`.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.db.models.functions import Left
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete
from django.dispatch import receiver
from wagtail.models import Page, PageViewRestriction, Site
from wagtail.signals import page_published, page_unpublished, post_page_move

from cms.pipeline.outbox import record
from cms.visibility import covered_paths

# A draft is saved with these fields alone, again and again while somebody writes; no reader sees any of them.
DRAFT_FIELDS = frozenset({"draft_title", "has_unpublished_changes", "latest_revision", "latest_revision_created_at"})
ADDRESS_FIELDS = frozenset({"slug", "url_path"})


@receiver(post_save)
def page_saved(instance: Any, raw: bool, update_fields: frozenset[str] | None, **_kwargs: Any) -> None:
    # Page types are added by rooms that this one does not know, so there is no list of senders to give. What
    # `loaddata` loads may hold the outbox too; the pages that it lacks are found when the index is next compared.
    if raw or not isinstance(instance, Page):
        return
    if update_fields is not None and update_fields <= DRAFT_FIELDS:
        return
    record(page_ids=[instance.pk])
    if update_fields is None or update_fields & ADDRESS_FIELDS:
        record(page_ids=_still_under_the_old_address(instance))


@receiver(page_published)
@receiver(page_unpublished)
def page_publication_changed(instance: Page, **_kwargs: Any) -> None:
    """Record it once more: outside a transaction, tags and other children are written after the page was saved."""
    record(page_ids=[instance.pk])


@receiver(post_page_move)
def page_moved(
    instance: Page, parent_page_before: Page, parent_page_after: Page, url_path_before: str, url_path_after: str,
    **_kwargs: Any,
) -> None:  # fmt: skip
    """Record the whole subtree: the address of each page changed, and perhaps the restrictions it is under."""
    if parent_page_before.pk == parent_page_after.pk and url_path_before == url_path_after:
        return
    record(page_ids=_subtree(instance.path))


@receiver(pre_delete, sender=Page)
def page_deleted(instance: Page, **_kwargs: Any) -> None:
    """Record each deleted page, and its aliases: one of a draft is no reader's business until that draft is gone."""
    aliases = Page.objects.filter(alias_of=instance.pk).values_list("pk", flat=True)
    record(page_ids=[instance.pk, *aliases])


@receiver(post_save, sender=PageViewRestriction)
@receiver(pre_delete, sender=PageViewRestriction)
def restriction_changed(instance: PageViewRestriction, raw: bool = False, **_kwargs: Any) -> None:
    if not raw:
        _record_restricted(Q(pk=instance.page_id))


@receiver(m2m_changed, sender=PageViewRestriction.groups.through)
def restriction_groups_changed(instance: Any, action: str, pk_set: set[int] | None, **_kwargs: Any) -> None:
    """Record what the restrictions cover; the change may come from a restriction's side or from a group's."""
    if isinstance(instance, PageViewRestriction):
        _record_restricted(Q(pk=instance.page_id))
    elif action == "pre_clear":
        _record_restricted(Q(view_restrictions__groups=instance))
    elif pk_set:
        _record_restricted(Q(view_restrictions__in=pk_set))


@receiver(post_save, sender=Site)
@receiver(post_delete, sender=Site)
def site_changed(raw: bool = False, **_kwargs: Any) -> None:
    """Record every page: each may have another address now, or none."""
    if raw:
        return
    record(page_ids=Page.objects.filter(depth__gt=1).values_list("pk", flat=True))


def _record_restricted(which: Q) -> None:
    for page in Page.objects.filter(which):
        for path in covered_paths(page):
            record(page_ids=_subtree(path))


def _subtree(path: str) -> Iterable[int]:
    return Page.objects.filter(path__startswith=path).values_list("pk", flat=True)


def _still_under_the_old_address(page: Page) -> Iterable[int]:
    """Return the descendants to which a changed slug has yet to be passed on; Wagtail does it after this signal."""
    descendants = Page.objects.filter(path__startswith=page.path, depth__gt=page.depth)
    beginning = Left("url_path", len(page.url_path))
    return descendants.alias(beginning=beginning).exclude(beginning=page.url_path).values_list("pk", flat=True)
