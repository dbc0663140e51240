"""What a search engine is to the rest of the site: what it is asked, what it answers, how its index is kept."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from django.conf import settings

from cms.searchable import Label, Section

# An engine counts all results but hands out these only; beyond them a reader is helped by a narrower question.
MAX_RESULTS = 1_000

Confidence = Literal["high", "low"]


class EngineUnavailable(Exception):  # noqa: N818 - the state of a server, not a mistake
    """The engine cannot answer now: it is away, too slow, overloaded, or has no index yet. Trying later may work."""


class DocumentRefused(Exception):  # noqa: N818 - says what happened
    """The engine will never take these documents as they are; `reasons` has page id -> what it says."""

    def __init__(self, reasons: Mapping[int, str]) -> None:
        super().__init__("; ".join(f"Page {page_id}: {reason}" for page_id, reason in reasons.items()))
        self.reasons = dict(reasons)


@dataclass(frozen=True, kw_only=True)
class Document:
    """A page as it stands in an index; an engine replaces it as a whole.

    `version` is when the page was read from the database, in microseconds since 1970; see `search.documents`.
    `content_hash` is the same for the same content, whenever it was read.
    """

    page_id: int
    version: int
    title: str
    summary: str
    category: Label | None
    tags: tuple[Label, ...]
    sections: tuple[Section, ...]
    published_at: datetime | None
    expire_at: datetime | None
    content_hash: str


@dataclass(frozen=True, kw_only=True)
class Concept:
    """One thing that the reader asks about.

    Args:
        words: The reader's words for it, lower-case and without accents; several where they stand for one thing
            together, like "low supply".
        alternatives: Other wordings that mean the same.
        is_phrase: The reader put it in quotation marks, so the words count only next to each other.
    """

    words: tuple[str, ...]
    alternatives: tuple[tuple[str, ...], ...] = ()
    is_phrase: bool = False


@dataclass(frozen=True, kw_only=True)
class Query:
    """A reader's question; `search.parsing.parse` makes it from what was typed.

    No text and no concepts asks for everything, newest first. A text without concepts (nothing but punctuation) finds
    nothing. `category` and `tag` are values of labels; empty means any.
    """

    text: str
    concepts: tuple[Concept, ...] = ()
    category: str = ""
    tag: str = ""
    page: int = 1
    page_size: int = 10

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.page_size


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A section that answers. `text` is HTML: escaped, with the found words in <mark>. `heading` is plain text."""

    heading: str
    anchor: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A page that was found. `highlight` is HTML: its most telling lines, escaped, with the found words in <mark>."""

    page_id: int
    score: float
    highlight: str
    category: Label | None
    tags: tuple[Label, ...]
    passages: tuple[Passage, ...]


@dataclass(frozen=True, kw_only=True)
class Facet:
    """How many pages a reader would find under this value, all else in the question being equal."""

    value: str
    label: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Results:
    """What an engine answers.

    `facets` has the keys "category" and "tag"; the counts of each ignore the question's own choice in it.
    `did_you_mean` is the question spelled as the site's articles spell it, where that differs; the results are then
    those of `did_you_mean`. `confidence` is "low" when no page has more than half of what was asked about.
    """

    total: int = 0
    hits: tuple[Hit, ...] = ()
    facets: Mapping[str, tuple[Facet, ...]] = field(default_factory=lambda: {"category": (), "tag": ()})
    did_you_mean: str = ""
    confidence: Confidence = "high"


class Headline(NamedTuple):
    """A title or heading that fits what a reader is typing. A title has no anchor."""

    page_id: int
    text: str
    anchor: str
    is_title: bool


class Entry(NamedTuple):
    """What an index has of a page: see `Document`. The hash is empty where the page was taken out."""

    version: int
    content_hash: str


class Index(Protocol):
    """Something that documents are put into."""

    name: str

    def put(self, documents: Sequence[Document]) -> None:
        """Add the documents, or replace those that are there, unless what is there was read later.

        Raises:
            EngineUnavailable: Some may not have been taken; putting all of them again does no harm.
            DocumentRefused: Some can never be taken; the others have been.
        """

    def delete(self, page_ids: Collection[int], *, version: int) -> None:
        """Take pages out, unless what is there was read later than `version`. Raises as `put` does."""

    def entries(self, page_ids: Iterable[int] | None = None) -> dict[int, Entry]:
        """Return page id -> what the index has of it. With `page_ids`, of these only, taken out or not.

        Raises:
            EngineUnavailable
        """


class NewIndex(Index, Protocol):
    """An index that readers do not see yet. It may take documents in the background, until it is settled."""

    def settle(self) -> None:
        """Wait until all that was put is there and can be read. Raises as `put` does."""

    def switch(self) -> None:
        """Put it in the place of the old index, in one step.

        Raises:
            EngineUnavailable
        """


class Engine(Index, Protocol):
    def search(self, query: Query, *, hidden: Collection[int] = ()) -> Results:
        """Answer a question; pages in `hidden` are neither found nor counted.

        Raises:
            EngineUnavailable: Within two seconds.
        """

    def suggest(self, words: Sequence[str], *, limit: int, hidden: Collection[int] = ()) -> Sequence[Headline]:
        """Return titles and headings that have all the words, those of pages in `hidden` left out, the best first.

        Args:
            words: At least one, as `search.words.words` returns them. A headline has an earlier one in any inflection,
                and a word that begins as the last one, which the reader may still be typing.
            limit: About how many: so many headlines, or those of so many pages.

        Raises:
            EngineUnavailable: Within two seconds.
        """

    def is_ready(self) -> bool:
        """Say whether there is an index, made as this code would make it now.

        Raises:
            EngineUnavailable
        """

    def building(self) -> AbstractContextManager[NewIndex]:
        """Open a new index that readers do not see yet, after removing what was left of others.

        What is put into the engine meanwhile goes to both. When the block ends without having switched to the new
        index, that is gone and the old one stays.

        Raises:
            EngineUnavailable
        """

    def leftovers(self) -> list[str]:
        """Return the names of indices that readers do not use: one that is being made, or what is left of such.

        Raises:
            EngineUnavailable
        """

    def remove_leftovers(self) -> None:
        """Delete them. Whoever calls it holds `search.locks.rebuild_lock`, so that nobody is making one of them.

        Raises:
            EngineUnavailable
        """


def get_database_engine() -> Engine:
    """Return the engine that needs no server but the site's database."""
    from search.engines.database import DatabaseEngine  # noqa: PLC0415 - the engines import this module

    return DatabaseEngine()


def get_engine() -> Engine:
    """Return the engine that readers use: Elasticsearch where the site has one, else the database."""
    if not settings.ELASTICSEARCH_HOSTS:
        return get_database_engine()
    from search.engines.elasticsearch import ElasticsearchEngine  # noqa: PLC0415 - needs the client only here

    return ElasticsearchEngine()
