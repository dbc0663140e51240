"""The engine that needs no server but the site's database, SQLite or PostgreSQL.

Cutting, folding, stemming, synonyms, spelling, passages and highlights are done here, in the same way for both. The
database finds and weighs rows; how each does it is in `search.engines.sqlite` and `search.engines.postgresql`.

What is found is joined with `public_pages()` in the same statement, so results, totals, facets and corrections are
exact at the moment of the search, whatever the state of the index.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from heapq import nsmallest
from html import escape
from operator import or_
from types import ModuleType
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet
from django.db.models.functions import Length

from cms.searchable import Label
from cms.visibility import public_pages
from search import ranking
from search.engines import postgresql, sqlite
from search.engines.probes import Probe, StemColumns
from search.interface import Concept, Document, Entry, Facet, Headline, Hit, NewIndex, Passage, Query, Results
from search.labels import pack, unpack
from search.marking import Stems, excerpt, find, mark
from search.models import SearchDocument, SearchHeadlineWord, SearchPassage, SearchWord
from search.parsing import STOP_WORDS
from search.spelling import SHORTEST_WORD, mistakes_allowed, search_as_meant
from search.words import stem, stems, words

PASSAGES_PER_HIT = 3
MOST_FACETS = 50
MOST_IDS = 500  # in one statement

FOUND_PAGES = """
WITH hits (concept, page_id, score) AS MATERIALIZED ({hits}),
best AS (SELECT concept, page_id, MAX(score) AS score FROM hits GROUP BY concept, page_id),
found AS (
    SELECT page_id, SUM(score) AS score,
           SUM(CASE WHEN concept >= 0 THEN CAST(1 AS bigint) << concept ELSE 0 END) AS concepts
    FROM best GROUP BY page_id
)
SELECT found.page_id, found.score, found.concepts, document.category, document.tags
FROM found JOIN search_searchdocument document ON document.page_id = found.page_id
WHERE found.page_id IN ({public})
"""


class Row(NamedTuple):
    """A page that was found: `concepts` has a bit for each concept that the page has."""

    page_id: int
    score: float
    concepts: int
    category: str
    tags: str

    def has(self, *, category: str = "", tag: str = "") -> bool:
        return (not category or any(label.value == category for label in unpack(self.category))) and (
            not tag or any(label.value == tag for label in unpack(self.tags))
        )


class DatabaseEngine:
    name = "database"

    def search(self, query: Query, *, hidden: Collection[int] = ()) -> Results:
        if not query.text:
            return _results(query, _all_rows(hidden), asked=0)
        if not query.concepts:
            return Results(confidence="low")
        return search_as_meant(
            query,
            search=lambda asked: _search(asked, hidden=hidden),
            similar=_similar_words,
            count=lambda concepts: _count(concepts, hidden=hidden),
        )

    def suggest(self, words: Sequence[str], *, limit: int, hidden: Collection[int] = ()) -> Sequence[Headline]:
        return list(_headlines(words, limit=limit, hidden=hidden))

    def put(self, documents: Sequence[Document]) -> None:
        if not documents:
            return
        with transaction.atomic():
            _dialect().lock()
            _write(_newer(documents))

    def delete(self, page_ids: Collection[int], *, version: int) -> None:
        with transaction.atomic():
            _dialect().lock()
            old = SearchDocument.objects.filter(page_id__in=page_ids, version__lte=version)
            _dialect().delete_stems(list(old.values_list("page_id", flat=True)))
            old.delete()

    def entries(self, page_ids: Iterable[int] | None = None) -> dict[int, Entry]:
        rows = SearchDocument.objects.values_list("page_id", "version", "content_hash")
        if page_ids is None:
            return {page_id: Entry(version, content_hash) for page_id, version, content_hash in rows}
        wanted = sorted(set(page_ids))
        some = (wanted[start : start + MOST_IDS] for start in range(0, len(wanted), MOST_IDS))
        return {row[0]: Entry(*row[1:]) for page_ids in some for row in rows.filter(page_id__in=page_ids)}

    def is_ready(self) -> bool:
        # The tables come with the migrations.
        return True

    @contextmanager
    def building(self) -> Iterator[NewIndex]:
        yield _InPlace()

    def leftovers(self) -> list[str]:
        return []

    def remove_leftovers(self) -> None:
        """There are none."""


class _InPlace(DatabaseEngine):
    """The index, rewritten in place: each batch is replaced in one transaction, so readers see the old or the new."""

    def settle(self) -> None:
        """What was put is there."""

    def switch(self) -> None:
        """It is in its place."""


def _dialect() -> ModuleType:
    return sqlite if connection.vendor == "sqlite" else postgresql


# --- Searching -------------------------------------------------------------------------------------------------------


def _search(query: Query, *, hidden: Collection[int]) -> tuple[Results, list[Concept]]:
    rows = _found_rows(query.concepts, hidden=hidden)
    present = reduce(or_, (row.concepts for row in rows), 0)
    missing = [concept for bit, concept in enumerate(query.concepts) if not present >> bit & 1]
    return _results(query, rows, asked=len(query.concepts)), missing


def _count(concepts: Sequence[Concept], *, hidden: Collection[int]) -> list[int]:
    rows = _found_rows(concepts, hidden=hidden)
    return [sum(row.concepts >> bit & 1 for row in rows) for bit in range(len(concepts))]


def _similar_words(mistyped: Sequence[str]) -> list[str]:
    """Return the words that have a part in common with one of these: n mistakes leave one of n + 1 parts alone."""
    similar = SearchWord.objects.annotate(length=Length("word")).filter(reduce(or_, map(_looks_like, mistyped)))
    return list(similar.values_list("word", flat=True))


def _looks_like(word: str) -> Q:
    mistakes = mistakes_allowed(word)
    part = len(word) // (mistakes + 1)
    # A swap of two letters may lie across the end of a part.
    end = max(1, part - 1)
    parts = Q(word__startswith=word[:end]) | Q(word__endswith=word[-end:])
    if mistakes > 1:
        parts |= Q(word__contains=word[part:-part])
    return parts & Q(length__range=(len(word) - mistakes, len(word) + mistakes))


def _all_rows(hidden: Collection[int]) -> list[Row]:
    public = SearchDocument.objects.filter(page_id__in=public_pages().order_by().values("pk"))
    newest_first = public.order_by(F("published_at").desc(nulls_last=True), "page_id")
    rows = newest_first.values_list("page_id", "category", "tags")
    return [Row(page_id, 0.0, 0, category, tags) for page_id, category, tags in rows if page_id not in hidden]


def _found_rows(concepts: Sequence[Concept], *, hidden: Collection[int]) -> list[Row]:
    probes = list(_probes(concepts))
    if not probes:
        return []
    selects = [_dialect().select_hits(probe) for probe in probes]
    public, public_parameters = public_pages().order_by().values("pk").query.sql_with_params()
    statement = FOUND_PAGES.format(hits=" UNION ALL ".join(sql for sql, _ in selects), public=public)
    parameters = [parameter for _, some in selects for parameter in some]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*parameters, *public_parameters])
        found = [Row(row[0], float(row[1]), int(row[2]), row[3], row[4]) for row in cursor.fetchall()]
    return [row for row in found if row.page_id not in hidden]


def _probes(concepts: Sequence[Concept]) -> Iterator[Probe]:
    verbatim = tuple(stem(word) for concept in concepts for word in concept.words)
    if len(concepts) > 1:
        yield Probe(concept=-1, weight=ranking.VERBATIM, wordings=(verbatim,))
    for position, concept in enumerate(concepts):
        exact, *others = _wordings(concept)
        anywhere = len(exact) > 1 and not concept.is_phrase
        yield Probe(concept=position, weight=ranking.EXACT, wordings=(exact,), anywhere=anywhere)
        if others:
            yield Probe(concept=position, weight=ranking.SYNONYM, wordings=tuple(others))
        if len(exact) > 1:
            loose = tuple((stem(word),) for word in concept.words if word not in STOP_WORDS)
            yield Probe(concept=-2 - position, weight=ranking.LOOSE, wordings=loose or (exact,))


def _wordings(concept: Concept) -> list[Stems]:
    """Return the ways to say it, the reader's own first, each once."""
    wordings = [concept.words, *concept.alternatives]
    return list(dict.fromkeys(tuple(map(stem, wording)) for wording in wordings))


