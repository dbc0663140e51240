"""Adults only: who is 18 on which day, and what a date of birth cannot be."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError

from community.membership.age import SelfDeclaredDateOfBirth
from community.membership.models import AgeOutcome

ADULT, MINOR = AgeOutcome.ADULT, AgeOutcome.MINOR


def outcome(born: str, now: datetime) -> AgeOutcome:
    check = SelfDeclaredDateOfBirth()
    born_on = check.fields()["date_of_birth"].clean(born)
    return check.check(answers={"date_of_birth": born_on}, now=now).outcome


@pytest.mark.parametrize(
    ("born", "now", "expected"),
    [
        # The 18th birthday itself and the days around it, at noon everywhere that matters.
        ("2008-06-15", datetime(2026, 6, 14, 12, tzinfo=UTC), MINOR),
        ("2008-06-15", datetime(2026, 6, 15, 12, tzinfo=UTC), ADULT),
        ("2008-06-15", datetime(2026, 6, 16, 12, tzinfo=UTC), ADULT),
        ("2008-12-31", datetime(2026, 12, 30, 23, 59, tzinfo=UTC), MINOR),
        ("2009-01-01", datetime(2026, 12, 31, 23, 59, tzinfo=UTC), MINOR),
        # Born on 29 February: 18 on 1 March, there being no 29 February in the year of an 18th birthday.
        ("2008-02-29", datetime(2026, 2, 28, 12, tzinfo=UTC), MINOR),
        ("2008-02-29", datetime(2026, 3, 1, 11, 59, tzinfo=UTC), MINOR),
        ("2008-02-29", datetime(2026, 3, 1, 12, tzinfo=UTC), ADULT),
        ("2004-02-29", datetime(2026, 3, 1, 12, tzinfo=UTC), ADULT),
        # The day has to have begun in the last zone of the world, twelve hours after Greenwich.
        ("2008-06-15", datetime(2026, 6, 15, 0, 0, tzinfo=UTC), MINOR),
        ("2008-06-15", datetime(2026, 6, 15, 11, 59, 59, tzinfo=UTC), MINOR),
        ("2026-06-14", datetime(2026, 6, 15, 12, tzinfo=UTC), MINOR),
        # Born today, seen from the first zone of the world: young, but not in the future.
        ("2026-06-16", datetime(2026, 6, 15, 10, 0, tzinfo=UTC), MINOR),
        ("1906-07-01", datetime(2026, 6, 15, 12, tzinfo=UTC), ADULT),
    ],
)
def test_outcome(born: str, now: datetime, expected: AgeOutcome) -> None:
    assert outcome(born, now) == expected


@pytest.mark.parametrize(
    ("born", "sentence"),
    [
        ("2026-06-16", "in the future"),
        ("9999-12-31", "in the future"),
        ("1905-06-15", "too long ago"),
        ("0001-01-01", "too long ago"),
        ("2026-02-30", "year, month, day"),
        ("2025-02-29", "year, month, day"),
        ("0000-01-01", "year, month, day"),
        ("10000-01-01", "year, month, day"),
        ("31/12/1990", "year, month, day"),
        ("1990", "year, month, day"),
        ("1990-05-31T00:00", "year, month, day"),
        ("\x00", "year, month, day"),
        ("9" * 5000, "year, month, day"),
        ("", "required"),
    ],
)
def test_date_that_cannot_be_is_explained(born: str, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        outcome(born, datetime(2026, 6, 15, 9, 59, tzinfo=UTC))


def test_only_outcome_method_and_time_leave_the_check() -> None:
    check = SelfDeclaredDateOfBirth()
    now = datetime(2026, 6, 15, 12, tzinfo=UTC)
    born = check.fields()["date_of_birth"].clean("1988-03-04")
    assert check.check(answers={"date_of_birth": born}, now=now) == (ADULT, "self-declared date of birth", now)
