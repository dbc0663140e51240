"""Accounts in Wagtail's admin: names, roles and closing an account; addresses and passwords are their owners'."""

import re

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client

from cms.users.models import User
from tests.people import new_user

PASSWORD_FIELD = re.compile(rb'type="password"|name="password')


def test_list_shows_everybody_by_the_name_they_chose(admin_client: Client, alice: User) -> None:
    answer = admin_client.get("/admin/users/")
    assert answer.status_code == 200
    assert b"Linden" in answer.content


def test_search_finds_an_account_by_its_address(admin_client: Client, alice: User, bob: User) -> None:
    content = admin_client.get("/admin/users/results/?q=alice%40example.org").content
    assert b"Linden" in content
    assert b"Harbor" not in content


def test_new_colleague_gets_no_password_and_sets_one_by_mail(admin_client: Client) -> None:
    assert not PASSWORD_FIELD.search(admin_client.get("/admin/users/new/").content)
    group = Group.objects.get(name="Editors")
    answers = {
        "email": "New@Example.org",
        "display_name": "Newcomer",
        "groups": [group.pk],
        "password1": "x",
        "password": "x",
    }
    assert admin_client.post("/admin/users/new/", answers).status_code == 302
    user = User.objects.get(email="new@example.org")
    assert (user.display_name, list(user.groups.all()), user.is_superuser) == ("Newcomer", [group], False)
    assert not user.has_usable_password()

    browser = Client()
    browser.post("/accounts/password/reset/", {"email": "new@example.org"})
    link = re.search(r"/accounts/password/reset/key/\S+/", str(mail.outbox[0].body))
    assert link is not None
    form_address = browser.get(link.group())["Location"]
    browser.post(form_address, {"password1": "quiet-harbor-5521", "password2": "quiet-harbor-5521"})
    user.refresh_from_db()
    assert user.check_password("quiet-harbor-5521")


@pytest.mark.parametrize(
    "email", ["", "not an address", "ALICE@example.org", "a" * 300 + "@example.org", "a\x00@b.org"]
)
def test_address_that_is_wrong_or_taken_is_explained(admin_client: Client, alice: User, email: str) -> None:
    before = User.objects.count()
    answer = admin_client.post("/admin/users/new/", {"email": email, "display_name": "Newcomer"})
    assert answer.status_code == 200
    assert answer.context["form"].errors["email"]
    assert User.objects.count() == before


def test_edit_changes_name_and_roles_and_nothing_that_logs_in(admin_client: Client, alice: User) -> None:
    path = f"/admin/users/edit/{alice.pk}/"
    assert not PASSWORD_FIELD.search(admin_client.get(path).content)
    password = alice.password
    answers = {
        "display_name": "Linden tree",
        "is_active": "on",
        "email": "thief@example.org",
        "password1": "x",
        "password2": "x",
    }
    assert admin_client.post(path, answers).status_code == 302
    alice.refresh_from_db()
    assert (alice.display_name, alice.email, alice.password) == ("Linden tree", "alice@example.org", password)


def test_account_is_closed_and_opened(admin_client: Client, alice: User) -> None:
    path = f"/admin/users/edit/{alice.pk}/"
    admin_client.post(path, {"display_name": alice.display_name})
    alice.refresh_from_db()
    assert not alice.is_active
    admin_client.post(path, {"display_name": alice.display_name, "is_active": "on"})
    alice.refresh_from_db()
    assert alice.is_active


def test_account_is_deleted(admin_client: Client, alice: User) -> None:
    path = f"/admin/users/delete/{alice.pk}/"
    assert admin_client.get(path).status_code == 200
    assert admin_client.post(path).status_code == 302
    assert not User.objects.filter(pk=alice.pk).exists()


def test_editor_sees_no_accounts(editor_client: Client, alice: User) -> None:
    for path in ("/admin/users/", f"/admin/users/edit/{alice.pk}/", "/admin/users/new/"):
        answer = editor_client.get(path, follow=True)
        assert answer.redirect_chain[-1][0] == "/admin/"
        assert b"alice@example.org" not in answer.content


def test_own_account_has_a_name_and_the_way_to_the_rest(editor: User, editor_client: Client) -> None:
    page = editor_client.get("/admin/account/").content
    assert not PASSWORD_FIELD.search(page)
    assert b'type="file"' not in page
    assert b'href="/accounts/email/"' in page
    answers = {
        "display_name-display_name": "Chief editor",
        "display_name-email": "thief@example.org",
        "name_email-email": "thief@example.org",
        "theme-theme": "system",
        "theme-contrast": "system",
        "theme-density": "default",
    }
    assert editor_client.post("/admin/account/", answers).status_code == 302
    editor.refresh_from_db()
    assert (editor.display_name, editor.email) == ("Chief editor", "editor@example.org")


def test_group_page_renders(admin_client: Client, db: None) -> None:
    group = Group.objects.get(name="Editors")
    new_user("dora@example.org", display_name="Fern").groups.add(group)
    assert admin_client.get(f"/admin/groups/edit/{group.pk}/").status_code == 200
    assert b"Fern" in admin_client.get(f"/admin/users/?group={group.pk}").content
