"""/api/search/ and /api/suggest/: the search for other front ends. The shapes are a promise: see docs/headless.md."""

from datetime import datetime
from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from ninja import Query as Parameters
from ninja import Router, Schema
from ninja.decorators import decorate_view
from pydantic import Field

from cms.api.addresses import url_of
from cms.api.caching import public_answer
from cms.api.problems import PROBLEMS, problem
from cms.searchable import Label
from search.forms import MOST_PER_PAGE, RESULTS_PER_PAGE, SearchForm
from search.interface import Facet, Passage
from search.parsing import clean
from search.searching import Answer, Found, find
from search.suggesting import MOST_SUGGESTIONS, Suggestion, suggest

router = Router(tags=["search"])
suggest_router = Router(tags=["search"])


class SearchParameters(Schema):
    q: Annotated[str, Field(description="The question, in any words.", examples=["oxytocin"])] = ""
    category: Annotated[str, Field(description="The `value` of a category.")] = ""
    tag: Annotated[str, Field(description="The `value` of a tag.")] = ""
    page: Annotated[
        int, Field(ge=1, le=1_000, description="Results are listed up to the thousandth: see `page_size`.")
    ] = 1
    page_size: Annotated[int, Field(ge=1, le=MOST_PER_PAGE)] = RESULTS_PER_PAGE


class LabelSchema(Schema):
    value: str
    label: str


class FacetSchema(LabelSchema):
    count: int


class FacetsSchema(Schema):
    category: list[FacetSchema]
    tag: list[FacetSchema]


class PassageSchema(Schema):
    heading: str
    anchor: str
    url: str
    text: Annotated[str, Field(description="Escaped HTML; the found words are in <mark>.")]


class ResultSchema(Schema):
    id: int
    title: str
    url: str
    category: LabelSchema | None
    tags: list[LabelSchema]
    published_at: datetime | None
    score: float
    highlight: Annotated[str, Field(description="Escaped HTML; the found words are in <mark>.")]
    passages: list[PassageSchema]


class SearchAnswerSchema(Schema):
    query: str
    total: int
    page: int
    page_size: int
    took_ms: int
    engine: str
    confidence: Literal["high", "low"]
    did_you_mean: str | None
    facets: FacetsSchema
    results: list[ResultSchema]


@router.get("/", response={200: SearchAnswerSchema} | PROBLEMS, summary="Search the articles")
def search(
    request: HttpRequest, response: HttpResponse, parameters: Parameters[SearchParameters]
) -> SearchAnswerSchema | HttpResponse:
    """Answer a question with articles, the passages that answer it and facets.

    Without `q` all articles are listed, the newest first. A page beyond the last one has no results. Where
    `did_you_mean` is there, the results are those of that question.
    """
    form = SearchForm(parameters.model_dump())
    if not form.is_valid():
        return _refusal(form)
    patch_cache_control(response, max_age=0, must_revalidate=True)
    return _answer(request, find(form.query()))


class SuggestParameters(Schema):
    q: Annotated[str, Field(description="What was typed so far, in any words.", examples=["milk su"])] = ""


class SuggestionSchema(Schema):
    kind: Annotated[Literal["title", "heading"], Field(description="Whether `text` is a page's title or on the page.")]
    text: Annotated[str, Field(description="Plain text.")]
    page_title: Annotated[str, Field(description="The title of the page that `url` leads to.")]
    url: Annotated[str, Field(description="The address of the page, and of the heading on it.")]


class SuggestionsSchema(Schema):
    query: str
    suggestions: Annotated[list[SuggestionSchema], Field(description="The best first.", max_length=MOST_SUGGESTIONS)]


@suggest_router.get("/", response={200: SuggestionsSchema} | PROBLEMS, summary="Suggest while somebody types")
@decorate_view(public_answer)
def suggestions(request: HttpRequest, parameters: Parameters[SuggestParameters]) -> SuggestionsSchema:
    """Answer with titles and headings that have all the words of `q`, the last of which may be unfinished.

    What begins with `q` comes first. Without `q` there are no suggestions.
    """
    return SuggestionsSchema(
        query=clean(parameters.q), suggestions=[_suggestion(request, found) for found in suggest(parameters.q)]
    )


def _suggestion(request: HttpRequest, found: Suggestion) -> SuggestionSchema:
    return SuggestionSchema(
        kind=found.kind,
        text=found.text,
        page_title=found.page.title,
        url=url_of(found.page, request) + _fragment(found.anchor),
    )


def _fragment(anchor: str) -> str:
    return f"#{anchor}" if anchor else ""


def _refusal(form: SearchForm) -> HttpResponse:
    errors = [
        {"field": field, "message": error["message"]}
        for field, some in form.errors.get_json_data().items()
        for error in some
    ]
    return problem(status=422, detail=" ".join(error["message"] for error in errors), errors=errors)


def _answer(request: HttpRequest, answer: Answer) -> SearchAnswerSchema:
    results, query = answer.results, answer.query
    return SearchAnswerSchema(
        query=query.text,
        total=results.total,
        page=query.page,
        page_size=query.page_size,
        took_ms=answer.took_ms,
        engine=answer.engine,
        confidence=results.confidence,
        did_you_mean=results.did_you_mean or None,
        facets=FacetsSchema(category=_facets(results.facets["category"]), tag=_facets(results.facets["tag"])),
        results=[_result(request, found) for found in answer.found],
    )


def _result(request: HttpRequest, found: Found) -> ResultSchema:
    url = url_of(found.page, request)
    return ResultSchema(
        id=found.page.pk,
        title=found.page.title,
        url=url,
        category=_label(found.hit.category) if found.hit.category else None,
        tags=[_label(tag) for tag in found.hit.tags],
        published_at=found.page.first_published_at,
        score=found.hit.score,
        highlight=found.hit.highlight,
        passages=[_passage(passage, url=url) for passage in found.hit.passages],
    )


def _passage(passage: Passage, *, url: str) -> PassageSchema:
    return PassageSchema(
        heading=passage.heading, anchor=passage.anchor, url=url + _fragment(passage.anchor), text=passage.text
    )


def _facets(facets: tuple[Facet, ...]) -> list[FacetSchema]:
    return [FacetSchema(value=facet.value, label=facet.label, count=facet.count) for facet in facets]


def _label(label: Label) -> LabelSchema:
    return LabelSchema(value=label.value, label=label.label)
