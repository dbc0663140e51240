"""Everything of the site that shows an article, and what is right there while it is public and while it is not."""

from tests.page_cache.newsroom import Check

# What takes the worker: it looks for what is due every two seconds, and may be resting from what came before.
WORKER_SECONDS = 10
SUBJECT = "Colostrum"
HTML_LISTS = ["/", "/articles/", "/articles/categories/hormones/", "/articles/tags/milk/"]
LISTS = [
    *HTML_LISTS,
    "/feeds/articles.atom",
    "/feeds/articles.json",
    "/api/articles/",
    "/api/articles/?category=hormones&tag=milk",
    "/api/pages/",
]
SEARCHES = ["/search/?q=flows", "/api/search/?q=flows"]


def own_addresses(slug: str, *, under: str = "articles") -> list[str]:
    return [f"/{under}/{slug}/", f"/api/articles/{slug}/", f"/api/pages/find/?path=/{under}/{slug}/"]


def shows(word: str) -> Check:
    return lambda status, text: status == 200 and word in text


def hides(word: str) -> Check:
    return lambda _status, text: word not in text


def does_not_lead_to(path: str) -> Check:
    # The API's own address of an article stays.
    return lambda _status, text: path not in text.replace(f"/api{path}", "")


def is_answered_with(wanted: int) -> Check:
    return lambda status, _text: status == wanted


def shown(title: str, *, slug: str = "", under: str = "articles") -> dict[str, Check]:
    """Return what is right on every surface while an article is public; the searches have to wait for the worker."""
    slug = slug or title.lower()
    checks = dict.fromkeys([*LISTS, *own_addresses(slug, under=under)], shows(title))
    return {**checks, "/sitemap.xml": shows(f"/{under}/{slug}/")}


def hidden(title: str, *, slug: str = "", under: str = "articles") -> dict[str, Check]:
    slug = slug or title.lower()
    checks = dict.fromkeys([*LISTS, *SEARCHES, *own_addresses(slug, under=under)], hides(title))
    return {**checks, "/sitemap.xml": hides(f"/{under}/{slug}/")}
