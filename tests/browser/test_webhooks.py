"""Editors manage webhooks in their browser: make one, see its secret once, test it, send a message again."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from standardwebhooks.webhooks import Webhook

from tests.browser.conftest import check_admin_page, press, tab_to, work
from tests.services.receiver import Receiver
from tests.services.site import Site

SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{20,}")


@pytest.fixture
def receiver(demo_site: Site) -> Iterator[Receiver]:
    work(demo_site)
    receiver = Receiver()
    receiver.start()
    yield receiver
    receiver.stop()


def new_secret(page: Page) -> str:
    """Return the secret that the page shows, once it is a page that shows one."""
    shown = page.get_by_role("textbox", name="Secret", exact=True)
    expect(shown).to_have_value(SECRET)
    return shown.input_value()


def test_an_editor_manages_a_webhook_by_keyboard(editor_page: Page, demo_site: Site, receiver: Receiver) -> None:
    page = editor_page
    page.goto(f"{demo_site.url}/admin/webhooks/new/")
    check_admin_page(page)
    tab_to(page, page.get_by_role("textbox", name="Name"))
    page.keyboard.type("Shop front")
    tab_to(page, page.get_by_role("textbox", name="Address"))
    page.keyboard.type("https://10.0.0.1/hook")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This does not lead to a public address.")).to_be_visible()
    check_admin_page(page)
    tab_to(page, page.get_by_role("textbox", name="Address"))
    page.keyboard.press("Control+a")
    page.keyboard.type(receiver.url)
    page.keyboard.press("Enter")
    first = new_secret(page)
    check_admin_page(page)
    press(page, page.get_by_role("link", name="I have copied it"))

    expect(page.get_by_role("heading", name="Deliveries").first).to_be_visible()
    assert not SECRET.search(page.content())
    press(page, page.get_by_role("button", name="Send a test message"))
    expect(page.locator(".messages")).to_contain_text("A test message is on its way.")
    work(demo_site)
    page.reload()
    delivery = page.get_by_role("row").filter(has_text="msg_")
    expect(delivery).to_contain_text("Delivered")
    [request] = receiver.requests
    assert Webhook(first).verify(request.body, request.headers)["type"] == "webhook.test"
    check_admin_page(page)

    press(page, delivery.get_by_role("button", name="Send again"))
    expect(page.locator(".messages")).to_contain_text("on its way again, under the same id")
    work(demo_site)
    assert [again.headers["webhook-id"] for again in receiver.requests] == [request.headers["webhook-id"]] * 2

    press(page, page.get_by_role("button", name="Make a new secret"))
    assert new_secret(page) != first
    page.goto(f"{demo_site.url}/admin/webhooks/")
    check_admin_page(page)
    press(page, page.get_by_role("link", name="Shop front").first)
    expect(page.get_by_text("signs until")).to_be_visible()
    page.goto(page.url.replace("inspect", "delete"))
    page.get_by_role("button", name="Yes, delete").click()
    expect(page.locator(".messages")).to_contain_text("deleted")
