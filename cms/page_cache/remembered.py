"""What many pages need and show alike, read from the database once for as long as nothing on the site changes.

Each process keeps it in its memory beside the pages, under the same generation and for no longer than the clock leaves
the site as it is. So it is never older than a kept page may be.
"""

import time
from collections.abc import Callable, Hashable
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

# Anybody can make up names of hosts; what every page needs are a few values.
MOST_VALUES = 200


class _Era(NamedTuple):
    """A time in which the site stays as it is, and what was read of it."""

    generation: bytes
    ends_at: float
    values: dict[Hashable, Any]


class Memory:
    def __init__(self) -> None:
        self._era = _Era(b"", 0.0, {})

    def values(self) -> dict[Hashable, Any]:
        """Return what was read of the site as it is now. What is to be added has to be read after this."""
        generation = get_generation().current()
        if generation is None:
            return {}
        era = self._era
        if era.generation != generation or time.time() >= era.ends_at:
            change = next_change(now=timezone.now())
            longest = time.time() + LONGEST_SECONDS
            era = self._era = _Era(generation, min(change.timestamp(), longest) if change else longest, {})
        return era.values


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
