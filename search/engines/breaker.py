"""Leaving a failing server alone for a while, so that readers do not wait for it with every page."""

import logging
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

FAILURES_IN_A_ROW = 3
PAUSE_SECONDS = 10


class Breaker:
    """Counts failures in a row. Each process has its own; a race between threads costs one request at most."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._paused_until = 0.0

    def is_open(self) -> bool:
        """Say whether the server is to be left alone at this moment."""
        return self._clock() < self._paused_until

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self) -> None:
        self._failures += 1
        if self._failures >= FAILURES_IN_A_ROW:
            # After the pause a single further failure begins the next one.
            self._paused_until = self._clock() + PAUSE_SECONDS
            logger.warning("Search does without its server for %s seconds", PAUSE_SECONDS)
