"""The name that others see: chosen freely, as long as it does not give its owner away."""

import unicodedata

from django.contrib.auth.models import Permission
from django.db.models import Q
from django.utils.translation import gettext as _

from cms.users.models import User
from community.membership.contact_details import has_contact_details
from community.membership.refused import Refused
from search.parsing import printable

# Shorter local parts ("jo") are found in too many names that have nothing to do with them.
SHORTEST_TELLING_PART = 4  # characters
# Whoever has such a name, or one that begins or ends with such a word, seems to speak for the site.
_OFFICIAL = """
admin admins administrator administration editor editors moderator moderators mod mods official owner reviewer root
staff support system team webmaster dreamsofmilk
"""
OFFICIAL = frozenset(_OFFICIAL.split())


def clean_display_name(name: str) -> str:
    """Return the name as others see it: in one line, without what cannot be seen."""
    return " ".join(printable(name).split())


def check_display_name(name: str, *, email: str) -> None:
    """Raise `Refused` for a name that cannot be seen, holds contact details or the part of `email` before the @, or is
    that of somebody who works here or seems to.
    """
    if name and not _letters(name):
        raise Refused("empty", _("Choose a name with letters or digits."), field="display_name")
    if has_contact_details(name):
        raise Refused("contact-details", _("Leave out addresses, numbers and links."), field="display_name")
    local_part = _letters(email.partition("@")[0].partition("+")[0])
    if len(local_part) >= SHORTEST_TELLING_PART and local_part in _letters(name):
        raise Refused("from-address", _("Choose a name that is not in your email address."), field="display_name")
    if _seems_official(name):
        raise Refused("reserved", _("This name is for those who work here. Choose another."), field="display_name")


def _seems_official(name: str) -> bool:
    if not name:
        return False
    words = [_letters(word) for word in name.replace("_", " ").replace("-", " ").split()]
    letters = _letters(name)
    # "Admin 2" and "The admin" read like "Admin"; a word in the middle of a name says nothing.
    bare = {letters, letters.strip("0123456789"), words[0], words[-1]}
    return not bare.isdisjoint(OFFICIAL) or letters in {_letters(staff) for staff in _names_of_staff()}


def _names_of_staff() -> set[str]:
    opens_admin = Permission.objects.filter(content_type__app_label="wagtailadmin", codename="access_admin")
    work_here = User.objects.filter(
        Q(is_superuser=True) | Q(user_permissions__in=opens_admin) | Q(groups__permissions__in=opens_admin)
    )
    return set(work_here.values_list("display_name", flat=True))


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKC", printable(text)).casefold()
    return "".join(character for character in plain if character.isalnum())
