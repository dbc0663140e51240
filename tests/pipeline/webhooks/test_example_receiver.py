"""The example program that takes webhooks: what it believes, and that it loses nothing and counts nothing twice."""

import importlib.util
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
from django.utils import timezone

from articles.models import ArticlePage
from cms.pipeline.webhooks.delivering import send_test
from cms.pipeline.webhooks.models import Endpoint
from cms.pipeline.worker import drain
from tests.pipeline.test_worker import wait_until
from tests.pipeline.webhooks.conftest import Endpoints
from tests.services.receiver import Receiver, Request

EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "examples" / "webhook_receiver.py"
# Fails the first time.
STUBBORN = "import pathlib, sys; runs = pathlib.Path(sys.argv[1]); runs.open('a').write('run\\n'); "
STUBBORN += "sys.exit(runs.read_text() == 'run\\n')"


@pytest.fixture
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("webhook_receiver", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def delivered(receiver: Receiver, endpoint: Endpoint) -> Request:
    """A message as it arrived."""
    send_test(endpoint=endpoint, now=timezone.now())
    drain()
    return receiver.requests[-1]


@pytest.fixture
def secrets(new_endpoint: Endpoints, endpoint: Endpoint) -> list[str]:
    return new_endpoint.secrets[endpoint.pk]


def test_what_was_sent_is_believed(example: ModuleType, secrets: list[str], delivered: Request) -> None:
    secrets = [f"whsec_{'A' * 44}", *secrets]
    message = example.verify(delivered.body, delivered.headers, secrets=secrets, now=time.time())
    assert (message["type"], message["data"]) == ("webhook.test", {"name": "Shop front"})


def test_while_a_secret_changes_either_is_enough(
    example: ModuleType, article: ArticlePage, new_endpoint: Endpoints, endpoint: Endpoint, receiver: Receiver
) -> None:
    new_endpoint.rotate(endpoint)
    article.save_revision().publish()
    drain()
    request = receiver.requests[-1]
    for secret in new_endpoint.secrets[endpoint.pk]:
        message = example.verify(request.body, request.headers, secrets=[secret], now=time.time())
        assert message["data"]["id"] == article.pk


@pytest.mark.parametrize(
    ("changed", "seconds"),
    [
        ({"body": "{}"}, 0),
        ({"webhook-id": "msg_other"}, 0),
        ({"webhook-timestamp": "1"}, 0),
        ({"webhook-timestamp": "soon"}, 0),
        ({"webhook-signature": "v1,"}, 0),
        ({"webhook-signature": "v1,ünsigned v1"}, 0),
        ({}, 301),
        ({}, -301),
    ],
)
def test_nothing_else_is_believed(
    example: ModuleType, delivered: Request, secrets: list[str], changed: dict[str, str], seconds: int
) -> None:
    body = changed.get("body", "").encode() or delivered.body
    with pytest.raises(ValueError):  # noqa: PT011 - that it is refused is all there is
        example.verify(body, {**delivered.headers, **changed}, secrets=secrets, now=time.time() + seconds)


def test_another_s_message_is_not_believed(example: ModuleType, delivered: Request) -> None:
    with pytest.raises(ValueError, match="none of the secrets"):
        example.verify(delivered.body, delivered.headers, secrets=[f"whsec_{'A' * 44}"], now=time.time())


def test_a_message_counts_once_however_often_it_comes(example: ModuleType, tmp_path: Path) -> None:
    assert example.Inbox(tmp_path / "inbox").add("msg_1")
    inbox = example.Inbox(tmp_path / "inbox")
    assert not inbox.add("msg_1")
    assert inbox.waiting() == ["msg_1"]
    inbox.finish(["msg_1"])
    assert not inbox.add("msg_1")
    assert inbox.waiting() == []


def test_what_waited_when_it_was_killed_is_built_for_and_a_failure_is_tried_again(
    example: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(example, "WAIT_AFTER_FAILURE", 0.0)
    runs = tmp_path / "runs"
    inbox = example.Inbox(tmp_path / "inbox")
    inbox.add("msg_1")
    inbox.add("msg_2")
    example.Builder(inbox, [sys.executable, "-c", STUBBORN, str(runs)]).start()
    wait_until(lambda: inbox.waiting() == [])
    assert runs.read_text() == "run\nrun\n"
