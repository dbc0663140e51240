"""The example programs for front ends, on a site as an operator runs it, with its worker and its webhooks."""

import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.page_cache.newsroom import Newsroom
from tests.pipeline.test_worker import wait_until
from tests.services.process import free_port
from tests.services.site import Site

EXAMPLES = Path(__file__).resolve().parents[1] / "docs" / "examples"

WRITE_THE_SITE = """
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Site
from articles.models import ArticleSource
from home.models import HomePage, SiteSettings, StandardPage

home = HomePage.objects.get()
home.headline, home.intro = "How milk <is> made", "Calmly."
home.save_revision().publish()
about = StandardPage(title="About us", slug="about", show_in_menus=True, body=[("paragraph", "<p>We are few.</p>")])
home.add_child(instance=about)
about.save_revision().publish()
for number in range(12):
    write(f"Article {number}")
image = get_image_model().objects.create(title="A duct", file=get_test_image_file(size=(1600, 900)))
draft = write("Draft canary", publish=False)
linked = article("article-0")
table = {
    "columns": [{"type": "text", "heading": "Hormone"}], "rows": [{"values": ["Oxytocin <3"]}], "caption": "Hormones",
}
whole = write("Everything", tags=("milk",), body=[
    ("heading", {"text": "What it does", "level": "h2", "anchor": "what-it-does"}),
    ("paragraph", f'<p>See <a linktype="page" id="{linked.pk}">the first</a> and '
                  f'<a linktype="page" id="{draft.pk}">another</a>.</p>'),
    ("image", {"image": image, "alt": 'A "duct"', "caption": "One duct", "credit": ""}),
    ("callout", {"kind": "warning", "text": "<p>Take care.</p>"}),
    ("table", table),
    ("quote", {"text": "It <flows>.", "attribution": "A reader"}),
])
whole.sources.add(ArticleSource(title="A study", url="https://example.org/study"))
whole.save_revision().publish()
Redirect.add_redirect("/old", redirect_to=whole)
Redirect.add_redirect("/secret", redirect_to=draft)
Redirect.add_redirect("/out", redirect_to="https://example.org/", is_permanent=False)
links = [("link", {"label": "Imprint", "page": about, "address": ""})]
site = Site.objects.get(is_default_site=True)
SiteSettings.objects.create(site=site, footer_text="Made with care.", footer_links=links)
"""
MAKE_AN_ENDPOINT = """
from cms.pipeline.webhooks.models import Endpoint
from cms.pipeline.webhooks.signing import rotate
endpoint = Endpoint.objects.create(name="Static site", url="{url}")
result = rotate(endpoint=endpoint, now=timezone.now())
"""


class MiniSite(NamedTuple):
    """A folder that a static site is built into, and the command that builds it."""

    folder: Path
    command: list[str]

    def build(self) -> str:
        """Return what the program says."""
        built = subprocess.run(self.command, capture_output=True, text=True, timeout=120, check=False)
        assert built.returncode == 0, built.stderr
        return built.stdout

    def page(self, path: str) -> str:
        return (self.folder / path / "index.html").read_text()

    def text(self) -> str:
        """Return the text of all files."""
        files = [file for file in self.folder.rglob("*") if file.is_file()]
        return "".join(str(file) + file.read_bytes().decode(errors="replace") for file in files)


