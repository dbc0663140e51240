"""Where editors make and revoke the links to a page's draft."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from wagtail.models import Page

from cms.previews.links import LIFETIMES, NothingToShare, addresses_of, revoke, share
from cms.previews.models import PreviewLink


class ShareForm(forms.Form):
    days = forms.TypedChoiceField(label=gettext_lazy("The link works for"), coerce=int, initial=7)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(days, ngettext("%d day", "%d days", days) % days) for days in LIFETIMES]
        self.fields["days"].choices = choices  # type: ignore[attr-defined]


@never_cache
@require_http_methods(["GET", "POST"])
def links(request: HttpRequest, page_id: int) -> HttpResponse:
    """List a page's working links, and make another."""
    page = get_object_or_404(Page, pk=page_id)
    if not page.permissions_for_user(request.user).can_edit():
        raise PermissionDenied
    form = ShareForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _share(request, page=page, days=form.cleaned_data["days"])
    working = PreviewLink.objects.working(now=timezone.now()).filter(page=page)
    shown = [(link, addresses_of(link)) for link in working.select_related("created_by")]
    context = {
        "page": page,
        "form": form,
        "links": shown,
        "own_url": _own_url(page.pk),
        "header_title": _("Share a preview"),
        "breadcrumbs_items": [
            {"url": reverse("wagtailadmin_pages:edit", args=[page.pk]), "label": page.get_admin_display_title()},
            {"url": "", "label": _("Share a preview")},
        ],
    }
    return render(request, "previews/links.html", context)


@require_POST
def revoke_link(request: HttpRequest, page_id: int, public_id: UUID) -> HttpResponse:
    link = get_object_or_404(PreviewLink.objects.select_related("page"), public_id=public_id, page_id=page_id)
    # The admin lets nobody in without an account.
    revoke(link=link, user=request.user, now=timezone.now())  # type: ignore[arg-type]
    messages.success(request, _("The link no longer works."))
    return redirect(_own_url(page_id))


def _share(request: HttpRequest, *, page: Page, days: int) -> HttpResponse:
    try:
        share(page=page, user=request.user, lifetime=LIFETIMES[days], now=timezone.now())  # type: ignore[arg-type]
    except NothingToShare:
        messages.error(request, _("This page was never saved in the editor. Save it, then share it."))
    else:
        messages.success(request, _("The link is ready: copy it from the list below."))
    return redirect(_own_url(page.pk))


def _own_url(page_id: int) -> str:
    return reverse("previews_links", args=[page_id])
