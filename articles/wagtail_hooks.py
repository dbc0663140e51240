"""What the articles' room adds to the editors' admin."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from wagtail import hooks
from wagtail.models import Page

from articles.models import TAKEN_SLUGS, ArticlePage


@hooks.register("before_copy_page")
def refuse_a_taken_slug(request: HttpRequest, page: Page) -> HttpResponse | None:
    """Send an editor back who copies an article to an address of a list: Wagtail checks a copy's slug less strictly."""
    if page.specific_class is not ArticlePage or request.POST.get("new_slug") not in TAKEN_SLUGS:
        return None
    messages.error(request, _("The lists of tags and categories have this address. Choose another."))
    return redirect("wagtailadmin_pages:copy", page.pk)
