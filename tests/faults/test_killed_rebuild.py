"""A rebuild is killed at each step while editors publish, and started again: one index is left, and it is right."""

import pytest
from pytest_django import Settings

from search.indexing import Step
from tests.faults.conftest import (
    ARTICLES,
    Newsroom,
    Processes,
    assert_index_equals_published,
    index_in_use,
    indices,
)
from tests.faults.processes import FEW_PAGES
from tests.pipeline.test_claim import own_connections

# As each step begins, in the middle of the pages, and when all of them were read.
MOMENTS = [*((step, 1) for step in Step), (Step.FILL, 3), (Step.FILL, ARTICLES // FEW_PAGES + 1)]
# What a rebuild has left when it is killed as a step begins.
LEFT_NOTHING = {Step.CREATE}
SWITCHED = {Step.CLEAN_UP}


@own_connections
@pytest.mark.parametrize(("step", "time"), MOMENTS)
def test_a_rebuild_killed_at_a_step_and_started_again_loses_and_leaves_nothing(
    step: Step, time: int, newsroom: Newsroom, processes: Processes, settings: Settings
) -> None:
    processes.start_worker()
    before = index_in_use(settings)
    killed = processes.start_rebuild(fatal=(step, time))
    newsroom.work(publishes=5)
    processes.wait_for_end(killed)
    assert (index_in_use(settings) != before) == (step in SWITCHED)
    assert len(indices(settings)) == (1 if step in LEFT_NOTHING else 2)
    newsroom.work(publishes=5)
    left = set(indices(settings))
    again = processes.start_rebuild()
    newsroom.work(publishes=5)
    processes.wait_for_end(again)
    assert left.isdisjoint(indices(settings))
    newsroom.work(publishes=1)
    assert_index_equals_published(newsroom, settings)
