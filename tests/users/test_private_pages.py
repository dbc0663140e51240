"""Nothing private is kept by a cache or shown by a search engine, whatever the answer is."""

import pytest
from django.test import Client

PATHS = [
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/email/",
    "/accounts/nowhere/",
    "/membership/join/",
    "/personals/",
    "/personals/mine/",
    "/personals/00000000-0000-4000-8000-000000000000/",
    "/personals/nowhere/",
]


def headers(client: Client, path: str) -> tuple[str, str, str]:
    answer = client.get(path)
    return answer["Cache-Control"], answer["X-Robots-Tag"], answer["Referrer-Policy"]


@pytest.mark.parametrize("path", PATHS)
def test_answers_to_strangers_are_not_kept(client: Client, db: None, path: str) -> None:
    assert headers(client, path) == ("private, no-store", "noindex, nofollow", "same-origin")


@pytest.mark.parametrize("path", PATHS)
def test_answers_to_members_are_not_kept(alice_client: Client, path: str) -> None:
    assert headers(alice_client, path) == ("private, no-store", "noindex, nofollow", "same-origin")


def test_refused_form_is_not_kept_either(db: None) -> None:
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {})
    assert (answer.status_code, answer["Cache-Control"]) == (403, "private, no-store")
