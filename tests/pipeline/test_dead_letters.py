"""What cannot be done is kept, with its last error, until it is recorded again."""

from cms.pipeline.consumers import PermanentError
from cms.pipeline.models import LONGEST_DELAY_SECONDS, MOST_ATTEMPTS, Event, PageChange
from cms.pipeline.outbox import record, record_event, unfinished_page_ids
from cms.pipeline.worker import Lane
from tests.pipeline.conftest import Clock, EventConsumer, PageConsumer


def test_a_row_that_failed_too_often_is_a_dead_letter(
    db: None, consumer: PageConsumer, lane: Lane, clock: Clock
) -> None:
    consumer.errors[7] = ValueError("never")
    record(page_ids=[7])
    for _time in range(MOST_ATTEMPTS + 5):
        lane.step()
        clock.move(seconds=LONGEST_DELAY_SECONDS)
    assert len(consumer.page_ids) == MOST_ATTEMPTS
    row = PageChange.objects.get()
    assert row.last_error == "ValueError: never"
    assert row.attempts == MOST_ATTEMPTS
    assert row.dead_at is not None
    assert row.dead_at == row.last_failed_at
    assert row.dead_at > row.waiting_since
    assert unfinished_page_ids(consumer="index") == {7}


def test_a_permanent_error_makes_a_dead_letter_at_once(
    db: None, consumer: PageConsumer, lane: Lane, clock: Clock
) -> None:
    consumer.errors[7] = PermanentError("too long")
    record(page_ids=[7, 8])
    while lane.step():
        pass
    clock.move(seconds=LONGEST_DELAY_SECONDS)
    assert not lane.step()
    assert sorted(consumer.page_ids) == [7, 8]
    assert PageChange.objects.get(page_id=7).dead_at is not None
    assert unfinished_page_ids(consumer="index") == {7}


def test_a_dead_letter_comes_back_to_life_when_the_page_changes(db: None, consumer: PageConsumer, lane: Lane) -> None:
    consumer.errors[7] = PermanentError("too long")
    record(page_ids=[7])
    lane.step()
    died = PageChange.objects.get()
    del consumer.errors[7]
    record(page_ids=[7])
    revived = PageChange.objects.get()
    assert (revived.dead_at, revived.attempts, revived.last_error) == (None, 0, "")
    assert revived.waiting_since > died.waiting_since
    assert lane.step()
    assert unfinished_page_ids(consumer="index") == set()


def test_an_error_of_any_text_can_be_kept(db: None, consumer: PageConsumer, lane: Lane) -> None:
    consumer.errors[7] = PermanentError("a NUL \0 and a long tail " + "x" * 100_000)
    record(page_ids=[7])
    assert lane.step()
    assert PageChange.objects.get().last_error.startswith("PermanentError: a NUL  and a long tail xxx")


def test_a_dead_event_lets_the_later_ones_of_its_key_go_on(
    db: None, event_consumer: EventConsumer, event_lane: Lane
) -> None:
    event_consumer.errors["one"] = PermanentError("gone")
    for text in ("one", "two"):
        record_event(consumer="letters", key="page 7", event="published", payload={"text": text})
    while event_lane.step():
        pass
    assert event_consumer.payloads == ["one", "two"]
    dead = Event.objects.get(finished_at=None)
    assert dead.payload == {"text": "one"}
    assert dead.dead_at is not None
