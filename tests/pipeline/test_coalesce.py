"""A page has one row for each consumer, however often it changes, and none of the changes is missed."""

from cms.pipeline.consumers import PermanentError, consumers
from cms.pipeline.models import PageChange
from cms.pipeline.outbox import record, unfinished_page_ids
from cms.pipeline.worker import Lane
from tests.pipeline.conftest import PageConsumer, Tree, publish


def test_a_page_published_often_is_handled_once(tree: Tree, consumer: PageConsumer, lane: Lane) -> None:
    for _time in range(20):
        publish(tree.child)
    assert PageChange.objects.count() == 1
    assert lane.step()
    assert not lane.step()
    assert consumer.page_ids == [tree.child.pk]
    assert unfinished_page_ids(consumer="index") == set()


def test_a_finished_page_is_handled_again_when_it_changes_again(db: None, consumer: PageConsumer, lane: Lane) -> None:
    for _time in range(2):
        record(page_ids=[7])
        lane.step()
    assert consumer.page_ids == [7, 7]
    assert PageChange.objects.count() == 1


def test_a_change_while_the_page_is_handled_keeps_the_row_due(db: None, consumer: PageConsumer, lane: Lane) -> None:
    def change_meanwhile(page_id: int) -> None:
        consumer(page_id)
        if len(consumer.page_ids) == 1:
            record(page_ids=[page_id])

    consumers["index"] = change_meanwhile
    record(page_ids=[7])
    assert lane.step()
    assert unfinished_page_ids(consumer="index") == {7}
    assert lane.step()
    assert consumer.page_ids == [7, 7]
    assert unfinished_page_ids(consumer="index") == set()


def test_an_error_about_the_page_as_it_was_does_not_touch_the_later_change(
    db: None, consumer: PageConsumer, lane: Lane
) -> None:
    def change_and_fail(page_id: int) -> None:
        record(page_ids=[page_id])
        raise PermanentError("it was too long")

    consumers["index"] = change_and_fail
    record(page_ids=[7])
    lane.step()
    row = PageChange.objects.get()
    assert (row.dead_at, row.attempts, row.leased_until) == (None, 0, None)


def test_a_page_recorded_again_waits_since_the_first_time(db: None, consumer: PageConsumer) -> None:
    record(page_ids=[7])
    first = PageChange.objects.get()
    record(page_ids=[7])
    again = PageChange.objects.get()
    assert again.waiting_since == first.waiting_since
    assert again.due_at > first.due_at
