"""Keeping a lease for as long as the work takes, however long that is."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, InterfaceError, connection
from django.db.models import QuerySet
from django.utils import timezone

logger = logging.getLogger(__name__)

RENEWAL_SECONDS = 10.0


@contextmanager
def renewed(held: QuerySet[Any], *, seconds: int) -> Iterator[None]:
    """Renew the lease of what is held, in a thread of its own, for as long as the block takes.

    Args:
        held: The rows, by whoever holds them: what another has taken meanwhile stays theirs.
        seconds: How long the lease is from each renewal on; more than `RENEWAL_SECONDS`.
    """
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(RENEWAL_SECONDS):
            try:
                held.update(leased_until=timezone.now() + timedelta(seconds=seconds))
            except (DatabaseError, InterfaceError) as error:
                logger.warning("A lease could not be renewed, next try in %.0f s: %s", RENEWAL_SECONDS, error)
            finally:
                connection.close()

    thread = threading.Thread(target=renew, name="renewal")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
