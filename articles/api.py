"""/api/articles/: the articles for other front ends. The shape is a promise: see docs/headless.md."""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from django.db.models import Q, QuerySet, Value, prefetch_related_objects
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from ninja.decorators import decorate_view
from pydantic import BaseModel, Field, field_validator

from articles.models import ArticlePage, latest_first, public_articles
from articles.schemas import (
    ARTICLE_FIELDS,
    LIST_FIELDS,
    SUMMARY_FIELDS,
    ArticleSchema,
    ArticleSummarySchema,
    SomeOfArticleSchema,
    article_values,
)
from articles.summaries import rows_of, summary_values
from cms.api.addresses import absolute
from cms.api.caching import public_answer_about_pages, uses_as_spelled
from cms.api.fields import FieldsParameter, known_fields
from cms.api.parameters import Text
from cms.api.problems import PROBLEMS
from cms.page_cache.remembered import remembered
from cms.sites import site_of
from cms.visibility import public_among

ARTICLES_PER_PAGE = 20
MOST_PER_PAGE = 50
LAST_PAGE = 1_000
# Lists of these sizes are kept: by all fifty, one list would be in the page cache fifty times.
KEPT_SIZES = frozenset({10, 12, ARTICLES_PER_PAGE, 24, MOST_PER_PAGE})
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MICROSECOND = dt.timedelta(microseconds=1)

router = Router(tags=["articles"])


class ArticleListParameters(Schema):
    category: Text = Field("", description="The `value` of a category.", examples=["hormones"])
    tag: Text = Field("", description="The `value` of a tag.", examples=["oxytocin"])
    reviewed_since: dt.date | None = Field(
        None, description="Only articles whose facts were checked on this day or later.", examples=["2026-01-31"]
    )
    page_size: Annotated[int, Field(ge=1, le=MOST_PER_PAGE)] = ARTICLES_PER_PAGE
    page: int | None = Field(
        None,
        ge=1,
        le=LAST_PAGE,
        description="The number of a page. What is published meanwhile moves articles to later pages; "
        "whoever reads them all follows `next` instead.",
    )
    before: str | None = Field(
        None,
        pattern=r"^-?[0-9]{1,16}\.[0-9]{1,18}$",
        description="Where a list goes on, as `next` has it. Nothing is missed or comes twice, "
        "whatever is published meanwhile. `page` counts from here on.",
    )
    fields: str | None = FieldsParameter(LIST_FIELDS)

    @field_validator("reviewed_since", mode="before")
    @classmethod
    def _date_is_written_out(cls, value: object) -> object:
        """Refuse what pydantic reads as seconds since 1970."""
        if isinstance(value, str) and not DATE.fullmatch(value):
            raise ValueError(_("This is no date: write it as 2026-01-31."))
        return value

    @field_validator("fields")
    @classmethod
    def _fields_are_known(cls, text: str | None) -> str | None:
        return known_fields(text, known=LIST_FIELDS)


class ArticleParameters(Schema):
    fields: str | None = FieldsParameter(ARTICLE_FIELDS)

    @field_validator("fields")
    @classmethod
    def _fields_are_known(cls, text: str | None) -> str | None:
        return known_fields(text, known=ARTICLE_FIELDS)


class ArticleListSchema(BaseModel):
    total: Annotated[int, Field(description="How many articles there are, on all pages.")]
    page_size: int
    next: Annotated[str | None, Field(description="The address of the following articles; null at the end.")]
    results: list[ArticleSummarySchema | SomeOfArticleSchema]


@router.get(
    "/", response={200: ArticleListSchema} | PROBLEMS, exclude_unset=True, summary="List articles", url_name="articles"
)
@decorate_view(public_answer_about_pages)
def articles(
    request: HttpRequest, response: HttpResponse, parameters: Query[ArticleListParameters]
) -> ArticleListSchema:
    """List articles, the latest first, with the members of a summary or those in `fields`."""
    chosen = parameters.model_dump(include={"category", "tag", "reviewed_since"})
    fields = _wanted(parameters.fields, known=LIST_FIELDS, default=SUMMARY_FIELDS)
    size = parameters.page_size
    is_summary = set(fields) <= set(SUMMARY_FIELDS)
    articles = _filtered(ArticlePage.objects.live(), **chosen)
    some = _some(
        _after(articles, cursor=parameters.before),
        select=rows_of if is_summary else QuerySet.all,
        start=((parameters.page or 1) - 1) * size,
        count=size + 1,
    )
    if is_summary:
        values = summary_values(some[:size], request=request)
    else:
        values = article_values(_with_relations(some[:size], fields), fields=fields, request=request)
    schema = ArticleSummarySchema if tuple(fields) == SUMMARY_FIELDS else SomeOfArticleSchema
    if some:
        uses_as_spelled(
            request,
            response,
            category=parameters.category,
            tag=parameters.tag,
            page=parameters.page,
            page_size=size if size in KEPT_SIZES else None,
        )
    return ArticleListSchema(
        total=_filtered(public_articles(), **chosen).count() if any(chosen.values()) else _how_many(),
        page_size=size,
        next=_next(parameters, last=some[size - 1]) if len(some) > size else None,
        results=[schema(**{name: each[name] for name in fields}) for each in values],
    )


