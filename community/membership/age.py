"""Whether somebody is an adult: asked once, by a provider that the setting `AGE_CHECK` names, and then forgotten.

A date of birth that somebody types proves little, and in some countries it is not enough in law. A stronger provider
(a document check, say) is a class like `SelfDeclaredDateOfBirth`: what it asks for becomes part of the join form, and
nothing but its result is kept.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, NamedTuple, Protocol

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.membership.models import AgeOutcome

ADULT_AGE = 18  # years
OLDEST_AGE = 120  # years; nobody on record has lived much longer

# The zone whose day begins last, and the one whose day begins first.
LAST_ZONE = timezone(timedelta(hours=-12))
FIRST_ZONE = timezone(timedelta(hours=14))


class AgeResult(NamedTuple):
    """All that is ever kept of an age check."""

    outcome: AgeOutcome
    method: str
    checked_at: datetime


class AgeCheck(Protocol):
    def fields(self) -> Mapping[str, forms.Field]:
        """Return what the join form has to ask, by name."""

    def check(self, *, answers: Mapping[str, Any], now: datetime) -> AgeResult:
        """Judge the answers to `fields`.

        Raises `ValidationError`, by name of field, for an answer that cannot be true.
        """


class ForgetfulDateInput(forms.DateInput):
    """A date that is not sent back with a form that has to be corrected, no more than a password is."""

    input_type = "date"

    def format_value(self, value: Any) -> None:
        return None


class SelfDeclaredDateOfBirth:
    method = "self-declared date of birth"

    def fields(self) -> dict[str, forms.Field]:
        return {
            "date_of_birth": forms.DateField(
                label=gettext_lazy("Date of birth"),
                help_text=gettext_lazy(
                    "You must be 18 or older. We note only that you are, how we asked and when; not the date."
                ),
                input_formats=["%Y-%m-%d"],
                error_messages={"invalid": gettext_lazy("Enter a date like 1990-05-31: year, month, day.")},
                widget=ForgetfulDateInput(attrs={"autocomplete": "bday"}),
            )
        }

    def check(self, *, answers: Mapping[str, Any], now: datetime) -> AgeResult:
        born: date = answers["date_of_birth"]
        if born > now.astimezone(FIRST_ZONE).date():
            raise ValidationError({"date_of_birth": _("This date is in the future. Check the year.")})
        if now.astimezone(UTC).year - born.year > OLDEST_AGE:
            raise ValidationError({"date_of_birth": _("This date is too long ago. Check the year.")})
        is_adult = birthday(born, age=ADULT_AGE) <= now.astimezone(LAST_ZONE).date()
        return AgeResult(AgeOutcome.ADULT if is_adult else AgeOutcome.MINOR, self.method, now)


def birthday(born: date, *, age: int) -> date:
    """Return the day somebody reaches `age` years.

    Who was born on 29 February does so on 1 March of a common year: the later of the two days that laws choose.
    """
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)


def age_check() -> AgeCheck:
    return import_string(settings.AGE_CHECK)()
