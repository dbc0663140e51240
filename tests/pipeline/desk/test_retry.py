"""What failed is tried again because an editor says so: one row, one page, or all that match."""

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import PageLogEntry

from articles.models import ArticlePage
from cms.pipeline.consumers import PermanentError, event_consumers
from cms.pipeline.models import Event, PageChange
from cms.pipeline.outbox import record, record_event, unfinished_page_ids
from cms.pipeline.retrying import LOG_RETRIED, retry
from cms.pipeline.rows import Rows, unfinished_rows
from cms.pipeline.status import pipeline_status
from cms.pipeline.worker import drain
from cms.users.models import User
from tests.pipeline.conftest import EventConsumer, PageConsumer
from tests.pipeline.desk.conftest import sentence

REPORT = "/admin/reports/publishing/"

Stuck = dict[str, ArticlePage]


def row_of(page: ArticlePage) -> PageChange:
    return PageChange.objects.get(page_id=page.pk)


def entries(page: ArticlePage) -> list[PageLogEntry]:
    return list(PageLogEntry.objects.filter(page=page.pk, action=LOG_RETRIED))


@pytest.fixture
def mended(stuck: Stuck, search: PageConsumer) -> Stuck:
    """The articles, when nothing is wrong with any of them any more."""
    search.errors.clear()
    return stuck


def test_an_editor_has_one_row_tried_again(editor: User, editor_client: Client, mended: Stuck) -> None:
    dead = mended["Estrogen"]
    address = f"{REPORT}retry/change/{row_of(dead).pk}/"
    assert f'href="{address}"' in editor_client.get(REPORT).text
    assert "Have 1 change that failed tried again at once?" in editor_client.get(address).text
    assert row_of(dead).dead_at is not None
    answer = editor_client.post(address, follow=True)
    assert "1 is tried again now." in answer.text
    assert row_of(mended["Prolactin"]).last_failed_at is not None
    drain()
    assert dead.pk not in unfinished_page_ids(consumer="search")
    [entry] = entries(dead)
    assert (entry.user, entry.data) == (editor, {"consumers": ["search"]})
    assert "Tried again what failed" in editor_client.get(f"/admin/pages/{dead.pk}/history/").text


def test_an_editor_has_everything_of_a_page_tried_again(
    editor_client: Client, mended: Stuck, receivers: EventConsumer
) -> None:
    dead = mended["Estrogen"]
    receivers.errors["one"] = PermanentError("gone")
    record_event(consumer="receivers", key="1", event="published", payload={"text": "one"}, page_id=dead.pk)
    drain()
    receivers.errors.clear()
    address = f"/admin/pages/{dead.pk}/publishing/retry/"
    assert f'href="{address}"' in editor_client.get(f"/admin/pages/{dead.pk}/publishing/").text
    answer = editor_client.post(address, follow=True)
    assert "2 are tried again now." in answer.text
    assert answer.request["PATH_INFO"] == f"/admin/pages/{dead.pk}/publishing/"
    drain()
    assert sentence(editor_client, dead).endswith("searchable since 14:04:10, 1 of 1 receiver told.")
    assert entries(dead)[0].data == {"consumers": ["receivers", "search"]}


def test_an_editor_has_all_tried_again_that_match(editor_client: Client, mended: Stuck) -> None:
    address = f"{REPORT}retry/?state=dead"
    assert "Have 1 change that failed tried again" in editor_client.get(address).text
    editor_client.post(address)
    assert row_of(mended["Estrogen"]).dead_at is None
    assert row_of(mended["Prolactin"]).last_failed_at is not None
    answer = editor_client.post(f"{REPORT}retry/", follow=True)
    assert "1 is tried again now." in answer.text
    drain()
    assert unfinished_page_ids(consumer="search") == set()


def test_the_report_offers_what_its_filters_show(editor_client: Client, stuck: Stuck) -> None:
    text = editor_client.get(f"{REPORT}?state=failing&title=pro&p=1").text
    assert "retry/?state=failing&amp;title=pro" in text
    assert "Try 1 that failed again" in text
    assert "Try all 2 that failed again" in editor_client.get(REPORT).text
    assert "that failed again" not in editor_client.get(f"{REPORT}?state=waiting").text


@pytest.mark.parametrize("query", ["state=nonsense", "consumer=nobody"])
def test_filters_that_make_no_sense_choose_nothing(editor_client: Client, stuck: Stuck, query: str) -> None:
    answer = editor_client.post(f"{REPORT}retry/?{query}", follow=True)
    assert "These filters make no sense." in answer.text
    assert row_of(stuck["Estrogen"]).dead_at is not None


def test_asking_changes_nothing(editor_client: Client, stuck: Stuck) -> None:
    before = list(PageChange.objects.order_by("pk").values())
    dead = stuck["Estrogen"]
    for address in (
        f"{REPORT}retry/",
        f"{REPORT}retry/change/{row_of(dead).pk}/",
        f"/admin/pages/{dead.pk}/publishing/retry/",
    ):
        assert editor_client.get(address).status_code == 200
    assert list(PageChange.objects.order_by("pk").values()) == before


