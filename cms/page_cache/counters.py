"""How often the page cache answered, counted over all web processes of this host in a memory-mapped file.

Each process has a row of its own, which it holds by a lock that ends with it; the next process goes on counting where
the last one stopped, so the sums only grow.
"""

import fcntl
import logging
import mmap
import os
import struct
import threading
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.conf import settings
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily

logger = logging.getLogger(__name__)

NAMES = ("hits", "misses", "bypasses")
ROW = struct.Struct(f"={len(NAMES)}Q")
MOST_PROCESSES = 128
BYTES = ROW.size * MOST_PROCESSES
SECONDS_BETWEEN_TRIES = 1.0


class Counters:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._file = -1
        self._map: mmap.mmap | None = None
        self._try_at = 0.0
        self._row = -1
        self._counted = dict.fromkeys(NAMES, 0)

    def count(self, name: str) -> None:
        """Add one. Where the file cannot be used nothing is counted: an answer matters more."""
        with self._lock:
            rows = self._rows()
            if rows is None or not self._has_row(rows):
                return
            self._counted[name] += 1
            ROW.pack_into(rows, self._row * ROW.size, *self._counted.values())

    def counts(self) -> dict[str, int]:
        """Return what all processes of this host have counted since the file was made."""
        with self._lock:
            rows = self._rows()
            counted = list(ROW.iter_unpack(rows[:])) if rows is not None else [(0,) * len(NAMES)]
        return dict(zip(NAMES, map(sum, zip(*counted, strict=True)), strict=True))

    def _rows(self) -> mmap.mmap | None:
        """Return the mapped file with all its bytes, None where that is not to be had.

        To touch what somebody has cut off, or what a full disk has no room for, would end the process.
        """
        if self._map is not None and self._map.size() >= BYTES:
            return self._map
        now = time.monotonic()
        if now < self._try_at:
            return None
        self._try_at = now + SECONDS_BETWEEN_TRIES
        try:
            return self._open()
        except OSError as error:
            logger.warning("The page cache does not count: %s", error)
            return None

    def _open(self) -> mmap.mmap:
        if self._file < 0:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # It stays open: closing any descriptor of the file would give up the lock.
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        os.posix_fallocate(self._file, 0, BYTES)
        self._map = self._map or mmap.mmap(self._file, BYTES)
        return self._map

    def _has_row(self, rows: mmap.mmap) -> bool:
        """Say whether this process has a row, after taking the first that is free."""
        if self._row >= 0:
            return True
        for row in range(MOST_PROCESSES):
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, ROW.size, row * ROW.size)
            except OSError:
                continue
            self._row = row
            self._counted = dict(zip(NAMES, ROW.unpack_from(rows, row * ROW.size), strict=True))
            return True
        return False


@cache
def get_counters() -> Counters:
    return Counters(settings.PAGES_DIR / "counts")


def counts() -> dict[str, int]:
    """Return hits (the page cache answered), misses (Django did, perhaps for keeping) and bypasses (never kept)."""
    return get_counters().counts()


def page_cache_metrics() -> Iterator[Metric]:
    """Tell Prometheus of `counts`."""
    for name, number in counts().items():
        yield CounterMetricFamily(f"milk_page_cache_{name}", f"Requests counted as {name} by the page cache.", number)
