"""What this site does differently from django-allauth."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.context import request_context
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from cms.users.staff import may_enter_admin

# Nobody owns an address there (RFC 2606, 2), and everybody knows the password of those that the demo makes.
DEMO_DOMAIN = "@demo.test"


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return settings.COMMUNITY_OPEN

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        """Raise `PermissionDenied` for an account of the demo on a site that has become another one since."""
        if not settings.DEMO and user.email.endswith(DEMO_DOMAIN):
            raise PermissionDenied
        return super().pre_login(request, user, **kwargs)

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """Leave the names alone: the display name is drawn by chance or chosen, and there is no other."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        # Some mails are sent when the request's transaction is over, and with it allauth's notion of the request.
        with request_context(self.request):
            super().send_mail(template_prefix, email, context)

    def send_account_already_exists_mail(self, email: str) -> None:
        """Tell the owner of a known address, in the time that a new account would have taken."""
        # Hashing the password is what makes opening an account slow; without it the answer's time tells who is here.
        make_password(email)
        super().send_account_already_exists_mail(email)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        if may_enter_admin(request.user):
            return reverse("wagtailadmin_home")
        return super().get_login_redirect_url(request)
