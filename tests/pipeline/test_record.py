"""Every change that readers may notice is recorded, in the transaction that makes it."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import Page, PageViewRestriction, Site

from cms.pipeline import outbox
from cms.pipeline.consumers import consumers
from cms.pipeline.models import PageChange
from cms.pipeline.outbox import record, unfinished_page_ids
from cms.pipeline.scheduled import ScheduledPublishing
from tests.pipeline.conftest import PageConsumer, Tree, publish
from tests.pipeline.test_claim import in_threads, own_connections


def recorded() -> set[int]:
    return unfinished_page_ids(consumer="index")


def forget() -> None:
    PageChange.objects.all().delete()


def ids(*pages: Page) -> set[int]:
    return {page.pk for page in pages}


def restrict(page: Page) -> PageViewRestriction:
    return PageViewRestriction.objects.create(page=page, restriction_type=PageViewRestriction.LOGIN)


def change_slug(page: Page) -> None:
    page.slug = f"{page.slug}-renamed"
    page.save()


def save_draft_slug(tree: Tree) -> None:
    tree.section.unpublish()
    forget()
    change_slug(tree.section)


def let_expire(page: Page) -> None:
    Page.objects.filter(pk=page.pk).update(expire_at=timezone.now() - timedelta(minutes=1))
    ScheduledPublishing().run()


def schedule_and_wait(page: Page) -> None:
    page.save_revision(approved_go_live_at=timezone.now() - timedelta(minutes=1))
    forget()
    ScheduledPublishing().run()


def change_restriction(page: Page) -> None:
    restriction = restrict(page)
    forget()
    restriction.restriction_type = PageViewRestriction.GROUPS
    restriction.save()


def remove_restriction(page: Page) -> None:
    restriction = restrict(page)
    forget()
    restriction.delete()


def set_groups_of_restriction(page: Page) -> None:
    restriction = restrict(page)
    group = Group.objects.create(name="Readers")
    forget()
    restriction.groups.set([group])


def restrictions_of(group: Group) -> Any:
    """Return the other side of `PageViewRestriction.groups`, of which the types know nothing."""
    return getattr(group, "pageviewrestriction_set")  # noqa: B009


def set_restrictions_of_group(page: Page) -> None:
    restriction = restrict(page)
    group = Group.objects.create(name="Readers")
    forget()
    restrictions_of(group).add(restriction)


def clear_restrictions_of_group(page: Page) -> None:
    restriction = restrict(page)
    group = Group.objects.create(name="Readers")
    restriction.groups.add(group)
    forget()
    restrictions_of(group).clear()


CHANGES: dict[str, tuple[Callable[[Tree], object], Callable[[Tree], set[int]]]] = {
    "publish": (lambda tree: publish(tree.child), lambda tree: ids(tree.child)),
    "publish on schedule": (lambda tree: schedule_and_wait(tree.child), lambda tree: ids(tree.child)),
    "unpublish": (lambda tree: tree.child.unpublish(), lambda tree: ids(tree.child)),
    "expire": (lambda tree: let_expire(tree.child), lambda tree: ids(tree.child)),
    "save": (lambda tree: tree.child.save(), lambda tree: ids(tree.child)),
    "delete": (lambda tree: tree.section.delete(), lambda tree: ids(tree.section, tree.child, tree.grandchild)),
    "move": (
        lambda tree: tree.section.move(tree.other, pos="last-child"),
        lambda tree: ids(tree.section, tree.child, tree.grandchild),
    ),
    "slug": (lambda tree: change_slug(tree.section), lambda tree: ids(tree.section, tree.child, tree.grandchild)),
    "slug of a draft": (save_draft_slug, lambda tree: ids(tree.section, tree.child, tree.grandchild)),
    "restrict": (lambda tree: restrict(tree.section), lambda tree: ids(tree.section, tree.child, tree.grandchild)),
    "change a restriction": (
        lambda tree: change_restriction(tree.child),
        lambda tree: ids(tree.child, tree.grandchild),
    ),
    "remove a restriction": (
        lambda tree: remove_restriction(tree.child),
        lambda tree: ids(tree.child, tree.grandchild),
    ),
    "groups of a restriction": (
        lambda tree: set_groups_of_restriction(tree.child),
        lambda tree: ids(tree.child, tree.grandchild),
    ),
    "restrictions of a group": (
        lambda tree: set_restrictions_of_group(tree.child),
        lambda tree: ids(tree.child, tree.grandchild),
    ),
    "no restrictions of a group": (
        lambda tree: clear_restrictions_of_group(tree.child),
        lambda tree: ids(tree.child, tree.grandchild),
    ),
    "site's root page": (
        lambda tree: Site.objects.create(hostname="other.test", root_page=tree.other),
        lambda tree: set(Page.objects.filter(depth__gt=1).values_list("pk", flat=True)),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_recorded(change: str, tree: Tree, consumer: PageConsumer) -> None:
    act, expected = CHANGES[change]
    page_ids = expected(tree)
    act(tree)
    assert recorded() == page_ids


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_that_is_rolled_back_leaves_no_row(change: str, tree: Tree, consumer: PageConsumer) -> None:
    act, _expected = CHANGES[change]
    with transaction.atomic():
        act(tree)
        assert recorded()
        transaction.set_rollback(True)
    assert recorded() == set()


def test_a_copy_is_recorded_with_the_pages_below_it(tree: Tree, consumer: PageConsumer) -> None:
    copy = tree.section.copy(recursive=True, update_attrs={"slug": "copy"})
    assert recorded() == {page.pk for page in copy.get_descendants(inclusive=True)}
    assert len(recorded()) == 3


def test_an_alias_is_recorded_when_it_is_made_and_when_its_original_changes(tree: Tree, consumer: PageConsumer) -> None:
    alias = tree.child.create_alias(update_slug="alias")
    assert recorded() == ids(alias)
    forget()
    publish(tree.child)
    assert recorded() == ids(tree.child, alias)
    forget()
    tree.child.unpublish()
    assert recorded() == ids(tree.child, alias)


def test_aliases_are_recorded_with_what_is_under_them_when_their_original_is_restricted(
    tree: Tree, consumer: PageConsumer
) -> None:
    alias = tree.section.create_alias(recursive=True, parent=tree.other, update_slug="alias")
    again = alias.create_alias(recursive=False, parent=tree.other, update_slug="again")
    forget()
    restriction = restrict(tree.section)
    under_alias = alias.get_descendants(inclusive=True).values_list("pk", flat=True)
    everything = {*ids(tree.section, tree.child, tree.grandchild, again), *under_alias}
    assert recorded() == everything
    forget()
    restriction.delete()
    assert recorded() == everything


def test_an_alias_is_recorded_when_its_original_is_deleted(tree: Tree, consumer: PageConsumer) -> None:
    alias = tree.child.create_alias(update_slug="alias")
    # Scheduling a draft puts its alias live at once; the reader sees it when it is an alias no more.
    tree.child.live = False
    tree.child.save()
    forget()
    tree.child.delete()
    assert alias.pk in recorded()


def test_a_database_is_restored_together_with_its_outbox(tree: Tree, consumer: PageConsumer, tmp_path: Path) -> None:
    restrict(tree.section)
    publish(tree.child)
    before = list(PageChange.objects.order_by("pk").values_list("pk", "page_id", "version"))
    dump = tmp_path / "dump.json"
    call_command("dumpdata", "wagtailcore", "pipeline", output=str(dump))
    # Pages come first here, so that what loading them might record would be in the way of the outbox's own rows.
    rows = sorted(json.loads(dump.read_text()), key=lambda row: bool(row["model"] == "pipeline.pagechange"))
    dump.write_text(json.dumps(rows))
    PageChange.objects.all().delete()
    call_command("loaddata", str(dump), verbosity=0)
    assert list(PageChange.objects.order_by("pk").values_list("pk", "page_id", "version")) == before


def test_writing_a_draft_records_nothing(tree: Tree, consumer: PageConsumer) -> None:
    tree.child.title = "Not yet"
    tree.child.save_revision()
    assert recorded() == set()


def test_reordering_does_not_record_the_pages_below(tree: Tree, consumer: PageConsumer) -> None:
    tree.other.move(tree.section, pos="left")
    tree.section.refresh_from_db()
    forget()
    tree.section.move(Page.objects.get(pk=tree.other.pk), pos="left")
    assert recorded() == ids(tree.section)


def test_a_slug_that_changes_its_case_alone_is_a_change_of_address(tree: Tree, consumer: PageConsumer) -> None:
    tree.section.slug = "SECTION"
    tree.section.save()
    assert recorded() == ids(tree.section, tree.child, tree.grandchild)


def test_each_consumer_gets_a_row_of_its_own(
    tree: Tree, consumer: PageConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(consumers, "cache", consumer)
    publish(tree.child)
    rows = PageChange.objects.values_list("consumer", "page_id")
    assert sorted(rows) == [("cache", tree.child.pk), ("index", tree.child.pk)]


def test_nothing_is_recorded_without_a_consumer(tree: Tree) -> None:
    publish(tree.child)
    assert not PageChange.objects.exists()


def test_more_pages_than_fit_into_a_statement_are_recorded(db: None, consumer: PageConsumer) -> None:
    record(page_ids=range(1, 2001))
    record(page_ids=range(1, 2001))
    assert recorded() == set(range(1, 2001))


@own_connections
def test_nobody_sees_a_half_recorded_change_where_there_is_no_transaction(
    consumer: PageConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    insert = outbox._insert

    def insert_and_look(page_ids: list[int]) -> None:
        insert(page_ids)
        in_threads(lambda: seen.append(PageChange.objects.count()))

    monkeypatch.setattr(outbox, "_insert", insert_and_look)
    record(page_ids=[7])
    assert seen == [0]
    assert recorded() == {7}


def test_publishing_again_costs_few_statements_however_many_consumers(
    tree: Tree, consumer: PageConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tree.child)
    first = statements_of_publishing(tree.child)
    monkeypatch.setitem(consumers, "cache", consumer)
    monkeypatch.setitem(consumers, "other", consumer)
    publish(tree.child)
    most = 6 if connection.features.has_select_for_update else 3
    assert statements_of_publishing(tree.child) == first <= most


def statements_of_publishing(page: Page) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        publish(page)
    return sum(PageChange._meta.db_table in query["sql"] for query in queries)
