"""A running site with an editor at work, and readers who look from many connections, so that every process answers."""

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from tests.services.site import ROOT, Site

# By then a change has to show everywhere.
PROMISED_SECONDS = 2.0
# The kernel spreads connections over the web processes: one of them gets none of twelve once in 2,000 times.
CONNECTIONS = 12

BEGIN = """
from datetime import timedelta
from django.core.files.base import ContentFile
from django.utils import timezone
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import PageViewRestriction
from articles.models import ArticleIndexPage, ArticlePage, Category

def write(title, *, publish=True, body=None, tags=("milk",), **fields):
    article = ArticlePage(
        title=title, summary=f"About {title}.", author="The editorial team", live=False,
        category=Category.objects.get(slug="hormones"),
        body=body or [("paragraph", f"<p>{title} text</p>")], **fields,
    )
    ArticleIndexPage.objects.get(slug="articles").add_child(instance=article)
    article.tags.set(tags)
    revision = article.save_revision()
    if publish:
        revision.publish()
    return article

def article(title):
    return ArticlePage.objects.get(title=title)
"""


class Newsroom:
    def __init__(self, site: Site) -> None:
        self.site = site
        self._start()

    def do(self, script: str) -> Any:
        """Run a script as the editor, and return what it leaves in `result`. It may kill the editor: then None."""
        assert self._editor.stdin is not None
        assert self._editor.stdout is not None
        self._editor.stdin.write(json.dumps(script) + "\n")
        self._editor.stdin.flush()
        line = self._editor.stdout.readline()
        if not line:
            self._editor.wait()
            self._start()
            return None
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def read(self, address: str, **headers: str) -> tuple[int, str]:
        """Read one address over a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=10)
        try:
            connection.request("GET", address, headers=headers)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def all_read(self, address: str, *, is_right: Callable[[int, str], bool]) -> bool:
        return all(is_right(*self.read(address)) for _ in range(CONNECTIONS))

    def shows(self, address: str, word: str) -> bool:
        return self.all_read(address, is_right=lambda status, text: status == 200 and word in text)

    def hides(self, address: str, word: str) -> bool:
        return self.all_read(address, is_right=lambda _status, text: word not in text)

    def stop(self) -> None:
        self._editor.communicate()

    def _start(self) -> None:
        self._editor = subprocess.Popen(
            [sys.executable, "-m", "tests.page_cache.editor_process"],
            cwd=ROOT,
            env=self.site.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.do(BEGIN)


def in_time(check: Callable[[], bool], *, seconds: float = PROMISED_SECONDS) -> bool:
    """Say whether something becomes true within the promised time, and then stays so."""
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return check()
