"""Somebody who has an account already, a colleague perhaps, joins without a second one."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from cms.users.models import User
from community.membership.models import Member
from tests.people import client_of, new_user

JOIN = "/membership/join/"
ANSWERS = {"date_of_birth": "1988-03-04", "guidelines": "on"}


@pytest.fixture
def dora(db: None, open_community: None) -> User:
    return new_user("dora@example.org", display_name="Fern")


def test_stranger_is_sent_to_sign_up(client: Client, open_community: None, db: None) -> None:
    assert client.get(JOIN)["Location"] == "/accounts/signup/"
    assert client.post(JOIN, ANSWERS)["Location"] == "/accounts/signup/"


def test_account_joins_and_keeps_its_name(dora: User) -> None:
    client = client_of(dora)
    assert client.get(JOIN).status_code == 200
    assert client.post(JOIN, ANSWERS)["Location"] == "/personals/"
    dora.refresh_from_db()
    assert dora.display_name == "Fern"
    assert client.get("/personals/").status_code == 200


def test_account_joins_under_another_name(dora: User) -> None:
    client_of(dora).post(JOIN, {**ANSWERS, "display_name": "Moss"})
    dora.refresh_from_db()
    assert dora.display_name == "Moss"


@pytest.mark.parametrize(
    ("field", "value"),
    [("date_of_birth", "2015-01-01"), ("date_of_birth", ""), ("guidelines", ""), ("display_name", "dora")],
)
def test_wrong_answers_make_no_member(dora: User, field: str, value: str) -> None:
    answer = client_of(dora).post(JOIN, {**ANSWERS, field: value})
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert not Member.objects.exists()


def test_colleague_is_no_member_until_they_join(editor: User, editor_client: Client, open_community: None) -> None:
    assert editor_client.get("/personals/")["Location"] == "/membership/"
    editor_client.post(JOIN, ANSWERS)
    assert editor_client.get("/personals/").status_code == 200


def test_member_is_sent_on(alice_client: Client) -> None:
    assert alice_client.get(JOIN)["Location"] == "/personals/"
    assert alice_client.post(JOIN, ANSWERS)["Location"] == "/personals/"
    assert Member.objects.count() == 1


def test_closed_joining_takes_nobody(dora: User, settings: Settings) -> None:
    settings.COMMUNITY_OPEN = False
    assert client_of(dora).post(JOIN, ANSWERS)["Location"] == "/membership/"
    assert not Member.objects.exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_form_sent_twice_at_once_makes_one_member(open_community: None) -> None:
    dora = new_user("dora@example.org", display_name="Fern")
    clients = [client_of(dora), client_of(dora)]
    start = Barrier(len(clients))

    def send(client: Client) -> str:
        start.wait()
        answer = client.post(JOIN, ANSWERS)
        connection.close()
        return answer["Location"]

    with ThreadPoolExecutor() as pool:
        assert list(pool.map(send, clients)) == ["/personals/", "/personals/"]
    assert Member.objects.count() == 1
