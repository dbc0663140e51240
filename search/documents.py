"""A page becomes a document, or nothing: the only judge of what readers can search.

It reads the database anew each time and goes through `public_pages()`, so whoever calls it late or twice gets what is
true now.

Every document carries as its version the time, in microseconds, at which reading it began. An engine keeps the
document with the highest version, so writers that overtake each other leave the index right whatever their order: what
was read later is at least as new as what was read earlier. (A commit that falls between the two has its own row in the
outbox, and that page is read once more.)
"""

import hashlib
import json
import logging
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from django.db.models import prefetch_related_objects
from wagtail.models import Page, get_page_models
from wagtail.query import PageQuerySet

from cms.searchable import Label, Searchable, Section
from cms.visibility import public_pages
from search.interface import Document
from search.parsing import printable

logger = logging.getLogger(__name__)

PAGES_AT_ONCE = 100
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def version_now() -> int:
    """Return the version of a document whose reading begins at this moment."""
    return time.time_ns() // 1_000


def searchable_pages() -> PageQuerySet:
    """Return the pages that are to be in an index."""
    types = [model for model in get_page_models() if issubclass(model, Searchable)]
    return public_pages().type(*types) if types else Page.objects.none()


def searchable_page_ids() -> list[int]:
    """Return the ids of the pages that are to be in an index, in order."""
    return list(searchable_pages().order_by("pk").values_list("pk", flat=True))


def publication_times() -> dict[int, int]:
    """Return id -> when it was last published, in microseconds since 1970, of the pages that are to be in an index.

    A page that was never published by a revision, but saved as it is, has 0.
    """
    times = searchable_pages().order_by("pk").values_list("pk", "last_published_at")
    return {page_id: 0 if time is None else (time - EPOCH) // MICROSECOND for page_id, time in times}


def document_of(page_id: int) -> Document | None:
    """Return the document of a page; None where the page must not be in an index."""
    version = version_now()
    page = searchable_pages().filter(pk=page_id).specific().first()
    return None if page is None else _document(page, version=version)


def documents(page_ids: Sequence[int]) -> Iterator[Document]:
    """Yield the documents of those of the pages that are to be in an index, with few queries for many pages.

    A page that cannot be read is logged and left out, so that it does not keep all others out of the index.
    """
    for start in range(0, len(page_ids), PAGES_AT_ONCE):
        version = version_now()
        for page in _pages(page_ids[start : start + PAGES_AT_ONCE]):
            try:
                document = _document(page, version=version)
            except Exception:  # whatever is wrong with one page, the others go on
                logger.exception("Page %s cannot be made searchable", page.pk)
                continue
            yield document


def _pages(page_ids: Sequence[int]) -> list[Page]:
    pages: list[Page] = list(searchable_pages().filter(pk__in=page_ids).specific())
    for model in {type(page) for page in pages}:
        # A type may name the relations that its search_category() and search_tags() read.
        related: Sequence[str] = getattr(model, "search_prefetch", ())
        prefetch_related_objects([page for page in pages if type(page) is model], *related)
    return pages


def _document(page: Page, *, version: int) -> Document:
    offered = cast("Searchable", page)
    category = offered.search_category()
    content: dict[str, Any] = {
        "title": _clean(page.title),
        "summary": _clean(offered.search_summary()),
        "category": None if category is None else _label(category),
        "tags": tuple(_label(tag) for tag in offered.search_tags()),
        "sections": tuple(Section(*map(_clean, section)) for section in offered.search_sections()),
        "published_at": page.first_published_at,
        "expire_at": page.expire_at,
    }
    return Document(page_id=page.pk, version=version, content_hash=_hash(content), **content)


def _label(label: Label) -> Label:
    return Label(_clean(label.value), _clean(label.label))


def _clean(text: str) -> str:
    """Return a text without control and private characters, which the engines use for marks of their own."""
    return printable(text).strip()


def _hash(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, default=str, sort_keys=True).encode()).hexdigest()
