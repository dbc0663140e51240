"""The engine on Elasticsearch.

Readers and writers use an alias; the index behind it has the alias's name and a time. While a new index is being made
it has a second alias, `<alias>-building`, and every writer writes to both: one bulk request, in which the half for an
index that is not there fails by itself and is passed over. So nothing that is published during a rebuild is missing
from the new index, and versions make the order of writers irrelevant. How a bulk request is sent, and what becomes of
each of its items, is in `search.engines.bulk`.

What Elasticsearch knows lags behind the database. Whoever calls `search` names the pages that are hidden although the
index may still have them.
"""

import logging
import re
import time
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from html import escape
from typing import Any

from django.conf import settings
from django.utils import timezone
from elastic_transport.client_utils import url_to_node_config
from elasticsearch import Elasticsearch

from cms.searchable import Label
from search.engines import requests
from search.engines.breaker import Breaker
from search.engines.bulk import Write, failures_told, removal_of, send, write_of
from search.engines.index import REFRESH_INTERVAL, definition
from search.interface import (
    Concept,
    Document,
    DocumentRefused,
    EngineUnavailable,
    Entry,
    Facet,
    Headline,
    Hit,
    NewIndex,
    Passage,
    Query,
    Results,
)
from search.labels import unpack
from search.marking import BEFORE, from_marked
from search.spelling import search_as_meant

logger = logging.getLogger(__name__)

SEARCH_SECONDS = 1.5  # for all requests of one search together
PROBE_SECONDS = 1
WRITE_SECONDS = 5
SLOW_SECONDS = 60  # for what nobody waits for
BUILDING_CONNECTIONS = 2
ENTRIES_AT_ONCE = 5_000


@dataclass(frozen=True, kw_only=True)
class Server:
    """The connections of this process to one cluster."""

    client: Elasticsearch
    breaker: Breaker = field(default_factory=Breaker)


@cache
def connect(hosts: tuple[str, ...]) -> Server:
    """Return the process's connections to a cluster; a node that refuses a connection is passed over for another."""
    nodes = dict.fromkeys(url_to_node_config(host, use_default_ports_for_scheme=True) for host in hosts)
    return Server(client=Elasticsearch(list(nodes), max_retries=len(nodes) - 1))


