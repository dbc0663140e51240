"""The site and its pages as JSON."""

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.urls import reverse
from pydantic import BaseModel, Field
from typing_extensions import TypeAliasType
from wagtail.models import Page

from articles.models import ArticleIndexPage, ArticlePage, categories_of, public_articles, tags_of
from articles.schemas import ArticleLabelSchema, ArticleSchema, Block, HeadingSchema, Html, article_schema, blocks_of
from cms.api.addresses import absolute, path_of, url_of
from home.models import HomePage, StandardPage

Path = Annotated[str, Field(description="The page's address within the site; another front end has it there too.")]


class LinkSchema(BaseModel):
    label: str
    url: str


class MenuItemSchema(BaseModel):
    id: int
    title: str
    path: Path
    url: str


class SiteSchema(BaseModel):
    """What every page shows around itself."""

    name: str
    description: str
    url: str
    language: Annotated[str, Field(examples=["en-us"])]
    menu: list[MenuItemSchema]
    footer_text: Annotated[str, Field(description="Plain text; an empty line parts paragraphs.")]
    footer_links: list[LinkSchema]
    contact_email: str
    safety_html: Annotated[str, Field(description="HTML, for readers of every article: that it is no medical advice.")]


class PageSummarySchema(BaseModel):
    """A page of any kind, as the list of all pages has it."""

    id: int
    type: Annotated[str, Field(description="One of the types of a whole page.")]
    title: str
    path: Path
    url: str
    updated_at: dt.datetime | None
    expires_at: Annotated[dt.datetime | None, Field(description="From then on the page is not to be shown.")]


class WholePageSchema(PageSummarySchema):
    seo_title: str
    seo_description: str


class HomePageSchema(WholePageSchema):
    type: Literal["home"]
    headline: str
    intro: str
    html: Html
    body: list[Block]


class StandardPageSchema(WholePageSchema):
    type: Literal["standard"]
    intro: str
    contents: Annotated[list[HeadingSchema], Field(description="The headings in reading order.")]
    html: Html
    body: list[Block]


class TopicSchema(ArticleLabelSchema):
    count: Annotated[int, Field(description="How many articles have it.")]


class ArticleIndexPageSchema(WholePageSchema):
    type: Literal["article_index"]
    intro: str
    articles_url: Annotated[str, Field(description="The articles as JSON.")]
    categories: Annotated[list[TopicSchema], Field(description="All categories, in the editors' order.")]
    tags: Annotated[list[TopicSchema], Field(description="The tags that articles have, those of most articles first.")]


class OtherPageSchema(WholePageSchema):
    """A page whose content only this site shows: send readers to `url`."""

    type: Literal["other"]


AnyPage = HomePageSchema | StandardPageSchema | ArticleIndexPageSchema | ArticleSchema | OtherPageSchema
PageSchema = TypeAliasType("PageSchema", Annotated[AnyPage, Field(discriminator="type")])


def page_summary(page: Page, request: HttpRequest) -> PageSummarySchema:
    return PageSummarySchema(type=TYPES.get(page.specific_class, OTHER)[0], **_summary(page, request))


def page_schema(page: Page, request: HttpRequest) -> AnyPage:
    """Return a page, which is of its own class, as JSON."""
    if isinstance(page, ArticlePage):
        return article_schema(page, request)
    name, schema, more_of = TYPES.get(type(page), OTHER)
    whole: AnyPage = schema(type=name, **_summary(page, request), **_seo(page), **more_of(page))
    return whole


def _summary(page: Page, request: HttpRequest) -> dict[str, Any]:
    return {
        "id": page.pk,
        "title": page.title,
        "path": path_of(page, request),
        "url": url_of(page, request),
        "updated_at": page.last_published_at,
        "expires_at": page.expire_at,
    }


def _seo(page: Page) -> dict[str, str]:
    description = page.search_description or getattr(page, "intro", "")
    return {"seo_title": page.seo_title or page.title, "seo_description": description}


def _body(stream: Any) -> dict[str, Any]:
    (blocks,), (html,) = blocks_of([stream], html=[stream.stream_block.render_as_stored(stream)])
    return {"body": blocks, "html": html}


def _home(page: HomePage) -> dict[str, Any]:
    return {"headline": page.headline or page.title, "intro": page.intro, **_body(page.sections)}


def _standard(page: StandardPage) -> dict[str, Any]:
    made = _body(page.body)
    contents = [block.value for block in made["body"] if block.type == "heading"]
    return {"intro": page.intro, "contents": contents, **made}


def _article_index(page: ArticleIndexPage) -> dict[str, Any]:
    articles = public_articles()
    return {
        "intro": page.intro,
        "articles_url": absolute(reverse("api:articles")),
        "categories": [_topic(category) for category in categories_of(articles)],
        "tags": [_topic(tag) for tag in tags_of(articles)],
    }


def _topic(topic: Any) -> TopicSchema:
    return TopicSchema(value=topic.slug, label=topic.name, count=topic.article_count)


Told = tuple[str, type[Any], Callable[[Any], dict[str, Any]]]

# class -> its type in JSON, its schema, and what of it stands in the schema besides what every page has
TYPES: dict[type[Page], Told] = {
    HomePage: ("home", HomePageSchema, _home),
    StandardPage: ("standard", StandardPageSchema, _standard),
    ArticleIndexPage: ("article_index", ArticleIndexPageSchema, _article_index),
    ArticlePage: ("article", ArticleSchema, lambda _page: {}),
}
OTHER: Told = ("other", OtherPageSchema, lambda _page: {})
