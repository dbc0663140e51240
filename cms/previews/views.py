"""What somebody with a link sees. The links are made in the admin: see wagtail_hooks.py."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from cms.previews.links import COOKIE, link_of


@require_safe
def preview(request: HttpRequest, token: str) -> HttpResponseBase:
    """Show the revision that a link names. `PRIVATE_PATHS` keeps the answer out of caches and search engines."""
    link = link_of(token)
    if link is None:
        return render(request, "previews/gone.html", status=404)
    page = link.shared_page()
    # Templates know a preview by these, as in the editor.
    request.is_preview = True  # type: ignore[attr-defined]
    request.preview_mode = page.default_preview_mode  # type: ignore[attr-defined]
    request.preview_link = link  # type: ignore[attr-defined]
    response: HttpResponse = page.serve_preview(request, page.default_preview_mode)
    response.set_cookie(
        COOKIE,
        token,
        max_age=link.expires_at - timezone.now(),
        secure=settings.SITE_IS_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response
