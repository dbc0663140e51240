"""Who is told about changes. Rooms add to these dicts in AppConfig.ready(); one function and one line make a consumer.

A consumer runs in the worker, in a thread of its own, outside any transaction. It must return within
`models.LEASE_SECONDS`, so it gives its network calls a time limit; one that cannot promise that renews its lease
(`leases.renewed`). It may be called again for what it has handled already, when a worker dies before writing that down:
doing the same twice must be harmless.

Any exception other than `PermanentError` and `Unavailable` is taken for a passing failure of this one row: it is tried
again, later each time, and becomes a dead letter after `models.MOST_ATTEMPTS`, or when the consumer's own policy says.

Editors read the texts of `PermanentError` and `FailedForNow`. Those of other exceptions may name a host of the
operator's, so they are for superusers and for the log.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cms.pipeline.models import Event, Policy

# name -> brings what it keeps of the page with this id in line with the database, which it reads anew: the page may
# have changed again since, or be gone.
consumers: dict[str, Callable[[int], None]] = {}

# name -> does what the event says. It may change `event.payload`: what it leaves there is what is kept of a finished
# event.
event_consumers: dict[str, Callable[["Event"], None]] = {}

# name -> for how long and how often its rows are tried again, where that is not as for the others.
policies: dict[str, "Policy"] = {}

# Kinds of events that somebody only tries something with, and sees how they fare: one that was given up is nothing that
# an operator has to see to.
trials: set[str] = set()


class FailedForNow(Exception):  # noqa: N818 - an outcome, not a mistake
    """This row failed, and whoever refused it says how long to leave it alone: `wait`, at the least."""

    def __init__(self, text: str, *, wait: timedelta = timedelta()) -> None:
        super().__init__(text)
        self.wait = wait


class PermanentError(Exception):
    """Trying again cannot help: the row becomes a dead letter at once."""


class Unavailable(Exception):  # noqa: N818 - the state of a server, not a mistake
    """The server behind the consumer is away, whatever the row.

    It does not count as an attempt, so an outage of any length makes no dead letters; the consumer rests for a few
    seconds, then tries again.
    """
