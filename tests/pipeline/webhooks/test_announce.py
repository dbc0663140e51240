"""What becomes of public pages is told, each time, in order, and nothing of hidden ones."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import Page, PageViewRestriction, Site

from articles.models import ArticleIndexPage, ArticlePage
from cms.pipeline.consumers import consumers
from cms.pipeline.models import Event
from cms.pipeline.scheduled import ScheduledPublishing
from cms.pipeline.webhooks.announcing import CONSUMER, announce_page, reconcile
from cms.pipeline.webhooks.models import Announced, Endpoint, Kind
from cms.pipeline.worker import drain
from tests.pages import ArticleFactory
from tests.pipeline.webhooks.conftest import Endpoints, ids, messages, told
from tests.services.receiver import Receiver


def again(page: Page) -> ArticlePage:
    found: ArticlePage = ArticlePage.objects.get(pk=page.pk)
    return found


def publish(page: Page, **fields: object) -> None:
    page = again(page)
    for name, value in fields.items():
        setattr(page, name, value)
    page.save_revision().publish()


def restrict(page: Page) -> PageViewRestriction:
    return PageViewRestriction.objects.create(page=page, restriction_type=PageViewRestriction.LOGIN)


def recorded() -> list[tuple[str, int | None]]:
    """Return what is written down for receivers, before any worker comes."""
    events = Event.objects.filter(consumer="webhooks").order_by("pk")
    return [(event.event.removeprefix("page."), event.page_id) for event in events]


def test_a_first_publication_is_told(
    publish_article: ArticleFactory, receiver: Receiver, endpoint: Endpoint, article_index: ArticleIndexPage
) -> None:
    drain()
    receiver.requests.clear()
    article = publish_article(title="Let-down", slug="let-down")
    drain()
    [message] = messages(receiver)
    assert message["type"] == "page.published"
    assert message["data"] == {
        "id": article.pk,
        "type": "articles.ArticlePage",
        "url": f"{Site.objects.get().root_url}/articles/let-down/",
        "title": "Let-down",
        "slug": "let-down",
        "first_published_at": article.first_published_at.isoformat().replace("+00:00", "Z"),
        "last_published_at": article.last_published_at.isoformat().replace("+00:00", "Z"),
        "revision": article.live_revision_id,
    }
    assert message["timestamp"].endswith("Z")


def test_a_burst_of_publications_is_told_one_by_one(article: ArticlePage, receiver: Receiver) -> None:
    for number in range(5):
        publish(article, title=f"Version {number}")
    drain()
    assert [message["data"]["title"] for message in messages(receiver)] == [f"Version {number}" for number in range(5)]
    assert len(set(ids(receiver))) == 5


def test_publishing_the_same_revision_again_is_told(article: ArticlePage, receiver: Receiver) -> None:
    revision = again(article).live_revision
    revision.publish()
    revision.publish()
    drain()
    assert told(receiver) == [("published", article.pk)] * 2


def test_a_publication_that_is_rolled_back_is_not_told(article: ArticlePage, receiver: Receiver) -> None:
    with transaction.atomic():
        publish(article, title="Never")
        assert recorded()[-1] == ("published", article.pk)
        transaction.set_rollback(True)
    drain()
    assert told(receiver) == []


def test_unpublishing_is_told_without_the_title(article: ArticlePage, receiver: Receiver) -> None:
    again(article).unpublish()
    drain()
    [message] = messages(receiver)
    assert message["type"] == "page.unpublished"
    assert message["data"] == {"id": article.pk, "type": "articles.ArticlePage", "url": article.full_url}


def test_publishing_and_unpublishing_before_the_worker_comes_is_told_in_full(
    article: ArticlePage, receiver: Receiver
) -> None:
    again(article).unpublish()
    publish(article)
    again(article).unpublish()
    publish(article)
    drain()
    assert [kind for kind, _page in told(receiver)] == ["unpublished", "published", "unpublished", "published"]


def test_deletion_is_told_though_nobody_can_read_the_page_any_more(article: ArticlePage, receiver: Receiver) -> None:
    url, pk = article.full_url, article.pk
    again(article).delete()
    assert not Announced.objects.filter(page_id=pk).exists()
    drain()
    [message] = messages(receiver)
    assert message["type"] == "page.deleted"
    assert message["data"] == {"id": pk, "type": "articles.ArticlePage", "url": url}


def test_deleting_a_section_is_told_of_each_public_page_in_it(
    article: ArticlePage, draft_article: ArticleFactory, article_index: ArticleIndexPage, receiver: Receiver
) -> None:
    draft = draft_article(title="Draft")
    ArticleIndexPage.objects.get(pk=article_index.pk).delete()
    drain()
    assert sorted(told(receiver)) == sorted([("deleted", article.pk), ("deleted", article_index.pk)])
    assert draft.pk not in Announced.objects.values_list("page_id", flat=True)


def test_moving_a_section_is_told_of_the_whole_subtree(
    article: ArticlePage, article_index: ArticleIndexPage, receiver: Receiver
) -> None:
    home = Page.objects.get(depth=2)
    shelf = home.add_child(instance=ArticleIndexPage(title="Shelf", slug="shelf", intro=""))
    drain()
    receiver.requests.clear()
    article_index.refresh_from_db()
    article_index.move(Page.objects.get(pk=shelf.pk), pos="last-child")
    assert recorded()[-2:] == [("moved", article_index.pk), ("moved", article.pk)]
    drain()
    root = Site.objects.get().root_url
    assert [(message["data"]["previous_url"], message["data"]["url"]) for message in messages(receiver)] == [
        (f"{root}/articles/", f"{root}/shelf/articles/"),
        (f"{root}/articles/let-down/", f"{root}/shelf/articles/let-down/"),
    ]


def test_another_slug_is_a_move_and_then_a_publication(article: ArticlePage, receiver: Receiver) -> None:
    publish(article, slug="milk-ejection")
    drain()
    assert told(receiver) == [("moved", article.pk), ("published", article.pk)]
    assert messages(receiver)[0]["data"]["previous_url"].endswith("/articles/let-down/")
    assert messages(receiver)[0]["data"]["url"].endswith("/articles/milk-ejection/")


def test_another_slug_of_a_section_is_told_of_the_pages_in_it(
    article: ArticlePage, article_index: ArticleIndexPage, receiver: Receiver
) -> None:
    index = ArticleIndexPage.objects.get(pk=article_index.pk)
    index.slug = "library"
    index.save_revision().publish()
    drain()
    assert ("moved", article.pk) in told(receiver)
    assert told(receiver).count(("moved", article.pk)) == 1


def test_reordering_is_not_a_move(article: ArticlePage, publish_article: ArticleFactory, receiver: Receiver) -> None:
    other = publish_article(title="Other")
    drain()
    receiver.requests.clear()
    again(article).move(Page.objects.get(pk=other.pk), pos="right")
    drain()
    assert told(receiver) == []


def test_expiry_is_told_when_it_comes(article: ArticlePage, receiver: Receiver) -> None:
    publish(article, expire_at=timezone.now() + timedelta(hours=1))
    drain()
    receiver.requests.clear()
    with time_machine.travel(timezone.now() + timedelta(hours=1, seconds=1)):
        ScheduledPublishing().run()
        drain()
    assert told(receiver) == [("unpublished", article.pk)]


def test_scheduling_is_not_told_and_going_live_is(article: ArticlePage, receiver: Receiver) -> None:
    publish(article, title="Tomorrow", go_live_at=timezone.now() + timedelta(days=1))
    drain()
    assert told(receiver) == []
    with time_machine.travel(timezone.now() + timedelta(days=1, seconds=1)):
        ScheduledPublishing().run()
        drain()
    assert [message["data"]["title"] for message in messages(receiver)] == ["Tomorrow"]


def test_a_restriction_is_told_as_no_longer_public_and_its_end_as_published(
    article: ArticlePage, article_index: ArticleIndexPage, receiver: Receiver
) -> None:
    restriction = restrict(article_index)
    assert sorted(recorded()[-2:]) == sorted([("unpublished", article_index.pk), ("unpublished", article.pk)])
    drain()
    restriction.delete()
    drain()
    assert [kind for kind, page_id in told(receiver) if page_id == article.pk] == ["unpublished", "published"]


def test_moving_under_a_restriction_hides(article: ArticlePage, receiver: Receiver) -> None:
    home = Page.objects.get(depth=2)
    hidden = home.add_child(instance=ArticleIndexPage(title="Hidden", slug="hidden", intro=""))
    restrict(hidden)
    drain()
    receiver.requests.clear()
    again(article).move(Page.objects.get(pk=hidden.pk), pos="last-child")
    drain()
    [message] = messages(receiver)
    assert message["type"] == "page.unpublished"
    assert message["data"]["url"].endswith("/articles/let-down/")


def test_nothing_is_told_of_hidden_pages(
    article: ArticlePage, draft_article: ArticleFactory, receiver: Receiver
) -> None:
    draft = draft_article(title="Draft")
    restrict(draft)
    draft.save_revision().publish()
    again(draft).move(Page.objects.get(depth=2), pos="last-child")
    again(draft).unpublish()
    again(draft).delete()
    drain()
    assert told(receiver) == []


def test_deleting_a_restricted_page_shows_it_to_nobody(article: ArticlePage, receiver: Receiver) -> None:
    restriction = restrict(article)
    restriction.groups.add(Group.objects.create(name="The few"))
    drain()
    receiver.requests.clear()
    again(article).delete()
    drain()
    assert told(receiver) == []


def test_a_page_hidden_before_the_worker_comes_is_told_of_without_its_title(
    publish_article: ArticleFactory, endpoint: Endpoint, receiver: Receiver
) -> None:
    secret = publish_article(title="Secretcanary", slug="a-slug")
    publish(secret, title="Secretcanary two")
    restrict(secret)
    drain()
    assert [kind for kind, page_id in told(receiver) if page_id == secret.pk] == [
        "published",
        "published",
        "unpublished",
    ]
    assert all("Secretcanary" not in request.body.decode() for request in receiver.requests)


def test_a_page_that_expires_on_its_way_is_told_of_without_its_title(article: ArticlePage, receiver: Receiver) -> None:
    publish(article, title="Expiredcanary", expire_at=timezone.now() + timedelta(hours=1))
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        drain()  # The worker that unpublishes has not been round.
    assert ("published", article.pk) in told(receiver)
    assert all("Expiredcanary" not in request.body.decode() for request in receiver.requests)


def test_an_alias_is_told_of_like_any_page(article: ArticlePage, receiver: Receiver) -> None:
    alias = again(article).create_alias(update_slug="alias")
    drain()
    assert told(receiver) == [("published", alias.pk)]
    publish(article)
    drain()
    assert sorted(told(receiver)[1:]) == sorted([("published", article.pk), ("published", alias.pk)])


def test_an_alias_is_taken_back_when_its_original_is_restricted(article: ArticlePage, receiver: Receiver) -> None:
    alias = again(article).create_alias(update_slug="alias")
    drain()
    restrict(article)
    assert sorted(recorded()[-2:]) == sorted([("unpublished", article.pk), ("unpublished", alias.pk)])


def test_an_endpoint_is_told_what_it_asked_for(
    publish_article: ArticleFactory, new_endpoint: Endpoints, receiver: Receiver
) -> None:
    new_endpoint(receiver, events=[Kind.DELETED])
    new_endpoint(receiver, name="Switched off", active=False)
    article = publish_article(title="Let-down")
    publish(article)
    pk = article.pk
    again(article).delete()
    drain()
    assert told(receiver) == [("deleted", pk)]


def test_two_endpoints_are_told_of_the_same_event_under_one_id(
    article: ArticlePage, endpoint: Endpoint, new_endpoint: Endpoints, receiver: Receiver
) -> None:
    new_endpoint(receiver, name="Another")
    publish(article)
    drain()
    assert told(receiver) == [("published", article.pk)] * 2
    assert len(set(ids(receiver))) == 1


def test_an_event_says_to_editors_what_it_is(article: ArticlePage) -> None:
    publish(article)
    event = Event.objects.filter(consumer="webhooks").latest("pk")
    assert (event.page_id, event.label) == (article.pk, "Shop front: published")


def test_what_no_signal_told_of_is_found_by_comparing(article: ArticlePage, receiver: Receiver) -> None:
    Page.objects.filter(pk=article.pk).update(live=False)
    reconcile()
    drain()
    assert told(receiver) == [("unpublished", article.pk)]
    reconcile()
    drain()
    assert len(told(receiver)) == 1


def test_pages_that_were_public_before_are_known_once_they_were_compared(
    publish_article: ArticleFactory, new_endpoint: Endpoints, receiver: Receiver
) -> None:
    article = publish_article(title="Let-down")
    Announced.objects.all().delete()
    reconcile()
    new_endpoint(receiver)
    pk = article.pk
    again(article).delete()
    drain()
    assert told(receiver) == [("deleted", pk)]


def test_the_worker_announces_what_was_saved_without_a_publication(
    publish_article: ArticleFactory, endpoint: Endpoint, receiver: Receiver
) -> None:
    assert consumers[CONSUMER] is announce_page
    article = publish_article(title="Let-down")
    drain()
    receiver.requests.clear()
    page = again(article)
    page.live = False
    page.save()
    drain()
    assert told(receiver) == [("unpublished", article.pk)]


@pytest.mark.parametrize("number_of_endpoints", [1, 4])
def test_publishing_costs_the_same_however_many_are_told(
    publish_article: ArticleFactory,
    new_endpoint: Endpoints,
    receiver: Receiver,
    number_of_endpoints: int,
) -> None:
    for number in range(number_of_endpoints):
        new_endpoint(receiver, name=f"Endpoint {number}")
    article = publish_article(title="Let-down")
    publish(article)
    tables = (Announced._meta.db_table, Endpoint._meta.db_table, Event._meta.db_table)
    with CaptureQueriesContext(connection) as queries:
        publish(article)
    own = [query["sql"] for query in queries if any(f'"{table}"' in query["sql"] for table in tables)]
    assert len(own) <= 5, own
