"""The main journey on the demo itself: write an article in the admin, find it by searching, also while servers fail."""

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import APIRequestContext, APIResponse, Browser
from wagtail.test.utils.form_data import inline_formset, nested_form_data, rich_text, streamfield

from tests.journeys.demo import Demo, processes_with
from tests.services.elasticsearch.server import Elasticsearch
from tests.services.plugin import run_id, worker

FOUND_WITHIN = 5  # seconds, from publishing to searchable
PASSWORD = "milk-and-honey-2026"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]) -> Iterator[Demo]:
    index = f"test-{run_id()}-{worker() or 'tests'}-demo"
    demo = Demo(folder=tmp_path_factory.mktemp("demo"), database_url=new_database(), index=index)
    yield demo
    demo.stop()


@pytest.fixture
def reader(demo: Demo, browser: Browser) -> Iterator[APIRequestContext]:
    context = browser.new_context()
    yield context.request
    context.close()


class Editor:
    """An editor at the admin, who sends the forms that the admin shows."""

    def __init__(self, *, url: str, request: APIRequestContext, category: str) -> None:
        self.url = url
        self.request = request
        self.category = category

    def get(self, path: str) -> APIResponse:
        return self.request.get(self.url + path)

    def post(self, path: str, form: dict[str, Any]) -> APIResponse:
        token = next(cookie["value"] for cookie in self.request.storage_state()["cookies"] if "csrf" in cookie["name"])
        fields = {name: str(value) for name, value in form.items()}
        return self.request.post(
            self.url + path, form={**fields, "csrfmiddlewaretoken": token}, headers={"Referer": self.url + path}
        )

    def log_in(self) -> None:
        login = self.get("/admin/")
        assert "/accounts/login/" in login.url
        answer = self.post("/accounts/login/", {"login": "editor@demo.test", "password": PASSWORD, "next": "/admin/"})
        assert answer.url.rstrip("/") == f"{self.url}/admin", answer.text()

    def publish(self, *, title: str, word: str) -> str:
        """Publish a new article whose second section has `word`; return the number of its page."""
        path = f"/admin/pages/add/articles/articlepage/{self._index()}/"
        assert self.get(path).ok
        answer = self.post(
            path,
            nested_form_data(
                {
                    "title": title,
                    "slug": title.lower().replace(" ", "-"),
                    "summary": f"What {title} is about.",
                    "author": "The editorial team",
                    "category": self.category,
                    "tags": "prolactin",
                    "body": streamfield(
                        [
                            ("paragraph", rich_text("<p>An opening.</p>")),
                            ("heading", {"text": "Where it stands", "level": "h2", "anchor": ""}),
                            ("paragraph", rich_text(f"<p>Here is the {word} of the matter.</p>")),
                        ]
                    ),
                    "sources": inline_formset([]),
                    "comments": inline_formset([]),
                    "action-publish": "action-publish",
                }
            ),
        )
        assert answer.ok, answer.text()
        page = re.search(r"/admin/pages/(\d+)/edit/", answer.text())
        assert page is not None, answer.url
        return page.group(1)

    def unpublish(self, page: str) -> None:
        answer = self.post(f"/admin/pages/{page}/unpublish/", {})
        assert answer.ok

    def _index(self) -> int:
        pages = self.get("/admin/api/main/pages/").json()["items"]
        return next(int(page["id"]) for page in pages if page["meta"]["type"] == "articles.ArticleIndexPage")


@pytest.fixture
def editor(demo: Demo, browser: Browser) -> Iterator[Callable[[], Editor]]:
    context = browser.new_context()

    def log_in() -> Editor:
        show = "from articles.models import Category; print(Category.objects.get(slug='hormones').pk)"
        category = demo.manage("shell", "--no-imports", "-c", show).stdout.strip()
        editor = Editor(url=demo.url, request=context.request, category=category)
        editor.log_in()
        return editor

    yield log_in
    context.close()


def search(demo: Demo, reader: APIRequestContext, word: str) -> dict[str, Any]:
    answer = reader.get(f"{demo.url}/api/search/?q={word}")
    assert answer.status == 200, answer.text()
    found: dict[str, Any] = answer.json()
    return found


def wait_until(true: Callable[[], bool], *, within: float = FOUND_WITHIN) -> None:
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(0.1)


