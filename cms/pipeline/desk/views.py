"""Where editors see what has become of a page, and have tried again what failed."""

from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from wagtail.models import Page

from cms.pipeline.desk.report import RowFilterSet, matching
from cms.pipeline.desk.standing import standing_context
from cms.pipeline.models import Event, PageChange
from cms.pipeline.retrying import failed, must_be_able_to_retry, retry
from cms.pipeline.rows import Rows, may_publish_somewhere, unfinished_rows
from cms.users.models import User


@never_cache
@require_safe
def page_standing(request: HttpRequest, page_id: int) -> HttpResponse:
    """Show where a page stands."""
    page = _page_to_edit(request, page_id)
    context = {
        **standing_context(page, user=_user(request)),
        "header_title": _("Where it stands"),
        "breadcrumbs_items": [
            {"url": reverse("wagtailadmin_pages:edit", args=[page.pk]), "label": page.get_admin_display_title()},
            {"url": "", "label": _("Where it stands")},
        ],
    }
    return render(request, "desk/page.html", context)


@never_cache
@require_safe
def standing_now(request: HttpRequest, page_id: int) -> HttpResponse:
    """Return what desk.js puts in the place of an earlier answer."""
    page = _page_to_edit(request, page_id)
    return render(request, "desk/standing_now.html", standing_context(page, user=_user(request)))


@never_cache
@require_http_methods(["GET", "POST"])
def retry_page(request: HttpRequest, page_id: int) -> HttpResponse:
    """Have tried again what failed of one page."""
    page = get_object_or_404(Page, pk=page_id)
    if not page.permissions_for_user(request.user).can_publish():
        raise PermissionDenied
    rows = unfinished_rows(user=_user(request)).narrowed(lambda chosen: chosen.filter(page_id=page.pk))
    return _retry(request, rows=rows, back=reverse("desk_page", args=[page.pk]))


@never_cache
@require_http_methods(["GET", "POST"])
def retry_row(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Have one row of the report tried again."""
    rows = Rows(
        changes=PageChange.objects.filter(pk__in=[pk] if kind == "change" else []),
        events=Event.objects.filter(pk__in=[pk] if kind == "event" else []),
    )
    return _retry(request, rows=rows, back=reverse("desk_report"))


@never_cache
@require_http_methods(["GET", "POST"])
def retry_matching(request: HttpRequest) -> HttpResponse:
    """Have tried again whatever failed and matches the report's filters."""
    back = reverse("desk_report")
    filters = RowFilterSet(request.GET, request=request)
    if not filters.is_valid():
        # What somebody did not mean must not choose everything.
        messages.error(request, _("These filters make no sense. Choose them again."))
        return redirect(back)
    rows = matching(filters, unfinished_rows(user=_user(request)))
    query = request.GET.urlencode()
    return _retry(request, rows=rows, back=f"{back}?{query}" if query else back)


def _retry(request: HttpRequest, *, rows: Rows, back: str) -> HttpResponse:
    user = _user(request)
    if not may_publish_somewhere(user):
        raise PermissionDenied
    if request.method == "POST":
        count = retry(rows=rows, user=user, now=timezone.now())
        words = ngettext("%(count)d is tried again now.", "%(count)d are tried again now.", count)
        messages.success(request, words % {"count": count} if count else _("Nothing is left to be tried again."))
        return redirect(back)
    must_be_able_to_retry(rows=rows, user=user)
    context = {
        "count": sum(chosen.count() for chosen in failed(rows)),
        "back": back,
        "header_title": _("Try again"),
        "breadcrumbs_items": [{"url": back, "label": _("Publishing")}, {"url": "", "label": _("Try again")}],
    }
    return render(request, "desk/retry.html", context)


def _page_to_edit(request: HttpRequest, page_id: int) -> Page:
    page = get_object_or_404(Page, pk=page_id)
    permissions = page.permissions_for_user(request.user)
    if page.is_root() or not (permissions.can_edit() or permissions.can_publish()):
        raise PermissionDenied
    return page


def _user(request: HttpRequest) -> User:
    # The admin lets nobody in without an account.
    return cast("User", request.user)
