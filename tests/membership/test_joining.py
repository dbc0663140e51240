"""The rules of joining, whoever calls the verb."""

from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from cms.users.models import User
from community.membership.age import AgeResult
from community.membership.joining import join
from community.membership.models import AgeOutcome, Member
from community.membership.refused import Refused
from tests.people import new_user

NOW = timezone.now()
ADULT = AgeResult(AgeOutcome.ADULT, "test", NOW)
MINOR = AgeResult(AgeOutcome.MINOR, "test", NOW)


@pytest.fixture
def dora(db: None, open_community: None) -> User:
    return new_user("dora@example.org", display_name="Fern")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"age": MINOR}, "minor"),
        ({"accepts_guidelines": False}, "guidelines"),
        ({"display_name": "dora"}, "from-address"),
        ({"display_name": "dora@example.net"}, "contact-details"),
    ],
)
def test_join_refuses(dora: User, changed: dict[str, Any], code: str) -> None:
    arguments: dict[str, Any] = {"age": ADULT, "accepts_guidelines": True, "display_name": "", "now": NOW, **changed}
    with pytest.raises(Refused) as refused:
        join(user=dora, **arguments)
    assert refused.value.code == code
    assert refused.value.message
    assert not Member.objects.exists()


def test_join_refuses_while_closed(dora: User, settings: Settings) -> None:
    settings.COMMUNITY_OPEN = False
    with pytest.raises(Refused) as refused:
        join(user=dora, age=ADULT, accepts_guidelines=True, display_name="", now=NOW)
    assert refused.value.code == "closed"


def test_join_refuses_a_member(alice: User) -> None:
    with pytest.raises(Refused) as refused:
        join(user=alice, age=ADULT, accepts_guidelines=True, display_name="Moss", now=NOW)
    assert refused.value.code == "member-already"
    alice.refresh_from_db()
    assert alice.display_name == "Linden"
