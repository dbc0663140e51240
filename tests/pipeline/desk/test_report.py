"""The publishing report: how far each consumer is behind, who is waiting for what, and how to find one of them."""

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import Page

from articles.models import ArticleIndexPage, ArticlePage
from cms.pipeline.consumers import PermanentError, Unavailable, event_consumers
from cms.pipeline.models import Event, PageChange, Worker
from cms.pipeline.outbox import record, record_event
from cms.pipeline.scheduled import ScheduledPublishing
from cms.pipeline.worker import drain
from tests.pages import ArticleFactory
from tests.pipeline.conftest import EventConsumer, PageConsumer
from tests.pipeline.desk.conftest import UNFORESEEN, see_worker

REPORT = "/admin/reports/publishing/"


def table(client: Client, query: str = "") -> list[list[str]]:
    """Return the report's lines as lists of texts."""
    answer = client.get(f"{REPORT}?{query}")
    assert answer.status_code == 200
    rows = BeautifulSoup(answer.text, "html.parser").select("#listing-results table:not(.desk__figures) tbody tr")
    return [[" ".join(cell.get_text().split()) for cell in row.select("td")] for row in rows]


def titles(client: Client, query: str = "") -> list[str]:
    return [line[0] for line in table(client, query)]


def test_it_lists_who_is_waiting_for_what_and_what_needs_somebody_first(
    editor_client: Client, stuck: dict[str, ArticlePage]
) -> None:
    dead, failing, waiting = table(editor_client)
    due_at = timezone.localtime(PageChange.objects.get(page_id=stuck["Prolactin"].pk).due_at)
    assert dead[:7] == ["Estrogen", "Search", "Given up", "14:03:10", "1", "", "too long"]
    assert failing[:5] == ["Prolactin", "Search", "Failing", "14:03:10", "1"]
    assert failing[5] in {f"{due_at:%H:%M:%S}", "14:04:10"}
    assert failing[6] == UNFORESEEN
    assert waiting == ["Oxytocin", "Search", "Waiting", "14:04:10", "0", "", "", ""]
    text = editor_client.get(REPORT).text
    assert f'href="/admin/pages/{stuck["Estrogen"].pk}/publishing/"' in text


def test_it_shows_how_far_every_consumer_is_behind(
    editor_client: Client, second_cache: PageConsumer, receivers: EventConsumer, stuck: dict[str, ArticlePage],
    time: time_machine.Traveller,
) -> None:  # fmt: skip
    time.shift(7)
    page = BeautifulSoup(editor_client.get(REPORT).text, "html.parser")
    figures = [
        [" ".join(cell.get_text().split()) for cell in row.select("th, td")]
        for row in page.select(".desk__figures tbody tr")
    ]
    assert figures == [
        ["Search", "1", "1", "1", figures[0][4]],
        ["second cache", "1", "0", "0", "7 s"],
        ["Receivers", "0", "0", "0", "up to date"],
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("consumer=search", ["Estrogen", "Prolactin", "Oxytocin"]),
        ("consumer=second_cache", ["Oxytocin"]),
        ("consumer=receivers", []),
        ("state=waiting", ["Oxytocin", "Oxytocin"]),
        ("state=failing", ["Prolactin"]),
        ("state=dead", ["Estrogen"]),
        ("title=estr", ["Estrogen"]),
        ("title=ESTR", ["Estrogen"]),
        ("title=estr&state=waiting", []),
        ("consumer=search&state=waiting&title=oxy", ["Oxytocin"]),
        ("title=%25", []),
    ],
)
@pytest.mark.usefixtures("second_cache", "receivers")
def test_it_can_be_filtered(
    editor_client: Client, stuck: dict[str, ArticlePage], query: str, expected: list[str]
) -> None:
    assert titles(editor_client, query) == expected


@pytest.mark.parametrize("query", ["state=nonsense", "consumer=nobody", "p=none", "p=-1", "title=%00", "ordering=pk"])
def test_a_filter_that_makes_no_sense_is_no_error(
    editor_client: Client, stuck: dict[str, ArticlePage], query: str
) -> None:
    assert editor_client.get(f"{REPORT}?{query}").status_code == 200
    assert editor_client.get(f"{REPORT}results/?{query}").status_code == 200


def test_it_has_pages(editor_client: Client, search: PageConsumer, article_index: ArticleIndexPage) -> None:
    # Pages that are gone are everybody's.
    record(page_ids=range(900_000, 900_060))
    assert len(table(editor_client)) == 50
    assert len(table(editor_client, "p=2")) == 10
    assert titles(editor_client, "p=2")[-1] == "A deleted page (number 900059)"


def test_what_nothing_waits_for_is_said(editor_client: Client, search: PageConsumer) -> None:
    drain()
    see_worker()
    assert "all published changes have reached readers" in editor_client.get(REPORT).text
    assert "Nothing that waits or failed matches." in editor_client.get(f"{REPORT}?title=no").text


def test_a_worker_that_is_not_there_is_told_of(editor_client: Client, stuck: dict[str, ArticlePage]) -> None:
    assert "run_pipeline" not in editor_client.get(REPORT).text
    Worker.objects.update(last_seen_at=timezone.now() - timedelta(minutes=5))
    assert "No worker has been seen since 13:59:10." in editor_client.get(REPORT).text


def test_a_server_that_is_away_is_told_from_a_failure(
    editor_client: Client, admin_client: Client, stuck: dict[str, ArticlePage], search: PageConsumer
) -> None:
    search.always = Unavailable("search.internal refused the connection")
    drain()
    states = {line[0]: (line[2], line[6]) for line in table(editor_client)}
    # One row in vain is enough for the worker to leave the server alone for a moment.
    assert states["Prolactin"] == ("Server away", "")
    assert "search.internal refused the connection" in admin_client.get(REPORT).text
    assert states["Oxytocin"] == ("Waiting", "")