class ElasticsearchEngine:
    name = "elasticsearch"

    def __init__(self, *, hosts: Sequence[str] | None = None, alias: str | None = None) -> None:
        """By default with the cluster and the alias of the settings."""
        self._server = connect(tuple(settings.ELASTICSEARCH_HOSTS if hosts is None else hosts))
        self._alias = alias or settings.ELASTICSEARCH_INDEX
        self._building = f"{self._alias}-building"

    # --- Searching ---------------------------------------------------------------------------------------------------

    def search(self, query: Query, *, hidden: Collection[int] = ()) -> Results:
        if query.text and not query.concepts:
            return Results(confidence="low")
        with _guarded(self._server.breaker):
            session = _Session(client=self._server.client, alias=self._alias, hidden=hidden)
            return search_as_meant(query, search=session.search, similar=session.similar_words, count=session.count)

    def suggest(self, words: Sequence[str], *, limit: int, hidden: Collection[int] = ()) -> Sequence[Headline]:
        with _guarded(self._server.breaker):
            session = _Session(client=self._server.client, alias=self._alias, hidden=hidden)
            return session.suggest(words, limit=limit)

    # --- Writing and comparing ---------------------------------------------------------------------------------------

    def put(self, documents: Sequence[Document]) -> None:
        self._write([write_of(document) for document in documents])

    def delete(self, page_ids: Collection[int], *, version: int) -> None:
        self._write([removal_of(page_id, version=version) for page_id in page_ids])

    def entries(self, page_ids: Iterable[int] | None = None) -> dict[int, Entry]:
        return _entries(self._server.client, self._alias, page_ids)

    def is_ready(self) -> bool:
        with failures_told():
            client = self._server.client.options(request_timeout=PROBE_SECONDS)
            if not client.indices.exists_alias(name=self._alias):
                return False
            mappings = client.indices.get_mapping(index=self._alias)
            made_of = [index["mappings"].get("_meta", {}).get("definition") for index in mappings.values()]
            return made_of == [definition()["mappings"]["_meta"]["definition"]]

    @contextmanager
    def building(self) -> Iterator[NewIndex]:
        client = self._server.client.options(request_timeout=SLOW_SECONDS)
        self.remove_leftovers()
        name = f"{self._alias}-{time.time_ns()}"
        new = definition()
        with failures_told():
            client.indices.create(
                index=name,
                aliases={self._building: {}},
                mappings=new["mappings"],
                # Readers do not see it yet, so there is nothing to refresh for.
                settings={**new["settings"], "refresh_interval": "-1"},
            )
        index = _NewIndex(client=client, index=name, alias=self._alias, building=self._building)
        try:
            with index.writing():
                yield index
        except BaseException:
            # The alias says whether readers use it: the answer to the switch may have been lost on its way.
            with suppress(EngineUnavailable):
                self.remove_leftovers()
            raise

    def leftovers(self) -> list[str]:
        with failures_told():
            client = self._server.client.options(request_timeout=PROBE_SECONDS)
            return [name for name, aliases in own_indices(client, self._alias).items() if self._alias not in aliases]

    def remove_leftovers(self) -> None:
        if left := self.leftovers():
            with failures_told():
                client = self._server.client.options(request_timeout=SLOW_SECONDS)
                client.indices.delete(index=left, ignore_unavailable=True)

    def _write(self, writes: Sequence[Write]) -> None:
        client = self._server.client.options(request_timeout=WRITE_SECONDS)
        send(client, [(alias, write) for write in writes for alias in (self._alias, self._building)],
             building=self._building, readers=self._alias)  # fmt: skip


class _NewIndex:
    """Takes documents on several connections at once, while the caller reads the next ones from the database."""

    name = ElasticsearchEngine.name

    def __init__(self, *, client: Elasticsearch, index: str, alias: str, building: str) -> None:
        self._client = client
        self._index = index
        self._alias = alias
        self._building = building
        self._connections = ThreadPoolExecutor(BUILDING_CONNECTIONS)
        self._underway: deque[Future[None]] = deque()
        self._refused: dict[int, str] = {}

    @contextmanager
    def writing(self) -> Iterator[None]:
        try:
            yield
        finally:
            self._connections.shutdown(cancel_futures=True)

    def put(self, documents: Sequence[Document]) -> None:
        self._begin([write_of(document) for document in documents])

    def delete(self, page_ids: Collection[int], *, version: int) -> None:
        self._begin([removal_of(page_id, version=version) for page_id in page_ids])

    def settle(self) -> None:
        self._wait_until_underway(0)
        with failures_told():
            self._client.indices.put_settings(index=self._index, settings={"refresh_interval": REFRESH_INTERVAL})
            self._client.indices.refresh(index=self._index)
        if refused := self._refused:
            self._refused = {}
            raise DocumentRefused(refused)

    def entries(self, page_ids: Iterable[int] | None = None) -> dict[int, Entry]:
        return _entries(self._client, self._building, page_ids)

    def switch(self) -> None:
        """The old index stays for the searches that are at it, until leftovers are removed."""
        with failures_told():
            old = [name for name in own_indices(self._client, self._alias) if name != self._index]
            actions: list[dict[str, Any]] = [
                {"remove": {"index": self._index, "alias": self._building}},
                {"add": {"index": self._index, "alias": self._alias}},
                *({"remove": {"index": name, "alias": self._alias, "must_exist": False}} for name in old),
            ]
            is_index = self._client.indices.exists(index=self._alias)
            if is_index and not self._client.indices.exists_alias(name=self._alias):
                # An index of the alias's own name, which a server makes where it is written to without the alias.
                actions.append({"remove_index": {"index": self._alias}})
            self._client.indices.update_aliases(actions=actions)

    def _begin(self, writes: Sequence[Write]) -> None:
        self._wait_until_underway(2 * BUILDING_CONNECTIONS)
        operations = [(self._building, write) for write in writes]
        self._underway.append(self._connections.submit(send, self._client, operations))

    def _wait_until_underway(self, most: int) -> None:
        while len(self._underway) > most:
            try:
                self._underway.popleft().result()
            except DocumentRefused as refused:
                self._refused |= refused.reasons


