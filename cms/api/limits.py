"""How often one client may ask: counted for each address and minute, in Redis, or in files of this host without it."""

import ipaddress
import logging
import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 60
# A home or a server has at least this much of the IPv6 space to itself (RFC 6177), so it counts as one client.
IPV6_CLIENT_BITS = 64


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What a client may still ask: `remaining` requests, negative when there were too many, for so many `seconds`."""

    limit: int
    remaining: int
    seconds: int

    @property
    def is_spent(self) -> bool:
        return self.remaining < 0

    def headers(self) -> dict[str, str]:
        """Return what tells the client (draft-ietf-httpapi-ratelimit-headers)."""
        return {
            "RateLimit-Policy": f'"default";q={self.limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"default";r={max(0, self.remaining)};t={self.seconds}',
        }


def spend(request: HttpRequest) -> Allowance | None:
    """Count one request of its client; None where `API_RATE_LIMIT` is 0, which counts nothing."""
    limit = settings.API_RATE_LIMIT
    if not limit:
        return None
    now = int(time.time())
    window, seconds_gone = divmod(now, WINDOW_SECONDS)
    count = _count_in_redis if settings.REDIS_URL else _count_in_files
    remaining = limit - count(window=window, client=client_of(request))
    return Allowance(limit=limit, remaining=remaining, seconds=WINDOW_SECONDS - seconds_gone)


def _count_in_redis(*, window: int, client: str) -> int:
    key = f"api:{window}:{client}"
    cache.add(key, 0, WINDOW_SECONDS)
    try:
        return cache.incr(key)
    except ValueError:
        # It was forgotten between the two lines.
        return 1


def _count_in_files(*, window: int, client: str) -> int:
    """Count by the length of a file, to which each process adds a byte.

    A cache in files would write, flush and rename one for each request, which takes longer than most answers.
    """
    folder = settings.API_COUNTS_DIR / str(window)
    path = folder / client.replace("/", "-")
    try:
        with suppress(FileNotFoundError):
            return _longer(path)
        folder.mkdir(parents=True, exist_ok=True)
        _remove_all_but(folder)
        return _longer(path)
    except FileNotFoundError:
        # Another process has begun the next minute meanwhile.
        return 1
    except OSError as error:
        # A full disk is no reason to turn readers away.
        logger.warning("Requests to the API are not counted: %s", error)
        return 1


def _longer(path: Path) -> int:
    """Add a byte to a file, and return how many it has."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(file, b".")
        return os.fstat(file).st_size
    finally:
        os.close(file)


def _remove_all_but(folder: Path) -> None:
    for other in folder.parent.iterdir():
        if other.name != folder.name:
            shutil.rmtree(other, ignore_errors=True)


def client_of(request: HttpRequest) -> str:
    """Return what stands for whoever asks: an address, or an IPv6 network.

    `X-Forwarded-For` is believed as far as the operator's own proxies wrote it, from the right.
    """
    address = request.META.get("REMOTE_ADDR", "")
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")
    if 0 < settings.TRUSTED_PROXIES <= len(forwarded):
        address = forwarded[-settings.TRUSTED_PROXIES].strip()
    try:
        client = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    # A socket for both versions names IPv4 addresses so: all of them are in one IPv6 network.
    client = getattr(client, "ipv4_mapped", None) or client
    if client.version == 4:
        return str(client)
    return str(ipaddress.ip_network((client, IPV6_CLIENT_BITS), strict=False))
