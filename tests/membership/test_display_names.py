import pytest

from cms.users.models import User
from community.membership.display_names import check_display_name
from community.membership.refused import Refused

pytestmark = pytest.mark.django_db


def refusal(name: str, *, email: str) -> str:
    """Return what is refused and the code of the refusal; empty where nothing is."""
    try:
        check_display_name(name, email=email)
    except Refused as refused:
        return f"{refused.field}: {refused.code}"
    return ""


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("Fern", "alice@example.org"),
        ("", "alice@example.org"),
        ("Ali of the hills", "alice@example.org"),
        ("Jordan", "jo@example.org"),
        ("Zoë", "alice@example.org"),
        ("Badminton", "alice@example.org"),
        ("Steam", "alice@example.org"),
    ],
)
def test_name_that_gives_nothing_away_is_fine(name: str, email: str) -> None:
    assert refusal(name, email=email) == ""


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("alice", "alice@example.org"),
        ("Sweet ALICE", "alice@example.org"),
        ("a.l.i.c.e", "alice@example.org"),
        ("Alice Smith", "alice.smith+dreams@example.org"),
        ("alice_smith", "Alice.Smith@example.org"),
    ],
)
def test_name_from_the_address_is_refused(name: str, email: str) -> None:
    assert refusal(name, email=email) == "display_name: from-address"


@pytest.mark.parametrize(
    "name",
    ["fern@example.net", "fern.example.com", "www.fern", "+49 170 5550199", "@fernleaf", "０１７１ ５５５０１９９"],
)
def test_name_with_contact_details_is_refused(name: str) -> None:
    assert refusal(name, email="alice@example.org") == "display_name: contact-details"


@pytest.mark.parametrize("name", ["\u200b", "\u202e \u2060", "…", "\u00ad"])
def test_name_that_cannot_be_seen_or_read_is_refused(name: str) -> None:
    assert refusal(name, email="alice@example.org") == "display_name: empty"


@pytest.mark.parametrize(
    "name",
    ["Admin", "ＡＤＭＩＮ", "a.d.m.i.n", "Ad\u200bmin", "Admin 2", "The moderator", "Support team", "Dreams of Milk"],
)
def test_name_that_seems_official_is_refused(name: str) -> None:
    assert refusal(name, email="alice@example.org") == "display_name: reserved"


@pytest.mark.parametrize("name", ["Dr. Rowan", "dr rowan", "ＤＲ. Rowan", "Dr.\u200b Rowan"])
def test_name_of_somebody_who_works_here_is_refused(moderator: User, name: str) -> None:
    assert refusal(name, email="alice@example.org") == ""
    moderator.display_name = "Dr. Rowan"
    moderator.save()
    assert refusal(name, email="alice@example.org") == "display_name: reserved"
