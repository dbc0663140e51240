"""Mail about accounts: an inbox is often read by others, so no subject says what the site is about."""

import re
from collections.abc import Callable
from pathlib import Path

import allauth
import pytest
from django.core import mail
from django.template.loader import render_to_string
from django.test import Client

from cms.users.models import User
from tests.people import PASSWORD, new_user

TELLING = re.compile(
    r"milk|lactat|breast|nurs|personals|listing|member|dating|match|dream|community|adult|18\+|hormone", re.IGNORECASE
)
ALLAUTH_TEMPLATES = Path(allauth.__file__).parent / "templates"
SUBJECTS = sorted(
    str(path.relative_to(ALLAUTH_TEMPLATES))
    for room in ("account", "mfa")
    for path in ALLAUTH_TEMPLATES.glob(f"{room}/email/*_subject.txt")
)


def sign_up(client: Client) -> None:
    answers = {"email": "dora@example.org", "password1": PASSWORD, "date_of_birth": "1988-03-04", "guidelines": "on"}
    client.post("/accounts/signup/", answers)


def sign_up_again(client: Client) -> None:
    new_user("dora@example.org", display_name="Fern")
    sign_up(client)


def reset_password(client: Client) -> None:
    new_user("dora@example.org", display_name="Fern")
    client.post("/accounts/password/reset/", {"email": "dora@example.org"})


def reset_password_of_nobody(client: Client) -> None:
    client.post("/accounts/password/reset/", {"email": "dora@example.org"})


def ask_for_a_code(client: Client) -> None:
    new_user("dora@example.org", display_name="Fern")
    client.post("/accounts/login/code/", {"email": "dora@example.org"})


def change_password(client: Client) -> None:
    client.force_login(new_user("dora@example.org", display_name="Fern"))
    new = "quiet-harbor-5521"
    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})


@pytest.mark.usefixtures("db", "open_community")
@pytest.mark.parametrize(
    "act", [sign_up, sign_up_again, reset_password, reset_password_of_nobody, ask_for_a_code, change_password]
)
def test_mail_says_nothing_about_the_site(client: Client, act: Callable[[Client], None]) -> None:
    act(client)
    (message,) = mail.outbox
    assert message.to == ["dora@example.org"]
    assert message.cc == message.bcc == []
    headers = f"{message.subject} {message.from_email} {message.extra_headers}"
    assert TELLING.findall(headers) == []
    assert TELLING.findall(str(message.body)) == []


@pytest.mark.parametrize("template", SUBJECTS)
def test_every_subject_is_neutral(template: str) -> None:
    subject = render_to_string(template, {"user": User(display_name="Fern")})
    assert subject.strip()
    assert TELLING.findall(subject) == []
