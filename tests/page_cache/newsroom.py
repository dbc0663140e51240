"""A running site with an editor at work, and a reader who looks at what each of its web processes answers."""

import json
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from http.client import HTTPConnection
from typing import Any

from cms.page_cache.counters import BYTES, ROW
from tests.services.site import ROOT, Site

# By then a change has to show everywhere.
PROMISED_SECONDS = 2.0
WEB_PROCESSES = 2

BEGIN = """
from datetime import timedelta
from django.utils import timezone
from taggit.models import Tag
from wagtail.contrib.redirects.models import Redirect
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import PageViewRestriction, Site
from articles.models import ArticleIndexPage, ArticlePage, Category
from home.models import SiteSettings

index = ArticleIndexPage.objects.get(slug="articles")

def write(title, *, publish=True, body=None, tags=("milk",), **fields):
    article = ArticlePage(
        title=title, summary=f"About {title}.", author="The editorial team", live=False,
        category=Category.objects.get(slug="hormones"),
        body=body or [("paragraph", f"<p>How {title} flows.</p>")], **fields,
    )
    ArticleIndexPage.objects.get(slug="articles").add_child(instance=article)
    article.tags.set(tags)
    revision = article.save_revision()
    if publish:
        revision.publish()
    return ArticlePage.objects.get(pk=article.pk)

def article(slug):
    return ArticlePage.objects.get(slug=slug)
"""

# Whether a status and a text are as they should be.
Check = Callable[[int, str], bool]


class Newsroom:
    def __init__(self, site: Site) -> None:
        self.site = site
        self._changed_at = 0.0
        self._editor = subprocess.Popen(
            [sys.executable, "-m", "tests.page_cache.editor_process"],
            cwd=ROOT,
            env=site.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.do(BEGIN)

    def do(self, script: str, *, is_killed: bool = False) -> Any:
        """Run a script as the editor, who may be killed right after its commit; return what it leaves in `result`."""
        assert self._editor.stdin is not None
        assert self._editor.stdout is not None
        self._editor.stdin.write(json.dumps([script, is_killed]) + "\n")
        self._editor.stdin.flush()
        answer = json.loads(self._editor.stdout.readline())
        assert "error" not in answer, answer["error"]
        self._changed_at = time.monotonic()
        return answer["result"]

    def read(self, address: str) -> tuple[int, str]:
        """Look at an address over a connection of its own, in whichever process takes it."""
        return read(HTTPConnection("127.0.0.1", self.site.port, timeout=30), address)

    def read_status(self, address: str) -> int:
        """Look at an address whatever is there, a picture for instance."""
        connection = HTTPConnection("127.0.0.1", self.site.port, timeout=30)
        connection.request("GET", address)
        return connection.getresponse().status

    def visit(self, addresses: list[str]) -> None:
        """Look at everything once, so that each process has it in its memory."""
        for connection in self._connections():
            for address in addresses:
                read(connection, address)

    def texts(self, address: str) -> list[str]:
        """Return what each process answers."""
        return [read(connection, address)[1] for connection in self._connections()]

    def wrong(
        self, checks: Mapping[str, Check], *, after: float = 0.0, within: float = PROMISED_SECONDS
    ) -> dict[str, str]:
        """Read addresses in each web process until they are right; the second takes what the first has kept.

        Args:
            after: When the change comes of itself, in seconds after the last thing that the editor did.
            within: Whoever asks so long after the change, in seconds, has to get the right answer.

        Returns:
            What somebody was still told by then; nothing where all is well.
        """
        told = {}
        for connection in self._connections():
            for address, is_right in checks.items():
                answer = self._answer_by(self._changed_at + after + within, connection, address, is_right)
                if not is_right(*answer):
                    told[address] = f"{answer[0]} {answer[1]}"
        return told

    def stop(self) -> None:
        self._editor.communicate()

    @staticmethod
    def _answer_by(deadline: float, connection: HTTPConnection, address: str, is_right: Check) -> tuple[int, str]:
        """Return the first right answer, or one that was asked for after the deadline."""
        while True:
            asked_at = time.monotonic()
            answer = read(connection, address)
            if is_right(*answer) or asked_at > deadline:
                return answer
            time.sleep(0.02)

    def _connections(self) -> list[HTTPConnection]:
        """Return a connection to each web process: which one took a connection shows in the row that it counts in."""
        found: dict[int, HTTPConnection] = {}
        while len(found) < WEB_PROCESSES:
            connection = HTTPConnection("127.0.0.1", self.site.port, timeout=30)
            before = self._counted()
            read(connection, "/healthz")
            (row,) = (row for row, (old, new) in enumerate(zip(before, self._counted(), strict=True)) if old != new)
            found.setdefault(row, connection)
        return list(found.values())

    def _counted(self) -> list[tuple[int, ...]]:
        counts = (self.site.folder / "pages" / "counts").read_bytes()
        # Some tests cut the file.
        return list(struct.iter_unpack(ROW.format, counts.ljust(BYTES, b"\0")))


def read(connection: HTTPConnection, address: str) -> tuple[int, str]:
    connection.request("GET", address)
    response = connection.getresponse()
    return response.status, response.read().decode()
