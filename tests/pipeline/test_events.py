"""Events are told of each time they happen, in order for each key."""

import pytest
from django.db import transaction

from cms.pipeline.consumers import Unavailable, event_consumers
from cms.pipeline.models import FIRST_DELAY_SECONDS, Event
from cms.pipeline.outbox import record_event
from cms.pipeline.worker import LONGEST_PAUSE_SECONDS, Lane, drain
from tests.pipeline.conftest import Clock, EventConsumer


def tell(text: str, *, key: str = "page 7") -> None:
    record_event(consumer="letters", key=key, event="published", payload={"text": text})


def test_equal_events_never_coalesce(db: None, event_consumer: EventConsumer) -> None:
    for _time in range(3):
        tell("again")
    drain()
    assert event_consumer.payloads == ["again", "again", "again"]


def test_an_event_of_a_transaction_that_is_rolled_back_is_not_told(db: None, event_consumer: EventConsumer) -> None:
    with transaction.atomic():
        tell("never happened")
        transaction.set_rollback(True)
    drain()
    assert event_consumer.payloads == []


def test_a_failing_event_holds_back_the_later_ones_of_its_key_alone(
    db: None, event_consumer: EventConsumer, event_lane: Lane, clock: Clock
) -> None:
    event_consumer.errors["one"] = ValueError("not now")
    tell("one")
    tell("two")
    tell("other", key="page 8")
    while event_lane.step():
        pass
    assert event_consumer.payloads == ["one", "other"]
    event_consumer.errors.clear()
    clock.move(seconds=FIRST_DELAY_SECONDS)
    while event_lane.step():
        pass
    assert event_consumer.payloads == ["one", "other", "one", "two"]


def test_a_held_event_holds_back_the_later_ones_of_its_key(
    db: None, event_consumer: EventConsumer, clock: Clock
) -> None:
    tell("one")
    tell("two")
    assert Event.claim(consumer="letters", worker="first", now=clock()) is not None
    assert Event.claim(consumer="letters", worker="second", now=clock()) is None


def test_the_order_holds_through_an_outage(
    db: None, event_consumer: EventConsumer, event_lane: Lane, clock: Clock
) -> None:
    texts = ["one", "two", "three"]
    for text in texts:
        tell(text)
        event_consumer.errors[text] = Unavailable("connection refused")
    for _time in range(20):
        event_lane.step()
        clock.move(seconds=LONGEST_PAUSE_SECONDS)
    assert set(event_consumer.payloads) == {"one"}
    event_consumer.errors.clear()
    event_consumer.payloads.clear()
    while event_lane.step():
        pass
    assert event_consumer.payloads == texts


def test_what_the_consumer_leaves_of_the_payload_is_what_is_kept(
    db: None, event_consumer: EventConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forget_half(event: Event) -> None:
        del event.payload["secret"]

    monkeypatch.setitem(event_consumers, "letters", forget_half)
    record_event(consumer="letters", key="7", event="sent", payload={"secret": "482913", "to": "a page"})
    drain()
    assert Event.objects.get().payload == {"to": "a page"}
