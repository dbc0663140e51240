"""Where editors manage webhooks, and see how each message fared."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import CharField, Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.log_actions import log
from wagtail.permissions import policy_registry

from cms.pipeline.models import Event
from cms.pipeline.webhooks.delivering import redeliver, send_test
from cms.pipeline.webhooks.endpoints import create_endpoint
from cms.pipeline.webhooks.forms import EndpointForm
from cms.pipeline.webhooks.models import CONSUMER, TEST, Attempt, Endpoint, Kind
from cms.pipeline.webhooks.signing import rotate

PER_PAGE = 20

LOG_ROTATED = "cms.webhook.rotate"
LOG_TESTED = "cms.webhook.test"
LOG_REDELIVERED = "cms.webhook.redeliver"


class Delivery(NamedTuple):
    """A message on its way or at its end, as an editor sees it."""

    event: Event
    what: str
    attempts: list[Attempt]
    is_settled: bool


class EndpointIndex(generic.IndexView):
    def get_base_queryset(self) -> QuerySet[Endpoint]:
        endpoints: QuerySet[Endpoint] = super().get_base_queryset()
        return endpoints.annotate(
            waiting=_count(Q(finished_at=None, dead_at=None, last_failed_at=None)),
            failing=_count(Q(finished_at=None, dead_at=None, last_failed_at__isnull=False)),
            # Nobody misses a test.
            dead=_count(Q(dead_at__isnull=False) & ~Q(event=TEST)),
        )


class EndpointCreate(generic.CreateView):
    """Makes the endpoint and its first secret, and shows that once."""

    def save_instance(self) -> Endpoint:
        endpoint, self.secret = create_endpoint(**self.form.cleaned_data, now=timezone.now())
        log(endpoint, "wagtail.create", user=self.request.user, content_changed=True)
        return endpoint

    def form_valid(self, form: EndpointForm) -> HttpResponse:
        super().form_valid(form)
        return show_secret(self.request, endpoint=self.object, secret=self.secret)


class EndpointDetail(generic.InspectView):
    """Its settings and secrets, and what it was sent, the latest first."""

    template_name = "webhooks/endpoint.html"
    page_title = gettext_lazy("Deliveries")

    def get_context_data(self, **options: Any) -> dict[str, Any]:
        now = timezone.now()
        deliveries = self.object.deliveries().prefetch_related("webhook_attempts")
        paginator = Paginator(deliveries, PER_PAGE)
        items = paginator.get_page(self.request.GET.get("p"))
        return super().get_context_data(**options) | {
            "kinds": [Kind(kind).label for kind in self.object.events if kind in Kind.values],
            "secrets": self.object.secrets.all().signing(now=now),
            "items": items,
            "elided_page_range": paginator.get_elided_page_range(items.number),
            "deliveries": [delivery_of(event) for event in items],
            "may_change": may_change(self.request),
            # They may name what lies inside the operator's network.
            "shows_errors": self.request.user.is_superuser,
        }


class EndpointViewSet(ModelViewSet):
    model = Endpoint
    name = "webhooks"
    icon = "link-external"
    add_to_settings_menu = True
    add_to_reference_index = False
    copy_view_enabled = False
    inspect_view_enabled = True
    index_view_class = EndpointIndex
    add_view_class = EndpointCreate
    inspect_view_class = EndpointDetail

    @property
    def list_display(self) -> list[Column]:
        return [
            TitleColumn("name", label=gettext_lazy("Name"), accessor="name", get_url=_own_url),
            Column("url", label=gettext_lazy("Address"), accessor="url", classname="webhook-address"),
            Column("state", label=gettext_lazy("Deliveries"), accessor=state_of),
        ]

    def get_form_class(self, for_update: bool = False) -> type[EndpointForm]:
        return EndpointForm

    def get_urlpatterns(self) -> list[URLPattern]:
        own = [
            path("<int:pk>/rotate/", rotate_secret, name="rotate"),
            path("<int:pk>/test/", test, name="test"),
            path("<int:pk>/redeliver/<int:event_pk>/", send_again, name="redeliver"),
        ]
        return [*super().get_urlpatterns(), *own]


@require_POST
def rotate_secret(request: HttpRequest, pk: int) -> HttpResponse:
    endpoint = _changeable(request, pk)
    secret = rotate(endpoint=endpoint, now=timezone.now())
    log(endpoint, LOG_ROTATED, user=request.user)
    return show_secret(request, endpoint=endpoint, secret=secret)


@require_POST
def test(request: HttpRequest, pk: int) -> HttpResponse:
    endpoint = _changeable(request, pk)
    if not endpoint.active:
        messages.error(request, _("The webhook is switched off. Switch it on, then test it."))
        return redirect(_own_url(endpoint))
    send_test(endpoint=endpoint, now=timezone.now())
    log(endpoint, LOG_TESTED, user=request.user)
    messages.success(request, _("A test message is on its way. Reload this page to see how it fares."))
    return redirect(_own_url(endpoint))


@require_POST
def send_again(request: HttpRequest, pk: int, event_pk: int) -> HttpResponse:
    endpoint = _changeable(request, pk)
    event = get_object_or_404(endpoint.deliveries(), pk=event_pk)
    if redeliver(event=event, now=timezone.now()):
        log(endpoint, LOG_REDELIVERED, user=request.user, data={"message": event.payload["id"]})
        messages.success(request, _("The message is on its way again, under the same id."))
    else:
        messages.warning(request, _("This message is still on its way."))
    return redirect(_own_url(endpoint))


def show_secret(request: HttpRequest, *, endpoint: Endpoint, secret: str) -> HttpResponse:
    """Show a secret, in the answer to the request that made it and nowhere else."""
    context = {
        "endpoint": endpoint,
        "secret": secret,
        "own_url": _own_url(endpoint),
        "header_title": _("The secret of %(name)s") % {"name": endpoint.name},
        "breadcrumbs_items": [
            {"url": reverse("webhooks:index"), "label": _("Webhooks")},
            {"url": _own_url(endpoint), "label": endpoint.name},
            {"url": "", "label": _("Secret")},
        ],
    }
    return render(request, "webhooks/secret.html", context)


def state_of(endpoint: Any) -> str:
    """Say of an endpoint, with the counts of `EndpointIndex`, what an editor should look at first."""
    return next(_states(endpoint))


def _states(endpoint: Any) -> Iterator[str]:
    if endpoint.gone_at and not endpoint.active:
        yield _("Switched off: the receiver wants no more")
    if not endpoint.active:
        yield _("Switched off")
    if endpoint.dead:
        yield ngettext("%d message given up", "%d messages given up", endpoint.dead) % endpoint.dead
    if endpoint.failing:
        yield ngettext("%d message is tried again", "%d messages are tried again", endpoint.failing) % endpoint.failing
    if endpoint.waiting:
        yield ngettext("%d message on its way", "%d messages on their way", endpoint.waiting) % endpoint.waiting
    yield _("Nothing is waiting")


def delivery_of(event: Event) -> Delivery:
    return Delivery(
        event=event,
        what=_("Test") if event.event == TEST else str(dict(Kind.choices).get(event.event, event.event)),
        attempts=list(event.webhook_attempts.all()),
        is_settled=bool(event.finished_at or event.dead_at),
    )


def may_change(request: HttpRequest) -> bool:
    return bool(policy_registry.get_by_type(Endpoint).user_has_permission(request.user, "change"))


def _changeable(request: HttpRequest, pk: int) -> Endpoint:
    if not may_change(request):
        raise PermissionDenied
    return get_object_or_404(Endpoint, pk=pk)


def _own_url(endpoint: Endpoint) -> str:
    return reverse("webhooks:inspect", args=[endpoint.pk])


def _count(which: Q) -> Subquery:
    """Count the messages of each endpoint of the query around it."""
    own = Event.objects.filter(which, consumer=CONSUMER, channel=Cast(OuterRef("pk"), CharField()))
    return Subquery(own.order_by().values("channel").annotate(number=Count("pk")).values("number"))
