"""What the webhooks' tests share: a receiver that listens, endpoints that lead to it, pages, and the worker."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks.webhooks import Webhook

from cms.pipeline.consumers import consumers, event_consumers
from cms.pipeline.models import Event
from cms.pipeline.webhooks import announcing, delivering
from cms.pipeline.webhooks.endpoints import create_endpoint
from cms.pipeline.webhooks.models import CONSUMER, Endpoint, Kind
from cms.pipeline.webhooks.signing import rotate
from cms.pipeline.worker import drain
from tests.pages import ArticleFactory
from tests.services.receiver import Receiver, Request

Message = dict[str, Any]


class Endpoints:
    """Makes endpoints, and knows their secrets."""

    def __init__(self) -> None:
        self.secrets: dict[int, list[str]] = {}

    def __call__(self, receiver: Receiver, *, name: str = "Shop front", **fields: Any) -> Endpoint:
        wanted = {"url": receiver.url, "events": Kind.values, **fields}
        endpoint, secret = create_endpoint(name=name, now=timezone.now(), **wanted)
        self.secrets[endpoint.pk] = [secret]
        return endpoint

    def rotate(self, endpoint: Endpoint) -> str:
        secret = rotate(endpoint=endpoint, now=timezone.now())
        self.secrets[endpoint.pk].append(secret)
        return secret

    def verify(self, endpoint: Endpoint, request: Request) -> Message:
        """Return a message whose signature holds under the endpoint's newest secret; raise where it does not."""
        message: Message = Webhook(self.secrets[endpoint.pk][-1]).verify(request.body, request.headers)
        return message


def messages(receiver: Receiver) -> list[Message]:
    return [json.loads(request.body) for request in receiver.requests]


def told(receiver: Receiver) -> list[tuple[str, int]]:
    """Return what a receiver was told, and of which page."""
    return [(message["type"].removeprefix("page."), message["data"].get("id")) for message in messages(receiver)]


def ids(receiver: Receiver) -> list[str]:
    return [request.headers["webhook-id"] for request in receiver.requests]


@pytest.fixture(autouse=True)
def _webhooks_alone(_no_consumers: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the other rooms' consumers."""
    monkeypatch.setitem(consumers, announcing.CONSUMER, announcing.announce_page)
    monkeypatch.setitem(event_consumers, CONSUMER, delivering.deliver)


@pytest.fixture
def allow_this_machine(settings: Settings) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]


@pytest.fixture
def new_receiver() -> Iterator[Callable[..., Receiver]]:
    made: list[Receiver] = []

    def make(**fields: Any) -> Receiver:
        made.append(Receiver(**fields))
        made[-1].start()
        return made[-1]

    yield make
    for receiver in made:
        receiver.stop()


@pytest.fixture
def receiver(new_receiver: Callable[..., Receiver], allow_this_machine: None) -> Receiver:
    """A receiver that may be called."""
    return new_receiver()


@pytest.fixture
def new_endpoint(db: None) -> Endpoints:
    return Endpoints()


@pytest.fixture
def endpoint(new_endpoint: Endpoints, receiver: Receiver) -> Endpoint:
    return new_endpoint(receiver)


@pytest.fixture
def article(publish_article: ArticleFactory, receiver: Receiver, endpoint: Endpoint) -> Any:
    """An article of which the receiver knows; what it was told so far is forgotten."""
    made = publish_article(title="Let-down")
    drain()
    receiver.requests.clear()
    return made


def the_event() -> Event:
    found: Event = Event.objects.filter(consumer="webhooks").latest("pk")
    return found


def work_until(moment: time_machine.Traveller, *, end: timedelta, step: timedelta) -> None:
    """Let the worker come round every `step`, while the time moves on by `end`."""
    passed = timedelta()
    while passed < end:
        drain()
        moment.shift(step)
        passed += step
    drain()
