"""What the desk's tests share: an article of the editor's, two consumers of pages and one of events, a fixed clock."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone
from django.utils.translation import ngettext_lazy
from wagtail.models import GroupPagePermission, Page

from articles.models import ArticleIndexPage, ArticlePage
from cms.pipeline.consumers import PermanentError, consumers, event_consumers
from cms.pipeline.labels import ConsumerLabel, labels
from cms.pipeline.models import Worker
from cms.pipeline.outbox import record
from cms.pipeline.worker import Lane, drain
from home.models import HomePage
from tests.pages import ArticleFactory
from tests.people import client_of, new_user
from tests.pipeline.conftest import EventConsumer, PageConsumer

# A Wednesday, in the middle of a day in Europe and in America.
TWO_O_CLOCK = datetime(2026, 11, 25, 14, 2, 10, tzinfo=UTC)
# What editors read in the place of an error that may name a host of the operator's.
UNFORESEEN = "Something unforeseen went wrong. Whoever runs the site finds it in the log."


@pytest.fixture(autouse=True)
def time() -> Iterator[time_machine.Traveller]:
    """The clock, which stands still unless it is shifted: before anything is made, or it would be made later."""
    with time_machine.travel(TWO_O_CLOCK, tick=False) as traveller:
        yield traveller


@pytest.fixture
def search(monkeypatch: pytest.MonkeyPatch, _no_consumers: None) -> PageConsumer:
    consumer = PageConsumer()
    monkeypatch.setitem(consumers, "search", consumer)
    label = ConsumerLabel(
        name="Search",
        done="searchable since %(time)s",
        gone="out of the search since %(time)s",
        waiting="the search has not been told yet",
        failed="the search could not be told",
    )
    monkeypatch.setitem(labels, "search", label)
    return consumer


@pytest.fixture
def second_cache(monkeypatch: pytest.MonkeyPatch, search: PageConsumer) -> PageConsumer:
    """A consumer of pages for which nobody has found words."""
    consumer = PageConsumer()
    monkeypatch.setitem(consumers, "second_cache", consumer)
    return consumer


@pytest.fixture
def receivers(monkeypatch: pytest.MonkeyPatch, _no_consumers: None) -> EventConsumer:
    """A consumer of events that are about pages."""
    consumer = EventConsumer()
    monkeypatch.setitem(event_consumers, "receivers", consumer)
    label = ConsumerLabel(
        name="Receivers",
        done=ngettext_lazy("%(done)d of %(total)d receiver told", "%(done)d of %(total)d receivers told", "total"),
        waiting=ngettext_lazy(
            "%(done)d of %(total)d receiver told so far", "%(done)d of %(total)d receivers told so far", "total"
        ),
        failed=ngettext_lazy(
            "%(done)d of %(total)d receiver told, the rest in vain",
            "%(done)d of %(total)d receivers told, the rest in vain",
            "total",
        ),
    )
    monkeypatch.setitem(labels, "receivers", label)
    return consumer


@pytest.fixture
def article(time: time_machine.Traveller, publish_article: ArticleFactory, search: PageConsumer) -> ArticlePage:
    """An article that is published and searchable, with a worker there."""
    published = publish_article(title="Let-down")
    time.shift(1)
    drain()
    see_worker()
    return published


@pytest.fixture
def stuck(
    time: time_machine.Traveller, search: PageConsumer, publish_article: ArticleFactory
) -> dict[str, ArticlePage]:
    """Four articles: one waits, one fails, one is given up, and one is done."""
    pages = {
        title: publish_article(title=title, slug=title.lower())
        for title in ("Oxytocin", "Prolactin", "Estrogen", "Insulin")
    }
    drain()
    search.errors = {pages["Prolactin"].pk: ValueError("not now"), pages["Estrogen"].pk: PermanentError("too long")}
    time.shift(60)
    record(page_ids=[pages["Prolactin"].pk, pages["Estrogen"].pk])
    drain()
    time.shift(60)
    record(page_ids=[pages["Oxytocin"].pk])
    see_worker()
    return pages


@pytest.fixture
def client_elsewhere(home_page: HomePage, stuck: dict[str, ArticlePage]) -> Client:
    """Somebody who publishes, but nothing under the articles."""
    elsewhere = home_page.add_child(instance=Page(title="Elsewhere", slug="elsewhere"))
    group = Group.objects.create(name="Others")
    for codename in ("change_page", "publish_page"):
        GroupPagePermission.objects.create(group=group, page=elsewhere, permission=_permission(codename))
    user = new_user("other@example.org", display_name="Other")
    group.permissions.add(_permission("access_admin"))
    user.groups.add(group)
    return client_of(user)


@pytest.fixture
def reviewer_client(article_index: ArticleIndexPage) -> Client:
    """Somebody who may change pages, and not publish them."""
    group = Group.objects.create(name="Correctors")
    group.permissions.add(_permission("access_admin"))
    GroupPagePermission.objects.create(group=group, page=article_index, permission=_permission("change_page"))
    user = new_user("reviewer@example.org", display_name="Reviewer")
    user.groups.add(group)
    return client_of(user)


def _permission(codename: str) -> Permission:
    return Permission.objects.get(codename=codename)


def see_worker() -> None:
    Worker.objects.update_or_create(name="here", defaults={"last_seen_at": timezone.now()})


def step(consumer: str) -> None:
    """Have the next row of a consumer handled by a worker that remembers nothing."""
    Lane(consumer=consumer, worker="here").step()


def sentence(client: Client, page: Page) -> str:
    """Return what the editor reads of where the page stands."""
    return " ".join(text.get_text() for text in shown(client, page).select(".standing__sentence"))


def problems(client: Client, page: Page) -> list[str]:
    """Return what the editor reads besides."""
    return [text.get_text().strip() for text in shown(client, page).select(".standing__problems li")]


def shown(client: Client, page: Page) -> BeautifulSoup:
    return BeautifulSoup(client.get(f"/admin/pages/{page.pk}/publishing/").text, "html.parser")
