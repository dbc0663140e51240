"""The first administrator's first hour in a real browser: command line, mailed code, authenticator app, passkey."""

import re
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from tests.people import PASSWORD
from tests.services.site import Site
from tests.users.test_second_factor import code_of

EMAIL = "first@example.org"
DELIVERED_WITHIN = 30  # seconds


def mailed_code(folder: Path) -> str:
    deadline = time.monotonic() + DELIVERED_WITHIN
    while time.monotonic() < deadline:
        for path in folder.glob("mail/*"):
            if found := re.search(r"^[A-Z0-9]{4}-[A-Z0-9]{4}$", path.read_text(), re.MULTILINE):
                return found.group()
        time.sleep(0.2)
    raise AssertionError("No code arrived.")


def send(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        page.fill(f"main [name={name}]", value)
    page.locator("main form button[type=submit]").first.click()


def with_passkeys(window: BrowserContext, page: Page) -> None:
    """Give the browser a device that recognises its owner."""
    device = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    session = window.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": device})


def test_first_administrator_gets_in_with_app_and_passkey_only(
    running_site: Callable[..., Site], new_window: Callable[..., BrowserContext]
) -> None:
    site = running_site(ALLOWED_HOSTS="localhost,127.0.0.1", DJANGO_SUPERUSER_PASSWORD=PASSWORD)
    made = site.manage("createsuperuser", "--noinput", "--email", EMAIL)
    assert made.returncode == 0, made.stderr
    url = f"http://localhost:{site.port}"  # passkeys are bound to a name, not to a number
    window = new_window()
    page = window.new_page()

    page.goto(f"{url}/admin/")
    send(page, login=EMAIL, password=PASSWORD)
    send(page, code=mailed_code(site.folder))
    # Logged in, and asked for the password once more before the second factor is set up.
    send(page, password=PASSWORD)
    expect(page).to_have_url(f"{url}/accounts/2fa/totp/activate/")
    send(page, code=code_of(page.locator("#authenticator_secret").input_value()))
    expect(page).to_have_url(f"{url}/accounts/2fa/recovery-codes/")
    page.goto(f"{url}/admin/")
    expect(page).to_have_title(re.compile("Dashboard"))

    with_passkeys(window, page)
    page.goto(f"{url}/accounts/2fa/webauthn/add/")
    page.fill("main [name=name]", "Laptop")
    page.check("main [name=passwordless]")
    page.locator("main form button").first.click()
    page.wait_for_url(f"{url}/accounts/2fa/")
    page.goto(f"{url}/accounts/logout/")
    send(page)
    page.goto(f"{url}/admin/")
    expect(page).to_have_url(re.compile("/accounts/login/"))
    page.get_by_text("Sign in with a passkey").click()
    expect(page).to_have_title(re.compile("Dashboard"))
