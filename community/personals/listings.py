"""A member's listing: writing it, showing it, taking it back."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from community.membership.access import current_member
from community.membership.models import Member
from community.membership.refused import Refused
from community.personals.models import HEADLINE_LENGTH, TEXT_LENGTH, Interest, Listing, Region
from community.personals.wording import check_wording
from search.parsing import printable

MOST_INTERESTS = 5


def publish_listing(
    *, member: Member, headline: str, text: str, interests: Iterable[Interest], region: Region | None
) -> Listing:
    """Write the member's listing and show it to the other members.

    Raises `Refused`: "not-a-member", "empty", "too-long", "interests", "contact-details" or "trade".
    """
    return _write(
        member=member, headline=headline, text=text, interests=interests, region=region, status=Listing.Status.VISIBLE
    )


def save_draft(
    *, member: Member, headline: str, text: str, interests: Iterable[Interest], region: Region | None
) -> Listing:
    """Write the member's listing for their own eyes; one that was shown is withdrawn by it.

    Raises `Refused` as `publish_listing` does.
    """
    was_shown = Listing.objects.filter(member=member).exclude(status=Listing.Status.DRAFT).exists()
    status = Listing.Status.WITHDRAWN if was_shown else Listing.Status.DRAFT
    return _write(member=member, headline=headline, text=text, interests=interests, region=region, status=status)


def withdraw_listing(*, member: Member) -> None:
    """Hide the member's listing and keep what it says. Does nothing where none is shown."""
    Listing.objects.filter(member=member, status=Listing.Status.VISIBLE).update(status=Listing.Status.WITHDRAWN)


def delete_listing(*, member: Member) -> None:
    """Delete the member's listing for good. Does nothing where there is none."""
    Listing.objects.filter(member=member).delete()


def _write(
    *,
    member: Member,
    headline: str,
    text: str,
    interests: Iterable[Interest],
    region: Region | None,
    status: Listing.Status,
) -> Listing:
    chosen = list(interests)
    headline, text = " ".join(printable(headline).split()), _legible(text)
    _check(member=member, headline=headline, text=text, interests=chosen)
    with transaction.atomic():
        listing, _created = Listing.objects.update_or_create(
            member=member, defaults={"headline": headline, "text": text, "region": region, "status": status}
        )
        listing.interests.set(chosen)
    return listing


def _legible(text: str) -> str:
    """Return the text without what cannot be seen; its lines stay."""
    return "\n".join(printable(line).rstrip() for line in text.splitlines()).strip()


def _check(*, member: Member, headline: str, text: str, interests: list[Interest]) -> None:
    if current_member(member.user) is None:
        raise Refused("not-a-member", _("Only members may write a listing."))
    for field, value, limit in (("headline", headline, HEADLINE_LENGTH), ("text", text, TEXT_LENGTH)):
        if not value:
            raise Refused("empty", _("Please write something here."), field=field)
        if len(value) > limit:
            raise Refused(
                "too-long", _("This is too long: %(limit)s characters at most.") % {"limit": limit}, field=field
            )
        check_wording(value, field=field)
    if not 1 <= len(interests) <= MOST_INTERESTS:
        message = _("Choose one to %(most)s interests.") % {"most": MOST_INTERESTS}
        raise Refused("interests", message, field="interests")
