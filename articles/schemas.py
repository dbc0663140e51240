"""Articles and their blocks as JSON: exact schemas, made from what is stored with few queries for many articles."""

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Annotated, Any, Literal, cast, get_args

from django.http import HttpRequest
from django.urls import reverse
from pydantic import BaseModel, Field, create_model
from typing_extensions import TypeAliasType
from wagtail.images import get_image_model
from wagtail.images.models import AbstractImage, SourceImageIOError
from wagtail.rich_text import expand_db_html

from articles.blocks import FIGURE_SIZES
from articles.models import ArticlePage, ArticleSource
from cms.api.addresses import absolute, path_of, url_of, with_absolute_addresses

logger = logging.getLogger(__name__)

Html = Annotated[str, Field(description="HTML; its links and images have absolute addresses.")]
Level = Literal["h2", "h3"]
CalloutKind = Literal["note", "warning", "doctor"]
RawBlock = Mapping[str, Any]


# --- The blocks of a body --------------------------------------------------------------------------------------------


class ImageSizeSchema(BaseModel):
    name: Annotated[str, Field(examples=["width-960"])]
    url: str
    width: Annotated[int, Field(description="In pixels.")]
    height: Annotated[int, Field(description="In pixels.")]


class ImageSchema(BaseModel):
    id: int
    title: str
    sizes: Annotated[list[ImageSizeSchema], Field(description="The sizes on offer, the smallest first.")]


class HeadingSchema(BaseModel):
    text: str
    level: Level
    anchor: Annotated[str, Field(description="The heading's id in `html`; unique within the page.")]


class FigureSchema(BaseModel):
    image: Annotated[ImageSchema | None, Field(description="Null where the image has been deleted.")]
    alt: Annotated[str, Field(description="What the image shows, for readers who cannot see it.")]
    caption: str
    credit: str


class CalloutSchema(BaseModel):
    kind: CalloutKind
    html: Html


class TableColumnSchema(BaseModel):
    heading: str


class TableSchema(BaseModel):
    caption: str
    columns: list[TableColumnSchema]
    rows: Annotated[
        list[list[Html]], Field(description="A cell for each column; the first names its row. Cells are HTML.")
    ]


class QuoteSchema(BaseModel):
    text: Annotated[str, Field(description="Plain text; an empty line parts paragraphs.")]
    attribution: str


BlockId = Annotated[str, Field(description="Stays the same while the block is edited and moved.")]


class HeadingBlockSchema(BaseModel):
    id: BlockId
    type: Literal["heading"]
    value: HeadingSchema


class ParagraphBlockSchema(BaseModel):
    id: BlockId
    type: Literal["paragraph"]
    value: Html


class ImageBlockSchema(BaseModel):
    id: BlockId
    type: Literal["image"]
    value: FigureSchema


class CalloutBlockSchema(BaseModel):
    id: BlockId
    type: Literal["callout"]
    value: CalloutSchema


class TableBlockSchema(BaseModel):
    id: BlockId
    type: Literal["table"]
    value: TableSchema


class QuoteBlockSchema(BaseModel):
    id: BlockId
    type: Literal["quote"]
    value: QuoteSchema


AnyBlock = (
    HeadingBlockSchema
    | ParagraphBlockSchema
    | ImageBlockSchema
    | CalloutBlockSchema
    | TableBlockSchema
    | QuoteBlockSchema
)
# Named, so that OpenAPI has one schema `Block` and not a copy of it wherever blocks are.
Block = TypeAliasType("Block", Annotated[AnyBlock, Field(discriminator="type")])


@dataclass(frozen=True)
class _Shared:
    """What blocks refer to, looked up for all of them together: HTML by its source, images by their number."""

    html: Mapping[str, str]
    images: Mapping[int, ImageSchema]


def blocks_of(bodies: Sequence[Any], *, html: Sequence[str] = ()) -> tuple[list[list[AnyBlock]], list[str]]:
    """Return the blocks of each body, and `html` with its links expanded, in two or three queries for all of them.

    A block that no schema is for (left in the database by another version) is left out. What a block should have and
    does not is empty.
    """
    stored: list[list[RawBlock]] = [list(body.raw_data) for body in bodies]
    every = [block for blocks in stored for block in blocks]
    shared = _Shared(html=_expanded([*_rich_texts(every), *html]), images=_images(every))
    made = [[made for block in blocks if (made := _block(block, shared=shared))] for blocks in stored]
    return made, [shared.html[text] for text in html]


def _block(block: RawBlock, *, shared: _Shared) -> AnyBlock | None:
    kind = str(block.get("type"))
    if kind not in BLOCKS:
        return None
    schema, value_of = BLOCKS[kind]
    return schema(id=str(block.get("id") or ""), type=kind, value=value_of(block.get("value"), shared))


