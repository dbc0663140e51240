"""The browser that the tests drive."""

import os
from pathlib import Path

from tests.services.process import MissingError, find_program

VARIABLE = "TEST_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
# Without these the browser asks its maker's hosts for updates, at every start.
ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]


def find_chromium() -> Path:
    """Return the browser's program, `TEST_CHROMIUM` first.

    Raises:
        MissingError: There is none.
    """
    if given := os.environ.get(VARIABLE):
        return Path(given)
    found = find_program(*NAMES) or (MAC if MAC.exists() else None)
    if found is None:
        raise MissingError("Chromium (package chromium)")
    return found


def arguments() -> list[str]:
    """Return the browser's arguments; its sandbox refuses to run as root."""
    return [*ARGUMENTS, "--no-sandbox"] if os.geteuid() == 0 else ARGUMENTS
