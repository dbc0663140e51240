"""Articles in the words of schema.org, for programs that read pages."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from articles.legible import on_one_line
from articles.models import ArticleIndexPage, ArticlePage, ArticleSource

CONTEXT = "https://schema.org"


def article_data(
    article: ArticlePage,
    *,
    index: ArticleIndexPage | None,
    tags: Sequence[str],
    sources: Sequence[ArticleSource],
    url: str,
    image_url: str,
) -> dict[str, Any]:
    """Return an article, the page that it is on, and the way to it; empty values are left out."""
    page = {
        "@type": "MedicalWebPage",
        "@id": f"{url}#page",
        "url": url,
        "name": on_one_line(article.title),
        "description": on_one_line(article.search_description or article.summary),
        "inLanguage": get_language(),
        "lastReviewed": article.reviewed_on.isoformat() if article.reviewed_on else "",
        "reviewedBy": {"@type": "Person", "name": on_one_line(article.reviewer)} if article.reviewer else None,
        "breadcrumb": {"@id": f"{url}#breadcrumb"},
        "mainEntity": {"@id": f"{url}#article"},
    }
    published, changed = article.first_published_at, article.last_published_at
    text = {
        "@type": "Article",
        "@id": f"{url}#article",
        "mainEntityOfPage": {"@id": f"{url}#page"},
        "headline": on_one_line(article.title),
        "abstract": on_one_line(article.summary),
        "articleSection": on_one_line(article.category.name) if article.category_id else "",
        "keywords": [on_one_line(tag) for tag in tags],
        "image": image_url,
        "datePublished": published.isoformat() if published else "",
        "dateModified": changed.isoformat() if changed else "",
        "author": {"@type": "Organization", "name": on_one_line(article.author)},
        "publisher": {"@type": "Organization", "name": settings.WAGTAIL_SITE_NAME, "url": f"{settings.SITE_URL}/"},
        "isAccessibleForFree": True,
        "citation": [_citation(source) for source in sources],
    }
    trail = breadcrumbs([(index.title, index.url)] if index else [], last=(article.title, url), at=f"{url}#breadcrumb")
    return {"@context": CONTEXT, "@graph": [_told(page), _told(text), trail]}


def way_data(trail: list[tuple[str, str]], *, last: tuple[str, str]) -> dict[str, Any]:
    """Return the way to a page that is no article, as `breadcrumbs` has it."""
    return {"@context": CONTEXT, **breadcrumbs(trail, last=last, at=f"{last[1]}#breadcrumb")}


def site_data(*, name: str, description: str, url: str, search_url: str, email: str) -> dict[str, Any]:
    """Return the site and who stands behind it, for the page that it opens with; empty values are left out.

    Args:
        search_url: The address of a search, with `{search_term_string}` for the question.
    """
    organization = {
        "@type": "Organization",
        "@id": f"{url}#organization",
        "name": on_one_line(name),
        "url": url,
        "email": email,
    }
    website = {
        "@type": "WebSite",
        "@id": f"{url}#website",
        "url": url,
        "name": on_one_line(name),
        "description": on_one_line(description),
        "inLanguage": get_language(),
        "publisher": {"@id": organization["@id"]},
        "potentialAction": {
            "@type": "SearchAction",
            "target": {"@type": "EntryPoint", "urlTemplate": search_url},
            "query-input": "required name=search_term_string",
        },
    }
    return {"@context": CONTEXT, "@graph": [_told(website), _told(organization)]}


def breadcrumbs(trail: list[tuple[str, str]], *, last: tuple[str, str], at: str) -> dict[str, Any]:
    """Return the way from the front page, through pairs of title and address, to `last`."""
    steps = [(_("Home"), "/"), *trail, last]
    items = [
        {
            "@type": "ListItem",
            "position": position,
            "name": on_one_line(title),
            "item": urljoin(settings.SITE_URL, address),
        }
        for position, (title, address) in enumerate(steps, start=1)
    ]
    return {"@type": "BreadcrumbList", "@id": at, "itemListElement": items}


def _citation(source: ArticleSource) -> dict[str, Any]:
    publication = on_one_line(source.publication)
    return _told(
        {
            "@type": "CreativeWork",
            "name": on_one_line(source.title),
            "author": on_one_line(source.authors),
            "isPartOf": {"@type": "CreativeWork", "name": publication} if publication else None,
            "datePublished": str(source.year or ""),
            "url": source.url,
        }
    )


def _told(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value not in (None, "", [])}