# --- Suggesting ------------------------------------------------------------------------------------------------------


def _headlines(typed: Sequence[str], *, limit: int, hidden: Collection[int]) -> Iterator[Headline]:
    lines = list(_lines(typed, hidden=hidden)[:limit])
    passages = SearchPassage.objects.filter(document__in={line["document"] for line in lines})
    headings = {
        (page_id, position): (heading, anchor)
        for page_id, position, heading, anchor in passages.values_list("document", "position", "heading", "anchor")
    }
    for line in lines:
        page_id, position = line["document"], line["position"]
        if position == SearchHeadlineWord.TITLE:
            yield Headline(page_id, line["document__title"], "", is_title=True)
        elif (page_id, position) in headings:  # unless the page was replaced meanwhile
            yield Headline(page_id, *headings[page_id, position], is_title=False)


def _lines(typed: Sequence[str], *, hidden: Collection[int]) -> "QuerySet[SearchHeadlineWord, Any]":
    """Return what has all the words: where the last one stands further in front, then titles, then newer pages."""
    *whole, last = typed
    public = SearchHeadlineWord.objects.filter(document__in=public_pages().order_by().values("pk"))
    found = public.filter(_dialect().begins_with(last) | Q(stem=stem(last))).exclude(document__in=hidden)
    for word in whole:
        same_line = SearchHeadlineWord.objects.filter(document=OuterRef("document"), position=OuterRef("position"))
        found = found.filter(Exists(same_line.filter(stem=stem(word))))
    lines = found.values("document", "position", "document__title").annotate(first=Min("place"))
    return lines.order_by("first", "position", F("document__published_at").desc(nulls_last=True), "document")


