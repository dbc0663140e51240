"""Elasticsearch is away, slow or not itself: readers get an answer, and nothing is lost."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from django.test import Client
from elasticsearch import Elasticsearch as RawClient
from pytest_django import Settings

from cms.pipeline.consumers import PermanentError, Unavailable
from cms.pipeline.outbox import unfinished_page_ids
from cms.pipeline.worker import drain
from search.engines.breaker import FAILURES_IN_A_ROW, PAUSE_SECONDS, Breaker
from search.engines.elasticsearch import ElasticsearchEngine
from search.engines.index import definition
from search.indexing import ELASTICSEARCH_INDEX, check, make_missing, refresh_elasticsearch
from search.interface import Engine, get_database_engine
from search.parsing import parse
from search.searching import find
from tests.pages import ArticleFactory
from tests.search.faulty_server import Handler, Reply, faulty_server
from tests.services.elasticsearch.server import Elasticsearch

# The answer is there within two seconds; a machine with much else to do may take longer, one that waits for ever fails.
GUARD_SECONDS = 6
RECOVERED_WITHIN = 60  # seconds

wake = threading.Event()


def hang(_handler: Handler) -> None:
    wake.wait(20)


def close(handler: Handler) -> None:
    handler.hang_up()


def garbage(handler: Handler) -> None:
    handler.connection.sendall(b"\x00\x01\x02 no HTTP at all\r\n\r\n")
    handler.hang_up()


def html(handler: Handler) -> None:
    handler.answer(content=b"<html>It works!</html>", content_type="text/html")


def half_json(handler: Handler) -> None:
    handler.answer(content=b'{"hits": {"total": {"val')


def cut(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{")
    handler.hang_up()


def other_product(handler: Handler) -> None:
    content = b'{"hits": {"total": {"value": 1}, "hits": []}}'
    handler.wfile.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(content)
    )
    handler.wfile.write(content)


def status(code: int) -> Reply:
    return lambda handler: handler.answer_json(
        {"error": {"root_cause": [], "reason": "no"}, "status": code}, status=code
    )


def body(content: object) -> Reply:
    return lambda handler: handler.answer_json(content)


REPLIES: dict[str, Reply] = {
    "hang": hang,
    "close": close,
    "garbage": garbage,
    "html": html,
    "half JSON": half_json,
    "cut": cut,
    "other product": other_product,
    "nothing": body({}),
    "a list": body([]),
    "null": body(None),
    "hits are null": body({"hits": None, "aggregations": {}}),
    "hits are a word": body({"hits": {"total": {"value": 1}, "hits": "none"}, "aggregations": {}}),
    **{str(code): status(code) for code in (400, 401, 403, 404, 429, 500, 502, 503, 504)},
}


@pytest.fixture
def on_faulty_server(settings: Settings) -> Iterator[Callable[[str], None]]:
    """Move the site onto a server that misbehaves in one way or another."""
    wake.clear()
    with ExitStack() as servers:

        def move(name: str) -> None:
            settings.ELASTICSEARCH_HOSTS = [servers.enter_context(faulty_server(REPLIES[name]))]

        yield move
        wake.set()


def test_the_database_answers_in_its_place(
    client: Client, publish_article: ArticleFactory, on_faulty_server: Callable[[str], None]
) -> None:
    publish_article(title="Let-down", text="Oxytocin moves milk.")
    drain()
    for name in REPLIES:
        on_faulty_server(name)
        started = time.monotonic()
        page = client.get("/search/?q=oxytocin")
        assert time.monotonic() - started < GUARD_SECONDS, name
        assert page.status_code == 200, name
        assert "these results are simplified" in page.text, name
        assert "<mark>Oxytocin</mark> moves milk." in page.text, name
        answer = client.get("/api/search/?q=oxytocin").json()
        assert (answer["engine"], answer["total"]) == ("database", 1), name


def test_finding_nothing_helps_as_ever(client: Client, db: None, on_faulty_server: Callable[[str], None]) -> None:
    on_faulty_server("503")
    assert "Nothing was found." in client.get("/search/?q=xylophone").text


def test_a_change_waits_for_better_times(
    publish_article: ArticleFactory, on_faulty_server: Callable[[str], None]
) -> None:
    article = publish_article()
    for name in REPLIES:
        on_faulty_server(name)
        with pytest.raises((Unavailable, PermanentError)) as failure:
            refresh_elasticsearch(article.pk)
        assert failure.type is Unavailable, name


@pytest.mark.parametrize("name", ["hang", "garbage", "503", "nothing"])
def test_machines_are_told(client: Client, db: None, on_faulty_server: Callable[[str], None], name: str) -> None:
    on_faulty_server(name)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["index"] == {"ok": False, "engine": "elasticsearch"}


@pytest.mark.parametrize("name", ["hang", "garbage", "503", "nothing"])
def test_making_a_missing_index_is_tried_again_later(
    db: None, on_faulty_server: Callable[[str], None], caplog: pytest.LogCaptureFixture, name: str
) -> None:
    on_faulty_server(name)
    make_missing()
    assert "The index elasticsearch cannot be made" in caplog.text


def test_after_several_failures_it_is_left_alone_for_a_while() -> None:
    now = 0.0
    breaker = Breaker(clock=lambda: now)
    for _ in range(FAILURES_IN_A_ROW):
        assert not breaker.is_open()
        breaker.failed()
    assert breaker.is_open()
    now = PAUSE_SECONDS + 1
    assert not breaker.is_open()
    breaker.failed()
    assert breaker.is_open()
    now = 2 * PAUSE_SECONDS + 2
    breaker.succeeded()
    breaker.failed()
    assert not breaker.is_open()


def test_pages_do_not_wait_for_a_server_that_hangs(client: Client, db: None, settings: Settings) -> None:
    requests = []

    def count_and_hang(handler: Handler) -> None:
        requests.append(handler)
        wake.wait(20)

    wake.clear()
    with faulty_server(count_and_hang) as url:
        settings.ELASTICSEARCH_HOSTS = [url]
        for _ in range(FAILURES_IN_A_ROW + 3):
            assert client.get("/api/search/?q=milk").json()["engine"] == "database"
        wake.set()
    assert len(requests) == FAILURES_IN_A_ROW


def test_another_node_answers_for_one_that_is_down(
    elasticsearch_url: str, elasticsearch_engine: ElasticsearchEngine
) -> None:
    nobody = ["http://127.0.0.1:9", "http://127.0.0.1:7"]
    engine = ElasticsearchEngine(hosts=[*nobody, elasticsearch_url, *nobody], alias=elasticsearch_engine._alias)
    assert [engine.search(parse("milk")).total for _ in range(9)] == [0] * 9


def test_of_a_bulk_request_what_was_turned_down_is_sent_again(
    publish_article: ArticleFactory, settings: Settings
) -> None:
    bulks: list[list[str]] = []

    def turn_down_one(handler: Handler) -> None:
        actions = [json.loads(line) for line in handler.body.splitlines()[::2]]
        bulks.append([action["index"]["_index"] for action in actions])
        busy = {"status": 429, "error": {"type": "es_rejected_execution_exception"}}
        gone = {"status": 404, "error": {"type": "index_not_found_exception"}}
        fine = {"status": 201, "result": "created"}
        outcome = {True: gone, False: busy if len(bulks) == 1 else fine}
        items = [{"index": outcome[action["index"]["_index"].endswith("-building")]} for action in actions]
        handler.answer_json({"errors": True, "items": items})

    article = publish_article()
    settings.ELASTICSEARCH_INDEX = "milk"
    with faulty_server(turn_down_one) as url:
        settings.ELASTICSEARCH_HOSTS = [url]
        refresh_elasticsearch(article.pk)
    assert bulks == [["milk", "milk-building"], ["milk"]]


REFUSED = {"status": 400, "error": {"type": "document_parsing_exception", "reason": "no"}}


def refuse_documents(*, definition_of: str) -> Reply:
    """Return the behaviour of a server that takes no document, and whose index was made by a definition."""

    def reply(handler: Handler) -> None:
        if handler.path.startswith("/_bulk"):
            return handler.answer_json({"errors": True, "items": [{"index": REFUSED}] * 2})
        if handler.command == "HEAD":
            return handler.answer(content=b"")
        return handler.answer_json({"milk-1": {"mappings": {"_meta": {"definition": definition_of}}}})

    return reply


@pytest.mark.parametrize(
    ("made_by", "failure"),
    [(definition()["mappings"]["_meta"]["definition"], PermanentError), ("another version", Unavailable)],
)
def test_a_document_that_is_refused_is_tried_again_only_in_another_index(
    publish_article: ArticleFactory, settings: Settings, made_by: str, failure: type[Exception]
) -> None:
    article = publish_article()
    with faulty_server(refuse_documents(definition_of=made_by)) as url:
        settings.ELASTICSEARCH_HOSTS = [url]
        with pytest.raises(failure, match="document_parsing_exception"):
            refresh_elasticsearch(article.pk)


def test_without_an_index_the_server_makes_none_up(
    on_elasticsearch: ElasticsearchEngine, publish_article: ArticleFactory, settings: Settings, elasticsearch_url: str
) -> None:
    settings.ELASTICSEARCH_INDEX = f"{settings.ELASTICSEARCH_INDEX}-missing"
    article = publish_article(text="Oxytocin.")
    with pytest.raises(Unavailable):
        refresh_elasticsearch(article.pk)
    article.unpublish()
    with pytest.raises(Unavailable):
        refresh_elasticsearch(article.pk)
    assert find(parse("oxytocin")).simplified
    with RawClient(elasticsearch_url) as client:
        assert not client.indices.exists(index=f"{settings.ELASTICSEARCH_INDEX}*", allow_no_indices=False)


def test_a_missing_index_is_made_by_the_worker(
    on_elasticsearch: ElasticsearchEngine, publish_article: ArticleFactory, settings: Settings
) -> None:
    settings.ELASTICSEARCH_INDEX = f"{settings.ELASTICSEARCH_INDEX}-made"
    publish_article(text="Oxytocin.")
    make_missing()
    answer = find(parse("oxytocin"))
    assert (answer.engine, answer.results.total) == ("elasticsearch", 1)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + RECOVERED_WITHIN
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def hashes(engine: Engine) -> dict[int, str]:
    return {page_id: entry.content_hash for page_id, entry in engine.entries().items()}


@pytest.mark.usefixtures("feed_elasticsearch")
def test_publishing_goes_on_while_it_is_dead_and_nothing_is_lost(
    client: Client, publish_article: ArticleFactory, private_elasticsearch: Elasticsearch, settings: Settings
) -> None:
    settings.ELASTICSEARCH_HOSTS = [private_elasticsearch.url]
    before = publish_article(title="Before", text="Oxytocin.")
    gone = publish_article(title="Gone", text="Oxytocin.")
    make_missing()
    drain()
    engine = ElasticsearchEngine()
    assert engine.entries().keys() == {before.pk, gone.pk}

    private_elasticsearch.kill()
    during = publish_article(title="During", text="Oxytocin.")
    gone.unpublish()
    drain()
    assert unfinished_page_ids(consumer=ELASTICSEARCH_INDEX) == {during.pk, gone.pk}
    answer = client.get("/api/search/?q=oxytocin").json()
    assert (answer["engine"], answer["total"]) == ("database", 2)
    assert "simplified" in client.get("/search/?q=oxytocin").text

    private_elasticsearch.start()
    private_elasticsearch.wait()

    def caught_up() -> bool:
        drain()
        return not unfinished_page_ids(consumer=ELASTICSEARCH_INDEX)

    wait_until(caught_up)
    assert check(engine).page_ids == ()
    assert engine.entries().keys() == {before.pk, during.pk}
    wait_until(lambda: client.get("/api/search/?q=oxytocin").json()["engine"] == "elasticsearch")
    assert client.get("/api/search/?q=oxytocin").json()["total"] == 2
    assert hashes(get_database_engine()) == hashes(engine)
