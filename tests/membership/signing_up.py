"""Signing up as a visitor does: through the forms, with the code from the mail."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.core import mail
from django.test import Client

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

EMAIL = "dora@example.org"
ANSWERS = {
    "email": EMAIL,
    "password1": "quiet-harbor-5521",
    "date_of_birth": "1988-03-04",
    "display_name": "Fern",
    "guidelines": "on",
}


def sign_up(client: Client, **changed: Any) -> Answer:
    return client.post("/accounts/signup/", {**ANSWERS, **changed})


def confirm(client: Client) -> Answer:
    code = re.search(r"^[A-Z0-9-]{6,}$", str(mail.outbox[-1].body), re.MULTILINE)
    assert code is not None
    return client.post("/accounts/confirm-email/", {"code": code.group()})