def test_what_was_done_meanwhile_is_left_alone(editor_client: Client, mended: Stuck) -> None:
    dead = mended["Estrogen"]
    address = f"{REPORT}retry/change/{row_of(dead).pk}/"
    record(page_ids=[dead.pk])
    drain()
    assert "Nothing is left to be tried again." in editor_client.get(address).text
    assert "Nothing is left to be tried again." in editor_client.post(address, follow=True).text
    assert entries(dead) == []


@pytest.mark.parametrize("path", ["retry/change/999999/", "retry/event/999999/", "retry/nonsense/1/"])
def test_a_row_that_is_gone_is_no_error(editor_client: Client, stuck: Stuck, path: str) -> None:
    assert "Nothing is left" in editor_client.get(f"{REPORT}{path}").text
    assert "Nothing is left" in editor_client.post(f"{REPORT}{path}", follow=True).text


# --- The verb --------------------------------------------------------------------------------------------------------


def test_a_dead_letter_begins_anew_and_a_failing_row_goes_on(
    editor: User, stuck: Stuck, time: time_machine.Traveller
) -> None:
    time.shift(3600)
    now = timezone.now()
    before = row_of(stuck["Prolactin"])
    assert retry(rows=unfinished_rows(user=editor), user=editor, now=now) == 2
    revived, hurried = row_of(stuck["Estrogen"]), row_of(stuck["Prolactin"])
    assert (revived.dead_at, revived.attempts, revived.last_error, revived.due_at) == (None, 0, "", now)
    assert (hurried.due_at, hurried.attempts, hurried.waiting_since) == (now, 1, before.waiting_since)
    # What had been given up for an hour is not behind by an hour.
    PageChange.objects.filter(page_id=stuck["Oxytocin"].pk).update(finished_at=now)
    assert pipeline_status()["consumers"]["search"]["lag_seconds"] == 0


def test_what_a_worker_has_in_hand_is_left_to_it(editor: User, stuck: Stuck, time: time_machine.Traveller) -> None:
    time.shift(600)
    PageChange.objects.filter(page_id=stuck["Oxytocin"].pk).update(finished_at=timezone.now())
    held = PageChange.claim(consumer="search", worker="elsewhere", now=timezone.now())
    assert held is not None
    assert held.page_id == stuck["Prolactin"].pk
    due_at = held.due_at
    rows = Rows(changes=PageChange.objects.filter(pk=held.pk), events=Event.objects.none())
    assert retry(rows=rows, user=editor, now=timezone.now()) == 0
    assert row_of(stuck["Prolactin"]).due_at == due_at


def test_nobody_retries_what_they_may_not_publish(
    moderator: User, client_elsewhere: Client, reviewer_client: Client, moderator_client: Client, stuck: Stuck
) -> None:
    dead = stuck["Estrogen"]
    rows = Rows(changes=PageChange.objects.filter(page_id=dead.pk), events=Event.objects.none())
    for user in (
        moderator,
        User.objects.get(email="other@example.org"),
        User.objects.get(email="reviewer@example.org"),
    ):
        with pytest.raises(PermissionDenied):
            retry(rows=rows, user=user, now=timezone.now())
    for stranger in (client_elsewhere, reviewer_client, moderator_client):
        for address in (f"{REPORT}retry/change/{row_of(dead).pk}/", f"/admin/pages/{dead.pk}/publishing/retry/"):
            assert stranger.get(address).status_code in {302, 403}
            assert stranger.post(address).status_code in {302, 403}
        stranger.post(f"{REPORT}retry/")
    assert row_of(dead).dead_at is not None
    assert entries(dead) == []


def test_whoever_may_only_correct_a_page_is_offered_no_retry(reviewer_client: Client, stuck: Stuck) -> None:
    answer = reviewer_client.get(f"/admin/pages/{stuck['Estrogen'].pk}/publishing/")
    assert "given up after one try" in answer.text
    assert "Try again" not in answer.text


def test_mail_is_nobody_s_to_retry(
    admin: User, admin_client: Client, stuck: Stuck, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_event: Event) -> None:
        raise PermanentError("550")

    monkeypatch.setitem(event_consumers, "mail", refuse)
    mail = record_event(consumer="mail", key="1", event="send", payload={"to": ["alice@example.org"]})
    drain()
    assert admin_client.post(f"{REPORT}retry/event/{mail.pk}/").status_code in {302, 403}
    admin_client.post(f"{REPORT}retry/")
    assert Event.objects.get().dead_at is not None


def test_what_is_left_of_a_deleted_page_can_be_retried(
    editor: User, editor_client: Client, mended: Stuck, search: PageConsumer
) -> None:
    search.errors[999_999] = PermanentError("too long")
    record(page_ids=[999_999])
    drain()
    search.errors.clear()
    editor_client.post(f"{REPORT}retry/")
    drain()
    assert unfinished_page_ids(consumer="search") == set()


def test_retrying_many_takes_few_queries(editor: User, mended: Stuck, search: PageConsumer) -> None:
    def queries(page_ids: range) -> int:
        record(page_ids=[mended["Insulin"].pk, *page_ids])
        search.always = PermanentError("too long")
        drain()
        search.always = None
        with CaptureQueriesContext(connection) as captured:
            retry(rows=unfinished_rows(user=editor), user=editor, now=timezone.now())
        drain()
        return len(captured)

    queries(range(900_000, 900_001))
    assert queries(range(900_000, 900_002)) == queries(range(900_000, 900_200))