def assert_published_is_found_and_unpublished_is_not(
    demo: Demo, reader: APIRequestContext, editor: Editor, *, title: str, word: str, engine: str
) -> None:
    page = editor.publish(title=title, word=word)
    wait_until(lambda: search(demo, reader, word)["total"] == 1)
    found = search(demo, reader, word)
    assert found["engine"] == engine
    [result] = found["results"]
    assert result["title"] == title
    passage = next(passage for passage in result["passages"] if passage["anchor"])
    assert (passage["heading"], passage["anchor"]) == ("Where it stands", "where-it-stands")
    assert f"<mark>{word}</mark>" in passage["text"]
    assert passage["url"].endswith("#where-it-stands")
    # The link leads to the heading on the article's page, and the page of results shows the same.
    assert 'id="where-it-stands"' in reader.get(passage["url"]).text()
    assert f"<mark>{word}</mark>" in reader.get(f"{demo.url}/search/?q={word}").text()
    editor.unpublish(page)
    wait_until(lambda: search(demo, reader, word)["total"] == 0)
    assert title not in reader.get(f"{demo.url}/search/?q={word}").text()


def test_the_demo_serves_every_address_it_prints(demo: Demo, reader: APIRequestContext) -> None:
    demo.run()
    addresses = re.findall(r"^[A-Z][\w' ]+  (http://\S+)$", demo.logs(), re.MULTILINE)
    assert len(addresses) == 5
    assert all(reader.get(address).ok for address in addresses)
    for path in ("/healthz", "/readyz", "/articles/the-four-key-hormones/", "/articles/supply-and-demand/",
                 "/articles/categories/hormones/", "/articles/tags/prolactin/", "/api/search/?q=oxytocin",
                 "/accounts/login/", "/accounts/signup/"):  # fmt: skip
        assert reader.get(demo.url + path).status == 200, path
    personals = reader.get(f"{demo.url}/personals/", max_redirects=0)
    assert (personals.status, personals.headers["location"]) == (302, "/membership/")


def test_the_demo_is_searched_by_the_database_alone(
    demo: Demo, reader: APIRequestContext, editor: Callable[[], Editor]
) -> None:
    demo.run()
    assert_published_is_found_and_unpublished_is_not(
        demo, reader, editor(), title="Embedded article", word="embergris", engine="database"
    )


def test_the_demo_stops_cleanly_and_starts_again_without_loss(demo: Demo, reader: APIRequestContext) -> None:
    demo.run()
    before = reader.get(f"{demo.url}/articles/").text()
    demo.interrupt()
    assert processes_with(demo.folder) == []
    assert "Traceback" not in demo.logs()
    demo.run()
    assert reader.get(f"{demo.url}/articles/").text() == before


def test_the_demo_moves_onto_elasticsearch_and_outlives_its_death(
    demo: Demo,
    reader: APIRequestContext,
    editor: Callable[[], Editor],
    private_elasticsearch: Elasticsearch,
) -> None:
    demo.run(elasticsearch_url=private_elasticsearch.url)
    # What was published before there was an Elasticsearch is found in it without a hand's help.
    wait_until(lambda: search(demo, reader, "oxytocin")["engine"] == "elasticsearch", within=30)
    wait_until(lambda: demo.manage("search_check").returncode == 0, within=30)
    working = editor()
    assert_published_is_found_and_unpublished_is_not(
        demo, reader, working, title="Clustered article", word="clustergris", engine="elasticsearch"
    )

    stays = working.publish(title="Withdrawn meanwhile", word="withdrawngris")
    wait_until(lambda: search(demo, reader, "withdrawngris")["total"] == 1)
    private_elasticsearch.kill()
    working.unpublish(stays)
    working.publish(title="Published meanwhile", word="meanwhilegris")
    page = reader.get(f"{demo.url}/search/?q=oxytocin")
    assert page.status == 200
    assert "simplified" in page.text()
    assert reader.get(f"{demo.url}/readyz").json()["status"] == "degraded"
    wait_until(lambda: search(demo, reader, "meanwhilegris")["total"] == 1)
    assert search(demo, reader, "meanwhilegris")["engine"] == "database"
    assert search(demo, reader, "withdrawngris")["total"] == 0

    private_elasticsearch.start()
    private_elasticsearch.wait()
    wait_until(lambda: search(demo, reader, "meanwhilegris")["engine"] == "elasticsearch", within=60)
    wait_until(lambda: search(demo, reader, "meanwhilegris")["total"] == 1, within=60)
    assert search(demo, reader, "withdrawngris")["total"] == 0
    wait_until(lambda: demo.manage("search_check").returncode == 0, within=60)
    assert json.loads(demo.manage("search_check", "--json").stdout)["missing"] == []
    status = json.loads(demo.manage("pipeline_status", "--json").stdout)
    assert {row["dead"] for row in status["consumers"].values()} == {0}
