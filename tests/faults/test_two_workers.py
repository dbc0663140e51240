"""Two workers at once: each takes its share, and the index ends as with one."""

from pytest_django import Settings

from cms.pipeline.models import Worker
from tests.faults.conftest import Newsroom, Processes, assert_index_equals_published, wait_until
from tests.pipeline.test_claim import own_connections


@own_connections
def test_two_workers_at_once_lose_and_double_nothing(
    newsroom: Newsroom, processes: Processes, settings: Settings
) -> None:
    both = [processes.start_worker() for _ in range(2)]
    wait_until(lambda: Worker.objects.count() == 2)
    newsroom.work(publishes=50)
    assert_index_equals_published(newsroom, settings)
    for worker in both:
        processes.interrupt(worker)
