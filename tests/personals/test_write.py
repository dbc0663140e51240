"""Writing one's listing, showing it, hiding it, deleting it."""

from typing import Any

import pytest
from django.test import Client

from cms.users.models import User
from community.membership.refused import Refused
from community.personals.listings import delete_listing, publish_listing, save_draft, withdraw_listing
from community.personals.models import Interest, Listing, Region
from tests.people import new_member
from tests.personals.listing_factory import show

WRITE = "/personals/mine/"
WORDS = {"headline": "Evenings by the lake", "text": "I read a lot.", "region": ""}


def answers(**changed: Any) -> dict[str, Any]:
    return {**WORDS, "interests": [Interest.objects.get(slug="relactation").pk], **changed}


def test_member_writes_and_shows_a_listing(alice: User, alice_client: Client, bob_client: Client) -> None:
    assert alice_client.get(WRITE).status_code == 200
    region = Region.objects.get(slug="canada")
    answer = alice_client.post(WRITE, answers(region=region.pk, show=""), follow=True)
    assert "shown to members now" in answer.content.decode()
    listing = Listing.objects.get()
    assert (listing.member.user, listing.headline, listing.region) == (alice, "Evenings by the lake", region)
    assert b"Evenings by the lake" in bob_client.get("/personals/").content


def test_draft_is_for_its_writer_alone(alice_client: Client, bob_client: Client) -> None:
    alice_client.post(WRITE, answers(draft=""))
    assert Listing.objects.get().status == Listing.Status.DRAFT
    assert b"Evenings by the lake" in alice_client.get(WRITE).content
    assert b"Evenings by the lake" not in bob_client.get("/personals/").content


def test_change_replaces_what_was_there(alice: User, alice_client: Client) -> None:
    old = show(alice, interests=["relactation", "weaning-and-stopping"])
    alice_client.post(WRITE, answers(headline="Another evening", show=""))
    new = Listing.objects.get()
    assert (new.public_id, new.headline) == (old.public_id, "Another evening")
    assert [interest.slug for interest in new.interests.all()] == ["relactation"]


def test_saving_a_shown_listing_as_a_draft_hides_it(alice: User, alice_client: Client) -> None:
    show(alice)
    alice_client.post(WRITE, answers(draft=""))
    assert Listing.objects.get().status == Listing.Status.WITHDRAWN


def test_hidden_listing_is_kept_and_shown_again(alice: User, alice_client: Client, bob_client: Client) -> None:
    show(alice)
    alice_client.post("/personals/mine/withdraw/")
    assert b"Evenings by the lake" not in bob_client.get("/personals/").content
    assert b"Evenings by the lake" in alice_client.get(WRITE).content
    alice_client.post(WRITE, answers(show=""))
    assert b"Evenings by the lake" in bob_client.get("/personals/").content


def test_deleted_listing_is_gone(alice: User, alice_client: Client) -> None:
    show(alice)
    assert alice_client.get("/personals/mine/delete/").status_code == 200
    assert Listing.objects.exists()
    assert alice_client.post("/personals/mine/delete/")["Location"] == "/personals/"
    assert not Listing.objects.exists()


def test_others_listings_are_out_of_reach(alice: User, bob_client: Client) -> None:
    show(alice)
    bob_client.post(WRITE, answers(headline="Bob was here", show=""))
    bob_client.post("/personals/mine/withdraw/")
    bob_client.post("/personals/mine/delete/")
    listing = Listing.objects.get()
    assert (listing.member.user, listing.headline, listing.status) == (alice, "Evenings by the lake", "visible")


def test_verbs_do_nothing_where_there_is_nothing(alice: User) -> None:
    withdraw_listing(member=alice.member)
    delete_listing(member=alice.member)
    assert not Listing.objects.exists()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"headline": ""}, "headline"),
        ({"headline": " \n "}, "headline"),
        ({"headline": "\u200b"}, "headline"),
        ({"text": "\u200b\n\u2060"}, "text"),
        ({"headline": "x" * 81}, "headline"),
        ({"headline": "a\x00b"}, "headline"),
        ({"headline": "Write to me@example.org"}, "headline"),
        ({"text": ""}, "text"),
        ({"text": "x" * 2001}, "text"),
        ({"text": "Selling my milk, ask me"}, "text"),
        ({"interests": []}, "interests"),
        ({"interests": [10**9]}, "interests"),
        ({"interests": ["x"]}, "interests"),
        ({"region": "x"}, "region"),
        ({"region": 10**30}, "region"),
    ],
)
@pytest.mark.parametrize("button", ["show", "draft"])
def test_form_says_what_to_change_and_loses_nothing(
    alice_client: Client, changed: dict[str, Any], field: str, button: str
) -> None:
    typed = answers(**{button: ""}, **changed)
    answer = alice_client.post(WRITE, typed)
    assert answer.status_code == 200
    assert answer.context["form"].errors[field]
    assert not Listing.objects.exists()
    other = "text" if field == "headline" else "headline"
    assert typed[other] in answer.content.decode()


def test_what_cannot_be_seen_is_left_out(alice_client: Client) -> None:
    alice_client.post(WRITE, answers(headline="Eve\u202enings\u200b by the lake", text="One.\n\nTwo\u202e.", show=""))
    listing = Listing.objects.get()
    assert (listing.headline, listing.text) == ("Eve nings by the lake", "One.\n\nTwo .")


def test_at_most_five_interests(alice_client: Client) -> None:
    six = list(Interest.objects.values_list("pk", flat=True)[:6])
    answer = alice_client.post(WRITE, answers(interests=six, show=""))
    assert answer.context["form"].errors["interests"] == ["Choose one to 5 interests."]
    assert alice_client.post(WRITE, answers(interests=six[:5], show="")).status_code == 302


@pytest.mark.parametrize("verb", [publish_listing, save_draft])
@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"headline": " "}, "empty"),
        ({"text": ""}, "empty"),
        ({"headline": "x" * 81}, "too-long"),
        ({"text": "x" * 2001}, "too-long"),
        ({"interests": []}, "interests"),
        ({"headline": "www.example.org"}, "contact-details"),
        ({"text": "I buy breast milk"}, "trade"),
    ],
)
def test_rules_hold_without_the_form(alice: User, verb: Any, changed: dict[str, Any], code: str) -> None:
    arguments = {"headline": "A", "text": "B", "interests": Interest.objects.all()[:1], "region": None, **changed}
    with pytest.raises(Refused) as refused:
        verb(member=alice.member, **arguments)
    assert refused.value.code == code
    assert not Listing.objects.exists()


@pytest.mark.parametrize("verb", [publish_listing, save_draft])
def test_incomplete_member_writes_nothing(open_community: None, db: None, verb: Any) -> None:
    user = new_member("dora@example.org", display_name="Fern", verified=False)
    with pytest.raises(Refused) as refused:
        verb(member=user.member, headline="A", text="B", interests=Interest.objects.all()[:1], region=None)
    assert refused.value.code == "not-a-member"


def test_form_needs_its_token(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    for path in (WRITE, "/personals/mine/withdraw/", "/personals/mine/delete/"):
        assert client.post(path, answers(show="")).status_code == 403
    assert not Listing.objects.exists()
