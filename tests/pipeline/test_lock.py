"""Whoever takes several rows takes them in one order, so that no two transactions wait for each other."""

import threading

import pytest
from django.db import connection, transaction

from cms.pipeline.models import PageChange
from cms.pipeline.outbox import record
from tests.pipeline.conftest import PageConsumer
from tests.pipeline.test_claim import own_connections
from tests.pipeline.test_worker import wait_until


@own_connections
@pytest.mark.parametrize("take", [lambda: record(page_ids=range(1, 9)), lambda: PageChange.release(worker="gone")])
def test_rows_are_taken_in_the_order_of_their_numbers(consumer: PageConsumer, take: object) -> None:
    if connection.vendor != "postgresql":
        assert not connection.features.has_select_for_update  # one writer at a time waits for nobody else's rows
        return
    record(page_ids=range(1, 9))
    for page_id in range(8, 0, -1):  # so that the table has them the other way round
        PageChange.objects.filter(page_id=page_id).update(leased_by="gone", leased_until="2100-01-01T00:00Z")
    held = PageChange.objects.order_by("pk")[3]
    with transaction.atomic():
        PageChange.objects.select_for_update().get(pk=held.pk)
        other = threading.Thread(target=in_own_connection, args=(take,))
        other.start()
        wait_until(somebody_waits)
        free = list(PageChange.objects.select_for_update(skip_locked=True).values_list("pk", flat=True).order_by("pk"))
    other.join()
    assert free == list(PageChange.objects.filter(pk__gte=held.pk).values_list("pk", flat=True).order_by("pk"))


def in_own_connection(function: object) -> None:
    function()  # type: ignore[operator]
    connection.close()


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])
