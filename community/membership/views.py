from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from cms.users.models import User
from community.membership.access import landing_address
from community.membership.forms import JoinForm
from community.membership.models import Member
from community.membership.refused import Refused


@require_safe
def guidelines(request: HttpRequest) -> HttpResponse:
    return render(request, "membership/guidelines.html")


@sensitive_post_parameters()
def join_with_account(request: HttpRequest) -> HttpResponse:
    """Ask somebody who has an account for the rest; send everybody else where they get on."""
    if not settings.COMMUNITY_OPEN:
        return redirect(landing_address())
    if not isinstance(request.user, User):
        return redirect("account_signup")
    if Member.objects.filter(user=request.user).exists():
        return redirect(settings.LOGIN_REDIRECT_URL)
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            form.signup(request, request.user)
        except Refused as refused:
            messages.info(request, str(refused))
            return redirect(settings.LOGIN_REDIRECT_URL)
        messages.success(request, _("Welcome. You are a member now."))
        return redirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "membership/join.html", {"form": form})
