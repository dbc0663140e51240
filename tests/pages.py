"""The pages of the tests: made the way the site makes them, published the way an editor does."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest
from pytest_django import Settings
from wagtail.images import get_image_model
from wagtail.images.models import Image
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Page

from articles.models import ArticleIndexPage, ArticlePage, ArticleSource, Category
from articles.setup import set_up_articles
from home.models import HomePage, StandardPage
from home.setup import set_up_home
from tests.copies import Copy

Block = tuple[str, Any]
HOME = Copy(set_up_home)
INDEX = Copy(set_up_articles)


class ArticleFactory(Protocol):
    def __call__(
        self,
        *,
        title: str = ...,
        body: Sequence[Block] | None = ...,
        text: str = ...,
        category: str = ...,
        tags: Sequence[str] = ...,
        sources: Sequence[ArticleSource] = ...,
        parent: ArticleIndexPage | None = ...,
        **fields: Any,
    ) -> ArticlePage: ...


@pytest.fixture
def home_page(db: None) -> HomePage:
    HOME.into_database()
    # The site's address is that of the test.
    set_up_home()
    return HomePage.objects.get()


@pytest.fixture
def article_index(home_page: HomePage) -> ArticleIndexPage:
    INDEX.into_database()
    return ArticleIndexPage.objects.get()


class StandardPageFactory(Protocol):
    def __call__(
        self, *, title: str = ..., body: Sequence[Block] = ..., parent: Page | None = ..., **fields: Any
    ) -> StandardPage: ...


@pytest.fixture
def publish_page(home_page: HomePage) -> StandardPageFactory:
    """Make a page that is no article and publish it, under the home page unless `parent` says otherwise."""

    def make(
        *, title: str = "About", body: Sequence[Block] = (), parent: Page | None = None, **fields: Any
    ) -> StandardPage:
        page = StandardPage(title=title, body=list(body), **fields)
        (parent or home_page).add_child(instance=page)
        page.save_revision().publish()
        return StandardPage.objects.get(pk=page.pk)

    return make


@pytest.fixture
def draft_article(article_index: ArticleIndexPage) -> ArticleFactory:
    """Make an article that no reader sees, with its latest revision.

    `category` is a slug; `body` holds pairs of block type and value; `text`, where there is no body, becomes one
    paragraph; `fields` are any others of the page, `slug` and `expire_at` for instance.
    """

    def make(
        *,
        title: str = "Let-down",
        body: Sequence[Block] | None = None,
        text: str = "Milk moves when oxytocin is released.",
        category: str = "hormones",
        tags: Sequence[str] = (),
        sources: Sequence[ArticleSource] = (),
        parent: ArticleIndexPage | None = None,
        **fields: Any,
    ) -> ArticlePage:
        article = ArticlePage(
            title=title,
            category=Category.objects.get(slug=category),
            body=[("paragraph", f"<p>{text}</p>")] if body is None else list(body),
            live=False,
            **{"summary": f"About {title}."[:250], "author": "The editorial team", **fields},
        )
        article.sources.set(sources)
        (parent or article_index).add_child(instance=article)
        article.tags.set(tags)
        article.save_revision()
        return ArticlePage.objects.get(pk=article.pk)

    return make


@pytest.fixture
def publish_article(draft_article: ArticleFactory) -> ArticleFactory:
    """Make an article and publish it; takes what `draft_article` takes."""

    def make(**fields: Any) -> ArticlePage:
        draft = draft_article(**fields)
        draft.get_latest_revision().publish()
        return ArticlePage.objects.get(pk=draft.pk)

    return make


@pytest.fixture
def image(db: None, settings: Settings, tmp_path: Path) -> Image:
    """An image of the library, in a media folder of the test's own."""
    settings.MEDIA_ROOT = tmp_path
    return get_image_model().objects.create(title="Diagram", file=get_test_image_file(size=(1600, 900)))
