"""The dashboard says whether what was published has arrived."""

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles.models import ArticlePage
from cms.pipeline.models import PageChange, Worker
from cms.pipeline.outbox import record
from tests.pipeline.conftest import PageConsumer
from tests.pipeline.desk.conftest import see_worker

Stuck = dict[str, ArticlePage]


def panel(client: Client) -> str:
    """Return what the dashboard says of publishing; nothing where it says nothing."""
    found = BeautifulSoup(client.get("/admin/").text, "html.parser").select("#publishing-section, section#publishing")
    return " ".join(" ".join(section.get_text() for section in found).split())


def test_all_is_well(editor_client: Client, article: ArticlePage) -> None:
    words = panel(editor_client)
    assert "All published changes have reached readers." in words
    assert "No worker" not in words


def test_what_is_stuck_is_counted_with_a_link_to_the_report(editor_client: Client, stuck: Stuck) -> None:
    words = panel(editor_client)
    assert "1 change has not arrived and was given up." in words
    assert "1 change failed and is tried again." in words
    assert "1 change is on its way." in words
    assert "All published" not in words
    assert 'href="/admin/reports/publishing/"' in editor_client.get("/admin/").text


def test_a_late_schedule_is_counted(editor_client: Client, article: ArticlePage, time: time_machine.Traveller) -> None:
    page = ArticlePage.objects.get(pk=article.pk)
    page.go_live_at = timezone.now() + timedelta(hours=1)
    page.save_revision().publish()
    PageChange.objects.update(finished_at=timezone.now())
    time.shift(3700)
    assert "1 scheduled page is late." in panel(editor_client)


def test_a_missing_worker_is_told_of_with_what_to_do(editor_client: Client, article: ArticlePage) -> None:
    Worker.objects.all().delete()
    words = panel(editor_client)
    assert "No worker has been seen." in words
    assert "manage.py run_pipeline" in words


def test_others_troubles_are_not_counted(client_elsewhere: Client, stuck: Stuck) -> None:
    PageChange.objects.exclude(page_id__in=[page.pk for page in stuck.values()]).update(finished_at=timezone.now())
    assert "All published changes have reached readers." in panel(client_elsewhere)


@pytest.mark.usefixtures("article")
def test_whoever_publishes_nothing_reads_nothing_of_it(reviewer_client: Client, moderator_client: Client) -> None:
    assert panel(reviewer_client) == ""
    assert panel(moderator_client) == ""
    assert "reached readers" not in moderator_client.get("/admin/").text


def test_it_costs_the_same_however_much_waits(
    editor_client: Client, article: ArticlePage, search: PageConsumer
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            editor_client.get("/admin/")
        return len(captured)

    see_worker()
    queries()
    few = queries()
    record(page_ids=range(900_000, 900_100))
    assert queries() == few
