"""Who may come in to the members' side."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from cms.users.models import User
from community.membership.models import Member

P = ParamSpec("P")


def current_member(user: User | AnonymousUser) -> Member | None:
    """Return who this person is on the members' side, or None: an outsider, an incomplete member, or it is closed."""
    if not settings.COMMUNITY_OPEN or not isinstance(user, User):
        return None
    return Member.objects.complete().select_related("user").filter(user=user).first()


def landing_address() -> str:
    return reverse("wagtail_serve", args=["membership/"])


def members_only(
    view: Callable[Concatenate[HttpRequest, Member, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Hand the member to the view; send everybody else to the landing page.

    It answers an outsider before the view has looked anything up, so the answer cannot tell what is there.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        member = current_member(request.user)
        if member is None:
            return redirect(landing_address())
        return view(request, member, *args, **kwargs)

    return guarded
