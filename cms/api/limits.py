"""How often one client may ask: counted for each address and minute, in the cache that all processes share."""

import ipaddress
import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest

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
    key = f"api:{window}:{client_of(request)}"
    counts = caches["limits"]
    counts.add(key, 0, WINDOW_SECONDS)
    try:
        count = counts.incr(key)
    except ValueError:
        # The cache forgot it between the two lines.
        count = 1
    return Allowance(limit=limit, remaining=limit - count, seconds=WINDOW_SECONDS - seconds_gone)


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
    if client.version == 4:
        return str(client)
    return str(ipaddress.ip_network((client, IPV6_CLIENT_BITS), strict=False))
