"""Who works in the admin, and whether they have shown their second factor."""

from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.contrib.auth.models import AnonymousUser
from django.dispatch import receiver
from django.http import HttpRequest

from cms.users.models import User


def may_enter_admin(user: User | AnonymousUser) -> bool:
    """Tell whether somebody works here: the permission says so, there is no flag beside it."""
    return user.has_perm("wagtailadmin.access_admin")


def showed_second_factor(request: HttpRequest) -> bool:
    """Tell whether this person has shown a second factor, or a passkey, in this very session."""
    if not isinstance(request.user, User):
        return False
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, request.user))


def second_factors(user: User) -> set[str]:
    """Return the types of the second factors that an account has; recovery codes alone are none."""
    types = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    return types - {Authenticator.Type.RECOVERY_CODES}


@receiver(authenticator_added)
def count_setting_up_as_showing(
    *, request: HttpRequest, user: User, authenticator: Authenticator, **_more: Any
) -> None:
    """Take a second factor that has just been set up as shown: its first code or signature has just been checked."""
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        return
    record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)
    # It is told after the commit, when the request's own saving of the session is over.
    request.session.save()
