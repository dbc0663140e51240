"""Editors see in their browser what has become of what they published, and have tried again what failed."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.sync_api import BrowserContext, Page, StorageState, expect
from playwright.sync_api import TimeoutError as TooLate

from tests.browser.conftest import check_admin_page, press, work
from tests.browser.test_admin import choose_action
from tests.services.site import Site

REPORT = "/admin/reports/publishing/"
PUBLISH = """
from articles.models import ArticlePage
ArticlePage.objects.get(slug="{slug}").save_revision().publish()
"""
GIVE_UP = """
from django.utils import timezone
from articles.models import ArticlePage
from cms.pipeline.models import PageChange
now = timezone.now()
article = ArticlePage.objects.get(slug="{slug}")
PageChange.objects.filter(consumer="database_index", page_id=article.pk).update(
    finished_at=None, dead_at=now, last_failed_at=now, attempts=15, last_error="PermanentError: The text is too long."
)
"""


def run(site: Site, code: str) -> None:
    result = site.manage("shell", "--no-imports", "-c", code)
    assert result.returncode == 0, result.stderr


@pytest.fixture(autouse=True)
def nothing_waits(demo_site: Site) -> None:
    work(demo_site)


def test_the_sentence_changes_by_itself_when_the_page_can_be_found(
    editor_page: Page, demo_site: Site, page_ids: dict[str, int]
) -> None:
    page = editor_page
    edit = f"{demo_site.url}/admin/pages/{page_ids['oxytocin']}/edit/"
    page.goto(edit)
    choose_action(page, "Publish")
    message = page.locator(".messages .standing__sentence")
    expect(message).to_contain_text("the search has not been told yet")
    page.goto(edit)
    page.get_by_role("button", name="Toggle status").click()
    sentence = page.locator("[data-side-panel=status] .standing__sentence")
    expect(sentence).to_be_visible()
    expect(sentence).to_contain_text("the search has not been told yet")
    page.evaluate("window.isTheSame = true")
    work(demo_site)
    expect(sentence).to_contain_text("searchable since")
    assert page.evaluate("window.isTheSame")
    # There is nothing more to come, so nobody is asked any more.
    expect(page.locator("[data-standing-unsettled]")).to_have_count(0)


def test_without_javascript_the_sentence_changes_when_the_page_is_loaded_again(
    new_window: Callable[..., BrowserContext], editor_state: StorageState, demo_site: Site, page_ids: dict[str, int]
) -> None:
    page = new_window(storage_state=editor_state, java_script_enabled=False).new_page()
    run(demo_site, PUBLISH.format(slug="prolactin"))
    page.goto(f"{demo_site.url}/admin/pages/{page_ids['prolactin']}/publishing/")
    sentence = page.locator(".standing__sentence")
    expect(sentence).to_contain_text("the search has not been told yet")
    work(demo_site)
    page.reload()
    expect(sentence).to_contain_text("searchable since")


def test_an_editor_finds_what_was_given_up_and_has_it_tried_again_by_keyboard(
    editor_page: Page, demo_site: Site
) -> None:
    page = editor_page
    run(demo_site, GIVE_UP.format(slug="estrogen"))
    run(demo_site, PUBLISH.format(slug="prolactin"))
    page.goto(demo_site.url + REPORT)
    rows = page.locator("#listing-results table:not(.desk__figures) tbody tr")
    expect(rows.filter(has_text="Prolactin").first).to_be_visible()
    press(page, page.get_by_role("button", name="Show filters"))
    press(page, page.get_by_role("button", name="State"))
    # The last of the choices, one up from the first.
    press(page, page.locator("input[name=state]:checked"), key="ArrowUp")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Estrogen")
    expect(rows).to_contain_text("The text is too long.")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    # The list may be loaded once more just when the key is pressed.
    for _attempt in range(3):
        press(page, rows.get_by_role("link", name="Try again"))
        with suppress(TooLate):
            page.wait_for_url("**/retry/**", timeout=5_000)
            break
    expect(page.get_by_text("Have 1 change that failed tried again at once?")).to_be_visible()
    check_admin_page(page)
    press(page, page.get_by_role("button", name="Yes, try again"))
    expect(page.locator(".messages")).to_contain_text("1 is tried again now.")
    work(demo_site)
    page.goto(demo_site.url + REPORT)
    expect(page.get_by_text("all published changes have reached readers")).to_be_visible()


def test_the_report_and_the_page_are_accessible_and_fit(
    editor_page: Page, demo_site: Site, page_ids: dict[str, int]
) -> None:
    run(demo_site, GIVE_UP.format(slug="estrogen"))
    run(demo_site, PUBLISH.format(slug="prolactin"))
    for address in (REPORT, f"/admin/pages/{page_ids['estrogen']}/publishing/"):
        editor_page.goto(demo_site.url + address)
        check_admin_page(editor_page)
    editor_page.goto(f"{demo_site.url}/admin/")
    expect(editor_page.locator(".desk-panel")).to_contain_text("1 change has not arrived and was given up.")
    run(demo_site, PUBLISH.format(slug="estrogen"))
