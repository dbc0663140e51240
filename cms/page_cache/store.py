"""Where kept pages lie so that every process can take them: Redis, or else files of this host.

A store that is broken, full or away costs time and nothing else: whatever fails is taken for a page that is not there.
"""

import hashlib
import json
import logging
import math
import os
import secrets
import shutil
import threading
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Protocol

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from cms.page_cache.entries import Entry
from cms.page_cache.generation import redis_client
from cms.page_cache.keys import Key

logger = logging.getLogger(__name__)

# What one process writes at most, to files in one generation and to Redis in one hour, for which a page stays there:
# who makes up addresses fills neither.
MOST_BYTES = 256 * 1024 * 1024
SECONDS_OF_ROOM = 3_600
# A folder this old is of a generation that is over; a process may still be writing into a younger one.
KEEP_FOLDERS_SECONDS = 60


class Store(Protocol):
    def get(self, key: Key, *, generation: bytes) -> Entry | None: ...

    def put(self, key: Key, entry: Entry) -> None: ...


class Room:
    """How much this process may still write in one period."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._period: object = None
        self._written = 0

    def enter(self, period: object) -> bool:
        """Have the whole room again if this is another period; say whether it is."""
        with self._lock:
            is_new = period != self._period
            if is_new:
                self._period, self._written = period, 0
        return is_new

    def takes(self, size: int) -> bool:
        with self._lock:
            if self._written + size > MOST_BYTES:
                return False
            self._written += size
            return True


class FileStore:
    """A folder for each generation, and a file for each page in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._room = Room()

    def get(self, key: Key, *, generation: bytes) -> Entry | None:
        path = self._folder / generation.hex() / _name(key)
        try:
            return _read(path.read_bytes(), generation=generation)
        except OSError:
            return None

    def put(self, key: Key, entry: Entry) -> None:
        folder = self._folder / entry.generation.hex()
        draft = folder / f"{secrets.token_hex(8)}.draft"
        try:
            if self._room.enter(entry.generation):
                self._remove_old(keep=entry.generation)
            if not self._room.takes(entry.size):
                return
            folder.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(entry.to_bytes())
            draft.replace(folder / _name(key))
        except OSError as error:
            logger.warning("A page could not be kept in %s: %s", folder, error)
            with suppress(OSError):
                draft.unlink()

    def _remove_old(self, *, keep: bytes) -> None:
        oldest = time.time() - KEEP_FOLDERS_SECONDS
        with suppress(FileNotFoundError):
            for entry in os.scandir(self._folder):
                if entry.is_dir() and entry.name != keep.hex() and entry.stat().st_mtime < oldest:
                    shutil.rmtree(entry.path, ignore_errors=True)


class RedisStore:
    """One value for each page: that of the next generation takes the place of the last one's."""

    def __init__(self, redis: Redis, *, prefix: str) -> None:
        self._redis = redis
        self._prefix = prefix
        self._room = Room()
        # Of what this process has written within the hour: a page that is made anew takes its own place.
        self._sizes: dict[str, int] = {}

    def get(self, key: Key, *, generation: bytes) -> Entry | None:
        try:
            stored = self._redis.get(self._address(key))
        except RedisError:
            # The generation lies there too: the page cache is about to notice.
            return None
        return _read(stored, generation=generation) if isinstance(stored, bytes) else None

    def put(self, key: Key, entry: Entry) -> None:
        now = time.time()
        seconds = math.ceil(entry.ends_at - now)
        address = self._address(key)
        # What was put there in an earlier generation stays until its own end.
        if self._room.enter(int(now) // SECONDS_OF_ROOM):
            self._sizes.clear()
        growth = max(0, entry.size - self._sizes.get(address, 0))
        if seconds <= 0 or not self._room.takes(growth):
            return
        self._sizes[address] = entry.size
        with suppress(RedisError):
            self._redis.set(address, entry.to_bytes(), ex=seconds)

    def _address(self, key: Key) -> str:
        return f"{self._prefix}:{_name(key)}"


def _name(key: Key) -> str:
    # JSON keeps the parts of a key apart whatever they hold.
    return hashlib.blake2b(json.dumps(key).encode(), digest_size=20).hexdigest()


def _read(stored: bytes, *, generation: bytes) -> Entry | None:
    try:
        entry = Entry.from_bytes(stored)
    except ValueError as error:
        logger.warning("A kept page cannot be read: %s", error)
        return None
    return entry if entry.generation == generation else None


@cache
def get_store() -> Store:
    redis = redis_client()
    if redis is not None:
        return RedisStore(redis, prefix=f"pages:{settings.SITE_URL}")
    return FileStore(settings.PAGES_DIR / "kept")
