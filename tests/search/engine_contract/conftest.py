"""What every engine has to do, on the database of the run and on the real Elasticsearch."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

import pytest
from django.contrib.contenttypes.models import ContentType
from wagtail.models import Locale, Page, Site

from cms.searchable import Label, Section
from search.documents import version_now
from search.engines.database import DatabaseEngine
from search.interface import Document, Engine, Results
from search.parsing import parse


class Put(Protocol):
    def __call__(
        self,
        title: str = ...,
        text: str = ...,
        *,
        sections: Sequence[tuple[str, str, str]] = ...,
        summary: str = ...,
        category: str = ...,
        tags: Sequence[str] = ...,
        published_at: datetime | None = ...,
        expire_at: datetime | None = ...,
        page_id: int | None = ...,
        version: int | None = ...,
    ) -> int: ...


class Search(Protocol):
    def __call__(self, text: str, **options: Any) -> Results: ...


class Ids(Protocol):
    def __call__(self, text: str, **options: Any) -> list[int]: ...


@pytest.fixture(params=["database", "elasticsearch"])
def engine(request: pytest.FixtureRequest, db: None) -> Engine:
    if request.param == "database":
        return DatabaseEngine()
    engine: Engine = request.getfixturevalue("elasticsearch_engine")
    return engine


@pytest.fixture
def put(engine: Engine) -> Put:
    """Put an article into the index and return its id; a page that anyone may see stands behind it."""

    def put(
        title: str = "An article",
        text: str = "",
        *,
        sections: Sequence[tuple[str, str, str]] = (),
        summary: str = "",
        category: str = "basics",
        tags: Sequence[str] = (),
        published_at: datetime | None = None,
        expire_at: datetime | None = None,
        page_id: int | None = None,
        version: int | None = None,
    ) -> int:
        document = Document(
            page_id=page_id or public_page(),
            version=version or version_now(),
            title=title,
            summary=summary,
            category=Label(category, category.title()) if category else None,
            tags=tuple(Label(tag, tag.title()) for tag in tags),
            sections=tuple(Section(*section) for section in sections) or (Section("", "", text),),
            published_at=published_at,
            expire_at=expire_at,
            content_hash=f"hash of {title}",
        )
        engine.put([document])
        return document.page_id

    return put


def public_page() -> int:
    """Make a page, without all that Wagtail does besides, and return its id."""
    home = Site.objects.get(is_default_site=True).root_page
    number = Page.objects.filter(depth=home.depth + 1).count() + 1_000
    content_type = ContentType.objects.get_for_model(Page)
    page = Page(title="A page", slug=f"page-{number}", content_type=content_type, locale=Locale.objects.get())
    page.path, page.depth = Page._get_path(home.path, home.depth + 1, number), home.depth + 1
    page.url_path = f"{home.url_path}{page.slug}/"
    Page.objects.bulk_create([page])
    return int(page.pk)


@pytest.fixture
def search(engine: Engine) -> Search:
    """Search what was put; `options` are those of a query, and `hidden`."""

    def search(text: str, **options: Any) -> Results:
        engine.entries()  # Elasticsearch lets searches see then what was put before.
        hidden = options.pop("hidden", ())
        return engine.search(replace(parse(text), **options), hidden=hidden)

    return search


@pytest.fixture
def found(search: Search) -> Ids:
    """Search, and return the ids of the pages in the order of the results."""

    def found(text: str, **options: Any) -> list[int]:
        return [hit.page_id for hit in search(text, **options).hits]

    return found
