"""What a file says of an article, taken from an article of the site: by this, two states of one are compared."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from wagtail.images import get_image_model
from wagtail.models import Page

from articles.blocks import keep_anchors
from articles.exchange.bodies import Block, Library, read_body
from articles.exchange.rich_text import Addresses
from articles.legible import on_one_line
from articles.markdown import ARTICLE_LINK, RawBlock
from articles.models import ArticleIndexPage, ArticlePage, ArticleSource

SOURCE_FIELDS = ("title", "authors", "publication", "year", "url")


def values_of(article: ArticlePage) -> dict[str, Any]:
    """Return an article's fields as they stand in the front matter of its file, in their order."""
    return {
        "id": str(article.translation_key),
        "title": on_one_line(article.title),
        "slug": article.slug,
        "summary": on_one_line(article.summary),
        "category": article.category.slug if article.category_id else "",
        "tags": sorted((on_one_line(tag.name) for tag in article.tags.all()), key=lambda name: (name.casefold(), name)),
        "author": on_one_line(article.author),
        "reviewed_on": article.reviewed_on,
        "reviewer": on_one_line(article.reviewer),
        "published": article.first_published_at,
        "seo_title": on_one_line(article.seo_title),
        "search_description": on_one_line(article.search_description),
        "sources": [source_values(source) for source in article.sources.all()],
    }


def source_values(source: ArticleSource) -> dict[str, Any]:
    """Return what is known of a source; what is not has no name in it."""
    values = {name: getattr(source, name) for name in SOURCE_FIELDS}
    legible = {name: on_one_line(value) if isinstance(value, str) else value for name, value in values.items()}
    return {name: value for name, value in legible.items() if value not in {None, ""}}


def blocks_of(article: ArticlePage, library: Library) -> list[Block]:
    """Return the blocks of an article's body that say anything."""
    return [block for block in read_body(stored_body(article), library) if block is not None]


def stored_body(article: ArticlePage) -> list[RawBlock]:
    """Return the blocks of a body as they are stored, each heading with its anchor."""
    body = deepcopy(article.body)
    keep_anchors(body)
    raw: list[RawBlock] = body.get_prep_value()
    return raw


def image_ids(blocks: Iterable[RawBlock]) -> set[int]:
    return {block["value"]["image"] for block in blocks if block["type"] == "image" and block["value"]["image"]}


def hashes_of(numbers: Iterable[int]) -> dict[int, str]:
    """Return the hash of each image's file. One whose file is lost is like no other."""
    hashes = {}
    for image in get_image_model().objects.filter(pk__in=list(numbers)):
        try:
            hashes[image.pk] = image.get_file_hash()
        except OSError:
            hashes[image.pk] = f"lost {image.pk}"
    return hashes


class PageAddresses:
    """The addresses of all pages that can be linked to: `article:slug` under `index`, a path for every other one."""

    def __init__(self, index: ArticleIndexPage) -> None:
        root = _root_of(index)
        self.page_ids: dict[str, int] = {}
        self._by_id: dict[int, str] = {}
        by_path: dict[str, str] = {}
        pages = Page.objects.descendant_of(root, inclusive=True).order_by("path")
        for pk, path, url_path, slug in pages.values_list("pk", "path", "url_path", "slug"):
            address = _path(url_path, root=root)
            is_article = path[: -Page.steplen] == index.path
            self._by_id[pk] = by_path[address] = f"{ARTICLE_LINK}{slug}" if is_article else address
            self.page_ids |= {address: pk, self._by_id[pk]: pk}
        self.names = Addresses(by_id=self._by_id, by_path=by_path)

    def add(self, slugs: Mapping[str, int]) -> None:
        """Let articles that are not saved under their addresses yet be linked to."""
        self.page_ids |= {f"{ARTICLE_LINK}{slug}": pk for slug, pk in slugs.items()}

    def add_known(self, known: Mapping[str, int], *, only_existing: bool) -> None:
        """Let pages be linked to by the addresses that they had or will have, where no other page is there."""
        for address, pk in known.items():
            if only_existing and pk not in self._by_id:
                continue
            self.page_ids.setdefault(address, pk)
            self._by_id.setdefault(pk, address)


def addresses_at(slug: str, *, above: str, index: ArticleIndexPage) -> list[str]:
    """Return the addresses by which texts of `index` link to an article, whether there is one or not.

    `above` is the `url_path` of the page that it is under.
    """
    path = f"{_path(above, root=_root_of(index))}{slug}/"
    return [f"{ARTICLE_LINK}{slug}", path] if above == index.url_path else [path]


def _root_of(index: ArticleIndexPage) -> Page:
    site = index.get_site()
    return site.root_page if site else index


def _path(url_path: str, *, root: Page) -> str:
    return url_path.removeprefix(root.url_path.rstrip("/"))
