"""Articles in and out in a real browser: the admin's pages by day and by night, with and without JavaScript."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import BrowserContext, Page, StorageState, expect

from tests.articles.uploading import picture, text
from tests.browser.test_pages import PHONE, WIDE, violations, wide_by
from tests.services.site import Site

DEMO = Path(__file__).parents[2] / "articles" / "demo"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A new article with a picture, one of the demo's with other words, and one that is wrong."""
    changed = (DEMO / "oxytocin.md").read_text().replace("romantic reputation", "very romantic reputation")
    files = {
        "by-browser.md": text("by-browser", "Words.\n\n![A duct](duct.png)", title="By browser"),
        "duct.png": picture("olive"),
        "oxytocin.md": changed.encode(),
        "wrong.md": text("wrong", "# Wrong"),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def open_upload(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/admin/articles/")
    page.get_by_role("link", name="Import articles").first.click()
    expect(page.get_by_label("Files")).to_be_visible()


def send(page: Page, folder: Path) -> None:
    page.get_by_label("Files").set_input_files(sorted(folder.iterdir()))
    page.get_by_role("button", name="See what would change").click()
    expect(page.locator(".exchange__sum")).to_contain_text("1 new, 1 changed, 1 refused.")


def check_own_part(page: Page) -> None:
    """Look at what is this site's own of a page of the admin, by day on a wide screen and by night on a phone."""
    for scheme, size in (("light", WIDE), ("dark", PHONE)):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        assert violations(page, within=".exchange") == []
        assert wide_by(page) == 0


def test_the_import_is_accessible_and_fits(admin_page: Page, demo_site: Site, folder: Path) -> None:
    open_upload(admin_page, demo_site)
    check_own_part(admin_page)
    admin_page.set_viewport_size(WIDE)
    send(admin_page, folder)
    admin_page.locator("details:not([open]) summary").click()
    expect(admin_page.locator("ins", has_text="very")).to_be_visible()
    check_own_part(admin_page)


def test_an_import_is_confirmed_by_keyboard(admin_page: Page, demo_site: Site, folder: Path) -> None:
    open_upload(admin_page, demo_site)
    send(admin_page, folder)
    admin_page.get_by_role("button", name="Import as drafts").focus()
    admin_page.keyboard.press("Enter")
    expect(admin_page.locator(".messages")).to_contain_text("Imported: 1 new, 1 changed, 1 refused.")
    expect(admin_page.locator(".messages")).to_contain_text("wrong.md, line 8:")
    expect(admin_page.get_by_role("link", name="By browser").first).to_be_visible()


def test_without_javascript_articles_go_out_and_in_again(
    new_window: Callable[..., BrowserContext], admin_state: StorageState, demo_site: Site, tmp_path: Path
) -> None:
    page = new_window(storage_state=admin_state, java_script_enabled=False).new_page()
    open_upload(page, demo_site)
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as last saved").click()
    path = tmp_path / "articles.zip"
    download.value.save_as(path)
    with ZipFile(path) as archive:
        assert "prolactin.md" in archive.namelist()
    page.get_by_label("Files").set_input_files(path)
    page.get_by_role("button", name="See what would change").click()
    expect(page.locator(".exchange__sum")).to_contain_text(re.compile(r"^\d+ unchanged\."))


@pytest.mark.parametrize(
    ("address", "kinds"),
    [
        ("/", {"WebSite", "Organization"}),
        ("/articles/oxytocin/", {"MedicalWebPage", "Article", "BreadcrumbList"}),
    ],
)
def test_the_policy_lets_linked_data_be(
    page: Page, demo_site: Site, page_errors: list[str], address: str, kinds: set[str]
) -> None:
    page.goto(demo_site.url + address, wait_until="networkidle")
    blocks = page.locator("script[type='application/ld+json']").all_text_contents()
    things = [thing for block in blocks for thing in json.loads(block)["@graph"]]
    assert {thing["@type"] for thing in things} == kinds
    assert page_errors == []
