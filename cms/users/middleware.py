"""Who may go where, and what is kept of it on the way."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from cms.middleware import SAFE_METHODS
from cms.previews import links as previews
from cms.users.models import User
from cms.users.staff import may_enter_admin, second_factors, showed_second_factor

# All that is left to somebody who has a second factor and has not shown it.
TO_SHOW_IT = frozenset({"mfa_reauthenticate", "mfa_reauthenticate_webauthn", "account_logout"})


class PrivatePages:
    """Keep the accounts' and members' pages out of caches and search engines, whatever the answer is.

    Nothing is said about the referrer here: the site's own policy, "same-origin", already tells other sites nothing,
    and under "no-referrer" browsers send `Origin: null`, which makes every form fail.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(settings.PRIVATE_PATHS) or previews.PARAMETER in request.GET:
            response["Cache-Control"] = "private, no-store"
            response["X-Robots-Tag"] = "noindex, nofollow"
        return response


class StaffSecondFactor:
    """Let whoever works in the admin go nowhere on the site before they have shown a second factor.

    Not only the admin's own addresses show what staff alone may see: previews, images, documents and restricted pages
    do too, and a page that is added later would be forgotten in a list.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Any) -> HttpResponse | None:
        # Readers without a session are not looked at, so that their pages do not come to depend on a cookie.
        if not settings.STAFF_SECOND_FACTOR or settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return None
        if not isinstance(request.user, User) or showed_second_factor(request) or not may_enter_admin(request.user):
            return None
        match = request.resolver_match
        factors = second_factors(request.user)
        if factors:
            return None if match and match.view_name in TO_SHOW_IT else self._ask(request, factors=factors)
        return None if match and match.route.startswith("accounts/") else self._ask_to_set_up(request)

    @staticmethod
    def _ask(request: HttpRequest, *, factors: set[str]) -> HttpResponse:
        has_codes = Authenticator.Type.TOTP in factors
        address = reverse("mfa_reauthenticate" if has_codes else "mfa_reauthenticate_webauthn")
        back = request.get_full_path() if request.method in SAFE_METHODS else reverse("wagtailadmin_home")
        return redirect(f"{address}?{urlencode({REDIRECT_FIELD_NAME: back})}")

    @staticmethod
    def _ask_to_set_up(request: HttpRequest) -> HttpResponse:
        messages.info(request, _("Your account needs a second factor. Set one up to go on."))
        return redirect("mfa_activate_totp")
