"""The pages for what goes wrong: each helps to go on, and the server error needs nothing that may be broken."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertNotContains, assertTemplateUsed

from cms import urls as site
from home.models import HomePage

SEARCH_BOX = '<input type="search" id="error-search" name="q"'


def fail(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("broken on purpose")


def forbid(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def failing_context_processor(request: HttpRequest) -> dict[str, str]:
    raise RuntimeError("broken on purpose")


handler400 = site.handler400
handler403 = site.handler403
handler404 = site.handler404
handler500 = site.handler500
urlpatterns = [
    path("fails/", fail),
    path("api/fails/", fail),
    path("personals/forbidden/", forbid),
    path("forbidden/", forbid),
    path("api/forbidden/", forbid),
    *site.urlpatterns,
]


@pytest.fixture
def forgiving_client() -> Client:
    """A browser that shows the server's errors instead of raising them."""
    return Client(raise_request_exception=False)


def test_an_unknown_address_offers_the_search_and_ways_on(client: Client, home_page: HomePage) -> None:
    response = client.get("/no/such/page/")
    assertContains(response, SEARCH_BOX, status_code=404)
    assertContains(response, 'href="/articles/"', status_code=404)
    assertContains(response, "<title>Page not found · Dreams of Milk</title>", status_code=404, html=True)


def test_an_unknown_address_asks_nobody_who_they_are(client: Client, home_page: HomePage) -> None:
    response = client.get("/no/such/page/")
    assert response.status_code == 404
    assert not response.has_header("Vary")
    assert not response.cookies


def test_an_unknown_address_among_members_does_not_name_the_site(alice_client: Client) -> None:
    response = alice_client.get("/personals/nothing-here/")
    assertContains(response, "<title>Page not found</title>", status_code=404, html=True)
    assertNotContains(response, "Dreams of Milk", status_code=404)
    assertContains(response, '<meta name="robots" content="noindex, nofollow">', status_code=404, html=True)


@pytest.mark.urls(__name__)
def test_a_closed_page_offers_the_log_in(client: Client, db: None) -> None:
    response = client.get("/forbidden/")
    assertContains(response, 'href="/accounts/login/"', status_code=403)
    assertContains(response, SEARCH_BOX, status_code=403)


@pytest.mark.urls(__name__)
def test_a_closed_page_among_members_does_not_name_the_site(client: Client, db: None) -> None:
    assertNotContains(client.get("/personals/forbidden/"), "Dreams of Milk", status_code=403)


def test_a_member_at_the_admins_door_is_told_so(alice_client: Client) -> None:
    assertContains(alice_client.get("/admin/", follow=True), "This page is not open to you", status_code=403)


def test_a_form_without_its_token_says_what_to_do(db: None) -> None:
    response = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "a@example.org"})
    assertContains(response, "Reload the page with the form.", status_code=403)
    assertContains(response, SEARCH_BOX, status_code=403)


def test_a_strange_host_gets_a_page_and_not_an_error(client: Client, editor_client: Client) -> None:
    for browser in (client, editor_client):
        response = browser.get("/", headers={"host": "elsewhere.example"})
        assertContains(response, "This request could not be understood", status_code=400)
        assertContains(response, SEARCH_BOX, status_code=400)


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({f"field-{number}": "" for number in range(10_001)}, "more than 10,000 fields"),
        ({"text": "x" * 3_000_000}, "more than 2.5\xa0MB of text"),
    ],
)
def test_a_form_that_is_too_long_says_so_and_that_nothing_was_saved(
    client: Client, alice_client: Client, form: dict[str, str], reason: str
) -> None:
    response = alice_client.post("/personals/mine/", form)
    assertContains(response, reason, status_code=400)
    assertContains(response, "Nothing of it was saved", status_code=400)
    assertNotContains(response, "Check the address", status_code=400)
    assertNotContains(response, "Dreams of Milk", status_code=400)
    # Nor does it say anything else to somebody without a session.
    assertContains(client.post("/accounts/login/", form), reason, status_code=400)


@pytest.mark.urls(__name__)
def test_the_server_error_needs_no_database_and_no_session(forgiving_client: Client) -> None:
    # Without the fixture `db`, any query fails.
    forgiving_client.cookies["session"] = "of-somebody"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.contrib.sessions.backends.db.SessionStore.load", fail)
        response = forgiving_client.get("/fails/")
    assertContains(response, "Something went wrong on our side", status_code=500)
    assertContains(response, SEARCH_BOX, status_code=500)
    assertContains(response, 'href="/articles/"', status_code=500)


@pytest.mark.urls(__name__)
def test_the_server_error_needs_no_context_processor(forgiving_client: Client, settings: Settings) -> None:
    templates = {**settings.TEMPLATES[0]}
    templates["OPTIONS"] = {"context_processors": [f"{__name__}.failing_context_processor"]}
    settings.TEMPLATES = [templates]
    response = forgiving_client.get("/fails/")
    assertTemplateUsed(response, "500.html")
    assertContains(response, SEARCH_BOX, status_code=500)


@pytest.mark.urls(__name__)
def test_the_server_error_needs_no_list_of_static_files(forgiving_client: Client, settings: Settings) -> None:
    backend = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": backend}}
    response = forgiving_client.get("/fails/")
    assertContains(response, 'href="/static/cms/css/base.css"', status_code=500)


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(("address", "status"), [("/api/fails/", 500), ("/api/forbidden/", 403), ("/api/none/", 404)])
def test_a_program_gets_a_problem_document(forgiving_client: Client, db: None, address: str, status: int) -> None:
    response = forgiving_client.get(address)
    assert (response.status_code, response.headers["Content-Type"]) == (status, "application/problem+json")
    assert response.json()["status"] == status
    assert response.json()["detail"]
