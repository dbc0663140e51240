"""Pages whose scheduled publishing or expiry is late: the worker is not there, or it tries and fails."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.contrib.contenttypes.models import ContentType
from django.db.models import CharField
from django.db.models.functions import Cast
from wagtail.models import Page, PageLogEntry
from wagtail.query import PageQuerySet

from cms.pipeline.scheduled import LOG_FAILED, due_revisions, expired, scheduled_models

# A worker looks every two seconds.
PATIENCE = timedelta(seconds=60)
MOST_SHOWN = 50


class Overdue(NamedTuple):
    """A page that should be live, or should not be any more, since `due_at`; `error` is why the last try failed."""

    page: Page
    expires: bool
    due_at: datetime
    error: str


def overdue_pages(pages: PageQuerySet, *, now: datetime) -> list[Overdue]:
    """Return those of the pages that are late, the longest first, at most `MOST_SHOWN` that should be live and as many
    that should not be any more.
    """
    since = now - PATIENCE
    numbers = pages.annotate(number=Cast("pk", CharField())).values("number")
    late = due_revisions(now=since).filter(base_content_type=_page_type(), object_id__in=numbers)
    due = {int(revision.object_id): revision.approved_go_live_at for revision in late[:MOST_SHOWN]}
    over = list(expired(Page, now=since).filter(pk__in=pages.values("pk"))[:MOST_SHOWN])
    found = [
        *((page, False, due[page.pk]) for page in Page.objects.filter(pk__in=due)),
        *((page, True, page.expire_at) for page in over),
    ]
    errors = _errors([page.pk for page, _expires, _due_at in found])
    overdue = [Overdue(page, expires, due_at, _since(due_at, errors.get(page.pk))) for page, expires, due_at in found]
    return sorted(overdue, key=lambda item: (item.due_at, item.page.pk))


def count_overdue(*, now: datetime) -> int:
    """Return how many items are late, pages and others."""
    since = now - PATIENCE
    return due_revisions(now=since).count() + sum(expired(model, now=since).count() for model in scheduled_models())


def _page_type() -> ContentType:
    return ContentType.objects.get_for_model(Page)


def _errors(page_ids: list[int]) -> dict[int, PageLogEntry]:
    """Return page id -> the last failure in its history."""
    entries = PageLogEntry.objects.filter(page__in=page_ids, action=LOG_FAILED).order_by("timestamp", "pk")
    return {entry.page_id: entry for entry in entries}


def _since(due_at: datetime, failure: PageLogEntry | None) -> str:
    """Return what the failure said, unless it is about an earlier time."""
    return str(failure.data["error"]) if failure is not None and failure.timestamp >= due_at else ""
