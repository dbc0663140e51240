"""Second factors in a real browser, whose scripts come from django-allauth and run under the site's policy."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, log_in
from tests.services.site import Site


def plug_in_a_security_key(page: Page) -> None:
    """Give the browser an authenticator of its own, which says yes to everything."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    key = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options = {**key, "isUserVerified": True, "automaticPresenceSimulation": True}
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def confirm_password(page: Page) -> None:
    """Answer the question that stands before every change of second factors."""
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()


def test_a_member_adds_a_passkey_and_logs_in_with_it(page: Page, demo_site: Site) -> None:
    # Passkeys belong to a host's name; an IP address has none.
    demo_url = demo_site.url.replace("127.0.0.1", "localhost")
    plug_in_a_security_key(page)
    log_in(page, url=demo_url, email="charlie@demo.test", wanted="/accounts/2fa/")
    page.goto(f"{demo_url}/accounts/2fa/webauthn/add/")
    confirm_password(page)
    page.get_by_label("Name").fill("Pocket key")
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    page.wait_for_url(re.compile(r"/accounts/2fa/(?!webauthn/add)"))
    page.goto(f"{demo_url}/accounts/2fa/webauthn/")
    expect(page.get_by_text("Pocket key")).to_be_visible()

    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{demo_url}/accounts/login/?next=/personals/")
    page.get_by_role("button", name="passkey").click()
    page.wait_for_url(f"{demo_url}/personals/")
    expect(page.get_by_role("heading", name="Listings")).to_be_visible()


def test_the_code_for_an_authenticator_app_is_drawn(alice_page: Page, demo_site: Site) -> None:
    alice_page.goto(f"{demo_site.url}/accounts/2fa/totp/activate/")
    confirm_password(alice_page)
    code = alice_page.get_by_role("main").locator("img")
    expect(code).to_be_visible()
    assert code.evaluate("(image) => image.naturalWidth") > 0
