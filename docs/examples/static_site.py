"""Build a small static site from the API: `python static_site.py https://example.org public`

It needs Python 3.11 and nothing else, and is meant to be read and changed. What the API answers is kept beside the
site, so that the next run asks only whether it has changed; whatever is no longer there is removed.
"""

import hashlib
import json
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

ARTICLES_PER_PAGE = 10
TIMEOUT = 30  # seconds
LINK = re.compile(r'href="([^"#?]*)')

Json = dict[str, Any]


# --- Asking ----------------------------------------------------------------------------------------------------------


class Api:
    """Reads the API, and asks only once more for what it has: 304 says that it is still right.

    Args:
        url: The address of the site, like https://example.org.
        kept: A folder for the answers and their entity tags.
    """

    def __init__(self, url: str, *, kept: Path) -> None:
        self.url = url.rstrip("/")
        self.kept = kept
        self.asked = self.unchanged = 0
        kept.mkdir(parents=True, exist_ok=True)

    def get(self, path: str, /, **parameters: str | int) -> Json:
        """Return an answer. Raises `urllib.error.HTTPError`, with a problem document, where there is none."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        return self.get_url(f"{self.url}{path}{query}")

    def get_url(self, url: str) -> Json:
        file = self.kept / f"{hashlib.sha256(url.encode()).hexdigest()}.json"
        known: Json = json.loads(file.read_text()) if file.exists() else {}
        headers = {"If-None-Match": known["etag"]} if known else {}
        self.asked += 1
        try:
            with open_url(url, headers) as response:
                known = {"etag": response.headers["ETag"], "answer": json.load(response)}
        except urllib.error.HTTPError as error:
            if error.code != 304:
                raise
            self.unchanged += 1
        else:
            file.write_text(json.dumps(known))
        answer: Json = known["answer"]
        return answer

    def every(self, path: str) -> Iterator[Json]:
        """Yield all that is listed there. `next` misses nothing, whatever is published meanwhile."""
        answer = self.get(path)
        yield from answer["results"]
        while answer["next"]:
            answer = self.get_url(answer["next"])
            yield from answer["results"]


def open_url(url: str, headers: dict[str, str]) -> Any:
    """Open an address; who asks too often is told how long to wait."""
    request = urllib.request.Request(url, headers=headers)
    try:
        return urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code != 429:
            raise
        time.sleep(int(error.headers["Retry-After"]))
        return urllib.request.urlopen(request, timeout=TIMEOUT)


# --- Writing ---------------------------------------------------------------------------------------------------------


class Folder:
    """The site on the disk. It removes what the run before had written and this one has not."""

    def __init__(self, path: Path, *, kept: Path) -> None:
        self.path = path
        self._list = kept / "written.txt"
        self._written: set[str] = set()

    def write(self, name: str, content: str | bytes) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        self._written.add(name)

    def has(self, name: str) -> bool:
        """Tell whether a file is there that never changes under its name, and keep it."""
        self._written.add(name)
        return (self.path / name).exists()

    def clean_up(self) -> None:
        before = set(self._list.read_text().splitlines()) if self._list.exists() else set()
        for name in before - self._written:
            (self.path / name).unlink(missing_ok=True)
        self._list.write_text("\n".join(sorted(self._written)))


# --- The site --------------------------------------------------------------------------------------------------------


class StaticSite:
    def __init__(self, api: Api, folder: Folder) -> None:
        self.api = api
        self.folder = folder
        self.site = api.get("/api/site/")
        # Pages of the type "other" are shown by the site itself alone.
        self.pages = [page for page in api.every("/api/pages/") if page["type"] != "other"]
        self.paths = {page["path"] for page in self.pages}

    def build(self) -> None:
        for page in self.pages:
            self._page(self.api.get("/api/pages/find/", path=page["path"]))
        self._redirects()
        self.folder.clean_up()

    def _page(self, page: Json) -> None:
        match page["type"]:
            case "home":
                latest = self.api.get("/api/articles/", page_size=3)["results"]
                self._write(page, intro(page["headline"], page["intro"]) + cards(latest) + self._blocks(page["body"]))
            case "standard":
                self._write(page, intro(page["title"], page["intro"]) + self._blocks(page["body"]))
            case "article":
                body = self._blocks(page["body"]) + self.site["safety_html"] + sources(page["sources"])
                self._write(page, intro(page["title"], page["summary"]) + byline(page) + body)
            case "article_index":
                self._list(page)

    def _list(self, page: Json) -> None:
        """Write the list of articles, in parts: /articles/, /articles/2/ and so on."""
        articles = list(self.api.every("/api/articles/"))
        parts = [articles[at : at + ARTICLES_PER_PAGE] for at in range(0, len(articles), ARTICLES_PER_PAGE)] or [[]]
        for number, part in enumerate(parts, start=1):
            path = page["path"] if number == 1 else f"{page['path']}{number}/"
            following = (
                f'<p><a href="{page["path"]}{number + 1}/">Older articles</a></p>' if number < len(parts) else ""
            )
            self._write(page | {"path": path}, intro(page["title"], page["intro"]) + cards(part) + following)

    def _write(self, page: Json, body: str) -> None:
        links = [(each["title"], each["url"]) for each in self.site["menu"]]
        footer = [(each["label"], each["url"]) for each in self.site["footer_links"]]
        self.folder.write(
            f"{page['path'].strip('/')}/index.html".lstrip("/"),
            self._with_own_links(
                f'<!doctype html>\n<html lang="{self.site["language"]}">\n<meta charset="utf-8">\n'
                f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
                f"<title>{escape(page['seo_title'])}</title>\n"
                f'<meta name="description" content="{escape(page["seo_description"])}">\n'
                f'<header><a href="/">{escape(self.site["name"])}</a> <nav>{anchors(links)}</nav></header>\n'
                f"<main>\n{body}\n</main>\n"
                f"<footer><p>{escape(self.site['footer_text'])}</p> {anchors(footer)}</footer>\n</html>\n"
            ),
        )

    def _with_own_links(self, html: str) -> str:
        """Let links to pages that are built here stay here; all others lead to the site that they are on."""
        return LINK.sub(lambda link: f'href="{self._own(link[1])}', html)

    def _own(self, url: str) -> str:
        path = url.removeprefix(self.site["url"].rstrip("/"))
        return path if path in self.paths else url

    def _redirects(self) -> None:
        """Write them as Netlify and Cloudflare Pages read them."""
        lines = [
            f"{redirect['path']} {self._own(redirect['url'])} {301 if redirect['is_permanent'] else 302}\n"
            for redirect in self.api.every("/api/redirects/")
        ]
        self.folder.write("_redirects", "".join(lines))

    def _blocks(self, blocks: list[Json]) -> str:
        """Return a body as HTML of one's own; `html` of a page is the same as the site itself renders it."""
        kinds: dict[str, Callable[[Any], str]] = {
            "heading": heading,
            "paragraph": str,
            "image": self._figure,
            "callout": callout,
            "table": table,
            "quote": quote,
        }
        # Kinds may be added at any time: what is not known is passed over.
        return "\n".join(kinds[block["type"]](block["value"]) for block in blocks if block["type"] in kinds)

    def _figure(self, figure: Json) -> str:
        sizes = figure["image"]["sizes"] if figure["image"] else []
        if not sizes:
            return ""
        files = [self._file(size["url"]) for size in sizes]
        choices = ", ".join(f"{file} {size['width']}w" for file, size in zip(files, sizes, strict=True))
        size = f'width="{sizes[-1]["width"]}" height="{sizes[-1]["height"]}"'
        image = f'<img src="{files[-1]}" srcset="{choices}" sizes="100vw" {size} alt="{escape(figure["alt"])}">'
        return (
            f"<figure>{image}<figcaption>{escape(figure['caption'])} {escape(figure['credit'])}</figcaption></figure>"
        )

    def _file(self, url: str) -> str:
        """Copy a file, once: another picture has another name. Return its address here."""
        name = urlsplit(url).path.lstrip("/")
        if not self.folder.has(name):
            with open_url(url, {}) as response:
                self.folder.write(name, response.read())
        return f"/{name}"