def test_an_event_says_what_it_is(
    editor_client: Client, stuck: dict[str, ArticlePage], receivers: EventConsumer
) -> None:
    record_event(
        consumer="receivers", key="1", event="published", payload={"text": "one"}, page_id=stuck["Insulin"].pk,
        label="“published” to the app",
    )  # fmt: skip
    assert table(editor_client, "title=Insulin")[0][:3] == ["Insulin", "Receivers: “published” to the app", "Waiting"]


# --- Whose business it is --------------------------------------------------------------------------------------------


def test_titles_of_pages_that_somebody_may_not_publish_are_not_shown(
    client_elsewhere: Client, stuck: dict[str, ArticlePage]
) -> None:
    assert titles(client_elsewhere) == ["Elsewhere"]
    text = client_elsewhere.get(REPORT).text
    assert not [title for title in stuck if title in text]
    assert titles(client_elsewhere, "title=Estrogen") == []


def test_mails_are_counted_and_not_listed(
    admin_client: Client, stuck: dict[str, ArticlePage], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_event: Event) -> None:
        raise PermanentError("550 alice@example.org")

    monkeypatch.setitem(event_consumers, "mail", refuse)
    payload = {"to": ["alice@example.org"], "subject": "Your code"}
    record_event(consumer="mail", key="1", event="send", payload=payload)
    drain()
    text = admin_client.get(REPORT).text
    assert "Mail" in text
    assert "alice@example.org" not in text
    assert "Your code" not in text
    assert titles(admin_client, "consumer=mail") == []


def test_what_an_event_of_a_deleted_page_says_is_kept_from_others(
    client_elsewhere: Client, receivers: EventConsumer
) -> None:
    record_event(
        consumer="receivers", key="1", event="deleted", payload={"text": "one"}, page_id=999_999, label="“Secret” gone"
    )
    assert "A deleted page (number 999999)" in titles(client_elsewhere)
    assert "Secret" not in client_elsewhere.get(REPORT).text


@pytest.mark.parametrize("address", [REPORT, f"{REPORT}results/", f"{REPORT}retry/", f"{REPORT}retry/change/1/"])
@pytest.mark.parametrize("name", ["client", "alice_client", "moderator_client", "reviewer_client"])
def test_nobody_reads_it_who_publishes_nothing(
    request: pytest.FixtureRequest, stuck: dict[str, ArticlePage], name: str, address: str
) -> None:
    stranger: Client = request.getfixturevalue(name)
    assert stranger.get(address).status_code in {302, 403}
    answer = stranger.get(address, follow=True)
    assert not [title for title in stuck if title in answer.text]
    assert "Told of changes" not in answer.text


def test_administrators_read_it(admin_client: Client, stuck: dict[str, ArticlePage]) -> None:
    assert len(titles(admin_client)) == 3


def test_it_is_in_the_menu_of_those_who_may_read_it(
    editor_client: Client, reviewer_client: Client, stuck: dict[str, ArticlePage]
) -> None:
    assert REPORT in editor_client.get("/admin/").text
    assert REPORT not in reviewer_client.get("/admin/").text


# --- What is late ----------------------------------------------------------------------------------------------------


def test_a_schedule_that_cannot_be_kept_is_listed_with_its_error(
    editor_client: Client, client_elsewhere: Client, stuck: dict[str, ArticlePage], time: time_machine.Traveller
) -> None:
    page = ArticlePage.objects.get(pk=stuck["Insulin"].pk)
    page.go_live_at = timezone.now() + timedelta(hours=1)
    page.save_revision().publish()
    revision = page.get_latest_revision()
    revision.content["title"] = ""
    revision.save()
    time.shift(3600)
    publishing = ScheduledPublishing()
    publishing.run()
    assert "Late by the clock" not in editor_client.get(REPORT).text
    time.shift(120)
    publishing.run()
    text = editor_client.get(REPORT).text
    assert "It was to go live at 15:04:10." in text
    assert "title" in text[text.index("ValidationError") :][:200]
    assert "ValidationError" in editor_client.get(f"/admin/pages/{page.pk}/publishing/").text
    assert "Late by the clock" not in client_elsewhere.get(REPORT).text
    history = editor_client.get(f"/admin/pages/{page.pk}/history/").text
    assert history.count("The schedule could not be kept") == 1


def test_an_expiry_that_no_worker_carried_out_is_listed(
    editor_client: Client, stuck: dict[str, ArticlePage], time: time_machine.Traveller
) -> None:
    page = ArticlePage.objects.get(pk=stuck["Insulin"].pk)
    page.expire_at = timezone.now() + timedelta(hours=1)
    page.save_revision().publish()
    time.shift(3700)
    text = editor_client.get(REPORT).text
    assert "It was to expire at 15:04:10" in text


# --- What it costs ---------------------------------------------------------------------------------------------------


def test_it_costs_the_same_however_much_waits(
    editor_client: Client, stuck: dict[str, ArticlePage], receivers: EventConsumer, publish_article: ArticleFactory
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            editor_client.get(REPORT)
        return len(captured)

    tell(stuck["Insulin"])
    editor_client.get(REPORT)
    few = queries()
    for number in range(12):
        page = publish_article(title=f"More {number}", slug=f"more-{number}")
        tell(page)
    record(page_ids=range(900_000, 900_020))
    assert queries() == few


def tell(page: Page) -> None:
    record_event(consumer="receivers", key=str(page.pk), event="published", payload={"text": "one"}, page_id=page.pk)
