"""What failed is tried again, later each time, and holds up nobody else."""

import random
from datetime import timedelta
from itertools import pairwise

import pytest

from cms.pipeline import models
from cms.pipeline.consumers import Unavailable
from cms.pipeline.models import FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS, MOST_ATTEMPTS, PageChange, Policy
from cms.pipeline.outbox import record, unfinished_page_ids
from cms.pipeline.worker import LONGEST_PAUSE_SECONDS, Lane, drain
from tests.pipeline.conftest import Clock, PageConsumer
from tests.services.site import ROOT


@pytest.mark.parametrize(
    ("attempts", "longest"),
    [(1, FIRST_DELAY_SECONDS), (2, 4), (3, 8), (9, 512), (10, 600), (1000, LONGEST_DELAY_SECONDS)],
)
def test_the_delay_doubles_up_to_a_ceiling(attempts: int, longest: float) -> None:
    delays = [Policy().back_off(attempts=attempts).total_seconds() for _time in range(50)]
    assert all(longest / 2 <= delay <= longest for delay in delays)


def test_a_passing_failure_is_tried_again_later_each_time_up_to_the_ceiling_and_never_at_the_same_moments(
    db: None, consumer: PageConsumer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "random", random.Random(15))
    consumer.always = ValueError("not now")
    record(page_ids=[1, 2])
    first, second = (waits_of(page_id, clock) for page_id in (1, 2))
    ceilings = [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600, 600, 600]
    for waits in (first, second):
        assert all(ceiling / 2 <= wait <= ceiling for wait, ceiling in zip(waits, ceilings, strict=True))
    assert all(abs(one - other) > 0.001 for one, other in zip(first, second, strict=True))
    assert 45 <= sum(first) / 60 <= 70


def waits_of(page_id: int, clock: Clock) -> list[float]:
    """Have a page fail until it is a dead letter, and return how many seconds lay between its attempts."""
    waits = []
    PageChange.objects.exclude(page_id=page_id).update(leased_until=clock() + timedelta(days=1))
    PageChange.objects.filter(page_id=page_id).update(leased_until=None)
    while Lane(consumer="index", worker="first").step():
        row = PageChange.objects.get(page_id=page_id)
        if row.dead_at is not None:
            break
        assert row.last_failed_at is not None
        waits.append((row.due_at - row.last_failed_at).total_seconds())
        clock.move(seconds=waits[-1])
    return waits


def test_the_operators_are_told_how_long_what_failed_is_tried() -> None:
    told = (ROOT / "docs" / "operators.md").read_text()
    for stated in (
        f"{FIRST_DELAY_SECONDS} seconds", f"{LONGEST_DELAY_SECONDS // 60} minutes", f"{MOST_ATTEMPTS} attempts",
        f"{LONGEST_PAUSE_SECONDS:.0f} seconds",
    ):  # fmt: skip
        assert stated in told


def test_rows_that_failed_together_are_not_tried_again_together() -> None:
    assert len({Policy().back_off(attempts=5) for _row in range(20)}) > 1


def test_a_failed_row_is_due_again_after_its_delay(db: None, consumer: PageConsumer, lane: Lane, clock: Clock) -> None:
    consumer.errors[7] = ValueError("not now")
    record(page_ids=[7])
    assert lane.step()
    assert not lane.step()
    row = PageChange.objects.get()
    assert (row.attempts, row.last_error, row.leased_until) == (1, "ValueError: not now", None)
    assert row.last_failed_at is not None
    clock.move(seconds=FIRST_DELAY_SECONDS)
    del consumer.errors[7]
    assert lane.step()
    assert unfinished_page_ids(consumer="index") == set()
    row.refresh_from_db()
    assert row.last_error == ""


def test_a_poison_page_holds_up_no_other(db: None, consumer: PageConsumer) -> None:
    consumer.errors[1] = ValueError("poison")
    record(page_ids=range(1, 6))
    drain()
    assert sorted(consumer.page_ids) == [1, 2, 3, 4, 5]
    assert unfinished_page_ids(consumer="index") == {1}


def test_an_outage_of_a_night_makes_no_dead_letter_and_ends_within_the_longest_pause(
    db: None, consumer: PageConsumer, lane: Lane, clock: Clock
) -> None:
    consumer.always = Unavailable("connection refused")
    record(page_ids=range(1, 21))
    for _time in range(8 * 12):
        lane.step()
        clock.move(seconds=300)
    assert not PageChange.objects.exclude(dead_at=None, attempts=0).exists()
    assert len(consumer.page_ids) == 8 * 12

    consumer.always = None
    consumer.page_ids.clear()
    clock.move(seconds=LONGEST_PAUSE_SECONDS)
    while lane.step():
        pass
    assert sorted(consumer.page_ids) == list(range(1, 21))
    assert unfinished_page_ids(consumer="index") == set()


def test_the_pause_grows_from_a_second_to_a_ceiling(db: None, consumer: PageConsumer, lane: Lane, clock: Clock) -> None:
    consumer.always = Unavailable("connection refused")
    record(page_ids=range(1, 21))
    asked_at = []
    for second in range(100):
        before = len(consumer.page_ids)
        lane.step()
        if len(consumer.page_ids) > before:
            asked_at.append(second)
        clock.move(seconds=1)
    pauses = [later - earlier for earlier, later in pairwise(asked_at)][:7]
    # In whole seconds, for the clock moves by one; drawn by chance, so that workers do not all come back together.
    for pause, longest in zip(pauses, [1, 2, 4, 8, 15, 15, 15], strict=True):
        assert longest / 2 <= pause <= longest


def test_a_page_that_alone_makes_the_server_seem_away_holds_up_no_other(
    db: None, consumer: PageConsumer, lane: Lane, clock: Clock
) -> None:
    consumer.errors[1] = Unavailable("timed out")
    record(page_ids=range(1, 6))
    for _second in range(10):
        while lane.step():
            pass
        clock.move(seconds=1)
    assert {2, 3, 4, 5} <= set(consumer.page_ids)
    assert unfinished_page_ids(consumer="index") == {1}
    assert PageChange.objects.get(page_id=1).dead_at is None
