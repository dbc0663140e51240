import re

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from cms.users.models import User
from tests.people import PASSWORD, new_user

LOG_IN = "/accounts/login/"


def is_logged_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_member_logs_in_with_address_and_password(client: Client, alice: User) -> None:
    answer = client.post(LOG_IN, {"login": "Alice@Example.org", "password": PASSWORD})
    assert answer.status_code == 302
    assert answer["Location"] == "/personals/"
    assert is_logged_in(client)


def test_editor_arrives_in_the_admin(client: Client, editor: User, settings: Settings) -> None:
    settings.STAFF_SECOND_FACTOR = False
    answer = client.post(LOG_IN, {"login": editor.email, "password": PASSWORD}, follow=True)
    assert answer.redirect_chain == [("/admin/", 302)]
    assert answer.status_code == 200


def test_member_logs_in_with_a_code_from_the_mail(client: Client, alice: User) -> None:
    client.post("/accounts/login/code/", {"email": alice.email})
    assert not is_logged_in(client)
    code = re.search(r"^[A-Z0-9-]{6,}$", str(mail.outbox[0].body), re.MULTILINE)
    assert code is not None
    client.post("/accounts/login/code/confirm/", {"code": code.group()})
    assert is_logged_in(client)


def test_wrong_password_does_not_log_in(client: Client, alice: User) -> None:
    answer = client.post(LOG_IN, {"login": alice.email, "password": "warm-lantern-7316"})
    assert answer.status_code == 200
    assert b"not correct" in answer.content
    assert not is_logged_in(client)


def test_inactive_account_does_not_log_in(client: Client, alice: User) -> None:
    User.objects.update(is_active=False)
    client.post(LOG_IN, {"login": alice.email, "password": PASSWORD})
    assert not is_logged_in(client)


def test_deactivating_an_account_ends_its_sessions(alice: User, alice_client: Client) -> None:
    assert alice_client.get("/personals/").status_code == 200
    User.objects.update(is_active=False)
    assert alice_client.get("/personals/").status_code == 302


def test_unproven_address_is_asked_for_its_code_first(client: Client, db: None) -> None:
    new_user("dora@example.org", display_name="Fern", verified=False)
    answer = client.post(LOG_IN, {"login": "dora@example.org", "password": PASSWORD})
    assert answer["Location"] == "/accounts/confirm-email/"
    assert not is_logged_in(client)


def test_guessing_passwords_is_slowed_down(client: Client, alice: User) -> None:
    for _attempt in range(5):
        client.post(LOG_IN, {"login": alice.email, "password": "guess-work-0001"})
    answer = client.post(LOG_IN, {"login": alice.email, "password": PASSWORD})
    assert b"Too many failed login attempts" in answer.content
    assert not is_logged_in(client)


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_log_in_leads_to_no_other_site(client: Client, alice: User, address: str) -> None:
    answer = client.post(LOG_IN, {"login": alice.email, "password": PASSWORD, "next": address})
    assert answer["Location"] == "/personals/"


def test_get_does_not_log_out(alice_client: Client) -> None:
    assert alice_client.get("/accounts/logout/").status_code == 200
    assert is_logged_in(alice_client)
    alice_client.post("/accounts/logout/")
    assert not is_logged_in(alice_client)


@pytest.mark.parametrize("forwarded", ["203.0.113.9", "not an address", ", ,", "\x00"])
def test_forged_forwarding_header_is_not_believed(client: Client, alice: User, forwarded: str) -> None:
    for _attempt in range(10):
        client.post(
            LOG_IN,
            {"login": "nobody@example.org", "password": "guess-work-0001"},
            headers={"X-Forwarded-For": forwarded},
        )
    # Another address is slowed down with it, because both come from here, whatever the header says.
    answer = client.post(LOG_IN, {"login": alice.email, "password": PASSWORD})
    assert b"Too many failed login attempts" in answer.content
