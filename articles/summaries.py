"""Articles as lists in JSON have them, made from columns: twenty whole pages would cost more than all else there."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from wagtail.models import Page

from articles.models import ArticlePage, ArticleTag
from articles.schemas import ArticleLabelSchema
from cms.api.addresses import absolute, path_of, url_of

COLUMNS = (
    "pk",
    "slug",
    "title",
    "summary",
    "url_path",
    "category__slug",
    "category__name",
    "author",
    "first_published_at",
    "last_published_at",
    "expire_at",
    "reviewed_on",
    "reviewer",
)


def rows_of(articles: "QuerySet[ArticlePage]") -> "QuerySet[ArticlePage, Any]":
    """Return what `summary_values` needs of each article."""
    return articles.values_list(*COLUMNS, named=True)


def summary_values(rows: Sequence[Any], *, request: HttpRequest) -> list[dict[str, Any]]:
    """Return the members of a summary of each article."""
    tags = _tags_of(row.pk for row in rows)
    addresses = _addresses_of(rows, request=request)
    api_urls = absolute(reverse("api:articles"))
    return [
        {
            "id": row.pk,
            "type": "article",
            "slug": row.slug,
            "title": row.title,
            "summary": row.summary,
            "path": path,
            "url": url,
            "api_url": f"{api_urls}{quote(row.slug)}/",
            "category": ArticleLabelSchema(value=row.category__slug, label=row.category__name),
            "tags": tags[row.pk],
            "author": row.author,
            "published_at": row.first_published_at,
            "updated_at": row.last_published_at,
            "expires_at": row.expire_at,
            "reviewed_on": row.reviewed_on,
            "reviewer": row.reviewer,
        }
        for row, (path, url) in zip(rows, addresses, strict=True)
    ]


def _tags_of(article_ids: Iterable[int]) -> dict[int, list[ArticleLabelSchema]]:
    found = ArticleTag.objects.filter(content_object_id__in=list(article_ids))
    tags: dict[int, list[ArticleLabelSchema]] = defaultdict(list)
    # Sorted here, as `ArticlePage.search_tags` does: databases have orders of their own.
    for name, slug, article_id in sorted(found.values_list("tag__name", "tag__slug", "content_object_id")):
        tags[article_id].append(ArticleLabelSchema(value=slug, label=name))
    return tags


def _addresses_of(rows: Iterable[Any], *, request: HttpRequest) -> list[tuple[str, str]]:
    """Return the address of each article within its site, and the whole one: those of the page above, with the slug."""
    above: dict[str, tuple[str, str]] = {}
    addresses = []
    for row in rows:
        slug = quote(row.slug)
        url_path = row.url_path.removesuffix(f"{row.slug}/")
        if url_path not in above:
            page = Page(url_path=url_path)
            above[url_path] = path_of(page, request), url_of(page, request)
        path, url = above[url_path]
        addresses.append((f"{path}{slug}/", f"{url}{slug}/"))
    return addresses
