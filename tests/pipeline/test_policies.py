"""A consumer may have its rows tried again for longer, or less often, than the others."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cms.pipeline.consumers import FailedForNow, policies
from cms.pipeline.models import Event, PageChange, Policy
from cms.pipeline.outbox import record, record_event
from cms.pipeline.worker import Lane
from tests.pipeline.conftest import Clock, EventConsumer, PageConsumer

A_DAY = timedelta(hours=24)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> Policy:
    policy = Policy(first_delay_seconds=5, longest_delay_seconds=3600, most_attempts=None, give_up_after=A_DAY)
    monkeypatch.setitem(policies, "index", policy)
    return policy


def row() -> PageChange:
    found: PageChange = PageChange.objects.get()
    return found


def fail_until_dead(lane: Lane, clock: Clock) -> None:
    while row().dead_at is None:
        clock.move(seconds=max((row().due_at - clock()).total_seconds(), 0))
        assert lane.step()


@pytest.mark.parametrize(("attempts", "longest"), [(1, 5), (2, 10), (11, 3600), (30_000, 3600)])
def test_the_delay_doubles_up_to_the_ceiling_of_the_policy(patient: Policy, attempts: int, longest: float) -> None:
    delays = [patient.back_off(attempts=attempts).total_seconds() for _time in range(50)]
    assert all(longest / 2 <= delay <= longest for delay in delays)


def test_a_row_is_tried_until_the_time_is_over_and_once_more_at_its_end(
    db: None, patient: Policy, consumer: PageConsumer, lane: Lane, clock: Clock
) -> None:
    consumer.errors[7] = ValueError("not now")
    record(page_ids=[7])
    fail_until_dead(lane, clock)
    dead = row()
    assert dead.failing_since is not None
    assert dead.dead_at is not None
    assert timedelta(0) <= dead.dead_at - dead.failing_since - A_DAY < timedelta(seconds=10)
    assert len(consumer.page_ids) == dead.attempts
    assert 24 <= dead.attempts <= 70


def test_a_row_that_waited_for_long_has_its_whole_time(
    db: None, patient: Policy, consumer: PageConsumer, lane: Lane, clock: Clock
) -> None:
    consumer.errors[7] = ValueError("not now")
    record(page_ids=[7])
    clock.move(seconds=A_DAY.total_seconds() * 2)
    assert lane.step()
    assert row().dead_at is None


def test_a_row_that_is_recorded_again_has_its_whole_time_again(
    db: None, patient: Policy, consumer: PageConsumer, lane: Lane, clock: Clock
) -> None:
    consumer.errors[7] = ValueError("not now")
    record(page_ids=[7])
    fail_until_dead(lane, clock)
    record(page_ids=[7])
    assert row().failing_since is None
    assert lane.step()
    assert row().dead_at is None


def test_whoever_refuses_a_row_may_say_for_how_long(db: None, consumer: PageConsumer, lane: Lane, clock: Clock) -> None:
    consumer.errors[7] = FailedForNow("too many", wait=timedelta(minutes=30))
    record(page_ids=[7])
    assert lane.step()
    assert row().due_at >= timezone.now() + timedelta(minutes=29)
    assert row().attempts == 1


def test_events_that_waited_for_one_that_was_given_up_are_not_tried_for_as_long_again(
    db: None, event_consumer: EventConsumer, event_lane: Lane, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = Policy(first_delay_seconds=5, longest_delay_seconds=3600, most_attempts=None, give_up_after=A_DAY)
    monkeypatch.setitem(policies, "letters", policy)
    begun = clock()
    for hours, text in ((0, "first"), (1, "second"), (23, "third")):
        clock.move(seconds=(begun + timedelta(hours=hours) - clock()).total_seconds())
        event_consumer.errors[text] = ValueError("gone")
        record_event(consumer="letters", key="7", event="published", payload={"text": text})
        event_lane.step()
    while waiting := Event.objects.unfinished().order_by("pk").first():
        clock.move(seconds=max((waiting.due_at - clock()).total_seconds(), 0))
        assert event_lane.step()
    given_up = [
        dead_at - begun for dead_at in Event.objects.order_by("pk").values_list("dead_at", flat=True) if dead_at
    ]
    for hours, after in zip((24, 25, 47), given_up, strict=True):
        assert timedelta(hours=hours) <= after < timedelta(hours=hours, minutes=5)
    assert set(event_consumer.payloads) == {"first", "second", "third"}
