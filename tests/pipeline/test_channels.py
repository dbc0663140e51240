"""Channels of events are handled side by side, each in the order of its keys."""

import threading

import pytest

from cms.pipeline import worker
from cms.pipeline.consumers import Unavailable, event_consumers
from cms.pipeline.models import Event
from cms.pipeline.outbox import record_event
from cms.pipeline.worker import MOST_CHANNELS_AT_ONCE, Channels, run
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
    process = threading.Thread(target=run, kwargs={"stop": stop})
    process.start()
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
        process.join()
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


@own_connections
def test_many_channels_take_turns_in_few_threads(
    event_consumer: EventConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once: list[int] = []
    may_end = threading.Event()

    def handle(event: Event) -> None:
        at_once.append(sum(thread.name.startswith("letters ") for thread in threading.enumerate()))
        may_end.wait()
        event_consumer(event)

    monkeypatch.setitem(event_consumers, "letters", handle)
    for number in range(2 * MOST_CHANNELS_AT_ONCE + 1):
        tell(str(number), channel=f"receiver {number}")
    channels = Channels(consumer="letters", worker="first", stop=threading.Event())
    channels.step()
    channels.step()
    wait_until(lambda: len(at_once) == MOST_CHANNELS_AT_ONCE)
    may_end.set()
    channels.join()
    # Those that waited longest came first.
    assert set(event_consumer.payloads) == {str(number) for number in range(MOST_CHANNELS_AT_ONCE)}
    while unfinished():
        channels.step()
        channels.join()
    assert max(at_once) == MOST_CHANNELS_AT_ONCE


@own_connections
def test_a_channel_that_has_had_its_turn_gives_its_thread_to_another(
    event_consumer: EventConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LONGEST_TURN_SECONDS", 1e-9)
    monkeypatch.setattr(worker, "MOST_CHANNELS_AT_ONCE", 1)
    for number in range(2):
        for channel in ("busy", "patient"):
            tell(f"{channel} {number}", channel=channel)
    channels = Channels(consumer="letters", worker="first", stop=threading.Event())
    while unfinished():
        channels.step()
        channels.join()
    assert event_consumer.payloads == ["busy 0", "patient 0", "busy 1", "patient 1"]
