"""The generation: a word that all processes of the site share and that every change of its content replaces.

A kept page belongs to the generation in which it was made. One generation serves the whole site, since lists, the home
page and feeds show what the articles say.

It is a random word and no counter: nobody has to read it in order to replace it, a word that is read while it is being
written fits no page, and one that is lost with its server never comes back.
"""

import fcntl
import hashlib
import logging
import mmap
import os
import secrets
import threading
import time
from functools import cache
from pathlib import Path
from typing import Protocol

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

LENGTH = 8  # bytes
# How often a process makes sure that the mapped file is still the one that others open.
SECONDS_BETWEEN_LOOKS = 1.0
# How old a generation may be that a process has read from Redis. An old page outlives its change by no more.
REDIS_SECONDS = 0.5
ANSWER_SECONDS = 0.3
# How long Redis is left alone after a failure, and how long a change waits to be told again.
PAUSE_SECONDS = 1.0


class GenerationUnavailable(Exception):  # noqa: N818 - the state of a server, not a mistake
    """The generation can be neither read nor replaced at the moment."""


class Generation(Protocol):
    # How long another process may still serve what a renewal has ended.
    lag_seconds: float

    def current(self) -> bytes | None:
        """Return the generation, or None where it cannot be known: nothing kept may be served then."""

    def renew(self) -> None:
        """Replace the generation, so that everything that was kept is out of date.

        Raises:
            GenerationUnavailable: It could not be replaced.
        """


class FileGeneration:
    """A file that every process of one host maps into its memory."""

    lag_seconds = 0.0

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._map: mmap.mmap | None = None
        self._inode = 0
        self._look_at = 0.0
        self._is_away = False

    def current(self) -> bytes | None:
        now = time.monotonic()
        if now >= self._look_at:
            try:
                with self._lock:
                    self._open_if_replaced()
            except OSError as error:
                self._give_up(error)
                return None
            self._look_at = now + SECONDS_BETWEEN_LOOKS
        known = self._map
        return known[:LENGTH] if known is not None and self._is_whole(known) else None

    def renew(self) -> None:
        try:
            with self._lock:
                self._open_if_replaced()
        except OSError as error:
            self._give_up(error)
            raise GenerationUnavailable(str(error)) from error
        if self._map is None or not self._is_whole(self._map):
            raise GenerationUnavailable("Its file is being cut off.")
        self._map[:LENGTH] = secrets.token_bytes(LENGTH)

    def _is_whole(self, known: mmap.mmap) -> bool:
        """Say whether the file still has its bytes: to touch what somebody has cut off would end the process."""
        if known.size() >= LENGTH:
            return True
        self._look_at = 0.0
        return False

    def _open_if_replaced(self) -> None:
        """Map the file that has the name now: somebody may have deleted the one that this process knew."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._map is not None and self._is_whole(self._map) and self._still_has_its_name():
            return
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # Two processes may find it empty at once.
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(file).st_size < LENGTH:
                os.write(file, secrets.token_bytes(LENGTH))
            self._map = mmap.mmap(file, LENGTH)
            self._inode = os.fstat(file).st_ino
            self._is_away = False
        finally:
            # The map keeps a duplicate of the descriptor, and with it the lock, which closing would not end.
            fcntl.flock(file, fcntl.LOCK_UN)
            os.close(file)

    def _still_has_its_name(self) -> bool:
        return self._path.exists() and self._path.stat().st_ino == self._inode

    def _give_up(self, error: OSError) -> None:
        if not self._is_away:
            logger.warning("The page cache is off, its generation cannot be read: %s", error)
        self._is_away = True
        self._map = None


class RedisGeneration:
    """The generation of a site on several hosts. Each process asks for it at most every `REDIS_SECONDS`.

    It is made of a random word in Redis and of the run of the server that holds it: a Redis that is started again, or a
    replica that takes its place, may have a word of before, whose pages must not come back.

    A change that could not be told to Redis is told as soon as Redis is back, by the process that made it and by every
    process that noticed the outage; until then none of them serves anything that was kept.
    """

    lag_seconds = REDIS_SECONDS + ANSWER_SECONDS

    def __init__(self, redis: Redis, *, name: str) -> None:
        self._redis = redis
        self._name = name
        self._lock = threading.Lock()
        self._known: bytes | None = None
        self._ask_at = 0.0
        self._is_away = False
        self._telling: threading.Thread | None = None

    def current(self) -> bytes | None:
        if time.monotonic() < self._ask_at:
            return self._known
        # Whoever comes meanwhile waits: what was known is too old.
        with self._lock:
            if time.monotonic() < self._ask_at:
                return self._known
            self._ask()
            return self._known

    def renew(self) -> None:
        with self._lock:
            try:
                self._replace()
            except RedisError as error:
                self._rest(error)
                self._tell_later()
                raise GenerationUnavailable(str(error)) from error

    def _ask(self) -> None:
        try:
            if self._is_away:
                # What happened while Redis was away may not have reached it.
                self._replace()
                return
            asked_at = time.monotonic()
            self._known = self._read()
            self._ask_at = asked_at + REDIS_SECONDS
        except RedisError as error:
            self._rest(error)

    def _read(self) -> bytes:
        known = self._redis.get(self._name)
        if known is None:
            # Redis has forgotten it. Whoever comes first makes a new one.
            self._redis.set(self._name, secrets.token_bytes(LENGTH), nx=True)
            known = self._redis.get(self._name)
        return self._of(known if isinstance(known, bytes) else b"")

    def _of(self, word: bytes) -> bytes:
        run: str = self._redis.info("server")["run_id"]
        return hashlib.blake2b(word + run.encode(), digest_size=LENGTH).digest()

    def _replace(self) -> None:
        word = secrets.token_bytes(LENGTH)
        self._redis.set(self._name, word)
        self._known = self._of(word)
        self._ask_at = time.monotonic() + REDIS_SECONDS
        if self._is_away:
            logger.info("Redis answers again, the page cache begins anew")
        self._is_away = False

    def _rest(self, error: RedisError) -> None:
        if not self._is_away:
            logger.warning("Redis does not answer, the page cache is off until it does: %s", error)
        self._is_away = True
        self._known = None
        self._ask_at = time.monotonic() + PAUSE_SECONDS

    def _tell_later(self) -> None:
        if self._telling is None or not self._telling.is_alive():
            self._telling = threading.Thread(target=self._tell, name="page-cache-generation", daemon=True)
            self._telling.start()

    def _tell(self) -> None:
        while True:
            time.sleep(PAUSE_SECONDS / 2)
            with self._lock:
                try:
                    self._replace()
                except RedisError:
                    continue
                return


@cache
def redis_client() -> Redis | None:
    """Return the client of the page cache, which does not wait for a Redis that is away; None where there is none."""
    if not settings.REDIS_URL:
        return None
    return Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=ANSWER_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


@cache
def get_generation() -> Generation:
    redis = redis_client()
    if redis is not None:
        return RedisGeneration(redis, name=f"pages:{settings.SITE_URL}:generation")
    return FileGeneration(settings.PAGES_DIR / "generation")
