"""The landing page: where everybody arrives who is not a member."""

import pytest
from django.test import Client
from pytest_django import Settings

from community.membership.models import MembershipPage
from community.membership.setup import COPY, DEMO_COPY, read_copy, set_up_landing_page, tell_the_demo
from home.models import HomePage


@pytest.fixture
def landing(home_page: HomePage) -> MembershipPage:
    set_up_landing_page()
    return MembershipPage.objects.get()


def test_page_carries_the_sites_own_words(client: Client, landing: MembershipPage, open_community: None) -> None:
    content = client.get("/membership/").content.decode()
    for words in ("Dreams of Milk Membership", "Join the Community", "It&#x27;s easy to get lost in the crowd."):
        assert words in content


def test_button_leads_to_joining(client: Client, landing: MembershipPage, open_community: None) -> None:
    assert 'href="/membership/join/"' in client.get("/membership/").content.decode()
    assert client.get("/membership/join/", follow=True).redirect_chain == [("/accounts/signup/", 302)]


def test_closed_page_says_so_and_offers_no_way_in(client: Client, landing: MembershipPage, settings: Settings) -> None:
    settings.COMMUNITY_OPEN = False
    content = client.get("/membership/").content.decode()
    assert "Joining is closed for now." in content
    assert "/membership/join/" not in content
    assert client.get("/membership/join/")["Location"] == "/membership/"


def test_closed_sign_up_makes_no_account(client: Client, db: None, settings: Settings) -> None:
    settings.COMMUNITY_OPEN = False
    for answer in (client.get("/accounts/signup/"), client.post("/accounts/signup/", {"email": "dora@example.org"})):
        assert answer.status_code == 200
        assert b"<form" not in answer.content.split(b"<main")[1]


def test_page_is_the_same_for_everybody(alice_client: Client, client: Client, landing: MembershipPage) -> None:
    assert alice_client.get("/membership/").content == client.get("/membership/").content


def test_demo_fills_the_page(client: Client, landing: MembershipPage, open_community: None) -> None:
    tell_the_demo()
    content = client.get("/membership/").content.decode()
    copy = read_copy(DEMO_COPY.read_text())
    assert len(copy["sections"]) >= 3
    for _kind, section in copy["sections"]:
        assert f"<h2>{section['heading']}</h2>" in content
    assert "**" not in content


def test_demo_leaves_an_edited_page_alone(landing: MembershipPage) -> None:
    tell_the_demo()
    page = MembershipPage.objects.get()
    page.headline = "Our own words"
    page.save_revision().publish()
    tell_the_demo()
    set_up_landing_page()
    assert MembershipPage.objects.get().headline == "Our own words"


def test_editor_finds_the_page_in_the_admin(admin_client: Client, landing: MembershipPage) -> None:
    tell_the_demo()
    content = admin_client.get(f"/admin/pages/{landing.pk}/edit/").content.decode()
    assert COPY["call_to_action"] in content


def test_guidelines_are_open_to_everybody(client: Client, db: None) -> None:
    answer = client.get("/membership/guidelines/")
    assert answer.status_code == 200
    assert b"Consent comes first" in answer.content
