"""Editors see where a page stands: published, found, on its way, stuck, and why."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import Page, PageViewRestriction
from wagtail.users.models import UserProfile

from articles.models import ArticlePage
from cms.pipeline.consumers import PermanentError, Unavailable, consumers
from cms.pipeline.labels import labels
from cms.pipeline.models import MOST_ATTEMPTS, Event, PageChange, Worker
from cms.pipeline.outbox import record, record_event
from cms.pipeline.scheduled import ScheduledPublishing
from cms.pipeline.worker import drain
from cms.users.models import User
from home.models import HomePage
from search.indexing import DATABASE_INDEX, refresh_database
from tests.articles.test_edit import PUBLISH, form
from tests.pages import ArticleFactory
from tests.pipeline.conftest import EventConsumer, PageConsumer
from tests.pipeline.desk.conftest import UNFORESEEN, problems, see_worker, sentence, step


def publish_again(article: ArticlePage) -> None:
    ArticlePage.objects.get(pk=article.pk).save_revision().publish()


def tell_receiver(page: Page, name: str) -> Event:
    return record_event(
        consumer="receivers", key=f"{name} {page.pk}", channel=name, event="published", payload={"text": name},
        page_id=page.pk, label=f"“{name}” is told",
    )  # fmt: skip


# --- What has become of it -------------------------------------------------------------------------------------------


def test_a_published_page_says_since_when_it_can_be_found(editor_client: Client, article: ArticlePage) -> None:
    assert sentence(editor_client, article) == "Published 14:02:10, searchable since 14:02:11."
    assert problems(editor_client, article) == []


def test_every_consumer_has_its_part(
    editor_client: Client, second_cache: PageConsumer, receivers: EventConsumer, article: ArticlePage
) -> None:
    for name in ("one", "two"):
        tell_receiver(article, name)
    step("receivers")
    assert sentence(editor_client, article).endswith(
        "searchable since 14:02:11, second cache: done at 14:02:11, 1 of 2 receivers told so far."
    )
    step("receivers")
    assert sentence(editor_client, article).endswith("2 of 2 receivers told.")


def test_a_receiver_of_several_events_counts_once_when_it_has_all_of_them(
    editor_client: Client, receivers: EventConsumer, article: ArticlePage
) -> None:
    for name in ("one", "one", "two"):
        tell_receiver(article, name)
    for said in ("0 of 2 receivers told so far.", "1 of 2 receivers told so far.", "2 of 2 receivers told."):
        step("receivers")
        assert sentence(editor_client, article).endswith(said)


def test_where_nobody_is_on_their_way_any_more_the_rest_was_told_in_vain(
    editor_client: Client, receivers: EventConsumer, article: ArticlePage
) -> None:
    receivers.errors["two"] = PermanentError("gone")
    for name in ("one", "two"):
        tell_receiver(article, name)
    for said in ("1 of 2 receivers told so far.", "1 of 2 receivers told, the rest in vain."):
        step("receivers")
        assert sentence(editor_client, article).endswith(said)
    tell_receiver(article, "two")
    drain()
    assert sentence(editor_client, article).endswith("1 of 2 receivers told, the rest in vain.")


def test_a_consumer_of_events_without_words_is_shown_all_the_same(
    editor_client: Client, article: ArticlePage, event_consumer: EventConsumer
) -> None:
    record_event(consumer="letters", key="1", event="published", payload={"text": "one"}, page_id=article.pk)
    assert sentence(editor_client, article).endswith("letters: not done yet.")
    drain()
    assert sentence(editor_client, article).endswith("letters: 1 of 1 delivered.")


def test_events_of_an_earlier_publication_do_not_count(
    editor_client: Client, receivers: EventConsumer, article: ArticlePage, time: time_machine.Traveller
) -> None:
    tell_receiver(article, "earlier")
    drain()
    time.shift(60)
    publish_again(article)
    tell_receiver(article, "later")
    drain()
    assert sentence(editor_client, article).endswith("1 of 1 receiver told.")


def test_times_are_those_of_the_editor_s_time_zone(
    editor: User, editor_client: Client, article: ArticlePage, time: time_machine.Traveller
) -> None:
    UserProfile.objects.create(user=editor, current_time_zone="America/New_York")
    assert sentence(editor_client, article) == "Published 09:02:10, searchable since 09:02:11."
    # The next day has begun in Greenwich, but not in New York.
    time.shift(dt.timedelta(hours=11))
    assert sentence(editor_client, article) == "Published 09:02:10, searchable since 09:02:11."
    time.shift(dt.timedelta(hours=4))
    assert sentence(editor_client, article).startswith("Published 25 November 2026, 09:02:10, ")


def test_a_draft_says_that_it_is_not_published(
    editor_client: Client, search: PageConsumer, draft_article: ArticleFactory
) -> None:
    draft = draft_article(title="Unfinished")
    drain()
    see_worker()
    assert sentence(editor_client, draft) == "Not published yet."
    assert problems(editor_client, draft) == []


def test_a_scheduled_page_says_when_it_goes_live(
    editor_client: Client, time: time_machine.Traveller, search: PageConsumer, draft_article: ArticleFactory
) -> None:
    draft = draft_article(title="For tomorrow")
    draft.go_live_at = timezone.now() + dt.timedelta(days=1)
    draft.save_revision().publish()
    drain()
    assert sentence(editor_client, draft) == "Goes live 26 November 2026, 14:02:10."
    time.shift(dt.timedelta(days=1))
    assert sentence(editor_client, draft) == "Due to go live since 14:02:10."
    ScheduledPublishing().run()
    drain()
    assert sentence(editor_client, draft) == "Published 14:02:10, searchable since 14:02:10."


def test_a_newer_version_that_is_scheduled_is_told_of(editor_client: Client, article: ArticlePage) -> None:
    page = ArticlePage.objects.get(pk=article.pk)
    page.go_live_at = timezone.now() + dt.timedelta(hours=1)
    page.save_revision().publish()
    drain()
    assert "a newer version goes live 15:02:11" in sentence(editor_client, article)


def test_an_unpublished_page_says_so(
    editor: User, editor_client: Client, article: ArticlePage, time: time_machine.Traveller
) -> None:
    time.shift(60)
    ArticlePage.objects.get(pk=article.pk).unpublish(user=editor)
    assert sentence(editor_client, article) == "Unpublished 14:03:11, the search has not been told yet."
    time.shift(1)
    drain()
    assert sentence(editor_client, article) == "Unpublished 14:03:11, out of the search since 14:03:12."


def test_an_expired_page_says_so_before_the_worker_has_been_round(
    editor_client: Client, article: ArticlePage, time: time_machine.Traveller
) -> None:
    page = ArticlePage.objects.get(pk=article.pk)
    page.expire_at = timezone.now() + dt.timedelta(hours=1)
    page.save_revision().publish()
    drain()
    time.shift(dt.timedelta(hours=2))
    assert sentence(editor_client, article).startswith("Live, but its time is over, so readers do not see it, ")
    ScheduledPublishing().run()
    drain()
    assert sentence(editor_client, article) == "Expired 15:02:11, out of the search since 16:02:11."


def test_a_page_behind_a_privacy_setting_is_not_said_to_be_found(editor_client: Client, article: ArticlePage) -> None:
    PageViewRestriction.objects.create(page=article, restriction_type=PageViewRestriction.LOGIN)
    drain()
    words = sentence(editor_client, article)
    assert words == "Published 14:02:10, but not for everybody, out of the search since 14:02:11."


def test_what_does_not_concern_a_type_of_page_is_not_mentioned(
    admin_client: Client, home_page: HomePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert DATABASE_INDEX in labels
    monkeypatch.setitem(consumers, DATABASE_INDEX, refresh_database)
    home_page.save_revision().publish()
    drain()
    assert "search" not in sentence(admin_client, home_page)


# --- What is in the way ----------------------------------------------------------------------------------------------


def test_a_page_that_waits_says_since_when(
    editor_client: Client, article: ArticlePage, time: time_machine.Traveller
) -> None:
    time.shift(49)
    publish_again(article)
    see_worker()
    time.shift(5)
    assert sentence(editor_client, article) == "Published 14:03:00, the search has not been told yet."
    assert problems(editor_client, article) == ["Search: waiting since 14:03:00."]


def test_a_page_that_failed_says_how_often_why_and_when_it_is_tried_again(
    editor_client: Client, admin_client: Client, article: ArticlePage, search: PageConsumer
) -> None:
    search.errors[article.pk] = ValueError("the mapping is <wrong>")
    publish_again(article)
    step("search")
    due_at = PageChange.objects.get(page_id=article.pk).due_at
    PageChange.objects.update(due_at=due_at.replace(second=30))
    see_worker()
    assert sentence(editor_client, article) == "Published 14:02:11, the search could not be told."
    failed = "Search: failed once, at 14:02:11. The next try is at 14:02:30. "
    # What went wrong may name a host of the operator's.
    assert problems(admin_client, article) == [f"{failed}ValueError: the mapping is <wrong>"]
    assert problems(editor_client, article) == [f"{failed}{UNFORESEEN}"]
    PageChange.objects.update(attempts=3)
    assert problems(editor_client, article)[0].startswith("Search: failed 3 times, last at 14:02:11. ")


def test_a_server_that_is_away_is_not_the_page_s_fault(
    editor_client: Client, admin_client: Client, article: ArticlePage, search: PageConsumer
) -> None:
    search.always = Unavailable("search.internal refused the connection")
    publish_again(article)
    step("search")
    see_worker()
    away = "Search: the server did not answer at 14:02:11. It is asked again by itself."
    assert problems(admin_client, article) == [f"{away} search.internal refused the connection"]
    assert problems(editor_client, article) == [away]


def test_a_dead_letter_says_that_it_stays_so(editor_client: Client, article: ArticlePage, search: PageConsumer) -> None:
    search.errors[article.pk] = PermanentError("too long")
    publish_again(article)
    step("search")
    see_worker()
    [problem] = problems(editor_client, article)
    assert problem.startswith("Search: given up after one try, at 14:02:11. It stays so until somebody")
    assert problem.endswith("too long")
    PageChange.objects.update(attempts=MOST_ATTEMPTS)
    assert problems(editor_client, article)[0].startswith(f"Search: given up after {MOST_ATTEMPTS} tries, ")


def test_an_event_that_failed_is_called_by_its_own_name(
    editor_client: Client, article: ArticlePage, receivers: EventConsumer
) -> None:
    receivers.errors["one"] = PermanentError("gone")
    for name in ("one", "two"):
        tell_receiver(article, name)
    step("receivers")
    see_worker()
    waiting, dead = problems(editor_client, article)
    assert waiting == "Receivers: waiting since 14:02:11."
    assert dead.startswith("“one” is told: given up after one try, ")
    assert sentence(editor_client, article).endswith("0 of 2 receivers told so far.")


def test_what_many_events_wait_for_is_said_once(
    editor_client: Client, article: ArticlePage, receivers: EventConsumer
) -> None:
    receivers.errors["one"] = PermanentError("gone")
    for _time in range(30):
        tell_receiver(article, "one")
    see_worker()
    assert problems(editor_client, article) == ["Receivers: waiting since 14:02:11."]
    drain()
    listed = problems(editor_client, article)
    assert len(listed) == 11
    assert listed[-1] == "And 20 more."


def test_without_a_worker_the_editor_is_told_what_to_do(
    editor_client: Client, article: ArticlePage, time: time_machine.Traveller
) -> None:
    time.shift(300)
    publish_again(article)
    _waiting, silence = problems(editor_client, article)
    assert silence.startswith("No worker has been seen since 14:02:11. Nothing is lost, ")
    assert "manage.py run_pipeline" in silence
    Worker.objects.all().delete()
    assert problems(editor_client, article)[1].startswith("No worker has been seen. Nothing is lost, ")


def test_nobody_is_told_of_a_missing_worker_where_nothing_waits(
    editor_client: Client, article: ArticlePage, time: time_machine.Traveller
) -> None:
    time.shift(300)
    assert problems(editor_client, article) == []


# --- Where it is shown -----------------------------------------------------------------------------------------------


def test_it_stands_in_the_editor_s_status_panel(editor_client: Client, article: ArticlePage) -> None:
    text = editor_client.get(f"/admin/pages/{article.pk}/edit/").text
    panel = text[text.index('data-side-panel="status"') :]
    assert "Published 14:02:10, searchable since 14:02:11." in panel
    assert f'href="/admin/pages/{article.pk}/publishing/"' in text


def test_a_page_that_is_being_made_and_a_snippet_have_none(editor_client: Client, admin_client: Client) -> None:
    parent = Page.objects.get(slug="articles")
    answer = editor_client.get(f"/admin/pages/add/articles/articlepage/{parent.pk}/")
    assert answer.status_code == 200
    assert 'class="standing"' not in answer.text
    assert admin_client.get("/admin/snippets/articles/category/add/").status_code == 200


def test_whoever_has_just_published_reads_it_in_the_next_message(
    editor_client: Client, article: ArticlePage, time: time_machine.Traveller
) -> None:
    time.shift(49)
    address = f"/admin/pages/{article.pk}/edit/"
    answer = editor_client.post(address, form(title="Let-down again") | PUBLISH, follow=True)
    assert "has been published" in answer.text
    assert "Published 14:03:00, the search has not been told yet." in answer.text
    drain()
    assert "searchable since 14:03:00" in editor_client.get(f"/admin/pages/{article.pk}/publishing/now/").text


def test_it_renews_itself_until_nothing_changes_any_more(
    editor_client: Client, article: ArticlePage, search: PageConsumer
) -> None:
    def is_renewed() -> bool:
        text = editor_client.get(f"/admin/pages/{article.pk}/publishing/now/").text
        assert "<html" not in text
        return "data-standing-unsettled" in text

    assert not is_renewed()
    search.errors[article.pk] = ValueError("not now")
    publish_again(article)
    assert is_renewed()
    step("search")
    assert is_renewed()
    PageChange.objects.update(dead_at=timezone.now())
    assert not is_renewed()


def test_nobody_else_sees_where_a_page_stands(
    client: Client, moderator_client: Client, alice_client: Client, article: ArticlePage
) -> None:
    for path in ("publishing/", "publishing/now/", "publishing/retry/"):
        for stranger in (client, moderator_client, alice_client):
            answer = stranger.get(f"/admin/pages/{article.pk}/{path}")
            assert answer.status_code in {302, 403}
            assert "searchable" not in answer.text
        assert "searchable" not in moderator_client.get(f"/admin/pages/{article.pk}/{path}", follow=True).text


def test_a_page_that_is_not_there_is_not_found(admin_client: Client) -> None:
    for path in ("publishing/", "publishing/now/", "publishing/retry/"):
        assert admin_client.get(f"/admin/pages/999999/{path}").status_code == 404


def test_it_costs_the_same_however_much_there_is_to_tell(
    editor_client: Client,
    article: ArticlePage,
    receivers: EventConsumer,
) -> None:
    address = f"/admin/pages/{article.pk}/publishing/now/"
    tell_receiver(article, "one")
    editor_client.get(address)
    with CaptureQueriesContext(connection) as few:
        editor_client.get(address)
    receivers.errors["one"] = ValueError("not now")
    for _time in range(40):
        tell_receiver(article, "one")
    drain()
    record(page_ids=[article.pk])
    with CaptureQueriesContext(connection) as many:
        editor_client.get(address)
    assert len(many) == len(few)
