"""Workers are killed with SIGKILL in the middle of what they do: the index ends as if none had been."""

import random

from pytest_django import Settings

from tests.faults.conftest import Newsroom, Processes, assert_index_equals_published
from tests.faults.processes import Death, Moment
from tests.pipeline.test_claim import own_connections

KILLS = 20
PUBLISHES = 300
MOMENTS: tuple[Moment, ...] = ("before", "during", "after")


def deaths(chance: random.Random) -> list[Death]:
    """Choose where each worker dies. Each has more pages to handle than it lives for."""
    return [
        Death(page=chance.randint(1, 12), moment=MOMENTS[number % 3], seconds=chance.uniform(0, 0.02))
        for number in range(KILLS)
    ]


@own_connections
def test_twenty_kills_during_three_hundred_publishes_lose_and_double_nothing(
    newsroom: Newsroom, processes: Processes, settings: Settings
) -> None:
    for death in deaths(random.Random(4)):
        worker = processes.start_worker(death=death)
        newsroom.work(publishes=PUBLISHES // KILLS)
        processes.wait_for_end(worker)
    processes.start_worker()
    assert_index_equals_published(newsroom, settings)
