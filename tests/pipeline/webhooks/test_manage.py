"""Editors manage webhooks in the admin, see how each message fared, and send one again."""

import html
import re
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks.webhooks import Webhook
from wagtail.models import ModelLogEntry

from articles.models import ArticlePage
from cms.pipeline.models import Event
from cms.pipeline.webhooks import forms
from cms.pipeline.webhooks.models import TEST, Attempt, Endpoint, Fault, Kind, Secret
from cms.pipeline.worker import drain
from tests.pipeline.webhooks.conftest import Endpoints, told
from tests.pipeline.webhooks.test_announce import publish
from tests.services.receiver import Receiver

INDEX = "/admin/webhooks/"


def own_page(endpoint: Endpoint) -> str:
    return f"{INDEX}inspect/{endpoint.pk}/"


def form(url: str, **fields: object) -> dict[str, object]:
    return {"name": "Shop front", "url": url, "events": list(Kind.values), "active": "on", **fields}


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return html.unescape(response.content.decode())


def secrets_on(content: str) -> list[str]:
    return re.findall(r"whsec_[A-Za-z0-9+/=]+", html.unescape(content))


def look_up_as(monkeypatch: pytest.MonkeyPatch, name: str, answer: Callable[[], Any]) -> None:
    """Have `answer` stand in for the name server where this one name is asked for."""
    really = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *args, **kwargs: answer() if host == name else really(host, *args, **kwargs)
    )


def nobody_knows() -> Any:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def test_an_editor_makes_an_endpoint_and_sees_its_secret_once(
    editor_client: Client, receiver: Receiver, article: ArticlePage
) -> None:
    Endpoint.objects.all().delete()
    assert INDEX in editor_client.get("/admin/").content.decode()
    answer = editor_client.post(f"{INDEX}new/", form(receiver.url))
    assert answer.status_code == 200
    [secret] = set(secrets_on(answer.content.decode()))
    assert "no-store" in answer.headers["Cache-Control"]
    endpoint = Endpoint.objects.get()
    for address in (own_page(endpoint), INDEX, f"{INDEX}edit/{endpoint.pk}/"):
        assert secrets_on(editor_client.get(address).content.decode()) == []
    publish(article)
    drain()
    [request] = receiver.requests
    assert Webhook(secret).verify(request.body, request.headers)


def test_a_new_endpoint_is_told_of_everything_unless_the_editor_says_otherwise(editor_client: Client) -> None:
    page = BeautifulSoup(editor_client.get(f"{INDEX}new/").text, "html.parser")
    assert [box["value"] for box in page.select("input[name=events][checked]")] == list(Kind.values)


def test_an_editor_changes_what_an_endpoint_is_told(
    editor_client: Client, endpoint: Endpoint, receiver: Receiver, article: ArticlePage
) -> None:
    answer = editor_client.post(f"{INDEX}edit/{endpoint.pk}/", form(receiver.url, events=[Kind.DELETED], active=""))
    assert answer.status_code == 302
    endpoint.refresh_from_db()
    assert (endpoint.events, endpoint.active) == ([Kind.DELETED], False)
    assert Secret.objects.count() == 1


def test_an_editor_deletes_an_endpoint(editor_client: Client, endpoint: Endpoint, article: ArticlePage) -> None:
    publish(article)
    editor_client.post(f"{INDEX}delete/{endpoint.pk}/")
    assert not Endpoint.objects.exists()
    assert not Event.objects.filter(consumer="webhooks").exists()


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("https://127.0.0.1/hook", "not lead to a public address"),
        ("https://[::1]/hook", "not lead to a public address"),
        ("https://localhost/hook", "not lead to a public address"),
        ("http://1.1.1.1/hook", "https://"),
        ("https://user:password@1.1.1.1/", "user name and password"),
        ("ftp://1.1.1.1/", "Enter one like"),
        ("hook", "Enter one like"),
        ("", "required"),
        ("https://1.1.1.1/\0", "Null characters"),
    ],
)
def test_an_address_that_may_not_be_called_is_refused_when_it_is_saved(
    editor_client: Client, url: str, advice: str
) -> None:
    answer = editor_client.post(f"{INDEX}new/", form(url))
    assert answer.status_code == 200
    assert advice in html.unescape(answer.content.decode())
    assert not Endpoint.objects.exists()


