"""Saying of the pages that everybody may see that they may be kept; Wagtail itself says nothing of it."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from wagtail.models import Page

from cms.page_cache.headers import may_be_kept
from cms.visibility import public_pages


class PublicPagesMayBeKept:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        page = getattr(request, "served_page", None)
        if page is not None and "Cache-Control" not in response and is_for_everybody(request, page):
            may_be_kept(response)
        return response


def remember_served_page(page: Page, request: HttpRequest, _args: Any, _kwargs: Any) -> None:
    """Note which page the address led to, once nothing has refused to show it (cms.wagtail_hooks)."""
    request.served_page = page  # type: ignore[attr-defined]


def is_for_everybody(request: HttpRequest, page: Page) -> bool:
    """Say whether anybody would have got this page as it is: it has nothing of the visitor in it."""
    return (
        settings.SESSION_COOKIE_NAME not in request.COOKIES
        and "HTTP_AUTHORIZATION" not in request.META
        # A form on the page has a token of this visitor.
        and "CSRF_COOKIE_NEEDS_UPDATE" not in request.META
        and not getattr(request, "is_preview", False)
        and not request.path.startswith(tuple(settings.NEVER_IN_PAGE_CACHE))
        and public_pages().filter(pk=page.pk).exists()
    )
