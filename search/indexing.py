"""Keeping the indexes in line with what is published.

The pipeline calls `refresh_...` for each page that changed; `rebuild` makes an index anew; `check` and `repair`
compare one with the database, because a signal can be lost, and because an index can be.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.conf import settings

from cms.pipeline.consumers import PermanentError, Unavailable
from search.documents import PAGES_AT_ONCE, document_of, documents, searchable_page_ids, version_now
from search.interface import DocumentRefused, Engine, EngineUnavailable, get_database_engine, get_engine
from search.locks import RebuildIsRunning, rebuild_lock

logger = logging.getLogger(__name__)

# Names of the pipeline's consumers.
DATABASE_INDEX = "database_index"
ELASTICSEARCH_INDEX = "elasticsearch_index"

Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class Differences:
    """Ids of pages that an index lacks, has in another state, or has although they are not to be found."""

    missing: tuple[int, ...]
    stale: tuple[int, ...]
    extra: tuple[int, ...]

    @property
    def page_ids(self) -> tuple[int, ...]:
        return (*self.missing, *self.stale, *self.extra)


def refresh_database(page_id: int) -> None:
    """Bring the database engine's index in line with one page."""
    refresh(get_database_engine(), page_id)


def refresh_elasticsearch(page_id: int) -> None:
    """Bring Elasticsearch's index in line with one page.

    Raises:
        Unavailable: The server is away; the outbox keeps the row.
        PermanentError: The server will never take this page.
    """
    try:
        refresh(get_engine(), page_id)
    except EngineUnavailable as error:
        raise Unavailable(str(error)) from error
    except DocumentRefused as error:
        raise PermanentError(str(error)) from error


def refresh(engine: Engine, page_id: int) -> None:
    """Put the page as it is now into the index, or take it out."""
    version = version_now()
    document = document_of(page_id)
    if document is None:
        engine.delete([page_id], version=version)
    else:
        engine.put([document])


def rebuild(engine: Engine, *, progress: Progress = lambda _done, _total: None) -> int:
    """Make the index anew while readers use the old one, and return the number of pages that were read.

    What is published meanwhile is written to both. A page that changes between being read for the new index and being
    written there is settled by the versions, and one that disappears then is found by the comparison at the end.
    Nothing is left to do when this is killed: the next rebuild removes what it left.

    Args:
        progress: Called with the numbers of pages done and in all.

    Raises:
        RebuildIsRunning: Another process is at it.
        EngineUnavailable: The old index stays as it is.
    """
    with rebuild_lock(engine.name):
        with engine.building() as writer:
            page_ids = searchable_page_ids()
            for start in range(0, len(page_ids), PAGES_AT_ONCE):
                progress(start, len(page_ids))
                try:
                    writer.put(list(documents(page_ids[start : start + PAGES_AT_ONCE])))
                except DocumentRefused:
                    # One page keeps no other out: the comparison at the end finds what was not written with it.
                    logger.exception("A page cannot be put into the index %s", engine.name)
        progress(len(page_ids), len(page_ids))
        repair(engine, check(engine))
    return len(page_ids)


def check(engine: Engine, *, published: Mapping[int, str | None] | None = None) -> Differences:
    """Compare an index with what is published, page by page.

    Args:
        published: What `published_hashes` returned, where it was asked already.

    Raises:
        EngineUnavailable: There is no index to compare.
    """
    there = engine.content_hashes()
    suspects = _differences(published_hashes() if published is None else published, there).page_ids
    if not suspects:
        return Differences(missing=(), stale=(), extra=())
    # Something may have been published or indexed while this was looking, so the suspects get a second look.
    there = engine.content_hashes(suspects)
    return _differences(published_hashes(suspects), there)


def published_hashes(page_ids: Iterable[int] | None = None) -> dict[int, str | None]:
    """Return page id -> content hash of what is to be in an index, None for a page that cannot be read."""
    public = searchable_page_ids()
    if page_ids is not None:
        public = sorted(set(page_ids).intersection(public))
    hashes: dict[int, str | None] = dict.fromkeys(public)
    hashes.update((document.page_id, document.content_hash) for document in documents(public))
    return hashes


def repair(engine: Engine, differences: Differences) -> None:
    """Bring the pages that differ in line. A page that cannot be read is logged, and the others go on.

    Raises:
        EngineUnavailable
    """
    for page_id in differences.page_ids:
        try:
            refresh(engine, page_id)
        except EngineUnavailable:
            raise
        except Exception:  # whatever is wrong with one page, the others are repaired
            logger.exception("Page %s cannot be repaired in the index %s", page_id, engine.name)


def reconcile() -> None:
    """Compare every index that the site has with what is published, and repair it."""
    published = published_hashes()
    for engine in engines():
        try:
            differences = check(engine, published=published)
            if differences.page_ids:
                logger.info("The index %s is repaired: %s", engine.name, differences)
                repair(engine, differences)
        except EngineUnavailable as error:
            logger.warning("The index %s cannot be compared: %s", engine.name, error)


def make_missing() -> None:
    """Make every index anew that is missing or was made by another version of this code."""
    for engine in engines():
        try:
            if not engine.is_ready():
                logger.info("The index %s is made anew: it is missing or of another make", engine.name)
                rebuild(engine)
        except (EngineUnavailable, RebuildIsRunning) as error:
            logger.warning("The index %s cannot be made: %s", engine.name, error)


def engines() -> list[Engine]:
    """Return the engines whose index the site keeps; the database's is there for when the server is away."""
    return [get_database_engine(), *([get_engine()] if settings.ELASTICSEARCH_HOSTS else [])]


def _differences(published: Mapping[int, str | None], there: Mapping[int, str]) -> Differences:
    both = published.keys() & there.keys()
    return Differences(
        missing=tuple(sorted(published.keys() - both)),
        stale=tuple(sorted(page_id for page_id in both if published[page_id] not in {None, there[page_id]})),
        extra=tuple(sorted(there.keys() - both)),
    )
