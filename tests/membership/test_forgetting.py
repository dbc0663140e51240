"""The date of birth is nowhere once the question is answered: not in the database, a session, a mail or a log."""

import logging
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import Client

from cms.users.models import User
from tests.membership.signing_up import confirm, sign_up

# A day that nothing else in the database falls on.
BORN = date(1971, 11, 23)
SPELLINGS = re.compile(
    "|".join(BORN.strftime(spelling) for spelling in ("%Y-%m-%d", "%Y%m%d", "%d.?%m.?%Y", "%m.?%d.?%Y"))
    + r"|datetime\.date\(1971|\b1971, 11|November 23"
)
pytestmark = pytest.mark.usefixtures("db", "open_community")


def everything_stored() -> Iterator[str]:
    """Yield every value of every table as text, sessions decoded."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            for row in cursor.fetchall():
                yield from (f"{table}: {value!r} {value}" for value in row)
    for session in Session.objects.all():
        yield f"session: {session.get_decoded()}"


@pytest.mark.parametrize("stored", ["1971-11-23", "19711123", "23.11.1971", "November 23"])
def test_the_search_finds_what_is_stored(stored: str) -> None:
    User.objects.create_user("canary@example.org", display_name=f"Born {stored}")
    assert any(SPELLINGS.search(value) for value in everything_stored())


@pytest.mark.parametrize("end", ["joined", "refused", "corrected", "address taken"])
def test_date_of_birth_is_forgotten(
    client: Client, end: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    pages: list[Any] = []
    if end == "address taken":
        sign_up(Client(), date_of_birth="1980-02-03", display_name="")
    if end == "refused":
        client.session.save()
        pages.append(sign_up(client, date_of_birth=BORN, guidelines=""))
        pages.append(sign_up(client, date_of_birth="2015-11-23"))
    elif end == "corrected":
        pages.append(sign_up(client, date_of_birth=BORN, display_name="dora"))
        pages.append(client.get("/accounts/signup/"))
    else:
        pages.append(sign_up(client, date_of_birth=BORN))
        pages.append(client.get("/accounts/confirm-email/"))
    if end == "joined":
        pages.append(confirm(client))
        pages.append(client.get("/personals/mine/"))

    assert [value for value in everything_stored() if SPELLINGS.search(value) or "2015-11-23" in value] == []
    assert [page.status_code for page in pages if SPELLINGS.search(page.content.decode())] == []
    assert not SPELLINGS.search(caplog.text)
    assert not SPELLINGS.search("".join(capfd.readouterr()))
    assert not any(SPELLINGS.search(str(message.message())) for message in mail.outbox)
    cached = [path for path in Path(settings.DATA_DIR, "cache").rglob("*") if path.is_file()]
    assert not any(SPELLINGS.search(path.read_bytes().decode("latin-1")) for path in cached)


def test_no_column_is_made_for_it() -> None:
    names = {field.name for model in apps.get_models() for field in model._meta.get_fields()}
    assert not {name for name in names if re.search(r"birth|born|dob", name)}
