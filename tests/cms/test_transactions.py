"""A request that may change something is one transaction; one that reads opens none."""

import io
import threading
from http import HTTPStatus
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import include, path, reverse
from django.views.decorators.csrf import csrf_exempt
from pytest_django import Settings
from wagtail import hooks
from wagtail.models import Page

from cms.middleware import UnsafeMethodsInOneTransaction
from cms.pipeline.consumers import consumers
from cms.pipeline.models import PageChange, Worker
from cms.pipeline.outbox import unfinished_page_ids
from cms.users.models import User
from tests.people import client_of
from tests.pipeline.test_claim import in_threads, own_connections


@csrf_exempt
def write(request: HttpRequest) -> HttpResponse:
    """Write a row and then do as the query says."""
    Worker.objects.create(name="written", last_seen_at="2026-01-01T00:00Z")
    if "fail" in request.GET:
        raise ValueError("the view is broken")
    if "break_the_database" in request.GET:
        write(request)
    if "break_it_quietly" in request.GET:
        swallow_an_error()
    return HttpResponse(status=int(request.GET.get("status", HTTPStatus.OK)))


def swallow_an_error() -> None:
    try:
        with transaction.atomic(savepoint=False):
            Worker.objects.create(name="written", last_seen_at="2026-01-01T00:00Z")
    except IntegrityError:
        return


@csrf_exempt
def count_transactions(_request: HttpRequest) -> HttpResponse:
    """Tell how many transactions there are, one within the other; the test itself runs in one."""
    return HttpResponse(len(connection.atomic_blocks))


urlpatterns = [path("write", write), path("transaction", count_transactions), path("", include("cms.urls"))]
handler500 = "cms.errors.server_error"

UNSAFE = ["post", "put", "patch", "delete"]


@pytest.fixture
def browser(settings: Settings) -> Client:
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False)


@pytest.fixture
def _watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """A consumer of pages, for which every change is recorded."""
    monkeypatch.setitem(consumers, "watched", unfinished_page_ids)


def was_written() -> bool:
    return Worker.objects.filter(name="written").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("method", UNSAFE)
def test_what_was_written_is_kept(method: str, browser: Client) -> None:
    assert getattr(browser, method)("/write").status_code == HTTPStatus.OK
    assert was_written()


@pytest.mark.django_db
@pytest.mark.parametrize("method", UNSAFE)
@pytest.mark.parametrize("query", ["fail", "break_the_database", "break_it_quietly", "status=500", "status=503"])
def test_a_server_error_undoes_what_was_written(query: str, method: str, browser: Client) -> None:
    response = getattr(browser, method)(f"/write?{query}")
    assert response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
    assert not was_written()


@pytest.mark.django_db
def test_a_refusal_keeps_what_was_written(browser: Client) -> None:
    # A failed log-in, for instance, is counted.
    assert browser.post("/write?status=403").status_code == HTTPStatus.FORBIDDEN
    assert was_written()


@pytest.mark.django_db
@pytest.mark.parametrize("method", UNSAFE)
def test_an_unsafe_method_runs_in_a_transaction(method: str, browser: Client) -> None:
    outside = len(connection.atomic_blocks)
    assert int(getattr(browser, method)("/transaction").content) == outside + 1


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "options", "trace"])
def test_a_safe_method_runs_in_none(method: str, browser: Client) -> None:
    outside = len(connection.atomic_blocks)
    assert int(getattr(browser, method)("/transaction").content) == outside


@pytest.fixture
def page(db: None, _watched: None) -> Page:
    """A draft; that it was made is no longer in the outbox."""
    page = Page.objects.get(depth=2).add_child(instance=Page(title="Before", slug="page", live=False))
    PageChange.objects.all().delete()
    return page


def test_publishing_in_the_admin_records_the_page(page: Page, admin_client: Client) -> None:
    assert publish_in_admin(admin_client, page, title="After").status_code == HTTPStatus.FOUND
    assert Page.objects.get(pk=page.pk).title == "After"
    assert unfinished_page_ids(consumer="watched") == {page.pk}


def test_a_publication_that_fails_half_way_leaves_nothing(page: Page, admin_client: Client) -> None:
    def fail(_request: HttpRequest, _page: Page) -> None:
        assert unfinished_page_ids(consumer="watched") == {page.pk}
        raise ValueError("the hook is broken")

    admin_client.raise_request_exception = False
    with hooks.register_temporarily("after_publish_page", fail):
        response = publish_in_admin(admin_client, page, title="After")
    assert response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert (Page.objects.get(pk=page.pk).title, page.revisions.count()) == ("Before", 0)
    assert unfinished_page_ids(consumer="watched") == set()


@own_connections
@pytest.mark.usefixtures("_watched")
def test_two_editors_who_publish_at_once_never_meet_a_locked_database() -> None:
    editors = [User.objects.create_superuser(f"editor{number}@example.org") for number in range(2)]
    home = Page.objects.get(depth=2)
    # Wagtail's own index on PostgreSQL rewrites every row whose title has exactly the average length, and two
    # transactions that do so at once can end in a deadlock; no title here has that length.
    pages = [home.add_child(instance=Page(title=title)) for title in ("First", "The second page")]
    start = threading.Barrier(2)

    def publish_often(editor: User, page: Page) -> None:
        browser = client_of(editor)
        start.wait(timeout=20)
        for time in range(30):
            assert publish_in_admin(browser, page, title=f"{page.title} {time}").status_code == HTTPStatus.FOUND

    in_threads(*[lambda pair=pair: publish_often(*pair) for pair in zip(editors, pages, strict=True)])
    assert {page.title for page in Page.objects.filter(depth=3)} == {"First 29", "The second page 29"}
    assert unfinished_page_ids(consumer="watched") >= {page.pk for page in pages}


def publish_in_admin(browser: Client, page: Page, *, title: str) -> Any:
    """Press "Publish" in the editor of a page of no particular type."""
    assert page.content_type == ContentType.objects.get_for_model(Page)
    form = {
        "title": title,
        "slug": page.slug,
        "comments-TOTAL_FORMS": "0",
        "comments-INITIAL_FORMS": "0",
        "action-publish": "publish",
    }
    return browser.post(reverse("wagtailadmin_pages:edit", args=[page.pk]), form)


class SlowBody(io.BytesIO):
    """A form on its way, which notes whether a transaction is open while it is waited for."""

    was_waited_for_in_transaction: bool | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        self.was_waited_for_in_transaction = connection.in_atomic_block
        return super().read(size)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_slow_form_is_waited_for_before_the_transaction_begins() -> None:
    body = SlowBody(b"word=milk")
    form: dict[str, Any] = {
        "wsgi.input": body,
        "CONTENT_LENGTH": 9,
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
    }
    request = RequestFactory().generic("POST", "/", **form)
    seen = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append((request.POST["word"], connection.in_atomic_block))
        return HttpResponse()

    UnsafeMethodsInOneTransaction(view)(request)
    assert seen == [("milk", True)]
    assert body.was_waited_for_in_transaction is False
