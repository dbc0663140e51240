"""Nobody learns from an answer whether an address has an account here."""

import pytest
from django.core import mail
from django.test import Client

from cms.users.models import User
from tests.people import PASSWORD
from tests.users.pages import body

KNOWN = "alice@example.org"
UNKNOWN = "zelda@example.org"

SIGN_UP = {"password1": "quiet-harbor-5521", "date_of_birth": "1988-03-04", "display_name": "", "guidelines": "on"}


def answers(path: str, data: dict[str, str], *, field: str) -> list[tuple[list[tuple[str, int]], int, str]]:
    """Return, for a known and an unknown address, where the form leads, and the status and body of that page."""
    seen = []
    for email in (KNOWN, UNKNOWN):
        response = Client().post(path, {**data, field: email}, follow=True)
        seen.append((response.redirect_chain, response.status_code, body(response, email=email)))
    return seen


@pytest.mark.parametrize(
    ("path", "data", "field"),
    [
        ("/accounts/signup/", SIGN_UP, "email"),
        ("/accounts/signup/", {**SIGN_UP, "date_of_birth": "2020-01-01"}, "email"),
        ("/accounts/signup/", {**SIGN_UP, "password1": "short"}, "email"),
        ("/accounts/login/", {"password": "wrong-wrong-1"}, "login"),
        ("/accounts/login/code/", {}, "email"),
        ("/accounts/password/reset/", {}, "email"),
    ],
)
def test_known_and_unknown_address_get_the_same_answer(
    alice: User, path: str, data: dict[str, str], field: str
) -> None:
    known, unknown = answers(path, data, field=field)
    assert known == unknown
    assert known[1] == 200


def test_wrong_codes_get_the_same_answers(alice: User) -> None:
    seen = []
    for email in (KNOWN, UNKNOWN):
        client = Client()
        client.post("/accounts/signup/", {**SIGN_UP, "email": email})
        tries = [client.post("/accounts/confirm-email/", {"code": "XXXX-XXXX"}, follow=True) for _try in range(4)]
        seen.append([(answer.redirect_chain, answer.status_code, body(answer, email=email)) for answer in tries])
    assert seen[0] == seen[1]


def test_signing_up_again_changes_nothing_and_tells_the_owner(alice: User) -> None:
    Client().post("/accounts/signup/", {**SIGN_UP, "email": KNOWN, "display_name": "Somebody else"})
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
    assert alice.display_name == "Linden"
    assert User.objects.count() == 1
    assert [message.to for message in mail.outbox] == [[KNOWN]]