def _heading(value: Any) -> HeadingSchema:
    level = _text(value, "level")
    known = cast("Level", level) if level in get_args(Level) else "h2"
    return HeadingSchema(text=_text(value, "text"), level=known, anchor=_text(value, "anchor"))


def _figure(value: Any, shared: _Shared) -> FigureSchema:
    return FigureSchema(
        image=shared.images.get(_image_id(value)),
        alt=_text(value, "alt"),
        caption=_text(value, "caption"),
        credit=_text(value, "credit"),
    )


def _callout(value: Any, shared: _Shared) -> CalloutSchema:
    kind = _text(value, "kind")
    known = cast("CalloutKind", kind) if kind in get_args(CalloutKind) else "note"
    return CalloutSchema(kind=known, html=shared.html[_text(value, "text")])


def _quote(value: Any) -> QuoteSchema:
    return QuoteSchema(text=_text(value, "text"), attribution=_text(value, "attribution"))


def _table(value: Any, shared: _Shared) -> TableSchema:
    columns = _list(value, "columns")
    rows = [
        [
            shared.html[text] if _text(column, "type") == "rich_text" else escape(text)
            for column, text in zip(columns, map(_string, _list(row, "values")), strict=False)
        ]
        for row in _list(value, "rows")
    ]
    headings = [TableColumnSchema(heading=_text(column, "heading")) for column in columns]
    return TableSchema(caption=_text(value, "caption"), columns=headings, rows=rows)


# type -> the schema of the block, and what makes its value of what is stored
BLOCKS: dict[str, tuple[type[Any], Callable[[Any, _Shared], Any]]] = {
    "heading": (HeadingBlockSchema, lambda value, _shared: _heading(value)),
    "paragraph": (ParagraphBlockSchema, lambda value, shared: shared.html[_string(value)]),
    "image": (ImageBlockSchema, _figure),
    "callout": (CalloutBlockSchema, _callout),
    "table": (TableBlockSchema, _table),
    "quote": (QuoteBlockSchema, lambda value, _shared: _quote(value)),
}


# --- What is stored, whatever it is ----------------------------------------------------------------------------------


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _text(value: Any, name: str) -> str:
    return _string(value.get(name)) if isinstance(value, Mapping) else ""


def _list(value: Any, name: str) -> list[Any]:
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, list) else []


def _image_id(value: Any) -> int:
    found = value.get("image") if isinstance(value, Mapping) else None
    return found if isinstance(found, int) else 0


# --- Looked up together ----------------------------------------------------------------------------------------------


def _rich_texts(blocks: Iterable[RawBlock]) -> Iterator[str]:
    for block in blocks:
        value = block.get("value")
        match block.get("type"):
            case "paragraph":
                yield _string(value)
            case "callout":
                yield _text(value, "text")
            case "table":
                for row in _list(value, "rows"):
                    yield from map(_string, _list(row, "values"))


def _expanded(sources: Iterable[str]) -> dict[str, str]:
    """Return source -> HTML with absolute addresses. Links to pages that readers may not see are only their words."""
    # No text that a database keeps has this in it.
    separator = "\0"
    by_source = {source: source.replace(separator, "") for source in sources}
    texts = expand_db_html(separator.join(by_source.values())).split(separator)
    return {source: with_absolute_addresses(text) for source, text in zip(by_source, texts, strict=False)}


def _images(blocks: Iterable[RawBlock]) -> dict[int, ImageSchema]:
    wanted = {_image_id(block.get("value")) for block in blocks if block.get("type") == "image"} - {0}
    if not wanted:
        return {}
    found = get_image_model().objects.filter(pk__in=wanted).prefetch_renditions(*FIGURE_SIZES)
    return {image.pk: _image(image) for image in found}


def _image(image: AbstractImage) -> ImageSchema:
    try:
        renditions = image.get_renditions(*FIGURE_SIZES)
    except SourceImageIOError:
        logger.warning("The file of image %s cannot be read", image.pk)
        renditions = {}
    sizes = {
        rendition.width: ImageSizeSchema(
            name=name, url=absolute(rendition.url), width=rendition.width, height=rendition.height
        )
        # From the largest on: an image is never made larger, so several names may mean the same file.
        for name, rendition in reversed(renditions.items())
    }
    return ImageSchema(id=image.pk, title=image.title, sizes=[sizes[width] for width in sorted(sizes)])


# --- Articles --------------------------------------------------------------------------------------------------------


class ArticleLabelSchema(BaseModel):
    value: Annotated[str, Field(description="What stands in addresses and filters.")]
    label: Annotated[str, Field(description="What people read.")]


class SourceSchema(BaseModel):
    title: str
    authors: str
    publication: str
    year: int | None
    url: str


