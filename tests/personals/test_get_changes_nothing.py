"""Looking changes nothing: every address is fetched as a member, and the database stays as it was."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from cms.users.models import User
from tests.personals.listing_factory import show

# A session keeps what a page has to remember of a visit; it is nobody's state.
NOT_LOOKED_AT = {"django_session"}


def routes(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


def database() -> dict[str, list[tuple[object, ...]]]:
    with connection.cursor() as cursor:
        content = {}
        for table in sorted(set(connection.introspection.table_names(cursor)) - NOT_LOOKED_AT):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            content[table] = sorted(cursor.fetchall(), key=repr)
        return content


@pytest.mark.parametrize("method", ["get", "head"])
def test_no_get_changes_a_members_state(alice: User, alice_client: Client, bob: User, method: str) -> None:
    listing = show(alice)
    other = show(bob)
    mine = [
        route
        for route in routes(get_resolver().url_patterns)
        if route.startswith(("accounts/", "personals/", "membership/"))
    ]
    assert len(mine) > 25
    paths = [
        f"/{route}".replace("<uuid:public_id>", str(target)).replace("<int:pk>", "1").replace("^", "").replace("$", "")
        for route in mine
        for target in (listing.public_id, other.public_id)
    ]
    before = database()
    statuses = {path: getattr(alice_client, method)(path).status_code for path in paths}
    assert {status for status in statuses.values() if status >= 500} == set()
    assert "_auth_user_id" in alice_client.session
    assert database() == before
    assert {statuses["/personals/"], statuses["/personals/mine/"], statuses["/personals/mine/delete/"]} == {200}
    assert statuses["/personals/mine/withdraw/"] == 405
