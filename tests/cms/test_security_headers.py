"""What browsers are told about every answer: what it may load, who may frame it, what it tells other sites."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.http.response import HttpResponseBase
from django.test import Client
from pytest_django import Settings
from wagtail.images.models import Image

from home.models import HomePage
from tests.pages import ArticleFactory

ROOT = Path(__file__).resolve().parent.parent.parent


def policy_of(response: HttpResponseBase) -> dict[str, set[str]]:
    """Return the content security policy: directive -> sources."""
    parts = [directive.split() for directive in response.headers["Content-Security-Policy"].split(";")]
    return {name: set(sources) for name, *sources in parts}


def assert_headers(response: HttpResponseBase) -> None:
    headers = response.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "geolocation=()" in headers["Permissions-Policy"]
    policy = policy_of(response)
    assert policy["default-src"] == {"'none'"}
    assert policy["script-src"] == {"'self'"}
    assert policy["base-uri"] == {"'none'"}
    assert policy["form-action"] == {"'self'"}
    assert policy["frame-ancestors"] == {"'self'"}
    assert "'unsafe-eval'" not in headers["Content-Security-Policy"]


def assert_nothing_inline(response: HttpResponseBase) -> None:
    assert_headers(response)
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert policy_of(response)["style-src"] == {"'self'"}


@pytest.mark.parametrize("address", ["/", "/articles/", "/search/", "/search/?q=milk", "/no/such/page/", "/healthz"])
def test_public_pages_run_and_style_nothing_inline(client: Client, home_page: HomePage, address: str) -> None:
    response = client.get(address)
    assert_nothing_inline(response)
    assert response.headers.get("X-Frame-Options", "SAMEORIGIN") == "SAMEORIGIN"


def test_an_article_runs_and_styles_nothing_inline(client: Client, publish_article: ArticleFactory) -> None:
    assert_nothing_inline(client.get(publish_article(title="Prolactin").url))


@pytest.mark.parametrize("address", ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"])
def test_the_ways_in_run_and_style_nothing_inline(client: Client, db: None, address: str) -> None:
    response = client.get(address)
    assert_nothing_inline(response)
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize("address", ["/personals/", "/accounts/2fa/", "/accounts/email/", "/personals/nothing-here/"])
def test_members_pages_run_and_style_nothing_inline(alice_client: Client, address: str) -> None:
    response = alice_client.get(address)
    assert_nothing_inline(response)
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize("address", ["/api/search/?q=milk", "/api/no-such-thing/"])
def test_the_api_says_it_too(client: Client, home_page: HomePage, address: str) -> None:
    assert_nothing_inline(client.get(address))


def test_static_files_say_it_too(settings: Settings) -> None:
    settings.WHITENOISE_USE_FINDERS = True
    settings.WHITENOISE_AUTOREFRESH = True
    response = Client().get("/static/cms/css/base.css")
    assert response.status_code == 200
    assert_nothing_inline(response)


def test_media_say_it_too(admin_client: Client, image: Image) -> None:
    response = admin_client.get(image.file.url)
    assert response.status_code == 200
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert policy_of(response)["default-src"] == {"'none'"}


@pytest.mark.parametrize("address", ["/admin/", "/admin/images/", "/admin/reports/site-history/"])
def test_the_admin_runs_no_inline_script(admin_client: Client, home_page: HomePage, address: str) -> None:
    response = admin_client.get(address)
    assert response.status_code == 200
    assert_headers(response)
    policy = policy_of(response)
    assert policy["style-src"] == {"'self'"}
    assert policy["style-src-elem"] == {"'self'", "'unsafe-inline'"}
    assert policy["script-src-attr"] - {"'unsafe-hashes'"} == {"'sha256-i+qr4lq34KgNHiW62lWi9aInEBwiEOrfCzaNPCvkqD8='"}
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_an_error_says_it_too(client: Client, db: None) -> None:
    response = client.get("/", headers={"host": "elsewhere.example"})
    assert response.status_code == 400
    assert_nothing_inline(response)


def test_readers_pages_set_no_cookie_and_do_not_depend_on_one(client: Client, publish_article: ArticleFactory) -> None:
    article = publish_article(title="Prolactin", tags=["pituitary"])
    for address in ("/", "/articles/", "/articles/tags/pituitary/", article.url, "/search/", "/search/?q=milk"):
        response = client.get(address)
        assert response.status_code == 200, address
        assert not response.cookies, address
        assert "Cookie" not in response.headers.get("Vary", ""), address


def test_editors_see_their_bar_and_readers_and_members_do_not(
    client: Client, alice_client: Client, editor_client: Client, publish_article: ArticleFactory
) -> None:
    address = publish_article(title="Prolactin").url
    assert "wagtail-userbar" in editor_client.get(address).text
    assert "wagtail-userbar" not in client.get(address).text
    assert "wagtail-userbar" not in alice_client.get(address).text


HTTPS = """
import django; django.setup()
from django.test import Client
browser = Client(headers={"host": "milk.example.org"})
print(browser.get("/healthz", headers={"x-forwarded-proto": "https"}).headers["Strict-Transport-Security"])
print(browser.get("/articles/").headers["Location"])
"""


def test_on_https_browsers_are_told_to_stay_there(tmp_path: Path) -> None:
    variables = {"SITE_URL": "https://milk.example.org", "TRUSTED_PROXIES": "1", "SECRET_KEY": "for this test alone"}
    place = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "cms.settings", "DATA_DIR": str(tmp_path)}
    environment = {**place, **variables}
    shown = subprocess.run(
        [sys.executable, "-c", HTTPS], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert shown.stdout.splitlines() == ["max-age=31536000", "https://milk.example.org/articles/"]
