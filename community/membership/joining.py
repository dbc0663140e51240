"""Becoming a member."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from cms.users.models import User
from community.membership.age import AgeResult
from community.membership.display_names import check_display_name, clean_display_name
from community.membership.models import AgeOutcome, Member
from community.membership.refused import Refused

# Changes with the text in templates/membership/guidelines.html, so that it is known who agreed to what.
GUIDELINES_VERSION = "2026-11"


@transaction.atomic
def join(*, user: User, age: AgeResult, accepts_guidelines: bool, display_name: str, now: datetime) -> Member:
    """Make the account a member's, under `display_name` or, where that is empty, under the name it has.

    The membership is complete, and opens the members' side, once the address is proven: `Member.objects.complete()`.

    Raises `Refused`: "closed", "minor", "guidelines", "member-already", or what `check_display_name` refuses.
    """
    if not settings.COMMUNITY_OPEN:
        raise Refused("closed", _("Joining is closed for now."))
    if age.outcome != AgeOutcome.ADULT:
        raise Refused("minor", minor_message(), field="date_of_birth")
    if not accepts_guidelines:
        raise Refused("guidelines", _("Please read and accept the guidelines to join."), field="guidelines")
    if display_name:
        check_display_name(display_name, email=user.email)
        display_name = clean_display_name(display_name)
    # Whoever sends the form twice at once is asked one after the other.
    User.objects.select_for_update().get(pk=user.pk)
    if Member.objects.filter(user=user).exists():
        raise Refused("member-already", _("You are a member already."))
    if display_name:
        user.display_name = display_name
        user.save(update_fields=["display_name"])
    return Member.objects.create(
        user=user,
        age_outcome=age.outcome,
        age_method=age.method,
        age_confirmed_at=age.checked_at,
        guidelines_version=GUIDELINES_VERSION,
        guidelines_accepted_at=now,
        joined_at=now,
    )


def minor_message() -> str:
    return _(
        "You need to be 18 or older to join, so we cannot open a membership for you. The articles are open to"
        " everybody. If you mistyped the date, please come back tomorrow."
    )
