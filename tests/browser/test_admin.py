"""The editors' admin in a real browser, under a policy that runs no inline script: every widget does its work.

`page_errors` fails a test for whatever the policy blocks.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.conftest import log_in
from tests.services.site import Site

SCREENS = [
    "/admin/",
    "/admin/pages/",
    "/admin/images/",
    "/admin/images/multiple/add/",
    "/admin/documents/",
    "/admin/documents/multiple/add/",
    "/admin/snippets/articles/category/",
    "/admin/users/",
    "/admin/groups/new/",
    "/admin/sites/",
    "/admin/collections/",
    "/admin/redirects/add/",
    "/admin/workflows/list/",
    "/admin/workflows/add/",
    "/admin/workflows/tasks/index/",
    "/admin/reports/site-history/",
    "/admin/reports/aging-pages/",
    "/admin/reports/locked/",
    "/admin/reports/workflow/",
    "/admin/reports/page-types-usage/",
]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture like no other: the library asks back when it has one already."""
    path = tmp_path / "ducts.png"
    Image.effect_noise((640, 400), 60).save(path)
    return path


@pytest.fixture(autouse=True)
def drafts_may_be_incomplete(
    browser: Browser, new_window: Callable[..., BrowserContext], page_errors: list[str]
) -> Iterator[None]:
    """The editor saves a draft after each change and hears 400 until every field that must be filled is."""
    yield
    for window in browser.contexts:
        window.close()
    page_errors[:] = [error for error in page_errors if "400 (Bad Request)" not in error]


def new_article(page: Page, *, site: Site, index: int, title: str) -> None:
    """Open the form for a new article and fill what it must have, but for the body."""
    page.goto(f"{site.url}/admin/pages/add/articles/articlepage/{index}/")
    page.locator("#id_title").fill(title)
    page.locator("#id_summary").fill("What it is about.")
    page.locator("#id_category").select_option(label="Hormones")
    page.locator("#id_author").fill("The editorial team")


def add_block(page: Page, name: str) -> Locator:
    """Add a block at the end of the body and return it."""
    page.locator("button.c-sf-add-button").last.click()
    page.locator(".w-combobox__option", has_text=name).first.click()
    return page.locator("[data-streamfield-child]").last


def choose_action(page: Page, name: str) -> None:
    """Choose from the menu beside "Save draft"."""
    page.locator("footer [data-w-dropdown-target=toggle]").last.click()
    page.get_by_role("button", name=name).click()


def picker(page: Page) -> Locator:
    return page.locator(".xdsoft_datetimepicker:visible")


def test_no_screen_breaks_the_policy(admin_page: Page, demo_site: Site, page_errors: list[str]) -> None:
    for address in SCREENS:
        admin_page.goto(demo_site.url + address)
        expect(admin_page.locator("[data-wagtail-sidebar] nav")).to_be_visible()
        assert page_errors == [], address


def test_an_editor_writes_and_publishes_an_article(
    page: Page, demo_site: Site, page_ids: dict[str, int], picture: Path
) -> None:
    log_in(page, url=demo_site.url, email="editor@demo.test", wanted="/admin/")
    new_article(page, site=demo_site, index=page_ids["articles"], title="How a picture comes in")
    add_block(page, "Heading").locator("[name$=-text]").fill("The ducts")
    add_block(page, "Text").locator(".public-DraftEditor-content").click()
    page.keyboard.type("Milk runs through ducts.")
    page.keyboard.press("Control+b")

    image = add_block(page, "Image")
    image.get_by_role("button", name="Choose an image").click()
    page.get_by_role("tab", name="Upload").click()
    upload = page.locator("#tab-upload")
    upload.locator("input[type=file]").set_input_files(picture)
    upload.get_by_label("Title").fill("Ducts")
    upload.locator("button[type=submit]").click()
    expect(image.locator("input[name$=-image]")).not_to_have_value("")
    image.locator("input[name$=-alt]").fill("A diagram of ducts")

    page.locator("#id_sources-ADD").click()
    page.locator("[name=sources-0-title]").fill("A textbook")
    page.locator("#id_reviewed_on").click()
    picker(page).locator(".xdsoft_today").click()
    expect(page.locator("#id_reviewed_on")).to_have_value(re.compile(r"\d{4}-\d{2}-\d{2}"))

    choose_action(page, "Publish")
    # Wagtail says "created and published" where it has not saved the draft by itself before.
    expect(page.locator(".messages .success")).to_contain_text("published")
    page.goto(f"{demo_site.url}/articles/how-a-picture-comes-in/")
    expect(page.get_by_alt_text("A diagram of ducts")).to_be_visible()
    expect(page.get_by_role("heading", name="The ducts")).to_be_visible()
    expect(page.get_by_text("A textbook")).to_be_visible()


