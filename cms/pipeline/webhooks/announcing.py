"""What receivers are told: the difference between what they know of a page and what anyone may see of it.

It is taken in the transaction of whoever publishes, unpublishes, moves, restricts or deletes, so that each of these is
an event of its own with what was true then; and once more by the worker for every page that changed in any way, so that
what no signal told of at the right moment is told too. Both write down the events and what receivers know by them
together, with the page's row locked: nothing is told twice, or in another order than it happened.
"""

import uuid
from collections.abc import Iterable, Iterator
from collections.abc import Set as AnySet
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone
from wagtail.models import Page

from cms.pipeline.models import Event
from cms.pipeline.outbox import batches, new_event
from cms.pipeline.webhooks.models import CONSUMER as WEBHOOKS
from cms.pipeline.webhooks.models import NEWS, Announced, Endpoint, Kind
from cms.visibility import public_pages

# The consumer of pages in the worker.
CONSUMER = "announcements"

Payload = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """Something that became of a page, and what of it is sent."""

    kind: Kind
    page_id: int
    data: Payload


@dataclass(frozen=True)
class Shown:
    """A page that anyone may see, and where."""

    page: Page
    url: str

    def type(self) -> str:
        """Return the type of the page as the API names it: "articles.ArticlePage"."""
        model = ContentType.objects.get_for_id(self.page.content_type_id).model_class()
        return model._meta.label if model else ""

    def data(self) -> Payload:
        return {
            "id": self.page.pk,
            "type": self.type(),
            "url": self.url,
            "title": self.page.title,
            "slug": self.page.slug,
            "first_published_at": _moment(self.page.first_published_at),
            "last_published_at": _moment(self.page.last_published_at),
            "revision": self.page.live_revision_id,
        }


# What is said of a page that is hidden, or hidden by now: what a receiver needs to forget it.
DATA_OF_HIDDEN_PAGE = frozenset({"id", "type", "url", "previous_url"})


def announce_page(page_id: int) -> None:
    announce(page_ids=[page_id])


def announce(*, page_ids: Iterable[int]) -> None:
    """Write down for every endpoint what has become of these pages since they were last announced."""
    for some_ids in batches(page_ids):
        with transaction.atomic():
            known = _locked(some_ids)
            public = _public(some_ids)
            _tell(known, public)


def announce_deletion(*, page_ids: Iterable[int]) -> None:
    """Write down for every endpoint that these pages are being deleted, while they are still there."""
    for some_ids in batches(page_ids):
        with transaction.atomic():
            known = _locked(some_ids)
            _tell(known, {}, deleted=set(some_ids))


def reconcile() -> None:
    """Announce what differs from what was announced, however that came about.

    Pages that were public before there was any webhook are noticed by this too, before somebody could have been told.
    """
    told = {
        row.page_id: (row.url, row.published_at) for row in Announced.objects.exclude(url="").iterator(chunk_size=1000)
    }
    shown = {page.pk: (url, page.last_published_at) for page in public_pages() if (url := page.full_url)}
    announce(page_ids=[page_id for page_id in told.keys() | shown.keys() if told.get(page_id) != shown.get(page_id)])


def _locked(page_ids: list[int]) -> dict[int, Announced]:
    """Return what is known of each page that is or was there, locked until the transaction ends."""
    rows = Announced.objects.filter(page_id__in=page_ids).order_by("page_id")
    missing = set(page_ids) - set(rows.values_list("page_id", flat=True))
    if missing:
        there = Page.objects.filter(pk__in=missing).values_list("pk", flat=True)
        # Another transaction may insert the same; then this waits for it.
        Announced.objects.bulk_create([Announced(page_id=page_id) for page_id in there], ignore_conflicts=True)
    return {row.page_id: row for row in rows.select_for_update()}


def _public(page_ids: list[int]) -> dict[int, Shown]:
    """Return those of the pages that readers find at an address, in the order of the tree."""
    pages = public_pages().filter(pk__in=page_ids).order_by("path")
    return {page.pk: Shown(page, page.full_url) for page in pages if page.full_url}


def _tell(known: dict[int, Announced], public: dict[int, Shown], *, deleted: AnySet[int] = frozenset()) -> None:
    there = set(Page.objects.filter(pk__in=known).values_list("pk", flat=True))
    gone = deleted | (known.keys() - there)
    changes: list[Change] = []
    changed: list[Announced] = []
    # What is hidden first, then what is shown: a section before what is in it.
    for page_id in [*(known.keys() - public.keys()), *(page_id for page_id in public if page_id in known)]:
        row, shown = known[page_id], public.get(page_id)
        if found := list(_changes(row, shown, gone=page_id in gone)):
            changes += found
            changed.append(_remember(row, shown))
    _record(changes)
    Announced.objects.bulk_update(changed, ["page_type", "url", "published_at"])
    if gone:
        Announced.objects.filter(page_id__in=gone).delete()


def _changes(before: Announced, shown: Shown | None, *, gone: bool) -> Iterator[Change]:
    if shown is None:
        if before.url:
            data = {"id": before.page_id, "type": before.page_type, "url": before.url}
            yield Change(Kind.DELETED if gone else Kind.UNPUBLISHED, before.page_id, data)
        return
    if before.url and before.url != shown.url:
        yield Change(Kind.MOVED, before.page_id, shown.data() | {"previous_url": before.url})
    if not before.url or before.published_at != shown.page.last_published_at:
        yield Change(Kind.PUBLISHED, before.page_id, shown.data())


def _remember(row: Announced, shown: Shown | None) -> Announced:
    if shown is not None:
        row.page_type = shown.type()
    row.url = shown.url if shown else ""
    row.published_at = shown.page.last_published_at if shown else None
    return row


def _record(changes: list[Change]) -> None:
    """Write down one event for each change and endpoint that wants to be told."""
    if not changes:
        return
    endpoints = list(Endpoint.objects.filter(active=True))
    now = timezone.now()
    rows = []
    for change in changes:
        # One number for all receivers, and for every attempt to tell them.
        payload = new_payload(kind=change.kind, data=change.data, now=now)
        rows += [
            event_for(endpoint, kind=change.kind, about=str(change.page_id), payload=payload, page_id=change.page_id)
            for endpoint in endpoints
            if change.kind in endpoint.events
        ]
    Event.objects.bulk_create(rows)


def new_payload(*, kind: str, data: Payload, now: datetime) -> Payload:
    message = {"type": str(kind), "timestamp": _moment(now), "data": data}
    return {"id": f"msg_{uuid.uuid4().hex}", "message": message}


def event_for(endpoint: Endpoint, *, kind: str, about: str, payload: Payload, page_id: int | None = None) -> Event:
    """Return the row, not written yet, that has an endpoint told; in order with the others that are about the same."""
    return new_event(
        consumer=WEBHOOKS,
        key=f"{endpoint.pk}:{about}",
        channel=endpoint.channel,
        event=str(kind),
        payload=payload,
        page_id=page_id,
        label=f"{endpoint.name}: {NEWS[kind]}",
    )


def _moment(value: datetime | None) -> str | None:
    return value.isoformat().replace("+00:00", "Z") if value else None
