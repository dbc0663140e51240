"""What the pipeline still has to do about pages, as far as somebody who publishes may know of it."""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet
from wagtail.models import Page
from wagtail.permissions import policy_registry
from wagtail.query import PageQuerySet

from cms.pipeline.consumers import consumers, event_consumers
from cms.pipeline.models import Event, PageChange
from cms.users.models import User


class Rows(NamedTuple):
    """A choice of rows. Mail and other events that are about no page are never among them."""

    changes: QuerySet[PageChange]
    events: QuerySet[Event]

    def narrowed(self, choose: Callable[[QuerySet[Any]], QuerySet[Any]]) -> "Rows":
        return Rows(changes=choose(self.changes), events=choose(self.events))


def may_publish_somewhere(user: User) -> bool:
    return bool(policy_registry.get_by_type(Page).user_has_permission(user, "publish"))


def publishable_pages(user: User) -> PageQuerySet:
    return policy_registry.get_by_type(Page).instances_user_has_permission_for(user, "publish")


def about_pages_of(user: User) -> Q:
    """What is about pages that this person may publish, or about pages that are gone: those are everybody's."""
    if not may_publish_somewhere(user):
        return Q(pk__in=[])
    gone = ~Exists(Page.objects.filter(pk=OuterRef("page_id")))
    return Q(page_id__isnull=False) & (Q(page_id__in=publishable_pages(user).values("pk")) | Q(gone))


def unfinished_rows(*, user: User) -> Rows:
    """Return what is waiting, failing or a dead letter and is this person's business."""
    return Rows(
        changes=_unfinished(PageChange.objects.filter(consumer__in=list(consumers)), user=user),
        events=_unfinished(Event.objects.filter(consumer__in=list(event_consumers)), user=user),
    )


def _unfinished(rows: QuerySet[Any], *, user: User) -> QuerySet[Any]:
    return rows.filter(about_pages_of(user), finished_at=None)
