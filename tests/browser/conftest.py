"""The demo's site in a real browser, and its people logged in."""

import json
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, StorageState, expect

from tests.services.site import Site

# The machine runs other tests beside these.
expect.set_options(timeout=20_000)  # milliseconds

PASSWORD = "milk-and-honey-2026"
FILL = "from cms.setup import set_up_demo; set_up_demo()"


@pytest.fixture(scope="session")
def demo_site(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]) -> Iterator[Site]:
    """The web server with the demo's articles, members and log-ins, one for all tests of this folder."""
    variables = {
        "DEMO": "1",
        "DEMO_PASSWORD": PASSWORD,
        "DATABASE_URL": new_database(),
        "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
    }
    site = Site(folder=tmp_path_factory.mktemp("demo"), variables=variables)
    collect, fill = ("collectstatic", "--no-input"), ("shell", "--no-imports", "-c", FILL)
    for arguments in (collect, ("setup_site",), fill, ("run_pipeline", "--once")):
        result = site.manage(*arguments)
        assert result.returncode == 0, result.stderr
    site.start_web()
    yield site
    site.stop()


@pytest.fixture(scope="module")
def page_ids(demo_site: Site) -> dict[str, int]:
    """The number of each page, by its slug."""
    code = (
        "import json; from wagtail.models import Page; print(json.dumps(dict(Page.objects.values_list('slug', 'pk'))))"
    )
    ids: dict[str, int] = json.loads(demo_site.manage("shell", "--no-imports", "-c", code).stdout)
    return ids


@pytest.fixture(autouse=True)
def server_errors(demo_site: Site) -> Iterator[None]:
    """What the web server could not do fails the test that asked for it, with the server's own words."""
    before = server_errors_of(demo_site)
    yield
    assert [line for line in server_errors_of(demo_site) if line not in before] == []


def server_errors_of(site: Site) -> list[str]:
    return [line for line in site.logs().splitlines() if " ERROR " in line]


def log_in(page: Page, *, url: str, email: str, wanted: str) -> None:
    page.goto(f"{url}/accounts/login/?next={wanted}")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button").first.click()
    page.wait_for_url(url + wanted)


def logged_in(browser: Browser, *, site: Site, email: str, wanted: str) -> StorageState:
    """Return the cookies of somebody who has logged in."""
    window = browser.new_context()
    log_in(window.new_page(), url=site.url, email=email, wanted=wanted)
    state = window.storage_state()
    window.close()
    return state


@pytest.fixture(scope="module")
def alice_state(browser: Browser, demo_site: Site) -> StorageState:
    return logged_in(browser, site=demo_site, email="alice@demo.test", wanted="/personals/")


@pytest.fixture(scope="module")
def admin_state(browser: Browser, demo_site: Site) -> StorageState:
    return logged_in(browser, site=demo_site, email="admin@demo.test", wanted="/admin/")


@pytest.fixture
def alice_page(new_window: Callable[..., BrowserContext], alice_state: StorageState) -> Page:
    return new_window(storage_state=alice_state).new_page()


@pytest.fixture(scope="module")
def editor_state(browser: Browser, demo_site: Site) -> StorageState:
    return logged_in(browser, site=demo_site, email="editor@demo.test", wanted="/admin/")


@pytest.fixture
def editor_page(new_window: Callable[..., BrowserContext], editor_state: StorageState) -> Page:
    return new_window(storage_state=editor_state, viewport={"width": 1280, "height": 900}).new_page()


@pytest.fixture
def admin_page(new_window: Callable[..., BrowserContext], admin_state: StorageState) -> Page:
    return new_window(storage_state=admin_state, viewport={"width": 1280, "height": 900}).new_page()


def work(site: Site) -> None:
    """Let a worker do what is due at this moment."""
    result = site.manage("run_pipeline", "--once")
    assert result.returncode == 0, result.stderr


def tab_to(page: Page, control: Locator) -> None:
    """Go to a control by keyboard, and see that the focus shows there."""
    for _stop in range(80):
        if control.evaluate("one => one === document.activeElement"):
            expect(control).to_be_in_viewport()
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"The keyboard does not lead to {control}.")


def press(page: Page, control: Locator, *, key: str = "Enter") -> None:
    tab_to(page, control)
    page.keyboard.press(key)


# Messages come in gently and colors change so: until they are there, nobody can say how they can be read.
NOTHING_MOVES = """() => {
    if (document.getAnimations().length) return false;
    return [...document.querySelectorAll(".messages li")].every((one) => {
      for (; one; one = one.parentElement) if (getComputedStyle(one).opacity !== "1") return false;
      return true;
    });
  }"""


def check_admin_page(page: Page) -> None:
    """Look at a page of the admin by day on a wide screen, and by night on a phone."""
    for width, scheme in ((1280, "light"), (360, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.wait_for_function(NOTHING_MOVES)
        found = Axe().run(page, context="#main").response["violations"]
        assert [f"{one['help']}: {one['nodes'][0]['html'][:160]}" for one in found] == []
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    page.set_viewport_size({"width": 1280, "height": 900})
