"""Every page as people meet it: by day and by night, on a phone and a wide screen, by keyboard, without JavaScript."""

from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, expect

from tests.services.site import Site

PHONE: ViewportSize = {"width": 360, "height": 740}
WIDE: ViewportSize = {"width": 1280, "height": 900}

PUBLIC = [
    "/",
    "/articles/",
    "/articles/the-four-key-hormones/",
    "/articles/tags/oxytocin/",
    "/search/",
    "/search/?q=oxytocin",
    "/search/?q=zzzzqqqq",
    "/membership/",
    "/membership/guidelines/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
]
MEMBERS = [
    "/personals/",
    "/personals/mine/",
    "/personals/mine/delete/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/logout/",
]

# Controls that a finger misses 21 pixels above or below their middle. What has a label is hit through it as well.
TOO_SMALL = """() => [...document.querySelectorAll(
    "button, .button, input:not([type=hidden]), select, textarea, summary, nav a, .tags a, .site-footer a"
  )].filter((control) => {
    const target = control.closest("label") || control;
    const box = target.getBoundingClientRect();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const hits = (down) => target.contains(document.elementFromPoint(x, y + down));
    return box.width && !(hits(-21) && hits(21));
  }).map((control) => control.outerHTML.slice(0, 120))"""

CHARACTERS_A_LINE = """() => {
    const lengths = [];
    for (const paragraph of document.querySelectorAll(".prose > p")) {
      const range = document.createRange();
      range.selectNodeContents(paragraph);
      const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.bottom / 8))).size;
      if (lines > 3) lengths.push(paragraph.textContent.length / (lines - 0.5));
    }
    return lengths.sort((a, b) => a - b)[Math.floor(lengths.length / 2)];
  }"""

FOCUS_IS_VISIBLE = """() => ["", "::after"].some((part) => {
    const style = getComputedStyle(document.activeElement, part || null);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  })"""


def violations(page: Page, *, within: str = "html") -> list[str]:
    """Return what axe finds wrong in a part of a page, each with the first element that it is about."""
    found = Axe().run(page, context=within).response["violations"]
    return [f"{one['impact']}: {one['help']}: {one['nodes'][0]['html'][:160]}" for one in found]


def wide_by(page: Page) -> int:
    """Return by how many pixels the page is wider than its window."""
    root = "document.documentElement"
    return int(page.evaluate(f"{root}.scrollWidth - {root}.clientWidth"))


def check_page(page: Page, address: str) -> None:
    """Look at a page by day on a wide screen, and by night on a phone."""
    page.set_viewport_size(WIDE)
    # Colors must not be caught halfway from day to night.
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.goto(address)
    expect(page.locator("h1")).to_have_count(1)
    assert violations(page) == []
    assert wide_by(page) == 0
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.set_viewport_size(PHONE)
    assert violations(page) == []
    assert wide_by(page) == 0
    page.set_viewport_size({"width": PHONE["width"], "height": page.evaluate("document.documentElement.scrollHeight")})
    assert page.evaluate(TOO_SMALL) == []


@pytest.mark.parametrize("address", PUBLIC)
def test_public_page_is_accessible_and_fits(page: Page, demo_site: Site, address: str) -> None:
    check_page(page, demo_site.url + address)


@pytest.mark.parametrize("address", MEMBERS)
def test_members_page_is_accessible_and_fits(alice_page: Page, demo_site: Site, address: str) -> None:
    check_page(alice_page, demo_site.url + address)
    assert "Milk" not in alice_page.title()


def test_a_listing_is_accessible_and_fits(alice_page: Page, demo_site: Site) -> None:
    alice_page.goto(f"{demo_site.url}/personals/")
    alice_page.locator(".card a").first.click()
    expect(alice_page.locator("article h1")).to_be_visible()
    check_page(alice_page, alice_page.url)


