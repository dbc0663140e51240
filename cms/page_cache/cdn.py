"""A CDN or a caching proxy in front of the site: what it may keep, and having it purged.

A change has it forget everything of the site, as it ends everything that is kept here. What it has cannot be told one
by one: it keys by the address as it was written, and one page has many spellings, all of which it may hold.

An answer is given out for keeping only once it is written down that this site gave something out, so a change after
which nobody has asked for anything purges nothing. The order in `purge` is what makes it right;
docs/decisions/0011-page-cache.md goes through it.
"""

import logging
import secrets
import time
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


class BanningProxy(HTTPBackend):
    """Varnish, or what is told the same: one request with the method BAN, for everything that it has of a host.

    Wagtail's own back end waits without limit, and a failure is a line in the log. PURGE is not used: proxies know it
    as the purge of one address, and would take it for that without a word.
    """

    def purge(self, url: str) -> None:
        """Purge everything of the host of an address. Raises `Unavailable` unless the proxy says that it has."""
        address = f"{self.cache_scheme}://{self.cache_netloc}/"
        try:
            answer = requests.request("BAN", address, headers={"Host": urlsplit(url).netloc}, timeout=ANSWER_SECONDS)
        except requests.RequestException as error:
            raise Unavailable(f"The proxy does not answer a purge: {error}") from error
        if not answer.ok:
            raise Unavailable(f"The proxy answers {answer.status_code} to the purge of {url}.")


class Cloudflare(CloudflareBackend):
    """Cloudflare, by an API token that may purge the zone."""

    def purge(self, url: str) -> None:
        """Purge the whole zone. Raises `Unavailable` unless Cloudflare says that it has."""
        token = {"Authorization": f"Bearer {self.cloudflare_token}"}
        try:
            answer = requests.post(
                self.cloudflare_purge_endpoint_url,
                json={"purge_everything": True},
                headers=token,
                timeout=ANSWER_SECONDS,
            )
            said = answer.json()
        except requests.RequestException as error:
            raise Unavailable(f"Cloudflare does not answer a purge: {error}") from error
        if not isinstance(said, dict) or not said.get("success"):
            raise Unavailable(f"Cloudflare refuses a purge with status {answer.status_code}: {str(said)[:300]}")


def is_configured() -> bool:
    return bool(settings.WAGTAILFRONTENDCACHE)


def write_down(url: str) -> bool:
    """Remember that a CDN may keep something of the site at this address; False where that fails, and it may not."""
    copy = CdnCopy(url=url, ticket=secrets.token_hex(8))
    try:
        CdnCopy.objects.bulk_create([copy], update_conflicts=True, unique_fields=["url"], update_fields=["ticket"])
    except DatabaseError as error:
        logger.warning("A CDN may not keep a page of %s, for it could not be written down: %s", url, error)
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
        Unavailable: It does not answer, or refuses.
    """
    copies = _copies_of_what_is_over()
    for url in {urlsplit(copy.url).netloc: copy.url for copy in copies}.values():
        _purge(url)
    for copy in copies:
        # A site of which something was given out meanwhile has another ticket, and stays for the next purge.
        CdnCopy.objects.filter(pk=copy.pk, ticket=copy.ticket).delete()


def _copies_of_what_is_over() -> list[CdnCopy]:
    """Return what is written down, when nobody gives it out any more.

    The first renewal keeps an answer from before the change from being given out after the list is read; the second
    makes what is given out from then on be written down anew.
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


def _purge(url: str) -> None:
    host = urlsplit(url).hostname
    backends: dict[str, Any] = get_backends()
    for backend in backends.values():
        if backend.invalidates_hostname(host):
            backend.purge(url)
