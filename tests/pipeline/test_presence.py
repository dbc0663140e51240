"""Workers of one host see which of them were killed, and take over at once what those had in their hands."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from cms.pipeline.models import Event, PageChange
from cms.pipeline.outbox import record, record_event
from cms.pipeline.presence import gone_workers, present
from cms.pipeline.worker import run_once
from tests.pipeline.conftest import Clock, EventConsumer, PageConsumer
from tests.services.site import ROOT

BE_PRESENT = """
import sys, time
from pathlib import Path
from django.conf import settings
settings.configure(DATA_DIR=Path(sys.argv[1]))
from cms.pipeline.presence import present
with present("other"):
    print("here", flush=True)
    time.sleep(1000)
"""


@pytest.fixture(autouse=True)
def own_folder(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


@pytest.fixture
def other_worker(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that says it is the worker "other"."""
    command = [sys.executable, "-c", BE_PRESENT, str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "here\n"
    yield process
    process.kill()
    process.wait()


def test_a_worker_that_is_there_is_not_gone(other_worker: subprocess.Popen[str]) -> None:
    with present("this"):
        assert list(gone_workers()) == []


def test_a_worker_that_ended_by_itself_is_not_looked_for() -> None:
    with present("this"):
        pass
    assert list(gone_workers()) == []


def test_a_worker_that_only_hangs_is_not_gone(other_worker: subprocess.Popen[str]) -> None:
    other_worker.send_signal(signal.SIGSTOP)
    time.sleep(0.1)
    assert list(gone_workers()) == []


def test_a_killed_worker_is_gone_and_then_forgotten(other_worker: subprocess.Popen[str]) -> None:
    other_worker.kill()
    other_worker.wait()
    assert list(gone_workers()) == ["other"]
    assert list(gone_workers()) == []


def test_whoever_fails_to_deal_with_it_is_told_again(other_worker: subprocess.Popen[str]) -> None:
    other_worker.kill()
    other_worker.wait()
    for _ in range(2):
        assert next(gone_workers()) == "other"


def test_what_a_killed_worker_held_is_handled_at_once(
    db: None, other_worker: subprocess.Popen[str], consumer: PageConsumer, event_consumer: EventConsumer, clock: Clock
) -> None:
    record(page_ids=[7])
    record_event(consumer="letters", key="one", event="published", payload={"text": "hello"})
    assert PageChange.claim(consumer="index", worker="other", now=clock())
    assert Event.claim(consumer="letters", worker="other", now=clock())
    run_once()
    assert (consumer.page_ids, event_consumer.payloads) == ([], [])
    other_worker.kill()
    other_worker.wait()
    run_once()
    assert (consumer.page_ids, event_consumer.payloads) == ([7], ["hello"])
