"""A reader's search: whatever the engine is and however its index lags, only what the reader may see comes out."""

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from django.conf import settings
from wagtail.models import Page

from cms.pipeline.outbox import unfinished_page_ids
from cms.visibility import public_pages
from search.indexing import ELASTICSEARCH_INDEX
from search.interface import Engine, EngineUnavailable, Facet, Hit, Query, Results, get_database_engine, get_engine

Told = TypeVar("Told")

logger = logging.getLogger(__name__)

# How long a change that Elasticsearch has taken may stay unseen: its index refreshes itself twice a second.
SETTLING = timedelta(seconds=2)
# How often to ask again without the pages that the engine should not have found.
ROUNDS = 3
# Up to here the pages are looked up by their ids; beyond, databases take no more parameters in one statement.
MOST_IDS = 500


@dataclass(frozen=True, kw_only=True)
class Found:
    """A result that the reader may see: the page as it is now, and what the engine says of it."""

    page: Page
    hit: Hit

    @property
    def shows_highlight(self) -> bool:
        """Say whether the highlight says something that no passage says."""
        return bool(self.hit.highlight) and self.hit.highlight not in {passage.text for passage in self.hit.passages}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a search answers.

    `simplified` says that the site's own engine was away and the database answered in its place. `took_ms` is the
    time of the whole search in milliseconds.
    """

    query: Query
    results: Results
    found: tuple[Found, ...]
    engine: str
    simplified: bool
    took_ms: int


def find(query: Query) -> Answer:
    """Answer a reader's question, by the database engine where the other is away."""
    started = time.perf_counter()
    engine, (results, found) = ask(lambda engine: _visible(engine, query))
    return Answer(
        query=query,
        results=results,
        found=found,
        engine=engine.name,
        simplified=bool(settings.ELASTICSEARCH_HOSTS) and engine.name == "database",
        took_ms=round((time.perf_counter() - started) * 1_000),
    )


def ask(question: Callable[[Engine], Told]) -> tuple[Engine, Told]:
    """Put a question to the site's engine, or to the database engine where that is away.

    Returns:
        The engine that answered, and its answer.
    """
    engine = get_engine()
    try:
        return engine, question(engine)
    except EngineUnavailable as error:
        logger.warning("Search is answered by the database: %s", error)
    engine = get_database_engine()
    return engine, question(engine)


def topics(answer: Answer) -> tuple[Facet, ...]:
    """Return the categories of all articles, for readers who found nothing, from the engine that answered them."""
    engine = get_database_engine() if answer.engine == "database" else get_engine()
    try:
        results, _ = _visible(engine, Query(text="", page_size=0))
    except EngineUnavailable:
        return ()
    return results.facets["category"]


def _visible(engine: Engine, query: Query) -> tuple[Results, tuple[Found, ...]]:
    """Search until every hit is a page that the reader may see, so that totals and facets count no other.

    Pages whose change the index has not heard of are left out from the beginning. What no outbox row tells of (a change
    made past Wagtail's signals) shows when the hits are read from the database: the search is then made again without
    it.
    """
    hidden = hidden_pages(engine)
    for _ in range(ROUNDS):
        results = engine.search(query, hidden=hidden)
        found = _read(results)
        if len(found) == len(results.hits):
            break
        seen = {result.page.pk for result in found}
        hidden |= {hit.page_id for hit in results.hits} - seen
    gone = len(results.hits) - len(found)
    return replace(results, total=results.total - gone, hits=tuple(result.hit for result in found)), found


def _read(results: Results) -> tuple[Found, ...]:
    """Return the hits with their pages, in the order of the hits, without those that the reader may not see."""
    pages = public_pages().in_bulk([hit.page_id for hit in results.hits])
    return tuple(Found(page=pages[hit.page_id], hit=hit) for hit in results.hits if hit.page_id in pages)


def hidden_pages(engine: Engine) -> set[int]:
    """Return the pages that the engine may still have although readers may not see them."""
    if engine.name != "elasticsearch":
        return set()  # The database engine looks at the pages themselves.
    changed = unfinished_page_ids(consumer=ELASTICSEARCH_INDEX, settling=SETTLING)
    return changed - _public(changed)


def _public(page_ids: Collection[int]) -> set[int]:
    if not page_ids:
        return set()
    pages = public_pages().order_by()
    if len(page_ids) <= MOST_IDS:
        pages = pages.filter(pk__in=page_ids)
    return set(pages.values_list("pk", flat=True))
