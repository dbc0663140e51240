"""A site on a real database and a real Elasticsearch, its editors, and workers that can be killed."""

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import pytest
from django.db import connection, transaction
from elasticsearch import Elasticsearch as Client
from pytest_django import Settings

from articles.models import ArticlePage
from cms.pipeline.consumers import consumers
from cms.pipeline.models import Event, PageChange
from cms.pipeline.outbox import unfinished_page_ids
from search.documents import documents
from search.indexing import ELASTICSEARCH_INDEX, check, engines, make_missing, refresh_elasticsearch
from search.models import SearchDocument
from tests.faults.processes import Death, Order
from tests.pages import ArticleFactory

ARTICLES = 16
DONE_WITHIN = 60  # seconds, on a machine that does much else

numbers = itertools.count(1)


def wait_until(condition: Callable[[], object], *, within: float = DONE_WITHIN) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(0.05)


@dataclass
class Newsroom:
    """Editors who publish, unpublish and delete by a fixed seed, and who know what readers are to find.

    Every change is one transaction, as a request of the admin is. An error that an editor would see fails the test.
    """

    chance: random.Random
    article_ids: list[int]
    titles: dict[int, str] = field(default_factory=dict)
    editions: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def publish(self, page_id: int) -> None:
        title = f"Edition {next(self.editions)}"
        with transaction.atomic():
            article = ArticlePage.objects.get(pk=page_id)
            article.title = title
            article.save_revision().publish()
        self.titles[page_id] = title

    def unpublish(self, page_id: int) -> None:
        with transaction.atomic():
            ArticlePage.objects.get(pk=page_id).unpublish()
        del self.titles[page_id]

    def delete(self, page_id: int) -> None:
        with transaction.atomic():
            ArticlePage.objects.get(pk=page_id).delete()
        self.article_ids.remove(page_id)
        self.titles.pop(page_id, None)

    def work(self, *, publishes: int) -> None:
        """Publish as often as told, different pages one after the other, and take some pages out between."""
        for page_id in self.pick(publishes):
            self.publish(page_id)
            if self.chance.random() < 0.1:
                self.unpublish(self.chance.choice(list(self.titles)))

    def pick(self, count: int) -> list[int]:
        """Choose pages by chance: none a second time before all had their turn."""
        turns = itertools.chain.from_iterable(
            self.chance.sample(self.article_ids, len(self.article_ids)) for _ in itertools.count()
        )
        return list(itertools.islice(turns, count))


class Starter:
    """The process of which all workers and rebuilds are copies: it loads the site once for all tests."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.processes"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def start(self, order: Order) -> int:
        """Have a copy do what the order says, and return its process id."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(order)}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def stop(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class Processes:
    """Workers and rebuilds on the test's database and Elasticsearch."""

    def __init__(self, starter: Starter, *, hosts: list[str], index: str) -> None:
        self._starter = starter
        self._hosts = hosts
        self._index = index
        self._started: list[int] = []

    def start_worker(self, *, death: Death | None = None) -> int:
        """Start a worker, and return its process id. It is killed where `death` says, or works until it is stopped."""
        return self._start(Order("worker", self._hosts, self._index, death=death))

    def start_rebuild(self, *, fatal: tuple[str, int] | None = None) -> int:
        """Start a rebuild, and return its process id. `fatal` is a step, and the time of being told of it."""
        return self._start(Order("rebuild", self._hosts, self._index, fatal=fatal))

    def _start(self, order: Order) -> int:
        self._started.append(self._starter.start(order))
        return self._started[-1]

    def wait_for_end(self, pid: int) -> None:
        wait_until(lambda: not is_running(pid))

    def interrupt(self, pid: int) -> None:
        """Press Ctrl-C, and wait until the process has ended."""
        os.kill(pid, signal.SIGINT)
        self.wait_for_end(pid)

    def stop(self) -> None:
        """Kill what is still running, and wait until it is gone."""
        for pid in filter(is_running, self._started):
            os.kill(pid, signal.SIGKILL)
            self.wait_for_end(pid)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def server_url(elasticsearch_url: str) -> str:
    """The Elasticsearch that the site uses; a module may put another one in its place."""
    return elasticsearch_url


