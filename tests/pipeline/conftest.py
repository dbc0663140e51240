"""What the pipeline's tests share: pages of no particular type, a clock to move, consumers that write down calls."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection
from django.utils import timezone
from wagtail.models import Page

from cms.pipeline.consumers import consumers, event_consumers
from cms.pipeline.models import Event, PageChange
from cms.pipeline.worker import Lane

StartWorker = Callable[..., subprocess.Popen[bytes]]


class Clock:
    """Tells the time as it is, and a later one once it was moved."""

    def __init__(self) -> None:
        self._now = timezone.now
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return self._now() + self._ahead

    def move(self, *, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)


class PageConsumer:
    """Writes down the pages that it is called for; raises `errors[page_id]` where there is one."""

    def __init__(self) -> None:
        self.page_ids: list[int] = []
        self.errors: dict[int, Exception] = {}
        self.always: Exception | None = None

    def __call__(self, page_id: int) -> None:
        self.page_ids.append(page_id)
        if error := self.always or self.errors.get(page_id):
            raise error


class EventConsumer:
    """Writes down the payloads that it is called with; raises `errors[payload]` where there is one."""

    def __init__(self) -> None:
        self.payloads: list[str] = []
        self.errors: dict[str, Exception] = {}

    def __call__(self, event: Event) -> None:
        self.payloads.append(event.payload["text"])
        if error := self.errors.get(event.payload["text"]):
            raise error


class Tree(NamedTuple):
    """Four live pages: `child` and then `grandchild` under `section`, and `other` beside it."""

    section: Page
    child: Page
    grandchild: Page
    other: Page


def publish(page: Page) -> None:
    page.save_revision().publish()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of the whole process, Wagtail included."""
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock)
    return clock


@pytest.fixture(autouse=True)
def _no_consumers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the rooms' own consumers out."""
    for registry in (consumers, event_consumers):
        for name in list(registry):
            monkeypatch.delitem(registry, name)


@pytest.fixture
def consumer(monkeypatch: pytest.MonkeyPatch, _no_consumers: None) -> PageConsumer:
    consumer = PageConsumer()
    monkeypatch.setitem(consumers, "index", consumer)
    return consumer


@pytest.fixture
def event_consumer(monkeypatch: pytest.MonkeyPatch, _no_consumers: None) -> EventConsumer:
    consumer = EventConsumer()
    monkeypatch.setitem(event_consumers, "letters", consumer)
    return consumer


@pytest.fixture
def lane(consumer: PageConsumer) -> Lane:
    return Lane(consumer="index", worker="first")


@pytest.fixture
def event_lane(event_consumer: EventConsumer) -> Lane:
    return Lane(consumer="letters", worker="first")


@pytest.fixture
def tree(db: None, _no_consumers: None) -> Tree:
    home = Page.objects.get(depth=2)
    section = home.add_child(instance=Page(title="Section", slug="section"))
    child = section.add_child(instance=Page(title="Child", slug="child"))
    grandchild = child.add_child(instance=Page(title="Grandchild", slug="grandchild"))
    other = home.add_child(instance=Page(title="Other", slug="other"))
    PageChange.objects.all().delete()
    return Tree(*(Page.objects.get(pk=page.pk) for page in (section, child, grandchild, other)))


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Where the worker processes write down what they do."""
    file = tmp_path / "journal"
    file.touch()
    return file


@pytest.fixture
def start_worker(journal: Path, pytestconfig: pytest.Config) -> Iterator[StartWorker]:
    """A function that starts a worker process on the test's own database. Its consumer takes `seconds` for a page, and
    so does its periodic task, if it has one.
    """
    processes = []

    def start(*, seconds: float, task: str = "") -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.pipeline.worker_process", str(journal), str(seconds), task]
        process = subprocess.Popen(
            command, cwd=pytestconfig.rootpath, env={**os.environ, "DATABASE_URL": database_url()}
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()


def database_url() -> str:
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
