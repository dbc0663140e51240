"""Saying of the pages that everybody may see that they may be kept; Wagtail itself says nothing of it."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from wagtail.models import Page

from cms.page_cache.headers import may_be_kept

Serve = Callable[[Page, HttpRequest, Any, Any], HttpResponseBase]


class PublicPagesMayBeKept:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "Cache-Control" not in response and is_for_everybody(request):
            may_be_kept(response)
        return response


def note_what_is_served(serve: Serve) -> Serve:
    """Mark a request to which a page is being served; cms.wagtail_hooks registers this behind all that refuses pages.

    Whoever comes here without a session gets what `public_pages()` holds, and nothing else: the address led to a live
    page of the site, `cms.serving` has refused what is over, and every view restriction asks for a session.
    """

    def noting(page: Page, request: HttpRequest, args: Any, kwargs: Any) -> HttpResponseBase:
        request.is_served_page = True  # type: ignore[attr-defined]
        return serve(page, request, args, kwargs)

    return noting


def is_for_everybody(request: HttpRequest) -> bool:
    """Say whether anybody would have got this page as it is: it has nothing of the visitor in it."""
    return (
        getattr(request, "is_served_page", False)
        and settings.SESSION_COOKIE_NAME not in request.COOKIES
        and "HTTP_AUTHORIZATION" not in request.META
        # A form on the page has a token of this visitor.
        and "CSRF_COOKIE_NEEDS_UPDATE" not in request.META
        and not getattr(request, "is_preview", False)
        and not request.path.startswith(tuple(settings.NEVER_IN_PAGE_CACHE))
    )
