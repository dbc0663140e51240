"""Who is told about changes. Rooms add to these dicts in AppConfig.ready(); one function and one line make a consumer.

A consumer runs in the worker, in a thread of its own, outside any transaction. It must return within
`models.LEASE_SECONDS`, so it gives its network calls a time limit. It may be called again for what it has handled
already, when a worker dies before writing that down: doing the same twice must be harmless.

Any exception other than the two below is taken for a passing failure of this one row: it is tried again, later each
time, and becomes a dead letter after `models.MOST_ATTEMPTS`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cms.pipeline.models import Event

# name -> brings what it keeps of the page with this id in line with the database, which it reads anew: the page may
# have changed again since, or be gone.
consumers: dict[str, Callable[[int], None]] = {}

# name -> does what the event says. It may change `event.payload`: what it leaves there is what is kept of a finished
# event.
event_consumers: dict[str, Callable[["Event"], None]] = {}


class PermanentError(Exception):
    """Trying again cannot help: the row becomes a dead letter at once."""


class Unavailable(Exception):  # noqa: N818 - the state of a server, not a mistake
    """The server behind the consumer is away, whatever the row.

    It does not count as an attempt, so an outage of any length makes no dead letters; the consumer rests for a few
    seconds, then tries again.
    """
