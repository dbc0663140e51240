"""An account's address changes when the new one is proven, and not before."""

import re

from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from cms.users.models import User
from tests.people import PASSWORD, new_user


def ask(client: Client, email: str) -> None:
    client.post("/accounts/email/", {"action_add": "", "email": email})


def code() -> str:
    found = re.search(r"^[A-Z0-9-]{6,}$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found is not None
    return found.group()


def test_proven_address_takes_the_place_of_the_old_one(alice: User, alice_client: Client) -> None:
    ask(alice_client, "New@example.org")
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"
    assert alice_client.get("/personals/").status_code == 200
    alice_client.post("/accounts/confirm-email/", {"code": code()})
    alice.refresh_from_db()
    assert alice.email == "new@example.org"
    assert list(EmailAddress.objects.values_list("email", "primary", "verified")) == [("new@example.org", True, True)]
    assert alice_client.get("/personals/").status_code == 200
    # The old address is told, in case it was somebody else who did it.
    assert ["alice@example.org"] in [message.to for message in mail.outbox]
    assert Client().post("/accounts/login/", {"login": "alice@example.org", "password": PASSWORD}).status_code == 200


def test_wrong_code_changes_nothing(alice: User, alice_client: Client) -> None:
    ask(alice_client, "new@example.org")
    alice_client.post("/accounts/confirm-email/", {"code": "XXXX-XXXX"})
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"
    assert EmailAddress.objects.filter(email="new@example.org", verified=True).count() == 0


def test_address_of_another_account_cannot_be_taken(alice: User, alice_client: Client, bob: User) -> None:
    ask(alice_client, bob.email)
    assert [message.to for message in mail.outbox] == [[bob.email]]
    answer = alice_client.post("/accounts/confirm-email/", {"code": code()})
    assert answer.status_code < 400
    assert dict(User.objects.values_list("display_name", "email")) == {
        "Linden": "alice@example.org",
        "Harbor": "bob@example.org",
    }
    verified = EmailAddress.objects.filter(verified=True).values_list("user__display_name", "email")
    assert set(verified) == {("Linden", "alice@example.org"), ("Harbor", "bob@example.org")}


def test_address_of_an_unproven_account_can_be_taken_over_by_nobody(alice: User, alice_client: Client) -> None:
    new_user("dora@example.org", display_name="Fern", verified=False)
    ask(alice_client, "dora@example.org")
    assert alice_client.post("/accounts/confirm-email/", {"code": code()}).status_code < 400
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"
