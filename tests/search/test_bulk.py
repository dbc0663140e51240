"""Writing in bulk: the result of each item is read, and only what may still succeed is sent again."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from elasticsearch import Elasticsearch as Client

from cms.searchable import Section
from search.documents import version_now
from search.engines import bulk
from search.engines.bulk import Operation, Write, removal_of, send
from search.engines.elasticsearch import ElasticsearchEngine
from search.interface import Document, DocumentRefused, EngineUnavailable
from tests.search.faulty_server import Handler, faulty_server

FINE = {"status": 201, "result": "created"}
CONFLICT = {"status": 409, "error": {"type": "version_conflict_engine_exception"}}
GONE = {"status": 404, "error": {"type": "index_not_found_exception"}}
REFUSED = {"status": 400, "error": {"type": "document_parsing_exception"}}
BUSY = {"status": 429, "error": {"type": "es_rejected_execution_exception"}}
BLOCKED = {"status": 403, "error": {"type": "cluster_block_exception"}}
AWAY = {"status": 503, "error": {"type": "unavailable_shards_exception"}}

Item = dict[str, Any]
Judge = Callable[[str, int], Item]


@dataclass
class Server:
    """Answers each item of a bulk request as `judge` says of alias and page; notes what each request held."""

    judge: Judge
    requests: list[list[tuple[str, int]]] = field(default_factory=list)
    most: int = 1_000

    def __call__(self, handler: Handler) -> None:
        actions = [json.loads(line)["index"] for line in handler.body.splitlines()[::2]]
        self.requests.append([(action["_index"], int(action["_id"])) for action in actions])
        if len(actions) > self.most:
            return handler.answer_json({"error": {"reason": "too large"}, "status": 413}, status=413)
        items = [{"index": {**self.judge(*asked), "_id": str(asked[1])}} for asked in self.requests[-1]]
        return handler.answer_json({"errors": True, "items": items})

    def send(self, operations: list[Operation], **options: str) -> None:
        with faulty_server(self) as url, Client(url, max_retries=0) as client:
            send(client, operations, **options)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PAUSES", (0.01, 0.02))


def writes(*page_ids: int, alias: str = "milk") -> list[Operation]:
    return [(alias, removal_of(page_id, version=1)) for page_id in page_ids]


def in_turn(*items: Item) -> Callable[[], Item]:
    """Return a function that returns the items one after the other, and the last of them from then on."""
    left = list(items)
    return lambda: left.pop(0) if len(left) > 1 else left[0]


@pytest.mark.parametrize("failure", [BUSY, AWAY])
def test_only_what_failed_for_the_moment_is_sent_again(failure: Item) -> None:
    outcomes = {1: in_turn(FINE), 2: in_turn(failure, failure, FINE), 3: in_turn(CONFLICT), 4: in_turn(failure, FINE)}
    server = Server(lambda _alias, page_id: outcomes[page_id]())
    server.send(writes(1, 2, 3, 4))
    assert [[page_id for _, page_id in request] for request in server.requests] == [[1, 2, 3, 4], [2, 4], [2]]


@pytest.mark.parametrize("status", [401, 403, 405, 429, 503])
def test_what_lies_at_the_server_is_no_documents_fault(status: int) -> None:
    server = Server(lambda _alias, page_id: FINE if page_id == 1 else {**BLOCKED, "status": status})
    with pytest.raises(EngineUnavailable, match="cluster_block_exception"):
        server.send(writes(1, 2))


def test_what_is_refused_is_reported_when_the_others_are_there() -> None:
    outcomes = {1: in_turn(REFUSED), 2: in_turn(BUSY, FINE), 3: in_turn(FINE), 4: in_turn(BUSY, REFUSED)}
    server = Server(lambda _alias, page_id: outcomes[page_id]())
    with pytest.raises(DocumentRefused) as refused:
        server.send(writes(1, 2, 3, 4))
    assert refused.value.reasons.keys() == {1, 4}
    assert "Page 4: {'type': 'document_parsing_exception'}" in str(refused.value)
    assert [[page_id for _, page_id in request] for request in server.requests] == [[1, 2, 3, 4], [2, 4]]


def test_what_fails_again_and_again_is_left_for_later() -> None:
    server = Server(lambda _alias, page_id: BUSY if page_id == 2 else FINE)
    with pytest.raises(EngineUnavailable, match="1 of 3 writes"):
        server.send(writes(1, 2, 3))
    assert [[page_id for _, page_id in request] for request in server.requests] == [[1, 2, 3], [2], [2]]


def test_a_request_that_is_too_large_is_sent_in_parts() -> None:
    server = Server(lambda _alias, _page_id: FINE, most=2)
    server.send(writes(*range(8)))
    taken = [page_id for request in server.requests if len(request) <= 2 for _, page_id in request]
    assert taken == list(range(8))


def test_a_single_document_that_is_too_large_is_refused() -> None:
    server = Server(lambda _alias, _page_id: FINE, most=0)
    with pytest.raises(DocumentRefused) as refused:
        server.send(writes(7))
    assert refused.value.reasons.keys() == {7}


def test_without_an_index_nothing_is_refused() -> None:
    with pytest.raises(EngineUnavailable, match="no index yet"):
        Server(lambda _alias, _page_id: GONE).send(writes(1))


def test_where_no_index_is_being_made_its_half_is_passed_over() -> None:
    server = Server(lambda alias, _page_id: GONE if alias == "milk-building" else FINE)
    server.send([*writes(1), *writes(1, alias="milk-building")], building="milk-building", readers="milk")
    assert len(server.requests) == 1


def test_what_the_index_being_made_had_no_room_for_reaches_it_after_the_switch() -> None:
    # Between the two requests the index that was being made comes into use: what the first wrote for readers is in the
    # old one, and nothing has the name of the new one any more.
    building = in_turn(BUSY, GONE)
    server = Server(lambda alias, _page_id: building() if alias == "milk-building" else FINE)
    server.send([*writes(1), *writes(1, alias="milk-building")], building="milk-building", readers="milk")
    assert sorted(server.requests[1]) == [("milk", 1), ("milk-building", 1)]


@pytest.mark.parametrize("answers", [1, 3])
def test_another_number_of_answers_than_of_operations_is_not_believed(answers: int) -> None:
    def reply(handler: Handler) -> None:
        handler.answer_json({"errors": False, "items": [{"index": FINE}] * answers})

    with (
        faulty_server(reply) as url,
        Client(url, max_retries=0) as client,
        pytest.raises(EngineUnavailable, match="not understood"),
    ):
        send(client, writes(1, 2))


def test_a_server_that_is_overloaded_as_a_whole_is_asked_again() -> None:
    requests: list[int] = []

    def reply(handler: Handler) -> None:
        requests.append(len(handler.body.splitlines()) // 2)
        if len(requests) == 1:
            return handler.answer_json({"error": {"reason": "busy"}, "status": 429}, status=429)
        return handler.answer_json({"errors": False, "items": [{"index": FINE}] * 2})

    with faulty_server(reply) as url, Client(url, max_retries=0) as client:
        send(client, writes(1, 2))
    assert requests == [2, 2]


def test_the_real_server_takes_the_others_beside_one_that_it_refuses(elasticsearch_engine: ElasticsearchEngine) -> None:
    def document(page_id: int, *, sections: int) -> Document:
        return Document(
            page_id=page_id,
            version=version_now(),
            title="Milk",
            summary="",
            category=None,
            tags=(),
            sections=(Section("", "", "Milk."),) * sections,
            published_at=None,
            expire_at=None,
            content_hash="hash",
        )

    # It takes 10,000 nested documents in one (index.mapping.nested_objects.limit).
    with pytest.raises(DocumentRefused) as refused:
        elasticsearch_engine.put([document(1, sections=1), document(2, sections=10_001), document(3, sections=1)])
    assert refused.value.reasons.keys() == {2}
    assert elasticsearch_engine.entries().keys() == {1, 3}


def test_the_real_server_keeps_what_was_read_later(elasticsearch_engine: ElasticsearchEngine) -> None:
    alias, client = elasticsearch_engine._alias, elasticsearch_engine._server.client
    version = version_now()
    content = {"page_id": 5, "content_hash": "new"}
    send(client, [(alias, Write(5, version, content))])
    send(
        client, [(alias, Write(5, version - 1, {"page_id": 5, "content_hash": "old"})), (alias, Write(5, version, {}))]
    )
    assert elasticsearch_engine.entries()[5].content_hash == "new"
