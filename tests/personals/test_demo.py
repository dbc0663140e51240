"""The demo's members and what they tell."""

import pytest
from django.test import Client
from pytest_django import Settings

from cms.users.models import User
from community.membership.models import Member
from community.membership.setup import add_demo_members
from community.personals.listings import withdraw_listing
from community.personals.models import Listing
from community.personals.setup import DEMO_LISTINGS, add_demo_listings


@pytest.fixture
def demo(db: None, open_community: None, settings: Settings) -> None:
    settings.DEMO = True
    add_demo_members()
    add_demo_listings()


@pytest.mark.usefixtures("demo")
def test_demo_members_log_in_and_read_one_another(client: Client, settings: Settings) -> None:
    assert {user.email for user in User.objects.all()} == set(DEMO_LISTINGS)
    client.post("/accounts/login/", {"login": "alice@demo.test", "password": settings.DEMO_PASSWORD})
    content = client.get("/personals/").content.decode()
    for words in DEMO_LISTINGS.values():
        assert words.headline in content


@pytest.mark.usefixtures("demo")
def test_demo_interests_and_regions_exist() -> None:
    for listing in Listing.objects.all():
        words = DEMO_LISTINGS[listing.member.user.email]
        assert {interest.slug for interest in listing.interests.all()} == set(words.interests)
        assert (listing.region.slug if listing.region else "") == words.region


@pytest.mark.usefixtures("demo")
def test_second_run_leaves_changes_alone() -> None:
    member = Member.objects.get(user__email="bob@demo.test")
    withdraw_listing(member=member)
    Listing.objects.filter(member=member).update(headline="Changed")
    add_demo_members()
    add_demo_listings()
    listing = Listing.objects.get(member=member)
    assert (listing.headline, listing.status) == ("Changed", Listing.Status.WITHDRAWN)
    assert (Member.objects.count(), Listing.objects.count()) == (3, 3)