def own_indices(client: Elasticsearch, alias: str) -> dict[str, set[str]]:
    """Return name -> aliases of the indices that were made here for this alias; others may be named alike."""
    made_here = re.compile(re.escape(alias) + r"-\d{19}")
    found = client.indices.get_alias(index=f"{alias}-*")
    return {name: set(index["aliases"]) for name, index in found.items() if made_here.fullmatch(name)}


@contextmanager
def _guarded(breaker: Breaker) -> Iterator[None]:
    if breaker.is_open():
        raise EngineUnavailable("It failed several times in a row and is left alone for a moment.")
    try:
        with failures_told():
            yield
    except EngineUnavailable:
        breaker.failed()
        raise
    breaker.succeeded()


# --- One search ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Session:
    """The requests of one search, which have `SEARCH_SECONDS` together."""

    client: Elasticsearch
    alias: str
    hidden: Collection[int]
    deadline: float = field(default_factory=lambda: time.monotonic() + SEARCH_SECONDS)

    def search(self, query: Query) -> tuple[Results, list[Concept]]:
        answer = self._ask(requests.search_body(query, hidden=self.hidden, now=timezone.now()))
        counts = _concept_counts(answer, query.concepts)
        missing = [concept for concept, pages in zip(query.concepts, counts, strict=True) if not pages]
        return _results(answer, is_sure=not query.concepts or answer["aggregations"]["sure"]["doc_count"] > 0), missing

    def suggest(self, words: Sequence[str], *, limit: int) -> list[Headline]:
        body = requests.suggest_body(words, limit=limit, hidden=self.hidden, now=timezone.now())
        return [headline for hit in self._ask(body)["hits"]["hits"] for headline in _headlines(hit)]

    def count(self, concepts: Sequence[Concept]) -> list[int]:
        if not concepts:
            return []
        answer = self._ask(requests.count_body(concepts, hidden=self.hidden, now=timezone.now()))
        return _concept_counts(answer, concepts)

    def similar_words(self, mistyped: Sequence[str]) -> list[str]:
        answer = self._ask(requests.spelling_body(mistyped))
        return [option["text"] for entry in answer["suggest"]["spelling"] for option in entry["options"]]

    def _ask(self, body: requests.Body) -> Mapping[str, Any]:
        seconds = self.deadline - time.monotonic()
        if seconds <= 0:
            raise EngineUnavailable(f"It took longer than {SEARCH_SECONDS} seconds.")
        client = self.client.options(request_timeout=seconds)
        # Half of the shards would be half of the truth.
        answer = client.search(index=self.alias, body=body, allow_partial_search_results=False)
        return dict(answer)


def _concept_counts(answer: Mapping[str, Any], concepts: Sequence[Concept]) -> list[int]:
    if not concepts:
        return []
    return [int(bucket["doc_count"]) for bucket in answer["aggregations"]["concepts"]["buckets"]]


def _results(answer: Mapping[str, Any], *, is_sure: bool) -> Results:
    return Results(
        total=answer["hits"]["total"]["value"],
        hits=tuple(_hit(hit) for hit in answer["hits"]["hits"]),
        facets={name: _facets(answer["aggregations"][name]) for name in ("category", "tag")},
        confidence="high" if is_sure else "low",
    )


