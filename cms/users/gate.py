"""The admin's log-in: everybody goes through allauth, which knows rate limits and second factors."""

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from cms.users.staff import may_enter_admin


def admin_login(request: HttpRequest) -> HttpResponse:
    """Send somebody on to where they wanted to go in the admin, by way of the log-in where that is needed.

    Raises `PermissionDenied` for an account that does not work here: sending it back to log in would go round for ever.
    """
    wanted = _wanted(request, default=reverse("wagtailadmin_home"))
    if not request.user.is_authenticated:
        return redirect_to_login(wanted)
    if not may_enter_admin(request.user):
        raise PermissionDenied
    return redirect(wanted)


def page_login(request: HttpRequest) -> HttpResponse:
    """Send a reader of a restricted page to the log-in.

    Raises `PermissionDenied` for somebody who is logged in already: the page is not for them.
    """
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect_to_login(_wanted(request, default=resolve_url(settings.LOGIN_REDIRECT_URL)))


def _wanted(request: HttpRequest, *, default: str) -> str:
    wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
    is_safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_safe else default
