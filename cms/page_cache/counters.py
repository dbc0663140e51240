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


class Counters:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._file = -1
        self._map: mmap.mmap | None = None
        self._row: int | None = None
        self._counted = dict.fromkeys(NAMES, 0)

    def count(self, name: str) -> None:
        """Add one. Where the file cannot be used nothing is counted: an answer matters more."""
        with self._lock:
            if self._row is None and not self._take_row():
                return
            self._counted[name] += 1
            if self._map is not None and self._row is not None:
                ROW.pack_into(self._map, self._row * ROW.size, *self._counted.values())

    def counts(self) -> dict[str, int]:
        """Return what all processes of this host have counted since the file was made."""
        with self._lock:
            if self._map is None and not self._open():
                return dict.fromkeys(NAMES, 0)
            rows = [ROW.unpack_from(self._map or b"", row * ROW.size) for row in range(MOST_PROCESSES)]
        return dict(zip(NAMES, map(sum, zip(*rows, strict=True)), strict=True))

    def _open(self) -> bool:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # It stays open: closing any descriptor of the file would give up the lock.
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            os.ftruncate(self._file, ROW.size * MOST_PROCESSES)
            self._map = mmap.mmap(self._file, ROW.size * MOST_PROCESSES)
        except OSError as error:
            logger.warning("The page cache does not count: %s", error)
            self._row = -1
            return False
        return True

    def _take_row(self) -> bool:
        if self._map is None and not self._open():
            return False
        for row in range(MOST_PROCESSES):
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, ROW.size, row * ROW.size)
            except OSError:
                continue
            self._row = row
            found = ROW.unpack_from(self._map or b"", row * ROW.size)
            self._counted = dict(zip(NAMES, found, strict=True))
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
