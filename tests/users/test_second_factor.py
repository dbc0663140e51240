"""Whoever works in the admin shows a second factor; a password alone gets nobody in."""

import re
from collections.abc import Iterator

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern, RoutePattern
from pytest_django import Settings

from cms.users.models import User
from tests.people import PASSWORD, client_of

SET_UP = "/accounts/2fa/totp/activate/"
ASK = "/accounts/2fa/reauthenticate/"


def code_of(secret: str) -> str:
    """Return what an authenticator app shows now."""
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def set_up_app(user: User) -> str:
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def password_only(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def admin_addresses() -> list[str]:
    """Return an address for every route under /admin/."""
    return sorted({f"/{address}" for address in walk(get_resolver().url_patterns, "") if address.startswith("admin/")})


def walk(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[str]:
    for pattern in patterns:
        address = before + filled_in(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, address)
        else:
            yield address


def filled_in(pattern: object) -> str:
    if isinstance(pattern, RoutePattern):
        route = re.sub(r"<(?:int:)?\w*(?:pk|id|ids)>", "1", str(pattern))
        return re.sub(r"<[^>]+>", "x", route)
    assert isinstance(pattern, RegexPattern)
    route = re.sub(r"\(\?P<\w+>[^)]*\)|\([^)]*\)", "1", str(pattern))
    return re.sub(r"[\^$?]|\.\*", "", route)


ADDRESSES = admin_addresses()
# What a browser needs before anybody has logged in, and tells nothing.
OPEN_TO_ALL = {"/admin/sprite/", "/admin/jsi18n/"}


def test_the_walk_finds_the_admin() -> None:
    assert len(ADDRESSES) > 150
    assert {"/admin/", "/admin/pages/1/edit/", "/admin/users/", "/admin/account/", "/admin/login/"} <= set(ADDRESSES)


def test_no_admin_address_opens_to_a_stranger(client: Client, db: None) -> None:
    opened = {address for address in ADDRESSES if client.get(address).status_code == 200}
    assert opened <= OPEN_TO_ALL


def test_no_admin_address_opens_to_a_password_alone(admin: User) -> None:
    client = password_only(admin)
    answers = {address: client.get(address) for address in ADDRESSES}
    assert {answer.status_code for answer in answers.values()} <= {302, 404}
    assert {answer["Location"] for answer in answers.values() if answer.status_code == 302} == {SET_UP}


def test_no_admin_address_opens_with_a_second_factor_that_was_not_shown(admin: User) -> None:
    set_up_app(admin)
    client = password_only(admin)
    for address in ADDRESSES:
        answer = client.get(address)
        assert answer.status_code in {302, 404}, address
        assert answer.status_code == 404 or answer["Location"].startswith(ASK), address


def test_no_admin_address_takes_a_post_with_a_password_alone(admin: User) -> None:
    client = password_only(admin)
    for address in ("/admin/users/new/", "/admin/account/", "/admin/pages/1/edit/", "/admin/"):
        assert client.post(address, {"display_name-display_name": "Changed"})["Location"] == SET_UP
    admin.refresh_from_db()
    assert admin.display_name == "Admin"


@pytest.mark.parametrize("path", ["/", "/membership/guidelines/", "/media/original_images/x.png", "/documents/1/x.pdf"])
def test_nothing_else_opens_either(admin: User, path: str) -> None:
    assert password_only(admin).get(path)["Location"] == SET_UP


def test_setting_one_up_through_the_pages_opens_the_admin(
    admin: User, client: Client, django_capture_on_commit_callbacks: pytest.FixtureRequest
) -> None:
    client.post("/accounts/login/", {"login": admin.email, "password": PASSWORD})
    assert client.get("/admin/", follow=True).redirect_chain == [
        (SET_UP, 302),
        (f"/accounts/reauthenticate/?next={SET_UP.replace('/', '%2F')}", 302),
    ]
    client.post(f"/accounts/reauthenticate/?next={SET_UP}", {"password": PASSWORD})
    page = client.get(SET_UP)
    secret = page.context["form"].secret
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        answer = client.post(SET_UP, {"code": code_of(secret)})
    assert answer["Location"] == "/accounts/2fa/recovery-codes/"
    assert client.get("/accounts/2fa/recovery-codes/").status_code == 200
    assert client.get("/admin/").status_code == 200


def test_wrong_code_sets_nothing_up(admin: User, client: Client) -> None:
    client.post("/accounts/login/", {"login": admin.email, "password": PASSWORD})
    client.post(f"/accounts/reauthenticate/?next={SET_UP}", {"password": PASSWORD})
    secret = client.get(SET_UP).context["form"].secret
    wrong = f"{(int(code_of(secret)) + 1) % 1_000_000:06d}"
    client.post(SET_UP, {"code": wrong})
    assert not Authenticator.objects.exists()
    assert client.get("/admin/")["Location"] == SET_UP


def test_log_in_asks_for_the_code(admin: User, client: Client) -> None:
    secret = set_up_app(admin)
    answer = client.post("/accounts/login/", {"login": admin.email, "password": PASSWORD})
    assert answer["Location"] == "/accounts/2fa/authenticate/"
    assert "_auth_user_id" not in client.session
    assert client.get("/admin/")["Location"].startswith("/admin/login/")
    client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert client.get("/admin/").status_code == 200


def test_code_counts_once(admin: User, client: Client) -> None:
    secret = set_up_app(admin)
    with time_machine.travel(1_800_000_000, tick=False):
        code = code_of(secret)
        for browser in (client, Client()):
            browser.post("/accounts/login/", {"login": admin.email, "password": PASSWORD})
            browser.post("/accounts/2fa/authenticate/", {"code": code})
            last = browser
        assert "_auth_user_id" in client.session
        assert "_auth_user_id" not in last.session


def test_log_in_with_a_mailed_code_asks_for_the_second_factor_too(
    admin: User, client: Client, mailoutbox: list
) -> None:
    set_up_app(admin)
    client.post("/accounts/login/code/", {"email": admin.email})
    code = re.search(r"^[A-Z0-9-]{6,}$", mailoutbox[0].body, re.MULTILINE)
    assert code is not None
    answer = client.post("/accounts/login/code/confirm/", {"code": code.group()})
    assert answer["Location"].startswith("/accounts/2fa/authenticate/")
    assert "_auth_user_id" not in client.session


def test_resetting_the_password_does_not_get_round_it(admin: User, client: Client, mailoutbox: list) -> None:
    set_up_app(admin)
    client.post("/accounts/password/reset/", {"email": admin.email})
    link = re.search(r"/accounts/password/reset/key/\S+/", mailoutbox[0].body)
    assert link is not None
    form_address = client.get(link.group())["Location"]
    client.post(form_address, {"password1": "quiet-harbor-5521", "password2": "quiet-harbor-5521"})
    answer = client.post("/accounts/login/", {"login": admin.email, "password": "quiet-harbor-5521"})
    assert answer["Location"] == "/accounts/2fa/authenticate/"
    assert client.get("/admin/")["Location"].startswith("/admin/login/")


def test_recovery_code_opens_the_admin_once(admin: User, client: Client) -> None:
    set_up_app(admin)
    code = RecoveryCodes.activate(admin).get_unused_codes()[0]
    client.post("/accounts/login/", {"login": admin.email, "password": PASSWORD})
    client.post("/accounts/2fa/authenticate/", {"code": code})
    assert client.get("/admin/").status_code == 200
    other = Client()
    other.post("/accounts/login/", {"login": admin.email, "password": PASSWORD})
    other.post("/accounts/2fa/authenticate/", {"code": code})
    assert "_auth_user_id" not in other.session


def test_older_session_is_asked_for_it_and_goes_on(admin: User) -> None:
    client = password_only(admin)
    secret = set_up_app(admin)
    assert client.get("/admin/pages/")["Location"] == f"{ASK}?next=%2Fadmin%2Fpages%2F"
    answer = client.post(f"{ASK}?next=/admin/pages/", {"code": code_of(secret)})
    assert answer["Location"] == "/admin/pages/"
    assert client.get("/admin/pages/", follow=True).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/accounts/2fa/totp/deactivate/", "/accounts/2fa/webauthn/add/", "/accounts/reauthenticate/", "/accounts/email/"],
)
def test_older_session_cannot_change_the_second_factor_with_a_password(admin: User, path: str) -> None:
    client = password_only(admin)
    set_up_app(admin)
    for answer in (client.get(path), client.post(path, {"password": PASSWORD})):
        assert answer["Location"].startswith(ASK)
    assert Authenticator.objects.get().type == Authenticator.Type.TOTP


def test_second_factor_of_another_account_does_not_count(admin: User, editor: User) -> None:
    client = client_of(editor)
    session = client.session
    session["_auth_user_id"] = str(admin.pk)
    session["_auth_user_hash"] = admin.get_session_auth_hash()
    session.save()
    assert client.get("/admin/")["Location"] == SET_UP


def test_new_colleague_is_asked_as_soon_as_the_admin_opens_to_them(alice: User, alice_client: Client) -> None:
    assert alice_client.get("/personals/").status_code == 200
    alice.is_superuser = True
    alice.save()
    assert alice_client.get("/personals/")["Location"] == SET_UP


def test_member_needs_none(alice_client: Client) -> None:
    assert alice_client.get("/personals/").status_code == 200


def test_reader_without_a_session_costs_no_look_at_accounts(client: Client, db: None) -> None:
    assert "Cookie" not in client.get("/healthz").get("Vary", "")


def test_demo_does_without(admin: User, settings: Settings) -> None:
    settings.STAFF_SECOND_FACTOR = False
    assert password_only(admin).get("/admin/").status_code == 200
