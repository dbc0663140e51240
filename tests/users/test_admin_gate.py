"""Every log-in of the admin goes through the accounts' one."""

import pytest
from django.test import Client

from cms.users.models import User
from tests.people import PASSWORD

GATES = ["/admin/login/", "/_util/login/"]


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("gate", GATES)
def test_stranger_is_sent_to_the_log_in(client: Client, gate: str, method: str) -> None:
    answer = getattr(client, method)(f"{gate}?next=/admin/pages/")
    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login/?next=/admin/pages/"


@pytest.mark.parametrize("gate", GATES)
def test_password_sent_to_the_gate_logs_nobody_in(client: Client, admin: User, gate: str) -> None:
    for name in ("username", "login", "email"):
        client.post(gate, {name: admin.email, "password": PASSWORD})
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\x00", ""])
@pytest.mark.parametrize(("gate", "default"), [("/admin/login/", "/admin/"), ("/_util/login/", "/personals/")])
def test_gate_leads_to_no_other_site(client: Client, gate: str, default: str, wanted: str) -> None:
    answer = client.get(gate, {"next": wanted})
    assert answer["Location"] == f"/accounts/login/?next={default}"


@pytest.mark.parametrize("gate", GATES)
def test_member_is_refused_and_not_sent_round_in_circles(alice_client: Client, gate: str) -> None:
    assert alice_client.get(gate).status_code == 403


def test_member_who_asks_for_the_admin_ends_at_a_refusal(alice_client: Client) -> None:
    answer = alice_client.get("/admin/", follow=True)
    assert answer.status_code == 403
    assert len(answer.redirect_chain) == 1


def test_editor_is_sent_on_to_what_they_wanted(editor_client: Client) -> None:
    answer = editor_client.get("/admin/login/?next=/admin/pages/")
    assert answer["Location"] == "/admin/pages/"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/password_reset/", "/admin/password_reset/done/", "/django-admin/login/"])
def test_there_is_no_other_log_in_or_reset(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404
