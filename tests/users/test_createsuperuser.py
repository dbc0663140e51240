"""The first administrator comes from the command line, and proves the address like everybody else."""

import re
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from cms.users.models import User
from tests.people import PASSWORD


def test_first_administrator_is_made_without_questions(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--noinput", "--email", "First@Example.org", stdout=StringIO())
    user = User.objects.get()
    assert (user.email, user.is_superuser, user.check_password(PASSWORD)) == ("first@example.org", True, True)
    assert "first" not in user.display_name.lower()


def test_taken_address_is_refused_with_a_sentence(admin: User) -> None:
    with pytest.raises(CommandError, match="already"):
        call_command("createsuperuser", "--noinput", "--email", "ADMIN@example.org", stdout=StringIO())


def test_first_log_in_proves_the_address_and_asks_for_a_second_factor(client: Client, db: None) -> None:
    user = User.objects.create_superuser("first@example.org", PASSWORD)
    answer = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD, "next": "/admin/"})
    assert answer["Location"].startswith("/accounts/confirm-email/")
    code = re.search(r"^[A-Z0-9-]{6,}$", str(mail.outbox[0].body), re.MULTILINE)
    assert code is not None
    client.post("/accounts/confirm-email/", {"code": code.group()})
    assert "_auth_user_id" in client.session
    assert client.get("/admin/")["Location"] == "/accounts/2fa/totp/activate/"
