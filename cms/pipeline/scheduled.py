"""Publishing and expiring what is due, as Wagtail's `publish_scheduled` does, but each item by itself.

There, everything is one run outside a transaction, and one page that fails ends it.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from wagtail.log_actions import log
from wagtail.log_actions import registry as log_registry
from wagtail.models import DraftStateMixin, Page, Revision

logger = logging.getLogger(__name__)

# So long an item that failed is left alone, so that it does not fill the log.
REST_SECONDS = 60

LOG_FAILED = "cms.schedule.fail"
LONGEST_ERROR = 2_000  # characters


class ScheduledPublishing:
    """What is due to go live or to expire, with a memory of what failed a moment ago."""

    def __init__(self) -> None:
        self._rests_until: dict[tuple[str, Any], datetime] = {}

    def run(self) -> None:
        """Publish and unpublish what is due, each item in a transaction of its own.

        Publishing comes first, because unpublishing a page takes its schedule away: what went live and expired again
        while no worker ran goes through both.
        """
        now = timezone.now()
        for revision_id in list(due_revisions(now=now).values_list("pk", flat=True)):
            item = (Revision._meta.label, revision_id)
            self._attempt(partial(publish, revision_id=revision_id, now=now), item=item, now=now)
        for model in scheduled_models():
            for pk in list(expired(model, now=now).values_list("pk", flat=True)):
                self._attempt(partial(expire, model, pk=pk, now=now), item=(model._meta.label, pk), now=now)

    def _attempt(self, act: Callable[[], None], *, item: tuple[str, Any], now: datetime) -> None:
        if self._rests_until.get(item, now) > now:
            return
        try:
            act()
        except Exception as error:  # whatever is wrong with one item, the others go on
            logger.exception("Scheduled publishing of %s %s failed", *item)
            self._rests_until[item] = now + timedelta(seconds=REST_SECONDS)
            self._report(error, item=item)
        else:
            self._rests_until.pop(item, None)

    @staticmethod
    def _report(error: Exception, *, item: tuple[str, Any]) -> None:
        try:
            _tell_editors(error, model_name=item[0], pk=item[1])
        except Exception:  # an item that is so broken that it has no history is in the log of the process all the same
            logger.exception("The failure of %s %s cannot be written into its history", *item)


def due_revisions(*, now: datetime) -> models.QuerySet[Revision]:
    return Revision.objects.filter(approved_go_live_at__lte=now).order_by("approved_go_live_at", "pk")


def expired(model: type[models.Model], *, now: datetime) -> models.QuerySet[Any]:
    return model._default_manager.filter(live=True, expire_at__lte=now).order_by("expire_at", "pk")


def scheduled_models() -> Iterator[type[models.Model]]:
    """Pages, and every other model that can be a draft."""
    yield Page
    for model in apps.get_models():
        if issubclass(model, DraftStateMixin) and not issubclass(model, Page):
            yield model


def _tell_editors(error: Exception, *, model_name: str, pk: Any) -> None:
    """Write the error into the item's history, once and not each time that the same is tried again."""
    found = apps.get_model(model_name)._default_manager.get(pk=pk)
    is_revision = isinstance(found, Revision)
    item = found.base_content_object if is_revision else found
    due_at = found.approved_go_live_at if is_revision else found.expire_at
    words = _in_words(error)
    data = {"error": words, "due_at": due_at.isoformat()}
    entries = log_registry.get_logs_for_instance(item)
    last = entries.filter(action=LOG_FAILED).order_by("-timestamp", "-pk").first()
    if last is None or last.data != data:
        log(item, LOG_FAILED, data=data)


def _in_words(error: Exception) -> str:
    """Return what editors may read of it: what is wrong with the item. Other texts may name the database's host."""
    name = type(error).__name__
    return f"{name}: {error}".replace("\0", "")[:LONGEST_ERROR] if isinstance(error, ValidationError) else name


@transaction.atomic
def publish(*, revision_id: int, now: datetime) -> None:
    """Put a revision live if it is still due; an editor or another worker may have dealt with it meanwhile."""
    revision = due_revisions(now=now).filter(pk=revision_id).first()
    if revision is None:
        return
    # The object first and the revision next, as an editor's own publishing does, so that neither waits for the other.
    model = revision.base_content_type.model_class()
    list(model._default_manager.select_for_update(of=("self",)).filter(pk=revision.object_id))
    if due_revisions(now=now).filter(pk=revision_id).exists():
        revision.publish(log_action="wagtail.publish.scheduled")


@transaction.atomic
def expire(model: type[models.Model], *, pk: Any, now: datetime) -> None:
    """Unpublish an object if it is still live and expired."""
    expired_object = expired(model, now=now).select_for_update(of=("self",)).filter(pk=pk).first()
    if expired_object is not None:
        expired_object.unpublish(set_expired=True, log_action="wagtail.unpublish.scheduled")
