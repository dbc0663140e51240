"""The engine on Elasticsearch.

Readers and writers use an alias; the index behind it has the alias's name and a time. While a new index is being made
it has a second alias, `<alias>-building`, and every writer writes to both: one bulk request, in which the half for an
index that is not there fails by itself and is passed over. So nothing that is published during a rebuild is missing
from the new index, and versions make the order of writers irrelevant. Every write insists on an alias, so the server
never makes up an index of its own.

What Elasticsearch knows lags behind the database. Whoever calls `search` names the pages that are hidden although the
index may still have them.
"""

import logging
import re
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from html import escape
from typing import Any

from django.conf import settings
from django.utils import timezone
from elastic_transport import TransportError
from elastic_transport.client_utils import url_to_node_config
from elasticsearch import ApiError, Elasticsearch

from cms.searchable import Label
from search.engines import requests
from search.engines.breaker import Breaker
from search.engines.index import REFRESH_INTERVAL, definition, source_of
from search.interface import (
    Concept,
    Document,
    DocumentRefused,
    EngineUnavailable,
    Facet,
    Hit,
    Passage,
    Query,
    Results,
    Writer,
)
from search.labels import unpack
from search.marking import BEFORE, from_marked
from search.spelling import search_as_meant

logger = logging.getLogger(__name__)

SEARCH_SECONDS = 1.5  # for all requests of one search together
PROBE_SECONDS = 1
WRITE_SECONDS = 5
SLOW_SECONDS = 60  # for what nobody waits for
# Pauses before what an overloaded server turned down is sent again.
BULK_PAUSES = (0.5, 2.0)
HASHES_AT_ONCE = 5_000

# The two lines that a bulk request has for each document.
Operation = tuple[dict[str, Any], dict[str, Any]]


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

    # --- Writing -----------------------------------------------------------------------------------------------------

    def put(self, documents: Sequence[Document]) -> None:
        self._write(_index_operation(document) for document in documents)

    def delete(self, page_ids: Collection[int], *, version: int) -> None:
        self._write(_delete_operation(page_id, version=version) for page_id in page_ids)

    def content_hashes(self, page_ids: Iterable[int] | None = None) -> dict[int, str]:
        with _failures_told():
            client = self._server.client.options(request_timeout=SLOW_SECONDS)
            if page_ids is None:
                return dict(_all_hashes(client, self._alias))
            return dict(_some_hashes(client, self._alias, sorted(set(page_ids))))

    def is_ready(self) -> bool:
        with _failures_told():
            client = self._server.client.options(request_timeout=PROBE_SECONDS)
            if not client.indices.exists_alias(name=self._alias):
                return False
            mappings = client.indices.get_mapping(index=self._alias)
            made_of = [index["mappings"].get("_meta", {}).get("definition") for index in mappings.values()]
            return made_of == [definition()["mappings"]["_meta"]["definition"]]

    @contextmanager
    def building(self) -> Iterator[Writer]:
        client = self._server.client.options(request_timeout=SLOW_SECONDS)
        with _failures_told():
            self._remove_orphans(client)
            index = f"{self._alias}-{time.time_ns()}"
            new = definition()
            client.indices.create(
                index=index,
                aliases={self._building: {}},
                mappings=new["mappings"],
                # Readers do not see it yet, so there is nothing to refresh for.
                settings={**new["settings"], "refresh_interval": "-1"},
            )
        try:
            yield _Builder(client=client, alias=self._building)
            with _failures_told():
                self._swap(client, index)
        except BaseException:
            with suppress(ApiError, TransportError):
                client.indices.delete(index=index, ignore_unavailable=True)
            raise

    def _write(self, operations: Iterable[Operation]) -> None:
        both = [_into(alias, operation) for operation in operations for alias in (self._alias, self._building)]
        client = self._server.client.options(request_timeout=WRITE_SECONDS)
        _bulk(client, both, may_be_missing=self._building)

    def _own_indices(self, client: Elasticsearch) -> dict[str, set[str]]:
        """Return name -> aliases of the indices that were made here for this alias; others may be named alike."""
        made_here = re.compile(re.escape(self._alias) + r"-\d{19}")
        found = client.indices.get_alias(index=f"{self._alias}-*")
        return {name: set(index["aliases"]) for name, index in found.items() if made_here.fullmatch(name)}

    def _remove_orphans(self, client: Elasticsearch) -> None:
        """Delete what rebuilds that were killed have left."""
        orphans = [name for name, aliases in self._own_indices(client).items() if self._alias not in aliases]
        if orphans:
            client.indices.delete(index=orphans, ignore_unavailable=True)

    def _swap(self, client: Elasticsearch, index: str) -> None:
        """Put the new index in the place of the old one, in one step."""
        client.indices.put_settings(index=index, settings={"refresh_interval": REFRESH_INTERVAL})
        client.indices.refresh(index=index)
        old = [name for name in self._own_indices(client) if name != index]
        if client.indices.exists(index=self._alias) and not client.indices.exists_alias(name=self._alias):
            # An index of the alias's own name, which a server makes where it is written to without the alias.
            old.append(self._alias)
        client.indices.update_aliases(
            actions=[
                *({"remove_index": {"index": name}} for name in old),
                {"remove": {"index": index, "alias": self._building}},
                {"add": {"index": index, "alias": self._alias}},
            ]
        )


