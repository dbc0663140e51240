"""What is due goes live or expires, and one page that fails stops no other."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone
from wagtail.models import Page, PageLogEntry

from cms.pipeline.outbox import unfinished_page_ids
from cms.pipeline.scheduled import LOG_FAILED, REST_SECONDS, ScheduledPublishing
from tests.pipeline.conftest import Clock, PageConsumer, Tree, publish

HOUR = 3600  # seconds


def schedule(page: Page, *, title: str) -> None:
    """Have a new title of a live page published in an hour."""
    publish(page)
    page.refresh_from_db()
    page.title = title
    page.go_live_at = timezone.now() + timedelta(hours=1)
    publish(page)


def let_expire(page: Page) -> None:
    """Have a live page expire in an hour."""
    page.expire_at = timezone.now() + timedelta(hours=1)
    publish(page)


def title_of(page: Page) -> str:
    return str(Page.objects.get(pk=page.pk).title)


def set_title_of_revision(page: Page, title: str) -> None:
    """Write into the scheduled revision as it is stored; an empty title is one that no page may have."""
    revision = Page.objects.get(pk=page.pk).scheduled_revision
    revision.content["title"] = title
    revision.save()


def test_a_page_goes_live_when_it_is_due_and_not_before(tree: Tree, clock: Clock) -> None:
    schedule(tree.child, title="New")
    ScheduledPublishing().run()
    assert title_of(tree.child) == "Child"
    clock.move(seconds=HOUR)
    ScheduledPublishing().run()
    assert title_of(tree.child) == "New"
    assert PageLogEntry.objects.filter(page=tree.child.pk, action="wagtail.publish.scheduled").count() == 1


def test_a_page_expires_when_it_is_due_and_not_before(tree: Tree, clock: Clock) -> None:
    let_expire(tree.child)
    ScheduledPublishing().run()
    assert Page.objects.get(pk=tree.child.pk).live
    clock.move(seconds=HOUR)
    ScheduledPublishing().run()
    page = Page.objects.get(pk=tree.child.pk)
    assert (page.live, page.expired) == (False, True)
    assert PageLogEntry.objects.filter(page=tree.child.pk, action="wagtail.unpublish.scheduled").count() == 1


def test_what_went_live_and_expired_while_no_worker_ran_is_expired(tree: Tree, clock: Clock) -> None:
    tree.child.expire_at = timezone.now() + timedelta(hours=2)
    schedule(tree.child, title="New")
    clock.move(seconds=3 * HOUR)
    ScheduledPublishing().run()
    page = Page.objects.get(pk=tree.child.pk)
    assert (page.title, page.live, page.expired) == ("New", False, True)


def test_a_page_that_fails_stops_no_other(tree: Tree, clock: Clock) -> None:
    for page in (tree.section, tree.child, tree.other):
        schedule(page, title="New")
    set_title_of_revision(tree.section, "")
    clock.move(seconds=HOUR)
    ScheduledPublishing().run()
    assert [title_of(page) for page in (tree.section, tree.child, tree.other)] == ["Section", "New", "New"]


def test_a_page_whose_expiry_fails_stops_no_other(tree: Tree, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    unpublish = Page.unpublish

    def refuse_one(page: Page, **options: object) -> object:
        if page.pk == tree.child.pk:
            raise ValueError("not this one")
        return unpublish(page, **options)

    for page in (tree.child, tree.other):
        let_expire(page)
    clock.move(seconds=HOUR)
    monkeypatch.setattr(Page, "unpublish", refuse_one)
    ScheduledPublishing().run()
    assert [Page.objects.get(pk=page.pk).live for page in (tree.child, tree.other)] == [True, False]


def test_the_history_of_a_page_says_nothing_of_the_database(
    tree: Tree, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_page: Page, **_options: object) -> None:
        raise OperationalError("connection to db.internal was lost")

    let_expire(tree.child)
    clock.move(seconds=HOUR)
    monkeypatch.setattr(Page, "unpublish", fail)
    ScheduledPublishing().run()
    entry = PageLogEntry.objects.get(page=tree.child.pk, action=LOG_FAILED)
    assert entry.data["error"] == "OperationalError"


def test_a_page_that_fails_changes_nothing_and_records_nothing(
    tree: Tree, clock: Clock, consumer: PageConsumer
) -> None:
    schedule(tree.child, title="New")
    set_title_of_revision(tree.child, "")
    recorded = unfinished_page_ids(consumer="index")
    clock.move(seconds=HOUR)
    ScheduledPublishing().run()
    assert Page.objects.get(pk=tree.child.pk).scheduled_revision is not None
    assert unfinished_page_ids(consumer="index") == recorded


def test_a_page_that_failed_rests_and_is_tried_again(
    tree: Tree, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    schedule(tree.child, title="New")
    set_title_of_revision(tree.child, "")
    clock.move(seconds=HOUR)
    publishing = ScheduledPublishing()
    for _second in range(10):
        publishing.run()
        clock.move(seconds=1)
    assert len([line for line in caplog.records if line.name == "cms.pipeline.scheduled"]) == 1
    set_title_of_revision(tree.child, "Repaired")
    clock.move(seconds=REST_SECONDS)
    publishing.run()
    assert title_of(tree.child) == "Repaired"
