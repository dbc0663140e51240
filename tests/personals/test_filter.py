"""Narrowing the listings down by interest, region and words."""

import pytest
from django.test import Client

from cms.users.models import User
from tests.personals.listing_factory import show


@pytest.fixture
def listings(alice: User, bob: User, charlie: User) -> None:
    show(alice, headline="Evenings by the lake", interests=["relactation"], region="canada")
    show(
        bob,
        headline="Mornings in town",
        text="Coffee, and the lake.",
        interests=["relactation", "weaning-and-stopping"],
        region="",
    )
    show(charlie, headline="Zürich at night", interests=["weaning-and-stopping"], region="western-europe")


LAKE, TOWN, NIGHT = "Evenings by the lake", "Mornings in town", "Zürich at night"


@pytest.mark.usefixtures("listings")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, {LAKE, TOWN, NIGHT}),
        ({"interest": "relactation"}, {LAKE, TOWN}),
        ({"interest": "weaning-and-stopping"}, {TOWN, NIGHT}),
        ({"region": "canada"}, {LAKE}),
        ({"region": "australia"}, set()),
        ({"interest": "weaning-and-stopping", "region": "western-europe"}, {NIGHT}),
        ({"q": "LAKE"}, {LAKE, TOWN}),
        ({"q": "coffee lake"}, {TOWN}),
        ({"q": "lake", "region": "canada"}, {LAKE}),
        ({"q": "Zürich"}, {NIGHT}),
        ({"q": "Linden"}, set()),
        ({"q": "   "}, {LAKE, TOWN, NIGHT}),
    ],
)
def test_filters(alice_client: Client, query: dict[str, str], expected: set[str]) -> None:
    content = alice_client.get("/personals/", query).content.decode()
    assert {headline for headline in (LAKE, TOWN, NIGHT) if headline in content} == expected
    assert ("No listing fits." in content) == (not expected)


@pytest.mark.usefixtures("listings")
@pytest.mark.parametrize(
    "query",
    [
        {"interest": "nonsense"},
        {"region": "' OR 1=1 --"},
        {"q": "x" * 101},
        {"q": "\x00"},
        {"interest": "\x00"},
        {"region": "1" * 5000},
    ],
)
def test_filter_that_cannot_be_is_explained(alice_client: Client, query: dict[str, str]) -> None:
    answer = alice_client.get("/personals/", query)
    assert answer.status_code == 200
    content = answer.content.decode()
    assert "field__error" in content
    assert not any(headline in content for headline in (LAKE, TOWN, NIGHT))


@pytest.mark.usefixtures("listings")
@pytest.mark.parametrize(
    "q", ["%", "_", "100% _", "\\", "'", '"', "<script>", "(", "*", "a b c d e f g h i j k", "🦆", "\u202e"]
)
def test_strange_words_are_only_words(alice_client: Client, q: str) -> None:
    answer = alice_client.get("/personals/", {"q": q})
    assert answer.status_code == 200
    assert not any(headline in answer.content.decode() for headline in (LAKE, TOWN, NIGHT))


@pytest.mark.usefixtures("listings")
def test_filters_stay_chosen_and_lead_back(alice_client: Client) -> None:
    content = alice_client.get("/personals/", {"region": "canada"}).content.decode()
    assert '<option value="canada" selected>Canada</option>' in content
    assert "Show all" in content
    assert "Show all" not in alice_client.get("/personals/?page=1").content.decode()