# --- Failures --------------------------------------------------------------------------------------------------------


@contextmanager
def _failures_told() -> Iterator[None]:
    """Turn whatever a server that is away, overloaded or not Elasticsearch at all does into EngineUnavailable."""
    try:
        yield
    except (ApiError, TransportError) as error:
        raise EngineUnavailable(f"{type(error).__name__}: {error}") from error
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise EngineUnavailable(f"The answer is not understood: {error!r}") from error


@contextmanager
def _guarded(breaker: Breaker) -> Iterator[None]:
    if breaker.is_open():
        raise EngineUnavailable("It failed several times in a row and is left alone for a moment.")
    try:
        with _failures_told():
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


def _highlight(hit: Mapping[str, Any], passages: Sequence[Passage]) -> str:
    summary: str = "".join(hit.get("highlight", {}).get("summary", []))
    if BEFORE in summary:
        return from_marked(summary)
    plain = escape(hit["_source"]["summary"])
    return (passages[0].text or plain) if passages else plain


# --- Writing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Builder:
    """Writes to the index that is being made, and to no other."""

    client: Elasticsearch
    alias: str

    def put(self, documents: Sequence[Document]) -> None:
        operations = (_index_operation(document) for document in documents)
        _bulk(
            self.client, [({"index": {**action["index"], "_index": self.alias}}, body) for action, body in operations]
        )


def _index_operation(document: Document) -> Operation:
    meta = {"_id": str(document.page_id), "version": document.version, "version_type": "external"}
    return {"index": meta}, source_of(document)


def _into(alias: str, operation: Operation) -> Operation:
    action, body = operation
    return {"index": {**action["index"], "_index": alias}}, body


def _delete_operation(page_id: int, *, version: int) -> Operation:
    """Return what leaves a document without content in the place of a page.

    A real deletion with a version would be forgotten after a minute, and an old document could come back; and where
    there is no index, the server would make one up for it, because it insists on an alias for other writes only.
    """
    return {"index": {"_id": str(page_id), "version": version, "version_type": "external"}}, {"page_id": page_id}


def _bulk(client: Elasticsearch, operations: Sequence[Operation], *, may_be_missing: str = "") -> None:
    """Send the operations and read the result of each; what was turned down for the moment is sent again.

    Args:
        may_be_missing: An alias whose operations are passed over where there is no index behind it.

    Raises:
        EngineUnavailable: Some were still turned down.
        DocumentRefused: One can never be taken.
    """
    for pause in (*BULK_PAUSES, None):
        if not operations:
            return
        with _failures_told():
            body = [line for operation in operations for line in operation]
            items = client.bulk(operations=body, require_alias=True)["items"]
            outcomes = [item["index"] for item in items]
        failed = [
            (operation, outcome)
            for operation, outcome in zip(operations, outcomes, strict=True)
            if not _is_done(operation, outcome, may_be_missing=may_be_missing)
        ]
        if not failed:
            return
        _refuse(failed)
        if pause is None:
            raise EngineUnavailable(f"{len(failed)} of {len(operations)} writes failed: {failed[0][1].get('error')}")
        operations = [operation for operation, _ in failed]
        time.sleep(pause)


def _is_done(operation: Operation, outcome: Mapping[str, Any], *, may_be_missing: str) -> bool:
    if "error" not in outcome:
        return True
    if outcome["status"] == 409:
        # What is there was read later than this: the other writer was right.
        return True
    return outcome["status"] == 404 and operation[0]["index"]["_index"] == may_be_missing


def _refuse(failed: Sequence[tuple[Operation, Mapping[str, Any]]]) -> None:
    for _, outcome in failed:
        if outcome["status"] == 400:
            raise DocumentRefused(f"Page {outcome.get('_id')}: {outcome['error']}")
        if outcome["status"] == 404:
            raise EngineUnavailable("There is no index yet; the worker makes one.")


# --- Comparing -------------------------------------------------------------------------------------------------------


def _all_hashes(client: Elasticsearch, alias: str) -> Iterator[tuple[int, str]]:
    client.indices.refresh(index=alias)
    body: dict[str, Any] = {
        "query": requests.PUBLISHED,
        "sort": ["page_id"],
        "size": HASHES_AT_ONCE,
        "_source": False,
        "docvalue_fields": ["content_hash"],
    }
    while True:
        answer = client.search(index=alias, body=body, allow_partial_search_results=False)
        hits = answer["hits"]["hits"]
        for hit in hits:
            yield int(hit["_id"]), hit["fields"]["content_hash"][0]
        if len(hits) < HASHES_AT_ONCE:
            return
        body["search_after"] = hits[-1]["sort"]


def _some_hashes(client: Elasticsearch, alias: str, page_ids: Sequence[int]) -> Iterator[tuple[int, str]]:
    for start in range(0, len(page_ids), HASHES_AT_ONCE):
        some = [str(page_id) for page_id in page_ids[start : start + HASHES_AT_ONCE]]
        for found in client.mget(index=alias, ids=some, source_includes=["content_hash"])["docs"]:
            if "content_hash" in found.get("_source", {}):
                yield int(found["_id"]), found["_source"]["content_hash"]
