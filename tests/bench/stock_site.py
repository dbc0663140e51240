"""A stock Wagtail site with the same articles: what `wagtail start` writes, and the few files in stock/ beside this."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from articles.models import ArticlePage, ArticleSource
from tests.services.process import Process, free_port, is_listening

OVERLAY = Path(__file__).with_name("stock")
PROGRAMS = Path(sys.executable).parent
READY_WITHIN_SECONDS = 60


class StockSite:
    """That site, on a database of its own, behind the same web server as `site`."""

    def __init__(self, *, folder: Path, database_url: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "stock.settings.bench",
            "DATABASE_URL": database_url,
        }
        server = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port), "--workers", "2", "--no-ws"]
        command: list[str | Path] = [PROGRAMS / "granian", *server, "stock.wsgi:application"]
        self.web = Process(name="stock", command=command, folder=folder, environment=self.environment)

    def make(self) -> None:
        """Write the project, and publish the articles of this site in it."""
        self.folder.mkdir()
        self._run(PROGRAMS / "wagtail", "start", "stock", ".")
        shutil.copytree(OVERLAY, self.folder, dirs_exist_ok=True)
        articles = self.folder / "articles.json"
        articles.write_text(json.dumps([told(article) for article in ArticlePage.objects.order_by("pk")], default=str))
        for command in (["makemigrations", "library"], ["migrate"], ["collectstatic", "--no-input"]):
            self._run(sys.executable, "manage.py", *command)
        self._run(sys.executable, "manage.py", "load_articles", articles)

    def start(self) -> None:
        """Start it, and wait until it answers.

        Raises:
            RuntimeError: It does not.
        """
        self.web.start()
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while not is_listening(self.port):
            if not self.web.is_running() or time.monotonic() > deadline:
                raise RuntimeError(f"The stock site did not start:\n{self.web.last_lines()}")
            time.sleep(0.1)

    def _run(self, *command: str | Path) -> None:
        result = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        if result.returncode:
            raise RuntimeError(f"{command} failed:\n{result.stdout}{result.stderr}")


def told(article: ArticlePage) -> dict[str, Any]:
    """Return what the other site makes its article of."""
    return {
        "title": article.title,
        "slug": article.slug,
        "summary": article.summary,
        "author": article.author,
        "reviewed_on": article.reviewed_on,
        "reviewer": article.reviewer,
        "category": {"name": article.category.name, "slug": article.category.slug},
        "tags": [tag.name for tag in article.tags.all()],
        "body": list(article.body.raw_data),
        "sources": [told_source(source) for source in article.sources.all()],
    }


def told_source(source: ArticleSource) -> dict[str, Any]:
    return {name: getattr(source, name) for name in ("title", "authors", "publication", "year", "url")}
