"""What listings may not say, and what they may."""

import pytest

from community.membership.refused import Refused
from community.personals.wording import check_wording


def refusal(text: str) -> str:
    """Return what is refused and the code of the refusal; empty where nothing is."""
    try:
        check_wording(text, field="text")
    except Refused as refused:
        return f"{refused.field}: {refused.code}"
    return ""


@pytest.mark.parametrize(
    "text",
    [
        "I am three months into inducing and glad of company.",
        "We talk at home about what nursing means to us, at our own pace.",
        "My milk supply dipped after week 12; I pump 8 times a day, 15 minutes each.",
        "Looking for company while my milk comes in.",
        "I need more sleep than milk makes possible!",
        "My doctor and I talked about medicines. I would rather read studies.",
        "I paid attention to the clock for years (2019-2021), then stopped on 2024-11-23.",
        "Do you know how supply and demand works? Looking for milk production nerds.",
        "I sell houses for a living. At night I think about milk.",
        "Coffee is on me, milk and honey too.",
        "I am 34 and live by the sea.Come say hello.",
        "From 2019 - 2021 I pumped, and again since 2024 - 11 - 23.",
        "I kik off the day at 5:30 - 6:00 with a pump.",
        "Telegrams and signals of the body: I watch both.",
        "The let-down is a signal to the baby, and my line is short.",
        "My insta-ready smile is gone by noon.",
        "I would love to signal that everybody is welcome.",
        "Is anybody available to talk about milk supply at night?",
        "The rates of milk production differ.",
        "Oxytocin is the messenger: it makes milk flow.",
        "A signal: the milk is here. The second signal comes at 3am.",
        "I pump lots of milk at night.",
        "I ask for patience while my milk comes in.",
        "I am available most evenings. My milk comes and goes.",
    ],
)
def test_ordinary_words_are_fine(text: str) -> None:
    assert refusal(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "Write to fern@example.org",
        "fern (at) example (dot) org",
        "fern at example dot org",
        "See https://example.org/fern",
        "www.example.org",
        "Find me on example.com",
        "I am @fernleaf elsewhere",
        "Call +44 20 7946 0958",
        "(555) 010-0199 ext 3",
        "Ring 0171 - 555 01 99",
        "555 - 010 - 0199",
        "0171 / 555 / 01 99",
        "insta: milk_lover_99",
        "my kik is milkfan22",
        "telegram tg milkyway",
        "tg: milkyway",
        "On WhatsApp I am = fern.leaf",
        "Snapchat milky_way",
        "find me on discord under fern77",
        "５５５ ０１００ １９９",
        "ｆｅｒｎ＠example．org",
    ],
)
def test_contact_details_are_refused(text: str) -> None:
    assert refusal(text) == "text: contact-details"


@pytest.mark.parametrize(
    "text",
    [
        "Selling my breast milk.",
        "I buy human milk",
        "Fresh milk, $3 an ounce",
        "Milk for sale, shipped on ice",
        "Looking for breast milk near me",
        "in search of some fresh milk",
        "I am offering my milk to somebody kind",
        "Giving away spare milk",
        "Happy to donate milk",
        "Anybody with extra domperidone tablets?",
        "I sell  domperidone",
        "I can get you medicines, price on request",
        "MILK FOR SALE",
        "I have plenty of breastmilk available, DM for rates",
        "Breast milk, DM me for details",
        "Plenty of breastmilk available",
        "Rates for my milk on request",
    ],
)
def test_trade_in_milk_or_medicines_is_refused(text: str) -> None:
    assert refusal(text) == "text: trade"