# --- Answering -------------------------------------------------------------------------------------------------------


def _results(query: Query, rows: Sequence[Row], *, asked: int) -> Results:
    chosen = [row for row in rows if row.has(category=query.category, tag=query.tag)]
    end = query.offset + query.page_size
    top = nsmallest(end, chosen, key=lambda row: (-_score(row, asked=asked), row.page_id)) if asked else chosen[:end]
    sure = not asked or any(row.concepts.bit_count() * 2 > asked for row in rows)
    return Results(
        total=len(chosen),
        hits=_hits(query, top[query.offset :], asked=asked),
        facets={
            "category": _facets(row.category for row in rows if row.has(tag=query.tag)),
            "tag": _facets(row.tags for row in rows if row.has(category=query.category)),
        },
        confidence="high" if sure else "low",
    )


def _score(row: Row, *, asked: int) -> float:
    return row.score / ranking.MISSING ** (asked - row.concepts.bit_count())


def _facets(packed: Iterable[str]) -> tuple[Facet, ...]:
    """Count labels, the most frequent first."""
    counts: Counter[Label] = Counter()
    for labels, times in Counter(packed).items():
        for label in unpack(labels):
            counts[label] += times
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0].label))
    return tuple(Facet(value=label.value, label=label.label, count=count) for label, count in ordered[:MOST_FACETS])


def _hits(query: Query, rows: Sequence[Row], *, asked: int) -> tuple[Hit, ...]:
    page_ids = [row.page_id for row in rows]
    summaries = dict(SearchDocument.objects.filter(page_id__in=page_ids).values_list("page_id", "summary"))
    passages: dict[int, list[SearchPassage]] = {page_id: [] for page_id in page_ids}
    for passage in SearchPassage.objects.filter(document__in=page_ids):
        passages[passage.document_id].append(passage)
    wordings = [_wordings_to_mark(concept) for concept in query.concepts]
    hits = []
    for row in rows:
        best = _best_passages(passages[row.page_id], wordings)
        hits.append(
            Hit(
                page_id=row.page_id,
                score=round(_score(row, asked=asked), 6) if asked else 0.0,
                highlight=_highlight(summaries.get(row.page_id, ""), best, wordings),
                category=next(iter(unpack(row.category)), None),
                tags=unpack(row.tags),
                passages=tuple(best),
            )
        )
    return tuple(hits)


def _wordings_to_mark(concept: Concept) -> list[Stems]:
    wordings = _wordings(concept)
    if concept.is_phrase:
        return wordings
    return [*wordings, *((stem(word),) for word in concept.words if word not in STOP_WORDS)]


