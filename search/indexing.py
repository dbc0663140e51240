"""Keeping the indexes in line with what is published.

The pipeline calls `refresh_...` for each page that changed; `rebuild` makes an index anew; `check` and `repair`
compare one with the database, because a signal can be lost, and because an index can be.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone

from cms.pipeline.consumers import PermanentError, Unavailable
from search.documents import (
    PAGES_AT_ONCE,
    document_of,
    documents,
    publication_times,
    searchable_page_ids,
    version_now,
)
from search.interface import (
    DocumentRefused,
    Engine,
    EngineUnavailable,
    Entry,
    Index,
    NewIndex,
    get_database_engine,
    get_engine,
)
from search.locks import RebuildIsRunning, rebuild_lock
from search.models import Outage

logger = logging.getLogger(__name__)

# Names of the pipeline's consumers.
DATABASE_INDEX = "database_index"
ELASTICSEARCH_INDEX = "elasticsearch_index"


# The hash of a page whose content cannot be read: no index can be shown to have it.
UNREADABLE = "unreadable"


class Step(StrEnum):
    """The steps of a rebuild, in their order. Killed at any of them, it can be started again."""

    CREATE = "create"
    FILL = "fill"
    REFRESH = "refresh"
    CATCH_UP = "catch up"
    SWITCH = "switch"
    CLEAN_UP = "clean up"


# Called as each step begins, and on the way through FILL, with the numbers of pages done and in all.
Progress = Callable[[Step, int, int], None]


class Published(NamedTuple):
    """What an index is to have of a page. A document that was read before `since` has not seen its last publication.

    `since` is in microseconds since 1970; the hash is empty where the page's content is not asked for.
    """

    since: int
    content_hash: str


@dataclass(frozen=True, kw_only=True)
class Differences:
    """Ids of pages that an index lacks, has in another state, or has although they are not to be found."""

    missing: tuple[int, ...] = ()
    stale: tuple[int, ...] = ()
    extra: tuple[int, ...] = ()

    @property
    def page_ids(self) -> tuple[int, ...]:
        return (*self.missing, *self.stale, *self.extra)


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """How many pages were read for a new index, and page id -> why the engine will not take it."""

    pages: int
    refused: Mapping[int, str]


def refresh_database(page_id: int) -> None:
    """Bring the database engine's index in line with one page."""
    refresh(get_database_engine(), page_id)


def refresh_elasticsearch(page_id: int) -> None:
    """Bring Elasticsearch's index in line with one page.

    Raises:
        Unavailable: The server is away, or its index is to be made anew; the outbox keeps the row.
        PermanentError: The server will never take this page.
    """
    engine = get_engine()
    try:
        refresh(engine, page_id)
    except EngineUnavailable as error:
        _note_outage(engine)
        raise Unavailable(str(error)) from error
    except DocumentRefused as error:
        if not _is_ready(engine):
            raise Unavailable(f"The index is of another make. {error}") from error
        _take_out(engine, page_id)
        raise PermanentError(str(error)) from error


def _take_out(engine: Engine, page_id: int) -> None:
    """Remove what was indexed of a page before: an editor may have taken out of it what readers would still find."""
    try:
        engine.delete([page_id], version=version_now())
    except EngineUnavailable as error:
        raise Unavailable(str(error)) from error
    except DocumentRefused as error:
        logger.error("The index %s lets page %s not be taken out: %s", engine.name, page_id, error)


def refresh(index: Index, page_id: int, *, after: int = 0) -> None:
    """Put the page as it is now into the index, or take it out.

    Args:
        after: A version that the page has there, and that this is to replace even if it lies in the future.
    """
    version = max(version_now(), after + 1)
    document = document_of(page_id)
    if document is None:
        index.delete([page_id], version=version)
    else:
        index.put([replace(document, version=max(document.version, version))])


def rebuild(engine: Engine, *, progress: Progress = lambda _step, _done, _total: None) -> Rebuilt:
    """Make the index anew while readers use the old one.

    What is published meanwhile is written to both. A page that changes between being read for the new index and being
    written there is settled by the versions. Before readers get the new index, its ids and versions are compared with
    what is published, and mended. Nothing is left to do when this is killed: the next rebuild removes what it left, and
    so does the worker.

    Args:
        progress: Told how far it is.

    Raises:
        RebuildIsRunning: Another process is at it.
        EngineUnavailable: Readers go on with the index that they had.
    """
    with rebuild_lock(engine.name):
        progress(Step.CREATE, 0, 0)
        with engine.building() as new:
            page_ids = searchable_page_ids()
            for start in range(0, len(page_ids), PAGES_AT_ONCE):
                progress(Step.FILL, start, len(page_ids))
                new.put(list(documents(page_ids[start : start + PAGES_AT_ONCE])))
            progress(Step.FILL, len(page_ids), len(page_ids))
            progress(Step.REFRESH, 0, 0)
            refused = _settle(new)
            progress(Step.CATCH_UP, 0, 0)
            differences = check(new, published=published_pages(with_content=False))
            repair(new, differences)
            refused |= _settle(new)
            progress(Step.SWITCH, 0, 0)
            new.switch()
        progress(Step.CLEAN_UP, 0, 0)
        engine.remove_leftovers()
    return Rebuilt(pages=len(page_ids), refused=refused)


