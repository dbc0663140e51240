"""A CDN or a caching proxy in front of the site: what it may keep, and having it purged.

An answer is given out for keeping only once its address is written down, and a change purges what is written down. So
nothing has to know which lists, feeds or old addresses show a page, and nothing is forgotten with a page that is
deleted. The order in `purge` is what makes it right; docs/decisions/0011-page-cache.md goes through it.
"""

import logging
import secrets
import time
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.db import DatabaseError
from wagtail.contrib.frontend_cache.backends import CloudflareBackend, HTTPBackend
from wagtail.contrib.frontend_cache.utils import get_backends

from cms.page_cache.entries import Headers
from cms.page_cache.generation import GenerationUnavailable, get_generation
from cms.page_cache.models import CdnCopy
from cms.pipeline.consumers import Unavailable

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 5
# What is purged before it is written down that it was; the next ones follow in the same run.
ADDRESSES_AT_ONCE = 30


class PurgingProxy(HTTPBackend):
    """Varnish, Squid or nginx: each address is purged by a request with the method PURGE.

    Wagtail's own back end waits without limit, and a failure is a line in the log.
    """

    def purge(self, url: str) -> None:
        """Purge one address. Raises `Unavailable` unless the proxy says that it no longer has it."""
        parts = urlsplit(url)
        address = parts._replace(scheme=self.cache_scheme, netloc=self.cache_netloc).geturl()
        try:
            answer = requests.request("PURGE", address, headers={"Host": parts.netloc}, timeout=ANSWER_SECONDS)
        except requests.RequestException as error:
            raise Unavailable(f"The proxy does not answer a purge: {error}") from error
        # A proxy that had not kept it may say so by 404.
        if not answer.ok and answer.status_code != HTTPStatus.NOT_FOUND:
            raise Unavailable(f"The proxy answers {answer.status_code} to the purge of {url}.")


class Cloudflare(CloudflareBackend):
    """Cloudflare, by an API token that may purge the zone."""

    def _purge_urls(self, urls: list[str]) -> None:
        """Purge addresses in one request. Raises `Unavailable` unless Cloudflare says that it has."""
        token = {"Authorization": f"Bearer {self.cloudflare_token}"}
        try:
            answer = requests.post(
                self.cloudflare_purge_endpoint_url, json={"files": urls}, headers=token, timeout=ANSWER_SECONDS
            )
            said = answer.json()
        except requests.RequestException as error:
            raise Unavailable(f"Cloudflare does not answer a purge: {error}") from error
        if not isinstance(said, dict) or not said.get("success"):
            raise Unavailable(f"Cloudflare refuses a purge with status {answer.status_code}: {str(said)[:300]}")


def is_configured() -> bool:
    return bool(settings.WAGTAILFRONTENDCACHE)


def write_down(url: str) -> bool:
    """Remember that a CDN may keep what is at this address; False where that fails, and it may not."""
    copy = CdnCopy(url=url, ticket=secrets.token_hex(8))
    try:
        CdnCopy.objects.bulk_create([copy], update_conflicts=True, unique_fields=["url"], update_fields=["ticket"])
    except DatabaseError as error:
        logger.warning("A CDN may not keep %s, for it could not be written down: %s", url, error)
        return False
    return True


def let_keep(headers: Headers, *, seconds: int) -> Headers:
    """Return headers by which a CDN keeps the answer and a browser still asks each time."""
    return [
        (name, f"public, max-age=0, s-maxage={max(seconds, 0)}, must-revalidate" if name == "Cache-Control" else value)
        for name, value in headers
    ]


def purge() -> None:
    """Have the CDN forget everything that it was given since the last time.

    Raises:
        Unavailable: It does not answer, or refuses; what it has forgotten by then need not be purged again.
    """
    copies = _copies_of_what_is_over()
    for start in range(0, len(copies), ADDRESSES_AT_ONCE):
        some = copies[start : start + ADDRESSES_AT_ONCE]
        for host in {urlsplit(copy.url).hostname for copy in some}:
            _purge_at(host, [copy.url for copy in some if urlsplit(copy.url).hostname == host])
        for copy in some:
            # An address that was given out again meanwhile has another ticket, and stays for the next purge.
            CdnCopy.objects.filter(pk=copy.pk, ticket=copy.ticket).delete()


def _copies_of_what_is_over() -> list[CdnCopy]:
    """Return what is written down, when nobody gives it out any more.

    The first renewal keeps an answer from before the change from being given out after the list is read; the second
    makes an answer that is in the list be written down anew before it is given out again.
    """
    if not CdnCopy.objects.exists():
        return []
    try:
        _renew_everywhere()
        copies = list(CdnCopy.objects.order_by("pk"))
        _renew_everywhere()
    except GenerationUnavailable as error:
        raise Unavailable(f"The generation of the page cache cannot be replaced: {error}") from error
    return copies


def _renew_everywhere() -> None:
    """Replace the generation, and return when every process knows: until then one may give out what is over."""
    generation = get_generation()
    generation.renew()
    time.sleep(generation.lag_seconds)


def _purge_at(host: str | None, urls: list[str]) -> None:
    backends: dict[str, Any] = get_backends()
    for backend in backends.values():
        if backend.invalidates_hostname(host):
            backend.purge_batch(urls)
