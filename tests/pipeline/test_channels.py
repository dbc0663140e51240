"""Channels of events are handled side by side, each in the order of its keys."""

import threading

import pytest

from cms.pipeline.consumers import Unavailable, event_consumers
from cms.pipeline.models import Event
from cms.pipeline.outbox import record_event
from cms.pipeline.worker import Channels, run
from tests.pipeline.conftest import Clock, EventConsumer
from tests.pipeline.test_claim import own_connections
from tests.pipeline.test_worker import wait_until


def tell(text: str, *, channel: str, key: str = "") -> None:
    record_event(
        consumer="letters", key=key or f"{channel}:7", channel=channel, event="published", payload={"text": text}
    )


def unfinished() -> set[str]:
    return {event.payload["text"] for event in Event.objects.unfinished()}


@own_connections
def test_a_channel_that_hangs_holds_up_no_other(event_consumer: EventConsumer, monkeypatch: pytest.MonkeyPatch) -> None:
    hangs, stop = threading.Event(), threading.Event()

    def handle(event: Event) -> None:
        if event.channel == "slow":
            hangs.wait()
        event_consumer(event)

    monkeypatch.setitem(event_consumers, "letters", handle)
    for number in range(3):
        tell(f"slow {number}", channel="slow")
        tell(f"quick {number}", channel="quick")
    worker = threading.Thread(target=run, kwargs={"stop": stop})
    worker.start()
    try:
        wait_until(lambda: unfinished() == {"slow 0", "slow 1", "slow 2"})
        tell("quick 3", channel="quick")
        wait_until(lambda: "quick 3" in event_consumer.payloads)
        assert unfinished() >= {"slow 0", "slow 1", "slow 2"}
        hangs.set()
        wait_until(lambda: unfinished() == set())
    finally:
        hangs.set()
        stop.set()
        worker.join()
    assert [text for text in event_consumer.payloads if text.startswith("slow")] == ["slow 0", "slow 1", "slow 2"]
    assert [text for text in event_consumer.payloads if text.startswith("quick")] == [f"quick {n}" for n in range(4)]


@own_connections
def test_a_worker_that_stops_ends_with_what_each_channel_has_in_hand(
    event_consumer: EventConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end, stop = threading.Event(), threading.Event(), threading.Event()

    def handle(event: Event) -> None:
        begun.set()
        may_end.wait()
        event_consumer(event)

    monkeypatch.setitem(event_consumers, "letters", handle)
    tell("in hand", channel="a")
    tell("not yet", channel="a")
    channels = Channels(consumer="letters", worker="first", stop=stop)
    channels.step()
    begun.wait()
    stop.set()
    may_end.set()
    channels.join()
    assert event_consumer.payloads == ["in hand"]
    assert unfinished() == {"not yet"}


@own_connections
def test_a_channel_whose_server_is_away_rests_alone(event_consumer: EventConsumer, clock: Clock) -> None:
    event_consumer.errors["one"] = Unavailable("connection refused")
    tell("one", channel="away")
    tell("two", channel="here")
    channels = Channels(consumer="letters", worker="first", stop=threading.Event())
    for _time in range(3):
        channels.step()
        channels.join()
    assert sorted(event_consumer.payloads) == ["one", "two"]
    assert unfinished() == {"one"}
