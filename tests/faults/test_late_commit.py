"""A commit that lands late: while its transaction is open the workers go on, and afterwards nothing of it is lost."""

import threading
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from cms.pipeline.outbox import unfinished_page_ids
from cms.pipeline.worker import drain
from search.engines.database import DatabaseEngine
from search.engines.elasticsearch import ElasticsearchEngine
from search.indexing import ELASTICSEARCH_INDEX
from search.interface import Document
from tests.faults.conftest import Newsroom, Processes, assert_index_equals_published, found_in_elasticsearch, wait_until
from tests.pipeline.test_claim import in_threads, own_connections

OPEN_FOR = 2.0  # seconds, in which an idle worker looks for work four times


def found_title(page_id: int, settings: Settings) -> str:
    return dict(found_in_elasticsearch(settings))[page_id][0]


@own_connections
def test_what_is_committed_late_is_indexed_then_and_holds_up_no_other_page(
    newsroom: Newsroom, processes: Processes, settings: Settings
) -> None:
    late, other = newsroom.article_ids[:2]
    processes.start_worker()
    wait_until(lambda: not unfinished_page_ids(consumer=ELASTICSEARCH_INDEX))
    before = newsroom.titles[late]
    written, done = threading.Event(), threading.Event()

    def publish_late() -> None:
        with transaction.atomic():
            newsroom.publish(late)
            written.set()
            assert done.wait(60)

    def publish_another() -> None:
        assert written.wait(60)
        try:
            if connection.vendor == "postgresql":
                newsroom.publish(other)
                wait_until(lambda: found_title(other, settings) == newsroom.titles[other])
            else:
                # One writer at a time: there is nothing else to publish, and the worker waits too.
                threading.Event().wait(OPEN_FOR)
            assert found_title(late, settings) == before
        finally:
            done.set()

    in_threads(publish_late, publish_another)
    assert_index_equals_published(newsroom, settings)


@own_connections
@pytest.mark.parametrize("engine", [DatabaseEngine, ElasticsearchEngine])
def test_a_commit_between_reading_and_writing_is_indexed_in_the_end(
    newsroom: Newsroom,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    engine: type[DatabaseEngine | ElasticsearchEngine],
) -> None:
    drain()
    page_id = newsroom.article_ids[0]
    put: Any = engine.put
    outdated: list[str] = []

    def put_late(self: object, documents: Sequence[Document]) -> None:
        if not outdated:
            outdated.extend(document.title for document in documents)
            in_threads(lambda: newsroom.publish(page_id))
        put(self, documents)

    newsroom.publish(page_id)
    read = newsroom.titles[page_id]
    monkeypatch.setattr(engine, "put", put_late)
    drain()
    drain()  # Once more for the other engine, which may have had its turn before.
    assert outdated == [read] != [newsroom.titles[page_id]]
    assert_index_equals_published(newsroom, settings)


@own_connections
def test_two_late_commits_of_one_page_leave_the_last_of_them(
    newsroom: Newsroom, processes: Processes, settings: Settings
) -> None:
    page_id = newsroom.article_ids[0]
    processes.start_worker()
    for _ in range(10):
        in_threads(*[lambda: newsroom.publish(page_id)] * 2)
    newsroom.publish(page_id)
    assert_index_equals_published(newsroom, settings)