@pytest.fixture(scope="module")
def newsroom(running_site: Callable[..., Site]) -> Iterator[Newsroom]:
    newsroom = Newsroom(running_site(WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8"))
    newsroom.do(WRITE_THE_SITE)
    yield newsroom
    newsroom.stop()


@pytest.fixture
def mini_site(newsroom: Newsroom, tmp_path: Path) -> MiniSite:
    folder = tmp_path / "public"
    return MiniSite(folder, [sys.executable, str(EXAMPLES / "static_site.py"), newsroom.site.url, str(folder)])


def test_a_static_site_has_all_that_readers_see_and_nothing_else(newsroom: Newsroom, mini_site: MiniSite) -> None:
    mini_site.build()
    home = mini_site.page(".")
    assert "<h1>How milk &lt;is&gt; made</h1>" in home
    assert "Everything" in home
    menu = re.findall(r'<a href="(.*?)">(.*?)</a>', home[home.index("<nav>") : home.index("</nav>")])
    assert menu == [
        ("/articles/", "Articles"),
        (f"{newsroom.site.url}/membership/", "Dreams of Milk Membership"),
        ("/about/", "About us"),
    ]
    assert 'Made with care.</p> <a href="/about/">Imprint</a>' in home
    assert "<p>We are few.</p>" in mini_site.page("about")
    listed = mini_site.page("articles") + mini_site.page("articles/2")
    assert re.findall(r'<h2><a href="(.*?)">', listed) == [
        "/articles/everything/", *(f"/articles/article-{number}/" for number in range(11, -1, -1)),
    ]  # fmt: skip
    assert '<a href="/articles/2/">' in mini_site.page("articles")
    assert "canary" not in mini_site.text().lower()


def test_an_article_has_its_blocks_links_and_sources(newsroom: Newsroom, mini_site: MiniSite) -> None:
    mini_site.build()
    article = mini_site.page("articles/everything")
    for part in (
        '<h2 id="what-it-does">What it does</h2>',
        'See <a href="/articles/article-0/">the first</a> and <a>another</a>.',
        '<aside class="warning"><p>Take care.</p>',
        "<caption>Hormones</caption>",
        "<td>Oxytocin &lt;3</td>",
        "<blockquote>It &lt;flows&gt;. <cite>A reader</cite></blockquote>",
        "<figcaption>One duct",
        '<a href="https://example.org/study">A study</a>',
        "By The editorial team · Not clinically reviewed",
        "General information for adults, not medical advice",
    ):
        assert part in article, part


def test_pictures_are_copied_in_every_size(newsroom: Newsroom, mini_site: MiniSite) -> None:
    mini_site.build()
    image = re.search(
        r'<img src="/(.*?)" srcset="(.*?)".*?width="(\d+)".*?alt="(.*?)"', mini_site.page("articles/everything")
    )
    assert image is not None
    src, candidates, width, alt = image.groups()
    assert (width, alt) == ("1440", "A &quot;duct&quot;")
    names = [candidate.split()[0].lstrip("/") for candidate in candidates.split(",")]
    assert len(names) == 3
    assert names[-1] == src
    for name in names:
        with urllib.request.urlopen(f"{newsroom.site.url}/{name}") as original:
            assert (mini_site.folder / name).read_bytes() == original.read()


def test_old_addresses_lead_on(newsroom: Newsroom, mini_site: MiniSite) -> None:
    mini_site.build()
    lines = (mini_site.folder / "_redirects").read_text().splitlines()
    assert lines == ["/old /articles/everything/ 301", "/out https://example.org/ 302"]


def test_the_second_run_only_asks_whether_anything_has_changed(newsroom: Newsroom, mini_site: MiniSite) -> None:
    first = re.fullmatch(r"(\d+) answers, 0 of them unchanged\n", mini_site.build())
    assert first is not None
    before = mini_site.text()
    assert mini_site.build() == f"{first[1]} answers, {first[1]} of them unchanged\n"
    assert mini_site.text() == before


def test_a_webhook_has_the_site_built_anew(newsroom: Newsroom, mini_site: MiniSite, tmp_path: Path) -> None:
    port = free_port()
    secret = newsroom.do(MAKE_AN_ENDPOINT.format(url=f"http://127.0.0.1:{port}/"))
    script = EXAMPLES / "webhook_receiver.py"
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(
            [sys.executable, script, str(port), *mini_site.command],
            cwd=tmp_path,
            env={"WEBHOOK_SECRETS": f"whsec_{'A' * 44} {secret}"},
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as receiver,
    ):
        try:
            newsroom.do("write('Colostrum')")
            built = mini_site.folder / "articles/colostrum/index.html"
            wait_until(built.exists)
            newsroom.do("article('colostrum').unpublish()")
            wait_until(lambda: not built.exists())
        finally:
            receiver.kill()
    assert "Colostrum" not in mini_site.text()
