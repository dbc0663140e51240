"""What a listing may not say: contact details, and offers or searches of milk or medicines.

A simple rule on words, so that people learn at once what to change. It neither understands what is said nor stops
somebody who means to get round it; that needs a person who reviews listings before they show.
"""

import re

from django.utils.translation import gettext as _

from community.membership.contact_details import has_contact_details
from community.membership.refused import Refused

SENTENCE_END = re.compile(r"[.!?\n]+")
GOODS = (
    r"(?:(?:breast|human) ?milk|milk|colostrum|domperidone|motilium|metoclopramide|reglan|sulpiride"
    r"|medicines?|medications?|meds|pills|tablets|prescriptions?)\b(?! (?:supply|production|making|removal|diary))"
)
# Words of trade are refused anywhere in a sentence that names the goods; softer ones only right before them, because
# "looking for company while my milk comes in" is what the listings are for.
TRADE = re.compile(
    r"\b(?:sell(?:ing|er|s)?|sold|buy(?:ing|er|s)?|purchas\w+|for sale|price[sd]?|pay(?:ing)? for|ship(?:ping|ped)?"
    r"|per (?:ounce|oz|ml|bottle|bag)|(?:dm|pm)(?: me)? for|(?:message|text|write|ask) me for"
    r"|rates? (?:for|on request))\b|[$€£¥]",
    re.IGNORECASE,
)
NAMED = re.compile(rf"\b{GOODS}", re.IGNORECASE)
SOUGHT = re.compile(
    r"\b(?:looking for|in search of|seeking|want(?:ed)?|need(?:ed)?|offer(?:ing|ed)?|giv(?:e|ing) away|spare|surplus"
    rf"|extra|free|donat\w+|swap(?:ping)?|trad(?:e|ing)) (?:\w+ ){{0,2}}{GOODS}",
    re.IGNORECASE,
)

AVAILABLE = re.compile(rf"\b{GOODS},? (?:(?:is|are|still|to share) ){{0,2}}available\b", re.IGNORECASE)


def check_wording(text: str, *, field: str) -> None:
    """Raise `Refused` for text that members may not show to one another."""
    if has_contact_details(text):
        raise Refused(
            "contact-details",
            _("Leave out email addresses, phone numbers, links and account names, your own and other people's."),
            field=field,
        )
    if any(_is_trade(" ".join(sentence.split())) for sentence in SENTENCE_END.split(text)):
        raise Refused(
            "trade",
            _(
                "This reads like an offer of milk or medicines, or a search for them. Neither has a place here, not"
                " even as a gift. If you meant something else, please say it in other words."
            ),
            field=field,
        )


def _is_trade(sentence: str) -> bool:
    is_offered = SOUGHT.search(sentence) or AVAILABLE.search(sentence)
    return bool(is_offered or (TRADE.search(sentence) and NAMED.search(sentence)))
