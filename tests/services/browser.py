"""A real browser for the tests. A page that logs an error, or that asks another host for anything, fails its test."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, WebError, sync_playwright

from tests.services.chromium import arguments, find_chromium
from tests.services.plugin import provide

PATIENCE = 10_000  # milliseconds
OWN_HOSTS = {"127.0.0.1", "localhost"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, started once for a module of tests.

    Playwright keeps an event loop in this thread, and Django takes any loop for asynchronous code and refuses the
    database there. The permission ends with the module, so that other tests still find what breaks that rule.
    """
    program = provide(find_chromium)
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as environment:
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        chromium = playwright.chromium.launch(executable_path=program, args=arguments())
        yield chromium
        chromium.close()


@pytest.fixture
def page_errors() -> list[str]:
    """What went wrong in the test's pages so far; a test that provokes an error checks it and clears the list."""
    return []


@pytest.fixture
def new_window(browser: Browser, page_errors: list[str]) -> Iterator[Callable[..., BrowserContext]]:
    """A function that opens a browser window without cookies, with the options of Playwright's `new_context`.

    Any error left in `page_errors` fails the test when it ends.
    """
    windows = []

    def open_window(**options: Any) -> BrowserContext:
        window = browser.new_context(**options)
        watch(window, page_errors)
        windows.append(window)
        return window

    yield open_window
    for window in windows:
        window.close()
    assert page_errors == []


@pytest.fixture
def page(new_window: Callable[..., BrowserContext]) -> Page:
    """An empty page in a window of its own."""
    return new_window().new_page()


@pytest.fixture
def page_without_javascript(new_window: Callable[..., BrowserContext]) -> Page:
    """An empty page in a window of its own that runs no script."""
    return new_window(java_script_enabled=False).new_page()


def watch(context: BrowserContext, errors: list[str]) -> None:
    """Note in `errors` every uncaught error, every error on the console (a violated policy among them) and every
    request to another host.
    """

    def on_web_error(error: WebError) -> None:
        errors.append(f"uncaught: {error.error}")

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(f"console: {message.text} ({message.location['url']})")

    def on_request(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https"} and parts.hostname not in OWN_HOSTS:
            errors.append(f"request to another host: {request.url}")

    context.set_default_timeout(PATIENCE)
    context.on("weberror", on_web_error)
    context.on("console", on_console)
    context.on("request", on_request)