def _facets(aggregation: Mapping[str, Any]) -> tuple[Facet, ...]:
    facets = []
    for bucket in aggregation["values"]["buckets"]:
        (label,) = unpack(bucket["key"])
        facets.append(Facet(value=label.value, label=label.label, count=bucket["doc_count"]))
    return tuple(sorted(facets, key=lambda facet: (-facet.count, facet.label)))


def _hit(hit: Mapping[str, Any]) -> Hit:
    source = hit["_source"]
    passages = _passages(hit)
    return Hit(
        page_id=int(hit["_id"]),
        score=hit["_score"] or 0.0,
        highlight=_highlight(hit, passages),
        category=next(iter(unpack(source["category_label"] or "")), None),
        tags=tuple(Label(*label) for packed in source["tag_labels"] for label in unpack(packed)),
        passages=passages,
    )


def _passages(hit: Mapping[str, Any]) -> tuple[Passage, ...]:
    passages = []
    for inner in hit.get("inner_hits", {}).get("passages", {}).get("hits", {}).get("hits", []):
        fragments = inner.get("highlight", {}).get("passages.text", [""])
        source = inner["_source"]
        passages.append(Passage(heading=source["heading"], anchor=source["anchor"], text=from_marked(fragments[0])))
    return tuple(passages)


def _headlines(hit: Mapping[str, Any]) -> Iterator[Headline]:
    page_id = int(hit["_id"])
    if requests.TITLE_FITS in hit.get("matched_queries", []):
        yield Headline(page_id, hit["_source"]["title"], "", is_title=True)
    for inner in hit["inner_hits"]["passages"]["hits"]["hits"]:
        yield Headline(page_id, inner["_source"]["heading"], inner["_source"]["anchor"], is_title=False)


def _highlight(hit: Mapping[str, Any], passages: Sequence[Passage]) -> str:
    summary: str = "".join(hit.get("highlight", {}).get("summary", []))
    if BEFORE in summary:
        return from_marked(summary)
    plain = escape(hit["_source"]["summary"])
    return (passages[0].text or plain) if passages else plain


# --- Comparing -------------------------------------------------------------------------------------------------------


def _entries(client: Elasticsearch, alias: str, page_ids: Iterable[int] | None) -> dict[int, Entry]:
    patient = client.options(request_timeout=SLOW_SECONDS)
    with failures_told():
        if page_ids is None:
            return dict(_all_entries(patient, alias))
        return dict(_some_entries(patient, alias, sorted(set(page_ids))))


def _all_entries(client: Elasticsearch, alias: str) -> Iterator[tuple[int, Entry]]:
    client.indices.refresh(index=alias)
    body: dict[str, Any] = {
        "query": requests.PUBLISHED,
        "sort": ["page_id"],
        "size": ENTRIES_AT_ONCE,
        "version": True,
        "_source": False,
        "docvalue_fields": ["content_hash"],
    }
    while True:
        answer = client.search(index=alias, body=body, allow_partial_search_results=False)
        hits = answer["hits"]["hits"]
        for hit in hits:
            yield int(hit["_id"]), Entry(hit["_version"], hit["fields"]["content_hash"][0])
        if len(hits) < ENTRIES_AT_ONCE:
            return
        body["search_after"] = hits[-1]["sort"]


def _some_entries(client: Elasticsearch, alias: str, page_ids: Sequence[int]) -> Iterator[tuple[int, Entry]]:
    for start in range(0, len(page_ids), ENTRIES_AT_ONCE):
        some = [str(page_id) for page_id in page_ids[start : start + ENTRIES_AT_ONCE]]
        for found in client.mget(index=alias, ids=some, source_includes=["content_hash"])["docs"]:
            if found.get("found"):
                yield int(found["_id"]), Entry(found["_version"], found["_source"].get("content_hash", ""))
