"""The demo's listings, by invented people."""

from typing import NamedTuple

from community.membership.models import Member
from community.personals.listings import publish_listing
from community.personals.models import Interest, Listing, Region


class Words(NamedTuple):
    headline: str
    text: str
    interests: list[str]
    region: str


DEMO_LISTINGS = {
    "alice@demo.test": Words(
        "Three months into inducing, and glad of company",
        "My wife is expecting in the spring and I would like to share the feeding, so I began in summer with a schedule"
        " that we wrote up on the fridge.\n\nSome weeks go well and some I count drops. I read a lot, I keep a diary,"
        " and I would love to compare notes with somebody who is about as far along, patient with slow progress and"
        " able to laugh about the pump at three in the morning.",
        ["inducing-lactation", "sharing-feeding-between-parents", "pumping-and-routines"],
        "northern-europe",
    ),
    "bob@demo.test": Words(
        "A partner who wants to understand, not to hurry",
        "We have been together for eleven years and are talking about nursing as part of how we are close. She is"
        " curious, I am curious, and neither of us knows anybody to ask.\n\nI am looking for couples and single people"
        " who have found their own pace and do not mind questions about trust, tiredness and ordinary life around it.",
        ["nursing-with-a-partner", "feelings-stress-and-rest", "friendship-and-conversation"],
        "united-states-midwest",
    ),
    "charlie@demo.test": Words(
        "Trans parent, relactating, fond of footnotes",
        "I fed my first child for a short while and stopped sooner than I wanted. Now I am trying again with my second,"
        " with a midwife who listens.\n\nI collect studies and argue with them in the margins. If you like reading"
        " together, or know what it is to hear “but how does that work” at every family dinner, we will get on.",
        ["relactation", "trans-and-nonbinary-experience", "books-studies-and-good-sources"],
        "",
    ),
}


def add_demo_listings() -> None:
    """Show a listing for each of the demo's members who has never written one."""
    for email, words in DEMO_LISTINGS.items():
        member = Member.objects.filter(user__email=email).first()
        if member is None or Listing.objects.filter(member=member).exists():
            continue
        publish_listing(
            member=member,
            headline=words.headline,
            text=words.text,
            interests=Interest.objects.filter(slug__in=words.interests),
            region=Region.objects.filter(slug=words.region).first(),
        )
