"""The name that others see: chosen freely, as long as it does not give its owner away."""

from django.utils.translation import gettext as _

from community.membership.contact_details import has_contact_details
from community.membership.refused import Refused

# Shorter local parts ("jo") are found in too many names that have nothing to do with them.
SHORTEST_TELLING_PART = 4  # characters


def check_display_name(name: str, *, email: str) -> None:
    """Raise `Refused` for a name that holds contact details or the part of `email` before the @."""
    if has_contact_details(name):
        raise Refused("contact-details", _("Leave out addresses, numbers and links."), field="display_name")
    local_part = _letters(email.partition("@")[0].partition("+")[0])
    if len(local_part) >= SHORTEST_TELLING_PART and local_part in _letters(name):
        raise Refused("from-address", _("Choose a name that is not in your email address."), field="display_name")


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
