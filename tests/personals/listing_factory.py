"""Listings for the tests, written through the verb that members use."""

from typing import Any

from cms.users.models import User
from community.personals.listings import publish_listing
from community.personals.models import Interest, Listing, Region


def show(user: User, **changed: Any) -> Listing:
    """Write and show a listing. `interests` are slugs, `region` is one or empty."""
    words: dict[str, Any] = {
        "headline": "Evenings by the lake",
        "text": "I read a lot and would like to compare notes.",
        "interests": ["relactation"],
        "region": "canada",
        **changed,
    }
    return publish_listing(
        member=user.member,
        headline=words["headline"],
        text=words["text"],
        interests=Interest.objects.filter(slug__in=words["interests"]),
        region=Region.objects.filter(slug=words["region"]).first(),
    )