# --- Parts of a page -------------------------------------------------------------------------------------------------


def intro(title: str, text: str) -> str:
    return f"<h1>{escape(title)}</h1>\n<p>{escape(text)}</p>\n"


def anchors(links: list[tuple[str, str]]) -> str:
    return " ".join(f'<a href="{escape(url)}">{escape(label)}</a>' for label, url in links)


def cards(articles: list[Json]) -> str:
    return "\n".join(
        f'<article><h2><a href="{escape(article["url"])}">{escape(article["title"])}</a></h2>'
        f"<p>{escape(article['summary'])}</p></article>"
        for article in articles
    )


def byline(article: Json) -> str:
    reviewer = f"Medically reviewed by {article['reviewer']}" if article["reviewer"] else "Not clinically reviewed"
    return f"<p>By {escape(article['author'])} · {escape(reviewer)}</p>\n"


def heading(value: Json) -> str:
    return f'<{value["level"]} id="{escape(value["anchor"])}">{escape(value["text"])}</{value["level"]}>'


def callout(value: Json) -> str:
    return f'<aside class="{value["kind"]}">{value["html"]}</aside>'


def quote(value: Json) -> str:
    return f"<blockquote>{escape(value['text'])} <cite>{escape(value['attribution'])}</cite></blockquote>"


def table(value: Json) -> str:
    head = "".join(f'<th scope="col">{escape(column["heading"])}</th>' for column in value["columns"])
    rows = (f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in value["rows"])
    return f"<table><caption>{escape(value['caption'])}</caption><tr>{head}</tr>{''.join(rows)}</table>"


def sources(found: list[Json]) -> str:
    items = (
        f'<li><a href="{escape(source["url"])}">{escape(source["title"])}</a></li>'
        if source["url"]
        else f"<li>{escape(source['title'])}</li>"
        for source in found
    )
    return f"<h2>Sources</h2><ol>{''.join(items)}</ol>" if found else ""


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("usage: static_site.py SITE_URL FOLDER")
    folder = Path(sys.argv[2])
    kept = folder.with_name(f"{folder.name}.kept")
    api = Api(sys.argv[1], kept=kept)
    StaticSite(api, Folder(folder, kept=kept)).build()
    print(f"{api.asked} answers, {api.unchanged} of them unchanged")


if __name__ == "__main__":
    main()
