"""Points in time as editors read them, in the time zone that the admin has set for them."""

from datetime import datetime

from django.utils import formats, timezone


def moment(then: datetime, *, now: datetime) -> str:
    """Return the time of day to the second, with the date where it is not today's."""
    local = timezone.localtime(then)
    if local.date() == timezone.localtime(now).date():
        return formats.date_format(local, "H:i:s")
    return formats.date_format(local, "j F Y, H:i:s")
