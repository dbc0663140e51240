"""The *Publishing* report: how far each consumer is behind, and who is waiting for what."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Case, CharField, IntegerField, Q, QuerySet, Value, When
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.views.generic.base import BaseListingView
from wagtail.models import Page

from cms.pipeline.consumers import consumers, event_consumers
from cms.pipeline.desk.moments import moment
from cms.pipeline.desk.standing import State, error_in_words, lateness_in_words, no_worker, state_of
from cms.pipeline.labels import label_of
from cms.pipeline.models import Event, PageChange, Work
from cms.pipeline.overdue import overdue_pages
from cms.pipeline.retrying import failed
from cms.pipeline.rows import Rows, may_publish_somewhere, publishable_pages, unfinished_rows
from cms.pipeline.status import pipeline_status
from cms.users.models import User

STATES = {
    State.WAITING: gettext_lazy("Waiting"),
    State.FAILING: gettext_lazy("Failing"),
    State.AWAY: gettext_lazy("Server away"),
    State.DEAD: gettext_lazy("Given up"),
}
# The filter does not tell a server that is away from one that answers with an error.
FILTERED_STATES = {
    State.WAITING: Q(dead_at=None, last_failed_at=None),
    State.FAILING: Q(dead_at=None, last_failed_at__isnull=False),
    State.DEAD: Q(dead_at__isnull=False),
}


def _consumers() -> list[tuple[str, Any]]:
    return [(name, label_of(name).name) for name in [*consumers, *event_consumers]]


class RowFilterSet(WagtailFilterSet):
    consumer = django_filters.ChoiceFilter(
        label=gettext_lazy("Waits for"), choices=_consumers, empty_label=gettext_lazy("All"), widget=forms.RadioSelect
    )
    state = django_filters.ChoiceFilter(
        label=gettext_lazy("State"),
        choices=[(state.value, STATES[state]) for state in FILTERED_STATES],
        empty_label=gettext_lazy("All"),
        method="filter_state",
        widget=forms.RadioSelect,
    )
    title = django_filters.CharFilter(label=gettext_lazy("Title of the page"), method="filter_title", max_length=255)

    class Meta:
        model = PageChange
        fields: list[str] = []

    def filter_state(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(FILTERED_STATES[State(value)])

    def filter_title(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        titled = Page.objects.filter(Q(title__icontains=value) | Q(draft_title__icontains=value))
        return rows.filter(page_id__in=titled.values("pk"))


def matching(filters: RowFilterSet, rows: Rows) -> Rows:
    return rows.narrowed(filters.filter_queryset)


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row as the report shows it; what is empty has nothing to say."""

    title: str
    page_url: str
    waits_for: str
    state: str
    is_dead: bool
    since: str
    attempts: int
    next_try: str
    error: str
    retry_url: str


class PublishingReport(BaseListingView):
    page_title = gettext_lazy("Publishing")
    header_icon = "upload"
    template_name = "desk/report.html"
    results_template_name = "desk/report_results.html"
    filterset_class = RowFilterSet
    index_url_name = "desk_report"
    index_results_url_name = "desk_report_results"
    paginate_by = 50
    columns: list[Any] = []

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_publish_somewhere(request.user):  # type: ignore[arg-type]
            raise PermissionDenied
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response

    @cached_property
    def rows(self) -> Rows:
        rows = unfinished_rows(user=self.request.user)
        return matching(self.filters, rows) if self.filters.is_valid() else rows

    def get_queryset(self) -> QuerySet[Any]:
        changes = _keys(self.rows.changes, kind="change")
        return changes.union(_keys(self.rows.events, kind="event"), all=True).order_by(
            "rank", "waiting_since", "kind", "pk"
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["lines"] = lines(context["object_list"], user=self.request.user, now=now)
        context["figures"] = figures(now=now)
        context["no_worker"] = no_worker(now=now)
        context["late"] = [
            {"page": late.page, "text": lateness_in_words(late, now=now), "error": late.error}
            for late in overdue_pages(publishable_pages(self.request.user), now=now)
        ]
        context["failed_count"] = sum(chosen.count() for chosen in failed(self.rows))
        context["retry_url"] = f"{reverse('desk_retry')}?{self._filter_query()}"
        return context

    def _filter_query(self) -> str:
        query = self.request.GET.copy()
        for name in [name for name in query if name not in self.filters.filters]:
            del query[name]
        return query.urlencode()


def figures(*, now: datetime) -> list[dict[str, Any]]:
    """Return how many rows each consumer has and how far it is behind; numbers alone, so anybody's rows count."""
    return [
        {
            "name": label_of(name).name,
            **status,
            "behind": _("up to date") if status["lag_seconds"] < 1 else _("%d s") % status["lag_seconds"],
        }
        for name, status in pipeline_status()["consumers"].items()
    ]


def lines(keys: Iterable[dict[str, Any]], *, user: User, now: datetime) -> list[Line]:
    """Return the rows with these keys as the report shows them to somebody, in three queries."""
    wanted = [(key["kind"], key["pk"]) for key in keys]
    found: dict[tuple[str, int], Work] = {}
    for kind, rows in (("change", PageChange.objects.all()), ("event", Event.objects.defer("payload"))):
        chosen = rows.filter(pk__in=[pk for name, pk in wanted if name == kind])
        found.update(((kind, row.pk), row) for row in chosen)
    pages = Page.objects.in_bulk([row.page_id for row in found.values()])  # type: ignore[attr-defined]
    # What a worker has finished since the keys were read is nobody's business any more.
    return [_line(kind, found[kind, pk], pages, user=user, now=now) for kind, pk in wanted if (kind, pk) in found]


def _line(kind: str, row: Any, pages: dict[int, Page], *, user: User, now: datetime) -> Line:
    page = pages.get(row.page_id)
    state = state_of(row)
    can_fail_again = state in {State.FAILING, State.AWAY}
    return Line(
        title=page.get_admin_display_title() if page else _("A deleted page (number %d)") % row.page_id,
        page_url=reverse("desk_page", args=[page.pk]) if page else "",
        waits_for=_waits_for(row, page_is_there=page is not None),
        state=str(STATES.get(state, _("Done"))),
        is_dead=state is State.DEAD,
        since=moment(row.waiting_since, now=now),
        attempts=row.attempts,
        next_try=moment(max(row.due_at, now), now=now) if can_fail_again else "",
        error=error_in_words(row, user=user),
        retry_url=reverse("desk_retry_row", args=[kind, row.pk]) if can_fail_again or state is State.DEAD else "",
    )


def _waits_for(row: Any, *, page_is_there: bool) -> str:
    name = str(label_of(row.consumer).name)
    # What an event says of itself may name the page, which not everybody who sees a deleted one was to know of.
    label = row.label if isinstance(row, Event) and page_is_there else ""
    return f"{name}: {label}" if label else name


def _keys(rows: QuerySet[Any], *, kind: str) -> QuerySet[Any]:
    """Return what tells rows of both tables apart and puts them in order: what needs somebody first."""
    rank = Case(
        When(FILTERED_STATES[State.DEAD], then=0),
        When(FILTERED_STATES[State.FAILING], then=1),
        default=2,
        output_field=IntegerField(),
    )
    marked = rows.annotate(kind=Value(kind, output_field=CharField()), rank=rank)
    return marked.order_by().values("kind", "pk", "rank", "waiting_since")
