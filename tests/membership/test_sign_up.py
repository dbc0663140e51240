"""Joining: address, password, date of birth, guidelines, and the code from the mail."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client

from cms.users.models import User
from community.membership.joining import GUIDELINES_VERSION
from community.membership.models import Member
from tests.membership.signing_up import ANSWERS, EMAIL, confirm, sign_up

pytestmark = pytest.mark.usefixtures("db", "open_community")


def test_visitor_joins_and_arrives_among_the_members(client: Client) -> None:
    assert sign_up(client)["Location"] == "/accounts/confirm-email/"
    assert [message.to for message in mail.outbox] == [[EMAIL]]
    assert client.get("/personals/")["Location"] == "/membership/"
    assert confirm(client)["Location"] == "/personals/"
    assert client.get("/personals/").status_code == 200


def test_what_is_kept_of_joining(client: Client) -> None:
    moment = datetime(2026, 6, 15, 12, tzinfo=UTC)
    with time_machine.travel(moment, tick=False):
        sign_up(client)
    member = Member.objects.get()
    assert (member.age_outcome, member.age_method) == ("adult", "self-declared date of birth")
    assert member.age_confirmed_at == member.guidelines_accepted_at == member.joined_at == moment
    assert member.guidelines_version == GUIDELINES_VERSION
    assert member.user.display_name == "Fern"


def test_membership_is_complete_only_with_a_proven_address(client: Client) -> None:
    sign_up(client)
    assert not Member.objects.complete().exists()
    confirm(client)
    assert Member.objects.complete().count() == 1


def test_wrong_code_proves_nothing(client: Client) -> None:
    sign_up(client)
    client.post("/accounts/confirm-email/", {"code": "XXXX-XXXX"})
    assert not Member.objects.complete().exists()
    assert client.get("/personals/")["Location"] == "/membership/"


def test_name_is_drawn_where_none_is_chosen(client: Client) -> None:
    sign_up(client, display_name="")
    name = User.objects.get().display_name
    assert name
    assert "dora" not in name.lower()


@pytest.mark.parametrize("born", ["2020-01-01", "2012-02-29"])
def test_minor_is_refused_kindly_and_leaves_nothing(client: Client, born: str) -> None:
    answer = sign_up(client, date_of_birth=born)
    assert answer.status_code == 200
    assert "You need to be 18 or older to join" in answer.content.decode()
    assert not User.objects.exists()
    assert mail.outbox == []


def test_minor_who_types_another_year_at_once_is_still_refused(client: Client) -> None:
    with time_machine.travel(datetime(2026, 6, 15, 12, tzinfo=UTC), tick=False) as clock:
        sign_up(client, date_of_birth="2010-03-04")
        assert "18 or older to join" in sign_up(client).content.decode()
        clock.shift(23 * 3600)
        assert "18 or older to join" in sign_up(client).content.decode()
        assert not User.objects.exists()
        clock.shift(3601)
        assert sign_up(client).status_code == 302
    assert User.objects.count() == 1


def test_minor_does_not_stop_another_visitor(client: Client) -> None:
    sign_up(client, date_of_birth="2010-03-04")
    assert sign_up(Client()).status_code == 302


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("email", "", "This field is required"),
        ("email", "no address", "valid email address"),
        ("password1", "short", "at least 10 characters"),
        ("password1", "password1234", "too common"),
        ("password1", EMAIL, "too similar"),
        ("date_of_birth", "", "This field is required"),
        ("date_of_birth", "4 March 1988", "year, month, day"),
        ("date_of_birth", "2999-01-01", "in the future"),
        ("date_of_birth", "0001-01-01", "too long ago"),
        ("guidelines", "", "Please read and accept the guidelines"),
        ("display_name", "Dora", "not in your email address"),
        ("display_name", "D-O-R-A 88", "not in your email address"),
        ("display_name", "call 0171 555 01 99", "Leave out addresses"),
        ("display_name", "x" * 41, "at most 40 characters"),
        ("display_name", "a\x00b", "Null characters"),
    ],
)
def test_form_says_what_to_change(client: Client, field: str, value: str, sentence: str) -> None:
    answer = sign_up(client, **{field: value})
    assert answer.status_code == 200
    assert sentence in " ".join(answer.context["form"].errors[field])
    assert not User.objects.exists()


def test_what_was_typed_is_kept_in_a_form_to_correct_but_for_its_secrets(client: Client) -> None:
    content = sign_up(client, guidelines="").content.decode()
    assert EMAIL in content
    assert "Fern" in content
    assert ANSWERS["password1"] not in content
    assert ANSWERS["date_of_birth"] not in content


def test_looking_at_the_form_stores_nothing(client: Client) -> None:
    assert client.get("/accounts/signup/").status_code == 200
    assert not Session.objects.exists()


def test_signing_up_is_limited(client: Client) -> None:
    for number in range(20):
        sign_up(Client(), email=f"dora{number}@example.org", display_name="")
    assert sign_up(client, email="late@example.org", display_name="").status_code == 429
    assert not User.objects.filter(email="late@example.org").exists()
