"""Having what failed tried again at once, because somebody who publishes says so."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from wagtail.log_actions import get_active_log_context
from wagtail.models import Page, PageLogEntry

from cms.pipeline.models import WorkQuerySet
from cms.pipeline.rows import Rows, about_pages_of
from cms.users.models import User

LOG_RETRIED = "cms.pipeline.retry"
# SQLite takes only so many parameters in one statement.
ROWS_AT_ONCE = 250


@transaction.atomic
def retry(*, rows: Rows, user: User, now: datetime) -> int:
    """Make those of `rows` that failed due at once, and return how many they are.

    A dead letter begins anew, as when its page is published again. What only waits, or is being tried at this moment,
    is left as it is. The history of each page tells who did it.

    Raises:
        PermissionDenied: One of the rows is about a page that this person may not publish.
    """
    must_be_able_to_retry(rows=rows, user=user)
    retried: dict[int, set[str]] = defaultdict(set)
    count = 0
    for chosen in rows:
        found = _failed(chosen, now=now)
        count += len(found)
        for _pk, page_id, consumer in found:
            retried[page_id].add(consumer)
        for start in range(0, len(found), ROWS_AT_ONCE):
            pks = [pk for pk, _page_id, _consumer in found[start : start + ROWS_AT_ONCE]]
            _make_due(chosen.model._default_manager.filter(pk__in=pks), now=now)
    _write_down(retried, user=user, now=now)
    return count


def must_be_able_to_retry(*, rows: Rows, user: User) -> None:
    """Raise `PermissionDenied` where one of the rows is about a page that this person may not publish."""
    if any(chosen.exclude(about_pages_of(user)).exists() for chosen in rows):
        raise PermissionDenied


def failed(rows: Rows) -> Rows:
    """Return those of the rows that are failing or dead letters."""
    return rows.narrowed(lambda chosen: chosen.filter(finished_at=None, last_failed_at__isnull=False))


def _failed(chosen: QuerySet[Any], *, now: datetime) -> list[tuple[int, int, str]]:
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    rows = chosen.filter(free, finished_at=None, last_failed_at__isnull=False)
    # What somebody else writes at this moment, a worker or a publication, is about to be settled or due anyway.
    return list(rows.select_for_update(skip_locked=True).order_by("pk").values_list("pk", "page_id", "consumer"))


def _make_due(rows: WorkQuerySet[Any], *, now: datetime) -> None:
    rows.filter(dead_at=None).update(due_at=now)
    rows.exclude(dead_at=None).revive(now=now)


def _write_down(retried: dict[int, set[str]], *, user: User, now: datetime) -> None:
    """Add to the history of each page, in few statements however many pages there are."""
    page_ids = sorted(retried)
    for start in range(0, len(page_ids), ROWS_AT_ONCE):
        pages = Page.objects.in_bulk(page_ids[start : start + ROWS_AT_ONCE])
        PageLogEntry.objects.bulk_create(
            PageLogEntry(
                page=page,
                content_type_id=page.content_type_id,
                label=page.get_admin_display_title(),
                action=LOG_RETRIED,
                data={"consumers": sorted(retried[page_id])},
                timestamp=now,
                user=user,
                uuid=get_active_log_context().uuid,
            )
            for page_id, page in pages.items()
        )