class ArticleSummarySchema(BaseModel):
    """An article as lists have it."""

    id: int
    type: Literal["article"]
    slug: str
    title: str
    summary: str
    path: Annotated[str, Field(description="The article's address within the site.")]
    url: Annotated[str, Field(description="The article's page on this site.")]
    api_url: Annotated[str, Field(description="The whole article as JSON.")]
    category: ArticleLabelSchema
    tags: list[ArticleLabelSchema]
    author: str
    published_at: dt.datetime | None
    updated_at: dt.datetime | None
    expires_at: Annotated[dt.datetime | None, Field(description="From then on the article is not to be shown.")]
    reviewed_on: Annotated[dt.date | None, Field(description="When facts and sources were last checked.")]
    reviewer: Annotated[
        str, Field(description="The clinician who reviewed it; where empty, say that it was not clinically reviewed.")
    ]


class ArticleSchema(ArticleSummarySchema):
    """A whole article."""

    seo_title: str
    seo_description: str
    reading_minutes: int
    contents: Annotated[list[HeadingSchema], Field(description="The headings in reading order.")]
    html: Annotated[Html, Field(description="The body as this site renders it.")]
    body: list[Block]
    sources: list[SourceSchema]


def _without_default(schema: dict[str, Any]) -> None:
    """A member that was not asked for is missing; it is not null."""
    schema.pop("default", None)


# Pydantic's own types cannot say "any of these members", so the model is made from that of a whole article.
_optional: dict[str, Any] = {
    name: (
        member.annotation,
        Field(None, description=member.description, json_schema_extra=_without_default),
    )
    for name, member in ArticleSchema.model_fields.items()
}
SomeOfArticleSchema = create_model("SomeOfArticleSchema", **_optional)
SomeOfArticleSchema.__doc__ = "Those members of an article that were asked for by `fields`."

SUMMARY_FIELDS = tuple(ArticleSummarySchema.model_fields)
ARTICLE_FIELDS = tuple(ArticleSchema.model_fields)
# What lists can have: rendering twenty bodies is for twenty requests.
LIST_FIELDS = tuple(name for name in ARTICLE_FIELDS if name != "html")


def _category(article: ArticlePage) -> ArticleLabelSchema:
    # A draft may be without one, when its own has been deleted since.
    if article.category_id is None:
        return ArticleLabelSchema(value="", label="")
    return ArticleLabelSchema(value=article.category.slug, label=article.category.name)


def _labels(article: ArticlePage) -> list[ArticleLabelSchema]:
    return [ArticleLabelSchema(value=tag.value, label=tag.label) for tag in article.search_tags()]


def _contents(article: ArticlePage) -> list[HeadingSchema]:
    return [_heading(block.get("value")) for block in article.body.raw_data if block.get("type") == "heading"]


def _source(source: ArticleSource) -> SourceSchema:
    return SourceSchema(
        title=source.title,
        authors=source.authors,
        publication=source.publication,
        year=source.year,
        url=source.url,
    )


# member -> how it is told of an article; those that are missing here are made for many articles together.
VALUES: dict[str, Callable[[ArticlePage], Any]] = {
    "id": lambda article: article.pk,
    "type": lambda _article: "article",
    "slug": lambda article: article.slug,
    "title": lambda article: article.title,
    "summary": lambda article: article.summary,
    "api_url": lambda article: absolute(reverse("api:article", args=[article.slug])),
    "category": _category,
    "tags": _labels,
    "author": lambda article: article.author,
    "published_at": lambda article: article.first_published_at,
    "updated_at": lambda article: article.last_published_at,
    "expires_at": lambda article: article.expire_at,
    "reviewed_on": lambda article: article.reviewed_on,
    "reviewer": lambda article: article.reviewer,
    "seo_title": lambda article: article.seo_title or article.title,
    "seo_description": lambda article: article.search_description or article.summary,
    "reading_minutes": lambda article: article.reading_minutes(),
    "contents": _contents,
    "sources": lambda article: [_source(source) for source in article.sources.all()],
}


def article_values(
    articles: Sequence[ArticlePage], *, fields: Sequence[str], request: HttpRequest
) -> list[dict[str, Any]]:
    """Return the named members of each article.

    Whoever has many articles prefetches `category` and `tags`, and `sources` if they are among the fields.
    """
    needs_html, needs_body = "html" in fields, "body" in fields
    bodies = [article.body for article in articles] if needs_body or needs_html else []
    rendered = [body.stream_block.render_as_stored(body) for body in bodies] if needs_html else []
    blocks, html = blocks_of(bodies if needs_body else [], html=rendered)
    found = []
    for place, article in enumerate(articles):
        made: dict[str, Any] = {"path": path_of(article, request), "url": url_of(article, request)}
        made |= {"html": html[place]} if needs_html else {}
        made |= {"body": blocks[place]} if needs_body else {}
        found.append({name: made[name] if name in made else VALUES[name](article) for name in fields})
    return found


def article_schema(article: ArticlePage, request: HttpRequest) -> ArticleSchema:
    (values,) = article_values([article], fields=ARTICLE_FIELDS, request=request)
    return ArticleSchema(**values)