def _best_passages(passages: Sequence[SearchPassage], wordings: Sequence[Collection[Stems]]) -> list[Passage]:
    """Return the passages that have the most of what was asked, and of those the ones that say it most often."""

    def fit(passage: SearchPassage) -> tuple[int, int]:
        text = f"{passage.heading}\n{passage.text}"
        times = [len(find(text, some)) for some in wordings]
        return sum(map(bool, times)), sum(times)

    fits = [(fit(passage), passage) for passage in passages]
    found = sorted((pair for pair in fits if pair[0][0]), key=lambda pair: pair[0], reverse=True)
    every = [wording for some in wordings for wording in some]
    return [
        Passage(heading=passage.heading, anchor=passage.anchor, text=excerpt(passage.text, every))
        for _, passage in found[:PASSAGES_PER_HIT]
    ]


def _highlight(summary: str, passages: Sequence[Passage], wordings: Sequence[Collection[Stems]]) -> str:
    spans = find(summary, [wording for some in wordings for wording in some])
    if spans or not passages:
        return mark(summary, spans)
    return passages[0].text or escape(summary)


# --- Writing ---------------------------------------------------------------------------------------------------------


def _newer(documents: Sequence[Document]) -> list[Document]:
    """Return each page's newest document, where it is not older than what is there."""
    newest = {document.page_id: document for document in sorted(documents, key=lambda document: document.version)}
    there = SearchDocument.objects.filter(page_id__in=newest)
    versions = dict(there.values_list("page_id", "version"))
    return [document for document in newest.values() if document.version >= versions.get(document.page_id, 0)]


def _write(documents: Sequence[Document]) -> None:
    rows = [
        SearchDocument(
            page_id=document.page_id,
            version=document.version,
            content_hash=document.content_hash,
            title=document.title,
            summary=document.summary,
            category=pack([document.category] if document.category else []),
            tags=pack(document.tags),
            published_at=document.published_at,
        )
        for document in documents
    ]
    passages = [
        SearchPassage(document_id=document.page_id, position=position, **section._asdict())
        for document in documents
        for position, section in enumerate(document.sections)
    ]
    page_ids = [document.page_id for document in documents]
    SearchDocument.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["page_id"],
        update_fields=["version", "content_hash", "title", "summary", "category", "tags", "published_at"],
    )
    SearchPassage.objects.filter(document__in=page_ids).delete()
    SearchPassage.objects.bulk_create(passages)
    SearchHeadlineWord.objects.filter(document__in=page_ids).delete()
    SearchHeadlineWord.objects.bulk_create(word for document in documents for word in _headline_words(document))
    SearchWord.objects.bulk_create([SearchWord(word=word) for word in _vocabulary(documents)], ignore_conflicts=True)
    _dialect().delete_stems(page_ids)
    _dialect().write_stems([(document.page_id, _stem_columns(document)) for document in documents])


def _headline_words(document: Document) -> Iterator[SearchHeadlineWord]:
    headings = enumerate(section.heading for section in document.sections)
    for position, text in [(SearchHeadlineWord.TITLE, document.title), *headings]:
        for place, word in enumerate(words(text)):
            yield SearchHeadlineWord(
                document_id=document.page_id, position=position, place=place, word=word, stem=stem(word)
            )


def _vocabulary(documents: Sequence[Document]) -> list[str]:
    texts = (text for document in documents for text in _texts(document))
    found = {word for text in texts for word in words(text)}
    return sorted(word for word in found if len(word) >= SHORTEST_WORD and word.isalpha())


def _texts(document: Document) -> list[str]:
    labels = [label.label for label in (document.category, *document.tags) if label]
    sections = [text for section in document.sections for text in (section.heading, section.text)]
    return [document.title, document.summary, *labels, *sections]


def _stem_columns(document: Document) -> StemColumns:
    labels = [label.label for label in (document.category, *document.tags) if label]
    return StemColumns(
        title=stems(document.title),
        headings=[word for section in document.sections for word in stems(section.heading)],
        labels=[word for label in labels for word in stems(label)],
        summary=stems(document.summary),
        body=[word for section in document.sections for word in stems(section.text)],
    )