def test_an_editor_builds_a_table(admin_page: Page, demo_site: Site, page_ids: dict[str, int]) -> None:
    new_article(admin_page, site=demo_site, index=page_ids["articles"], title="In rows and columns")
    table = add_block(admin_page, "Table")
    table.get_by_label("Caption").fill("Who does what")
    table.get_by_role("button", name="Add column").click()
    table.get_by_role("button", name="Text with links or emphasis").click()
    table.get_by_role("button", name="Add row").first.click()
    expect(table.locator("td .public-DraftEditor-content").first).to_be_visible()


def test_a_schedule_is_set_with_the_picker(admin_page: Page, demo_site: Site, page_ids: dict[str, int]) -> None:
    new_article(admin_page, site=demo_site, index=page_ids["articles"], title="For another year")
    add_block(admin_page, "Text").locator(".public-DraftEditor-content").click()
    admin_page.keyboard.type("Later.")
    admin_page.get_by_role("button", name="Toggle status").click()
    admin_page.get_by_role("button", name="Set schedule").click()
    go_live = admin_page.locator("#id_go_live_at")
    go_live.click()
    picker(admin_page).locator(".xdsoft_date.xdsoft_today").click()
    expect(go_live).not_to_have_value("")
    go_live.fill("2040-01-01 08:00")
    admin_page.get_by_role("heading", name="Set publishing schedule").click()
    admin_page.get_by_role("button", name="Save schedule").click()
    expect(admin_page.get_by_text("2040").first).to_be_visible()


def test_the_preview_shows_the_article_and_its_checks(
    admin_page: Page, demo_site: Site, page_ids: dict[str, int]
) -> None:
    admin_page.goto(f"{demo_site.url}/admin/pages/{page_ids['prolactin']}/edit/")
    admin_page.get_by_role("button", name="Toggle preview").click()
    frame = admin_page.frame_locator("[data-w-preview-target=iframe], iframe[title=Preview]").last
    expect(frame.get_by_role("heading", level=1)).to_contain_text("Prolactin")
    admin_page.get_by_role("button", name="Toggle checks").click()
    expect(admin_page.locator("[data-content-word-count]")).to_have_text(re.compile(r"\d{3}"))


def test_an_editor_links_to_another_page(admin_page: Page, demo_site: Site, page_ids: dict[str, int]) -> None:
    admin_page.goto(f"{demo_site.url}/admin/pages/{page_ids['estrogen']}/edit/")
    text = admin_page.locator(".public-DraftEditor-content").first
    text.click()
    admin_page.keyboard.press("Control+a")
    admin_page.locator("[name=LINK]:visible").click()
    admin_page.locator(".modal-content a.choose-page").first.click()
    expect(admin_page.locator(".Draftail-Editor .TooltipEntity").first).to_be_visible()


def test_a_pictures_focus_is_drawn(admin_page: Page, demo_site: Site, picture: Path) -> None:
    admin_page.goto(f"{demo_site.url}/admin/images/multiple/add/")
    admin_page.locator("input[type=file]").first.set_input_files(picture)
    expect(admin_page.locator("#upload-list :is(canvas, img)").first).to_be_visible()
    expect(admin_page.get_by_role("button", name="Update")).to_be_visible()
    admin_page.goto(f"{demo_site.url}/admin/images/")
    admin_page.locator("main a[href*='/admin/images/']:has(img)").first.click()
    chooser = admin_page.locator(".focal-point-chooser")
    expect(chooser.locator(".jcrop-holder")).to_be_visible()
    box = chooser.bounding_box()
    assert box is not None
    admin_page.mouse.move(box["x"] + 60, box["y"] + 60)
    admin_page.mouse.down()
    admin_page.mouse.move(box["x"] + 160, box["y"] + 140, steps=4)
    admin_page.mouse.up()
    expect(admin_page.locator("#id_focal_point_width")).not_to_have_value("")


def test_editors_get_from_a_page_to_its_form(admin_page: Page, demo_site: Site) -> None:
    admin_page.goto(f"{demo_site.url}/articles/oxytocin/")
    admin_page.locator("#wagtail-userbar-trigger").click()
    admin_page.get_by_role("menuitem", name="Edit this page").click()
    expect(admin_page.locator("#id_title")).to_have_value(re.compile("Oxytocin"))