def test_the_page_for_a_wrong_address_is_accessible_and_fits(
    page: Page, demo_site: Site, page_errors: list[str]
) -> None:
    check_page(page, f"{demo_site.url}/no/such/page/")
    assert [error for error in page_errors if "404" not in error] == []
    page_errors.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_day_is_light_and_night_is_dark(page: Page, demo_site: Site, scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(demo_site.url)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(250, 245, 236)", "dark": "rgb(28, 19, 34)"}[scheme]


def test_a_line_of_an_article_is_long_enough_and_not_too_long(page: Page, demo_site: Site) -> None:
    page.set_viewport_size(WIDE)
    page.goto(f"{demo_site.url}/articles/the-four-key-hormones/")
    assert 60 <= page.evaluate(CHARACTERS_A_LINE) <= 75


def test_nothing_moves_where_reduced_motion_is_asked_for(page: Page, demo_site: Site) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(demo_site.url)
    moving = "[...document.querySelectorAll('*')].filter((one) => getComputedStyle(one).transitionDuration !== '0s')"
    assert page.evaluate(f"{moving}.length") == 0


@pytest.mark.parametrize("address", ["/", "/articles/oxytocin/", "/accounts/login/"])
def test_the_keyboard_begins_with_the_way_to_the_content(page: Page, demo_site: Site, address: str) -> None:
    page.goto(demo_site.url + address)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('content').contains(document.activeElement)")


@pytest.mark.parametrize("address", ["/", "/articles/oxytocin/", "/search/?q=oxytocin", "/accounts/signup/"])
def test_the_focus_can_be_seen_wherever_it_goes(page: Page, demo_site: Site, address: str) -> None:
    page.goto(demo_site.url + address)
    for _stop in range(25):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        assert page.evaluate(FOCUS_IS_VISIBLE), page.evaluate("document.activeElement.outerHTML")


def test_without_javascript_readers_search_and_read(page_without_javascript: Page, demo_site: Site) -> None:
    page = page_without_javascript
    page.goto(demo_site.url)
    page.get_by_role("searchbox").first.fill("oxytocin")
    page.get_by_role("button", name="Search").first.click()
    page.get_by_role("main").get_by_role("link", name="Oxytocin").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("xytocin")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Articles").click()
    expect(page).to_have_url(f"{demo_site.url}/articles/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Membership").click()
    expect(page.get_by_role("link", name="Join the Community").first).to_be_visible()


def test_without_javascript_members_log_in_leave_quickly_and_log_out(
    page_without_javascript: Page, demo_site: Site
) -> None:
    page = page_without_javascript
    page.goto(f"{demo_site.url}/accounts/login/")
    page.get_by_label("Email").fill("alice@demo.test")
    page.get_by_label("Password", exact=True).fill("milk-and-honey-2026")
    page.get_by_role("main").get_by_role("button").first.click()
    page.goto(f"{demo_site.url}/personals/")
    expect(page.get_by_role("heading", name="Listings")).to_be_visible()
    leave = page.get_by_role("link", name="Leave quickly")
    assert leave.get_attribute("href") == "https://www.wikipedia.org/"
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()


def test_leaving_quickly_takes_the_page_out_of_the_history(
    alice_page: Page, demo_site: Site, page_errors: list[str]
) -> None:
    left_for = []

    def answer(route: Any) -> None:
        left_for.append(route.request.headers.get("referer"))
        route.fulfill(body="<title>Elsewhere</title>", content_type="text/html")

    alice_page.route("https://www.wikipedia.org/", answer)
    alice_page.goto(f"{demo_site.url}/accounts/email/")
    alice_page.goto(f"{demo_site.url}/personals/")
    with alice_page.expect_navigation(url="https://www.wikipedia.org/"):
        alice_page.get_by_role("link", name="Leave quickly").click()
    # The other site learns nothing of where somebody came from.
    assert left_for == [None]
    assert page_errors == ["request to another host: https://www.wikipedia.org/"]
    page_errors.clear()
    alice_page.go_back()
    expect(alice_page).to_have_url(f"{demo_site.url}/accounts/email/")
