"""What happens to every request, whichever room answers it."""

from collections.abc import Callable
from contextlib import suppress
from typing import ClassVar
from urllib.parse import urlsplit

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.urls import reverse
from wagtail.contrib.redirects.middleware import RedirectMiddleware, get_redirect
from wagtail.contrib.redirects.models import Redirect

from cms import health
from cms.visibility import public_pages

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class HealthByAnyName:
    """Answer what a load balancer asks before anything looks at the host: it asks each machine by its number."""

    views: ClassVar[dict[str, Callable[[HttpRequest], HttpResponse]]] = {
        "/healthz": health.healthz,
        "/readyz": health.readyz,
    }

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.views.get(request.path_info, self.get_response)(request)


class UnsafeMethodsInOneTransaction:
    """Run every request that may change something in one transaction, which a server error rolls back.

    Django's `ATOMIC_REQUESTS` would do it for GETs too, and with SQLite's immediate transactions each of them would
    then take the write lock.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in SAFE_METHODS:
            return self.get_response(request)
        # A slow visitor's form arrives before the lock is taken, not while everybody else waits for it. One that never
        # arrives whole is refused where it is read next.
        with suppress(UnreadablePostError):
            _form = request.POST
        with transaction.atomic():
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
            elif transaction.get_rollback():
                # A view caught a database error that had ended the transaction. Nothing of it will be kept, so
                # nobody may be told that it was.
                raise transaction.TransactionManagementError("The view answered after its transaction had failed.")
        return response


class RedirectsToPublicPages(RedirectMiddleware):
    """Lead from old addresses to pages that anyone may see; the address of any other page is nobody's business."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        answer: HttpResponseBase = super().process_response(request, response)
        if answer is not response and self._leads_to_hidden_page(request):
            return response
        return answer

    @staticmethod
    def _leads_to_hidden_page(request: HttpRequest) -> bool:
        # Found as the middleware above has found it: with its parameters, or without them.
        path = Redirect.normalise_path(request.get_full_path(), decode_unicode=False)
        redirect = get_redirect(request, path) or get_redirect(request, urlsplit(path).path)
        if redirect is None or redirect.redirect_page_id is None:
            return False
        return not public_pages().filter(pk=redirect.redirect_page_id).exists()


class ContentSecurityPolicy(CSPMiddleware):
    """Tell browsers what a page may load and use: the site's policy everywhere; in the admin, with what Wagtail's
    editor needs besides.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response.headers.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        return super().process_response(request, response)

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if request.path.startswith(reverse("wagtailadmin_home")) and parts.update is None:
            parts.update = settings.ADMIN_CONTENT_SECURITY_POLICY
        return parts