@pytest.fixture
def on_elasticsearch(server_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The site as it is with ELASTICSEARCH_URL, with an index of the test's own."""
    settings.ELASTICSEARCH_HOSTS = [server_url]
    settings.ELASTICSEARCH_INDEX = f"{os.environ['ELASTICSEARCH_INDEX']}-faults-{next(numbers)}"
    monkeypatch.setitem(consumers, ELASTICSEARCH_INDEX, refresh_elasticsearch)


@pytest.fixture(scope="package")
def starter(django_db_setup: None, elasticsearch_url: str, pytestconfig: pytest.Config) -> Iterator[Starter]:
    from tests.pipeline.conftest import database_url

    environment = {"DATABASE_URL": database_url(), "ELASTICSEARCH_URL": elasticsearch_url}
    starter = Starter({**os.environ, "PYTHONPATH": str(pytestconfig.rootpath), **environment})
    yield starter
    starter.stop()


@pytest.fixture
def newsroom(on_elasticsearch: None, publish_article: ArticleFactory) -> Newsroom:
    with connection.cursor() as cursor:
        # The one table that is no model's, which tests with transactions of their own leave as it is.
        cursor.execute("DELETE FROM search_stems")
    make_missing()
    articles = [publish_article(title=f"Article {number}", slug=f"article-{number}") for number in range(ARTICLES)]
    ids = [article.pk for article in articles]
    return Newsroom(chance=random.Random(20), article_ids=ids, titles={page.pk: page.title for page in articles})


@pytest.fixture
def processes(on_elasticsearch: None, starter: Starter, settings: Settings) -> Iterator[Processes]:
    processes = Processes(starter, hosts=settings.ELASTICSEARCH_HOSTS, index=settings.ELASTICSEARCH_INDEX)
    yield processes
    processes.stop()


def assert_index_equals_published(newsroom: Newsroom, settings: Settings) -> None:
    """Wait until the outbox is empty, then compare each index with what the editors know, page by page."""
    wait_until(lambda: not any(unfinished_page_ids(consumer=consumer) for consumer in consumers))
    assert not PageChange.objects.exclude(dead_at=None).exists()
    assert not Event.objects.exclude(dead_at=None).exists()
    for engine in engines():
        assert check(engine).page_ids == (), engine.name
    expected = {document.page_id: document for document in documents(newsroom.article_ids)}
    assert {page_id: document.title for page_id, document in expected.items()} == newsroom.titles
    hashes = {page_id: document.content_hash for page_id, document in expected.items()}
    assert dict(SearchDocument.objects.values_list("page_id", "content_hash")) == hashes
    assert stems_of_pages() == sorted(hashes)
    assert dict(found_in_elasticsearch(settings)) == {
        page_id: (newsroom.titles[page_id], content_hash) for page_id, content_hash in hashes.items()
    }
    assert list(indices(settings)) == [index_in_use(settings)]


def found_in_elasticsearch(settings: Settings) -> list[tuple[int, tuple[str, str]]]:
    """Ask the server itself for page id, title and hash of all that readers can find."""
    with Client(settings.ELASTICSEARCH_HOSTS) as client:
        client.indices.refresh(index=settings.ELASTICSEARCH_INDEX)
        answer = client.search(
            index=settings.ELASTICSEARCH_INDEX, query={"exists": {"field": "content_hash"}}, size=1_000
        )
    hits = answer["hits"]["hits"]
    assert len({hit["_id"] for hit in hits}) == len(hits) == answer["hits"]["total"]["value"]
    return [(int(hit["_id"]), (hit["_source"]["title"], hit["_source"]["content_hash"])) for hit in hits]


def indices(settings: Settings) -> dict[str, list[str]]:
    """Ask the server for its indices that were made for this site, with their aliases."""
    with Client(settings.ELASTICSEARCH_HOSTS) as client:
        found = client.indices.get_alias(index=f"{settings.ELASTICSEARCH_INDEX}-*")
    return {name: list(index["aliases"]) for name, index in found.items()}


def index_in_use(settings: Settings) -> str:
    (name,) = (name for name, aliases in indices(settings).items() if aliases == [settings.ELASTICSEARCH_INDEX])
    return name


def stems_of_pages() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {'rowid' if connection.vendor == 'sqlite' else 'page_id'} FROM search_stems")
        return sorted(page_id for (page_id,) in cursor.fetchall())
