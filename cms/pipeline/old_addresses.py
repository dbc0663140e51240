"""Old addresses lead to the page also where the process dies right after a slug was changed.

Wagtail makes the redirects once the change is committed, so a crash in between would lose them for good. The outbox has
them made once more, which changes nothing where they are there.
"""

from typing import Any

from django.db import transaction
from django.db.models.signals import post_save, pre_save
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _
from wagtail.contrib.redirects.signal_handlers import autocreate_redirects_on_page_move
from wagtail.models import Page

from cms.pipeline.consumers import event_consumers
from cms.pipeline.labels import ConsumerLabel
from cms.pipeline.models import Event
from cms.pipeline.outbox import record, record_event

CONSUMER = "redirects"
LABEL = ConsumerLabel(
    name=_("Old addresses"),
    done=_("old addresses lead here"),
    waiting=_("old addresses do not lead here yet"),
    failed=_("old addresses do not lead here"),
)


@receiver(pre_save)
def remember_address(instance: Any, raw: bool, update_fields: frozenset[str] | None, **_kwargs: Any) -> None:
    if raw or not isinstance(instance, Page) or instance.pk is None:
        return
    if update_fields is None or "slug" in update_fields:
        old = Page.objects.filter(pk=instance.pk).exclude(slug=instance.slug)
        instance._address_before = old.values_list("url_path", flat=True).first()


@receiver(post_save)
def record_old_address(instance: Any, **_kwargs: Any) -> None:
    old = getattr(instance, "_address_before", None)
    if old is None or CONSUMER not in event_consumers:
        return
    del instance._address_before
    record_event(consumer=CONSUMER, key=f"page {instance.pk}", event="moved", payload={"page": instance.pk, "old": old})


def redirect_old_addresses(event: Event) -> None:
    """Make the redirects from where a page and those below it were before its slug changed."""
    page = Page.objects.filter(pk=event.payload["page"]).first()
    if page is None:
        return
    with transaction.atomic():
        autocreate_redirects_on_page_move(page, url_path_before=event.payload["old"], url_path_after=page.url_path)
        # Lists of redirects were kept without them.
        record(page_ids=[page.pk])
