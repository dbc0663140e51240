"""What many pages need and show alike, read from the database once for as long as nothing on the site changes.

Each process keeps it in its memory beside the pages, under the same generation and for no longer than the clock leaves
the site as it is. So it is never older than a kept page may be.
"""

import time
from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from functools import cache, wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar

from django.conf import settings
from django.db import connection
from django.utils import timezone

from cms.page_cache.front import LONGEST_SECONDS
from cms.page_cache.generation import get_generation
from cms.visibility import next_change

Arguments = ParamSpec("Arguments")
Value = TypeVar("Value")

# What every page needs are a few values; should anybody find a way to make some up, memory has an end.
MOST_VALUES = 200
# A date in HTTP has whole seconds, and another process may know of a change half a second later.
SETTLED_SECONDS = 2.0


class _Era(NamedTuple):
    """A time in which the site stays as it is, and what was read of it."""

    generation: bytes
    began_at: float
    ends_at: float
    values: dict[Hashable, Any]


class Memory:
    def __init__(self) -> None:
        self._era = _Era(b"", 0.0, 0.0, {})

    def values(self) -> dict[Hashable, Any]:
        """Return what was read of the site as it is now. What is to be added has to be read after this."""
        era = self._current()
        return {} if era is None else era.values

    def began_at(self) -> float | None:
        """Return when this process first saw the site as it is now, in seconds since 1970; None where nobody knows."""
        era = self._current()
        return None if era is None else era.began_at

    def _current(self) -> _Era | None:
        asked_at = time.time()
        generation = get_generation().current()
        if generation is None:
            return None
        era = self._era
        if era.generation != generation or asked_at >= era.ends_at:
            change = next_change(now=timezone.now())
            longest = asked_at + LONGEST_SECONDS
            era = self._era = _Era(generation, asked_at, min(change.timestamp(), longest) if change else longest, {})
        return era


@cache
def get_memory() -> Memory:
    return Memory()


def remembered(read: Callable[Arguments, Value]) -> Callable[Arguments, Value]:
    """Decorate a function that reads what anybody may see, so that it reads again only when the site has changed.

    Nobody may change what it returns: threads share it. A transaction always reads for itself, for it sees what it has
    changed and what nobody else sees. So does a developer, whose templates change without a word.
    """

    @wraps(read)
    def recall(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Value:
        if connection.in_atomic_block or settings.DEBUG:
            return read(*args, **kwargs)
        key = (read, args, *sorted(kwargs.items()))
        values = get_memory().values()
        if key in values:
            known: Value = values[key]
            return known
        value = read(*args, **kwargs)
        if len(values) < MOST_VALUES:
            values[key] = value
        return value

    return recall


def unchanged_since() -> datetime | None:
    """Return a time since which readers see nothing else on any page; None where none is known yet.

    Each process has its own, from when it first saw the last change. A time is told only after `SETTLED_SECONDS`: by
    then every process knows of an earlier change, and a later one has a later second. So whoever has seen the site at
    such a time or after it has seen it as it is.
    """
    began_at = get_memory().began_at()
    if began_at is None or time.time() - began_at < SETTLED_SECONDS:
        return None
    return datetime.fromtimestamp(began_at, tz=UTC)
