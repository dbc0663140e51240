"""Reading the answers of the accounts' pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"')


def body(response: Answer, *, email: str = "") -> str:
    """Return a page without what is different every time: the form's token and the address that was typed."""
    page = TOKEN.sub("", response.content.decode())
    return page.replace(email, "ADDRESS") if email else page
