"""One rebuild of an index at a time, by a lock that goes away with the process that holds it, however that ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

from django.conf import settings
from django.db import connection


class RebuildIsRunning(Exception):  # noqa: N818 - the state of another process, not a mistake
    """Another process is making this index anew."""


@contextmanager
def rebuild_lock(name: str) -> Iterator[None]:
    """Hold the lock of the index `name`: in the database where several machines share one, else in a file.

    Raises:
        RebuildIsRunning: Another process holds it.
    """
    lock = _database_lock if connection.vendor == "postgresql" else _file_lock
    with lock(f"search-rebuild-{name}") as is_mine:
        if not is_mine:
            raise RebuildIsRunning(f"The index {name} is being rebuilt already. Wait until that has ended.")
        yield


@contextmanager
def _database_lock(name: str) -> Iterator[bool]:
    number = crc32(name.encode())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
        (is_mine,) = cursor.fetchone()
    try:
        yield is_mine
    finally:
        if is_mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [number])


@contextmanager
def _file_lock(name: str) -> Iterator[bool]:
    with Path(settings.DATA_DIR, f"{name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True  # Closing the file lets it go.
