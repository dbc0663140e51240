"""The shared cache: Redis, and files of this host's own while Redis is away.

Log-in and sign-up count their attempts in it, so an outage may neither stop them nor let anybody guess without limit.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

# How long Redis is left alone after a failure, so that not every request waits for it.
PAUSE_SECONDS = 5.0
# How long one answer of Redis may take.
ANSWER_SECONDS = 0.5


class RedisOrFilesCache(BaseCache):
    """Ask Redis at `location`; while it does not answer, use files in the option `files`."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        options = dict(params["OPTIONS"])
        folder = options.pop("files")
        timeouts = {"socket_connect_timeout": ANSWER_SECONDS, "socket_timeout": ANSWER_SECONDS}
        self._redis = RedisCache(location, {**params, "OPTIONS": timeouts})
        self._files = FileBasedCache(str(folder), {**params, "OPTIONS": options})
        self._paused_until = 0.0

    def _ask(self, question: Callable[[BaseCache], Any]) -> Any:
        if time.monotonic() < self._paused_until:
            return question(self._files)
        try:
            return question(self._redis)
        except RedisError as error:
            self._paused_until = time.monotonic() + PAUSE_SECONDS
            logger.warning("Redis does not answer, files are used for %.0f s: %s", PAUSE_SECONDS, error)
            return question(self._files)

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(self._ask(lambda cache: cache.add(key, value, timeout, version)))

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._ask(lambda cache: cache.get(key, default, version))

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._ask(lambda cache: cache.set(key, value, timeout, version))

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(self._ask(lambda cache: cache.touch(key, timeout, version)))

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        return int(self._ask(lambda cache: cache.incr(key, delta, version)))

    def delete(self, key: Any, version: int | None = None) -> bool:
        return bool(self._ask(lambda cache: cache.delete(key, version)))

    def clear(self) -> None:
        self._ask(lambda cache: cache.clear())
