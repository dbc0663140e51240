"""The reader's search page: a plain GET form and links."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from search.forms import SearchForm
from search.interface import MAX_RESULTS, Facet, Query
from search.searching import find, topics

FACETS_SHOWN = 12


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A category or tag to choose, or to take back where it is chosen: both is following a link."""

    label: str
    count: int
    is_chosen: bool
    url: str


@require_safe
@cache_control(max_age=0, must_revalidate=True)
def search(request: HttpRequest) -> HttpResponse:
    query = SearchForm(request.GET).query()
    answer = find(query)
    paginator = Paginator(range(min(answer.results.total, MAX_RESULTS)), query.page_size)
    if query.page > paginator.num_pages:
        return redirect(_url(query, page=paginator.num_pages))
    facets = answer.results.facets
    context = {
        "answer": answer,
        "question": query,
        "page_obj": paginator.page(query.page),
        "categories": _choices(query, "category", facets["category"]),
        "tags": _choices(query, "tag", facets["tag"]),
        "chosen": [choice for name in facets for choice in _choices(query, name, facets[name]) if choice.is_chosen],
        "topics": [] if answer.results.total else _choices(Query(text=""), "category", topics(answer)),
        "most": MAX_RESULTS,
        "everything_url": reverse("search:search"),
        "meant_url": _url(query, changes={"q": answer.results.did_you_mean}),
    }
    return render(request, "search/search.html", context)


def _choices(query: Query, name: str, facets: tuple[Facet, ...]) -> list[Choice]:
    chosen = getattr(query, name)
    shown = [facet for facet in facets if facet.value == chosen or facet in facets[:FACETS_SHOWN]]
    choices = [
        Choice(
            label=facet.label,
            count=facet.count,
            is_chosen=facet.value == chosen,
            url=_url(query, changes={name: "" if facet.value == chosen else facet.value}),
        )
        for facet in shown
    ]
    if chosen and not any(choice.is_chosen for choice in choices):
        choices.insert(0, Choice(label=chosen, count=0, is_chosen=True, url=_url(query, changes={name: ""})))
    return choices


def _url(query: Query, *, page: int = 1, changes: Mapping[str, str] | None = None) -> str:
    """Return the address of this question with `changes`; from its first page, unless another is given."""
    values = {"q": query.text, "category": query.category, "tag": query.tag, **(changes or {})}
    parameters = {name: value for name, value in values.items() if value}
    if page > 1:
        parameters["page"] = str(page)
    return f"{reverse('search:search')}?{urlencode(parameters)}" if parameters else reverse("search:search")