@router.get(
    "/{slug}/",
    response={200: ArticleSchema | SomeOfArticleSchema} | PROBLEMS,
    exclude_unset=True,
    summary="Get an article",
    url_name="article",
)
@decorate_view(public_answer_about_pages)
def article(
    request: HttpRequest, slug: str, parameters: Query[ArticleParameters]
) -> ArticleSchema | SomeOfArticleSchema:
    """Answer with a whole article, or with those of its members that are in `fields`.

    Where several have this slug, under different indexes, it is the latest of the site that is asked, and where that
    has none, the latest of all. `/api/pages/find/` answers with exactly the one at a `path`.
    """
    fields = _wanted(parameters.fields, known=ARTICLE_FIELDS, default=ARTICLE_FIELDS)
    (values,) = article_values([_at(slug, request)], fields=fields, request=request)
    return ArticleSchema(**values) if tuple(fields) == ARTICLE_FIELDS else SomeOfArticleSchema(**values)


def _at(slug: str, request: HttpRequest) -> ArticlePage:
    found = [] if "\0" in slug else list(latest_first(public_articles().filter(slug=slug)))
    if not found:
        raise Http404
    site = site_of(request) if len(found) > 1 else None
    if site is None:
        return found[0]
    own = (article for article in found if article.path.startswith(site.root_page.path))
    return next(own, found[0])


def _wanted(text: str | None, *, known: Sequence[str], default: Sequence[str]) -> list[str]:
    wanted = default if text is None else text.split(",")
    return [name for name in known if name in wanted]


def _filtered(
    articles: "QuerySet[ArticlePage]", *, category: str, tag: str, reviewed_since: dt.date | None
) -> "QuerySet[ArticlePage]":
    if category:
        articles = articles.filter(category__slug=category)
    if tag:
        articles = articles.filter(tags__slug=tag)
    if reviewed_since:
        articles = articles.filter(reviewed_on__gte=reviewed_since)
    return articles


@remembered
def _how_many() -> int:
    """Count all articles: a database looks at every one for it. Lists that are filtered count for themselves, because
    filters without end would fill what is remembered.
    """
    return public_articles().count()


def _some(
    ordered: "QuerySet[ArticlePage]",
    *,
    select: "Callable[[QuerySet[ArticlePage]], QuerySet[ArticlePage, Any]]",
    start: int,
    count: int,
) -> list[Any]:
    """Return `count` of those that anybody may see, from the one with the number `start` on.

    Nearly all live articles are public. So the rule, which takes a database most of its time, is first asked of as many
    as are wanted, and only where it refuses one of them, or there are no more, of all.
    """
    public: QuerySet[ArticlePage] = public_among(ordered)
    if start == 0:
        found = list(select(public.filter(pk__in=ordered.values("pk")[:count])))
        if len(found) == count:
            return found
    return list(select(public)[start : start + count])


# --- Where a list goes on: behind the last article of the page before, by the date and number that lists are ordered by


def _after(articles: "QuerySet[ArticlePage]", *, cursor: str | None) -> "QuerySet[ArticlePage]":
    ordered = articles.annotate(listed_at=Coalesce("first_published_at", Value(EPOCH))).order_by("-listed_at", "-pk")
    if cursor is None:
        return ordered
    microseconds, page_id = map(int, cursor.split("."))
    listed_at = EPOCH + microseconds * MICROSECOND
    return ordered.filter(Q(listed_at__lt=listed_at) | Q(listed_at=listed_at, pk__lt=page_id))


def _next(parameters: ArticleListParameters, *, last: Any) -> str:
    """Return the address of what follows `last`, an article or its row."""
    cursor = f"{((last.first_published_at or EPOCH) - EPOCH) // MICROSECOND}.{last.pk}"
    kept = parameters.model_dump(exclude_defaults=True, exclude={"page", "before"})
    return absolute(f"{reverse('api:articles')}?{urlencode({**kept, 'before': cursor})}")


def _with_relations(articles: "list[ArticlePage]", fields: Sequence[str]) -> "list[ArticlePage]":
    prefetch_related_objects(articles, *(name for name in ("category", "tags", "sources") if name in fields))
    return articles