def test_an_endpoint_whose_name_has_vanished_can_be_changed_but_not_switched_on(
    editor_client: Client, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "https://vanished.example/hook"
    Endpoint.objects.update(url=url)
    look_up_as(monkeypatch, "vanished.example", nobody_knows)
    edit = f"{INDEX}edit/{endpoint.pk}/"
    for fields in ({"name": "Renamed"}, {"name": "Renamed", "events": [Kind.DELETED], "active": ""}):
        assert editor_client.post(edit, form(url, **fields)).status_code == 302
    endpoint.refresh_from_db()
    assert (endpoint.name, endpoint.events, endpoint.active) == ("Renamed", [Kind.DELETED], False)
    for fields in ({"active": "on"}, {"active": "", "url": f"{url}s"}):
        answer = editor_client.post(edit, form(**{"url": url, **fields}))
        assert "There is no vanished.example." in html.unescape(answer.content.decode())
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.active) == (url, False)


def test_a_name_server_that_hangs_keeps_nobody_from_saving_an_address(
    editor_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The look-up lies inside the request's transaction, which on SQLite keeps everybody else from writing.
    assert forms.MOST_SECONDS <= 1
    monkeypatch.setattr(forms, "MOST_SECONDS", 0.05)
    release = threading.Event()
    look_up_as(monkeypatch, "slow.example", lambda: release.wait() and [])
    try:
        answer = editor_client.post(f"{INDEX}new/", form("https://slow.example/hook"))
        assert len(secrets_on(answer.content.decode())) > 0
        assert Endpoint.objects.get().url == "https://slow.example/hook"
    finally:
        release.set()


def test_an_endpoint_is_told_of_something_that_there_is(editor_client: Client, receiver: Receiver) -> None:
    for events in ([], ["page.renamed"]):
        assert editor_client.post(f"{INDEX}new/", form(receiver.url, events=events)).status_code == 200
    assert not Endpoint.objects.exists()


def test_an_editor_makes_a_new_secret(
    editor_client: Client, endpoint: Endpoint, new_endpoint: Endpoints, receiver: Receiver, article: ArticlePage
) -> None:
    [old] = new_endpoint.secrets[endpoint.pk]
    answer = editor_client.post(f"{INDEX}{endpoint.pk}/rotate/")
    [new] = set(secrets_on(answer.content.decode()))
    assert new != old
    assert "signs until" in text_of(editor_client, own_page(endpoint))
    publish(article)
    drain()
    for secret in (old, new):
        assert Webhook(secret).verify(receiver.requests[-1].body, receiver.requests[-1].headers)


def test_the_test_button_sends_a_message_through_the_worker(
    editor_client: Client, endpoint: Endpoint, receiver: Receiver, article: ArticlePage
) -> None:
    answer = editor_client.post(f"{INDEX}{endpoint.pk}/test/", follow=True)
    assert "A test message is on its way" in answer.content.decode()
    assert receiver.requests == []
    drain()
    assert told(receiver) == [("webhook.test", None)]
    assert "Delivered" in text_of(editor_client, own_page(endpoint))


def test_a_test_that_failed_is_shown_and_is_no_message_that_somebody_misses(
    editor_client: Client, endpoint: Endpoint, receiver: Receiver
) -> None:
    receiver.script = [500]
    editor_client.post(f"{INDEX}{endpoint.pk}/test/")
    drain()
    own = text_of(editor_client, own_page(endpoint))
    assert "Given up" in own
    assert ": 500 (" in own
    assert "Nothing is waiting" in text_of(editor_client, INDEX)


def test_a_webhook_that_is_switched_off_is_not_tested(editor_client: Client, endpoint: Endpoint) -> None:
    Endpoint.objects.update(active=False)
    answer = editor_client.post(f"{INDEX}{endpoint.pk}/test/", follow=True)
    assert "Switch it on, then test it." in answer.content.decode()
    assert not Event.objects.exists()


def test_every_attempt_shows_with_status_and_time(
    editor_client: Client, endpoint: Endpoint, receiver: Receiver, article: ArticlePage
) -> None:
    receiver.script = [503]
    publish(article)
    drain()
    page = text_of(editor_client, own_page(endpoint))
    assert "Failed; next try" in page
    receiver.stop()
    Event.objects.unfinished().update(due_at=timezone.now())
    drain()
    page = text_of(editor_client, own_page(endpoint))
    event = Event.objects.unfinished().get()
    assert event.payload["id"] in page
    first, second = Attempt.objects.filter(event=event).order_by("pk")
    assert f"{first.at:%Y-%m-%d %H:%M:%S}: 503 ({first.milliseconds} ms)" in page
    assert f"{second.at:%Y-%m-%d %H:%M:%S}: Nobody listens at this address." in page
    assert "1 message is tried again" in text_of(editor_client, INDEX)


def test_an_editor_sends_a_message_again(
    editor_client: Client, endpoint: Endpoint, receiver: Receiver, article: ArticlePage
) -> None:
    publish(article)
    drain()
    event = endpoint.deliveries().first()
    assert event is not None
    again = f"{INDEX}{endpoint.pk}/redeliver/{event.pk}/"
    assert again in text_of(editor_client, own_page(endpoint))
    assert "under the same id" in editor_client.post(again, follow=True).content.decode()
    assert "still on its way" in editor_client.post(again, follow=True).content.decode()
    drain()
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
    assert len(receiver.requests) == 2


def test_a_message_of_another_endpoint_is_not_sent_again(
    editor_client: Client, endpoint: Endpoint, new_endpoint: Endpoints, receiver: Receiver, article: ArticlePage
) -> None:
    publish(article)
    drain()
    event = endpoint.deliveries().first()
    assert event is not None
    other = new_endpoint(receiver, name="Other")
    assert editor_client.post(f"{INDEX}{other.pk}/redeliver/{event.pk}/").status_code == 404


def test_a_receiver_that_wants_no_more_is_shown_and_can_be_switched_on_again(
    editor_client: Client, endpoint: Endpoint, receiver: Receiver, article: ArticlePage
) -> None:
    receiver.script = [410]
    publish(article)
    drain()
    assert "the receiver wants no more" in text_of(editor_client, INDEX)
    assert "that it wants no more messages (410)" in text_of(editor_client, own_page(endpoint))
    editor_client.post(f"{INDEX}edit/{endpoint.pk}/", form(receiver.url))
    endpoint.refresh_from_db()
    assert (endpoint.active, endpoint.gone_at) == (True, None)
    assert "1 message given up" in text_of(editor_client, INDEX)


def test_an_editor_reads_what_kind_of_fault_it_was_and_an_administrator_what_was_found(
    editor_client: Client, admin_client: Client, endpoint: Endpoint, article: ArticlePage, settings: Settings
) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = []
    Endpoint.objects.update(url="https://localhost:1/hook")
    publish(article)
    drain()
    found = "is not a public address"
    for client, may_know in ((editor_client, False), (admin_client, True)):
        own = text_of(client, own_page(endpoint))
        assert str(Fault.ADDRESS.label) in own
        assert (found in own) == may_know
        for address in (f"/admin/pages/{article.pk}/publishing/", "/admin/reports/publishing/"):
            shown = text_of(client, address)
            assert str(Fault.ADDRESS.label) in shown
            assert found not in shown
            assert "FailedForNow" not in shown


def test_what_was_done_is_in_the_log(editor_client: Client, endpoint: Endpoint, receiver: Receiver) -> None:
    editor_client.post(f"{INDEX}{endpoint.pk}/rotate/")
    editor_client.post(f"{INDEX}{endpoint.pk}/test/")
    drain()
    event = endpoint.deliveries().get(event=TEST)
    editor_client.post(f"{INDEX}{endpoint.pk}/redeliver/{event.pk}/")
    actions = ModelLogEntry.objects.filter(object_id=str(endpoint.pk)).values_list("action", flat=True)
    assert set(actions) == {"cms.webhook.rotate", "cms.webhook.test", "cms.webhook.redeliver"}
    assert "New secret made" in text_of(editor_client, f"{INDEX}history/{endpoint.pk}/")


@pytest.mark.parametrize("who", ["moderator_client", "alice_client", "client"])
def test_nobody_else_comes_near(
    who: str, request: pytest.FixtureRequest, endpoint: Endpoint, receiver: Receiver
) -> None:
    stranger: Client = request.getfixturevalue(who)
    own = f"{INDEX}{endpoint.pk}"
    for address in (INDEX, f"{INDEX}new/", own_page(endpoint), f"{INDEX}edit/{endpoint.pk}/"):
        answer = stranger.get(address)
        assert answer.status_code in {302, 403}, address
        assert receiver.url not in answer.content.decode()
    for address in (f"{INDEX}new/", f"{INDEX}edit/{endpoint.pk}/", f"{INDEX}delete/{endpoint.pk}/"):
        stranger.post(address, form("https://1.1.1.1/hook"))
    for address in (f"{own}/rotate/", f"{own}/test/", f"{own}/redeliver/1/"):
        answer = stranger.post(address)
        assert answer.status_code in {302, 403}, address
        assert secrets_on(answer.content.decode()) == []
    assert Endpoint.objects.get().url == receiver.url
    assert Secret.objects.count() == 1
    assert not Event.objects.exists()


def test_nothing_is_done_by_a_mere_visit(editor_client: Client, endpoint: Endpoint) -> None:
    for action in ("rotate", "test", "redeliver/1"):
        assert editor_client.get(f"{INDEX}{endpoint.pk}/{action}/").status_code == 405


@pytest.mark.parametrize("address", ["inspect/9999/", "9999/", "edit/9999/"])
def test_an_endpoint_that_is_not_there_is_not_found(editor_client: Client, address: str) -> None:
    assert editor_client.get(f"{INDEX}{address}").status_code == 404


def test_the_pages_cost_the_same_however_much_was_sent(
    editor_client: Client, endpoint: Endpoint, new_endpoint: Endpoints, receiver: Receiver, article: ArticlePage
) -> None:
    def queries_of(address: str) -> int:
        editor_client.get(address)
        with CaptureQueriesContext(connection) as queries:
            editor_client.get(address)
        return len(queries)

    publish(article)
    drain()
    before = [queries_of(address) for address in (INDEX, own_page(endpoint))]
    for number in range(5):
        new_endpoint(receiver, name=f"Endpoint {number}")
        publish(article)
    drain()
    assert [queries_of(address) for address in (INDEX, own_page(endpoint))] == before


def test_long_lists_have_pages(
    editor_client: Client, endpoint: Endpoint, receiver: Receiver, article: ArticlePage
) -> None:
    for _time in range(25):
        editor_client.post(f"{INDEX}{endpoint.pk}/test/")
    assert text_of(editor_client, own_page(endpoint)).count("msg_") == 20
    assert "Page 2 of 2" in text_of(editor_client, f"{own_page(endpoint)}?p=2")
    assert text_of(editor_client, f"{own_page(endpoint)}?p=nonsense").count("msg_") == 20


def test_what_a_receiver_says_is_shown_as_text(editor_client: Client, endpoint: Endpoint, receiver: Receiver) -> None:
    Endpoint.objects.update(name="<b>bold</b>")
    editor_client.post(f"{INDEX}{endpoint.pk}/test/")
    drain()
    assert "<b>bold</b>" not in editor_client.get(own_page(endpoint)).content.decode()
