"""Writing down what is to be done about a change, in the transaction of whoever makes it."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from cms.pipeline.consumers import consumers
from cms.pipeline.models import Event, PageChange

# SQLite takes only so many parameters in one statement.
PAGES_AT_ONCE = 250


def record(*, page_ids: Iterable[int]) -> None:
    """Have every consumer of pages look at these pages again, once the caller's transaction is committed.

    Call it for whatever changes what readers see of a page and is not a save of the page itself: a renamed category,
    a changed image. It costs one statement where the pages were recorded before, three where they were not, for each
    `PAGES_AT_ONCE` pages; on PostgreSQL two and five. A dead letter of such a page comes back to life.
    """
    if not consumers:
        return
    for some_ids in batches(page_ids):
        # Where the caller has no transaction, a worker would take a new row before it is told again, and twice.
        with transaction.atomic(savepoint=False):
            if _record_again(some_ids) < len(some_ids) * len(consumers):
                _insert(some_ids)
                # Another transaction may have inserted the same rows first, for what the page was before this one.
                _record_again(some_ids)


def new_event(
    *,
    consumer: str,
    key: str,
    event: str,
    payload: dict[str, Any],
    channel: str = "",
    page_id: int | None = None,
    label: str = "",
) -> Event:
    """Return an event that is not written down yet; for whoever has many, `Event.objects.bulk_create` does that.

    Args:
        key: Events of one key are delivered in the order in which they are recorded; those of different keys do not
            wait for each other.
        payload: Whatever JSON can hold.
        channel: Events of different channels are handled side by side, those of one channel one after the other.
        page_id: The page that it is about, if it is about one: its editors see how the event fares.
        label: What an editor reads of it, at most 300 characters.
    """
    now = timezone.now()
    return Event(
        consumer=consumer, key=key, event=event, payload=payload, channel=channel, page_id=page_id, label=label,
        waiting_since=now, due_at=now,
    )  # fmt: skip


def record_event(
    *,
    consumer: str,
    key: str,
    event: str,
    payload: dict[str, Any],
    channel: str = "",
    page_id: int | None = None,
    label: str = "",
) -> Event:
    """Have one consumer told of an event, once the caller's transaction is committed; `new_event` says what of."""
    row = new_event(
        consumer=consumer, key=key, event=event, payload=payload, channel=channel, page_id=page_id, label=label
    )
    row.save()
    return row


def unfinished_page_ids(*, consumer: str, settling: timedelta = timedelta()) -> set[int]:
    """Return the pages whose last change this consumer has not handled yet: waiting, held, failing or dead.

    Pages that it handled less than `settling` ago count among them: what was written may take as long to show.
    """
    unsettled = Q(finished_at=None) | Q(finished_at__gt=timezone.now() - settling)
    return set(PageChange.objects.filter(unsettled, consumer=consumer).values_list("page_id", flat=True))


def batches(page_ids: Iterable[int]) -> Iterator[list[int]]:
    """Yield each of the numbers once, in order, no more at a time than a statement takes."""
    remaining = iter(sorted(set(page_ids)))
    while batch := list(islice(remaining, PAGES_AT_ONCE)):
        yield batch


def _record_again(page_ids: list[int]) -> int:
    now = timezone.now()
    rows = PageChange.objects.filter(consumer__in=list(consumers), page_id__in=page_ids)
    rows.lock()
    return rows.revive(now=now, version=F("version") + 1)


def _insert(page_ids: list[int]) -> None:
    now = timezone.now()
    rows = [
        PageChange(consumer=consumer, page_id=page_id, waiting_since=now, due_at=now)
        for page_id in page_ids
        for consumer in sorted(consumers)
    ]
    PageChange.objects.bulk_create(rows, ignore_conflicts=True)