def _settle(new: NewIndex) -> dict[int, str]:
    """Return page id -> why the index will not take it: one page keeps no other out."""
    try:
        new.settle()
    except DocumentRefused as refused:
        logger.error("The index %s takes some pages never: %s", new.name, refused)
        return refused.reasons
    return {}


def check(index: Index, *, published: Mapping[int, Published] | None = None) -> Differences:
    """Compare an index with what is published, page by page: ids, versions and content.

    Args:
        published: What `published_pages` returned, where it was asked already.

    Raises:
        EngineUnavailable: There is no index to compare.
    """
    there = index.entries()
    suspects = _differences(published_pages() if published is None else published, there).page_ids
    if not suspects:
        return Differences()
    # Something may have been published or indexed while this was looking, so the suspects get a second look.
    there = {page_id: entry for page_id, entry in index.entries(suspects).items() if entry.content_hash}
    return _differences(published_pages(suspects), there)


def published_pages(page_ids: Iterable[int] | None = None, *, with_content: bool = True) -> dict[int, Published]:
    """Return page id -> what is to be in an index, of `page_ids` only where they are given.

    Args:
        with_content: Read the content too, which takes about as long as showing every page.
    """
    since = publication_times()
    if page_ids is not None:
        since = {page_id: since[page_id] for page_id in sorted(set(page_ids).intersection(since))}
    if not with_content:
        return {page_id: Published(time, "") for page_id, time in since.items()}
    hashes = {document.page_id: document.content_hash for document in documents(list(since))}
    return {page_id: Published(time, hashes.get(page_id, UNREADABLE)) for page_id, time in since.items()}


def repair(index: Index, differences: Differences) -> None:
    """Bring the pages that differ in line, and no others. A page that cannot be read is logged, and the rest go on.

    What is there may be of a later time than this machine's, after a clock went wrong: it is replaced all the same.

    Raises:
        EngineUnavailable
    """
    there = index.entries(differences.page_ids)
    for page_id in differences.page_ids:
        try:
            refresh(index, page_id, after=there[page_id].version if page_id in there else 0)
        except EngineUnavailable:
            raise
        except Exception:  # whatever is wrong with one page, the others are repaired
            logger.exception("Page %s cannot be repaired in the index %s", page_id, index.name)


def reconcile() -> None:
    """Compare every index that the site has with what is published, and repair it."""
    published = published_pages()
    for engine in engines():
        _reconcile(engine, published=published)


def reconcile_after_outage() -> None:
    """Compare and repair the index of every server that was away and answers again."""
    for outage in Outage.objects.all():
        for engine in engines():
            if engine.name == outage.engine and _is_ready(engine) and _reconcile(engine):
                # Unless it was away once more meanwhile.
                Outage.objects.filter(pk=outage.pk, seen_at=outage.seen_at).delete()


def _reconcile(engine: Engine, *, published: Mapping[int, Published] | None = None) -> bool:
    """Compare and repair one index, and say whether that was possible."""
    try:
        differences = check(engine, published=published)
        if differences.page_ids:
            logger.info("The index %s is repaired: %s", engine.name, differences)
            repair(engine, differences)
    except EngineUnavailable as error:
        logger.warning("The index %s cannot be compared: %s", engine.name, error)
        _note_outage(engine)
        return False
    return True


def make_missing() -> None:
    """Make every index anew that is missing or was made by another version of this code, and remove what a killed
    rebuild left.
    """
    for engine in engines():
        try:
            if not engine.is_ready():
                logger.info("The index %s is made anew: it is missing or of another make", engine.name)
                rebuild(engine)
            elif engine.leftovers():
                with rebuild_lock(engine.name):
                    engine.remove_leftovers()
        except EngineUnavailable as error:
            logger.warning("The index %s cannot be made: %s", engine.name, error)
            _note_outage(engine)
        except RebuildIsRunning as error:
            logger.info("%s", error)


def _note_outage(engine: Engine) -> None:
    """Write down that the server was away, so that its index is compared when it answers again, by any worker."""
    Outage.objects.update_or_create(engine=engine.name, defaults={"seen_at": timezone.now()})


def _is_ready(engine: Engine) -> bool:
    try:
        return engine.is_ready()
    except EngineUnavailable:
        return False


def engines() -> list[Engine]:
    """Return the engines whose index the site keeps; the database's is there for when the server is away."""
    return [get_database_engine(), *([get_engine()] if settings.ELASTICSEARCH_HOSTS else [])]


def _differences(published: Mapping[int, Published], there: Mapping[int, Entry]) -> Differences:
    both = published.keys() & there.keys()
    return Differences(
        missing=tuple(sorted(published.keys() - both)),
        stale=tuple(sorted(page_id for page_id in both if _is_stale(there[page_id], published[page_id]))),
        extra=tuple(sorted(there.keys() - both)),
    )


def _is_stale(entry: Entry, published: Published) -> bool:
    return entry.version < published.since or published.content_hash not in {"", entry.content_hash}
