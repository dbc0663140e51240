"""Addresses as another front end needs them: whole, whoever's page they end up on."""

import re
from collections.abc import Callable
from urllib.parse import urljoin

from django.conf import settings
from django.http import HttpRequest
from wagtail.models import Page

from cms.sites import know_addresses

# A tag with its attributes, quoted as Wagtail and the templates write them. In text "<" is always escaped.
TAG = re.compile(r"""<(?:a|img|source)\b(?:[^>"']|"[^"]*"|'[^']*')*>""")
ATTRIBUTE = re.compile(r'(?P<name>\s(?:href|src|srcset))="(?P<value>[^"]*)"')


def absolute(address: str) -> str:
    """Return an address of this site with its scheme and host; one that has them already stays as it is."""
    return urljoin(settings.SITE_URL, address)


def path_of(page: Page, request: HttpRequest) -> str:
    """Return the address of a page within its site."""
    know_addresses(request)
    parts = page.get_url_parts(request)
    return str(parts[2]) if parts else ""


def url_of(page: Page, request: HttpRequest) -> str:
    """Return the whole address of a page: where there are several sites, under that of its own."""
    know_addresses(request)
    sites = {site.site_id for site in request._wagtail_cached_site_root_paths}  # type: ignore[attr-defined]
    parts = page.get_url_parts(request)
    if len(sites) == 1 or parts is None:
        return absolute(path_of(page, request))
    _site_id, root_url, path = parts
    return f"{root_url}{path}"


def with_absolute_addresses(html: str) -> str:
    """Return HTML whose links and images lead here from any other site. Links within the text stay as they are."""
    return with_addresses(html, change=_absolute_path)


def with_addresses(html: str, *, change: Callable[[str], str]) -> str:
    """Return HTML with what `change` makes of the address of each link and image."""
    return TAG.sub(lambda tag: ATTRIBUTE.sub(lambda attribute: _changed(attribute, change), tag[0]), html)


def _changed(attribute: re.Match[str], change: Callable[[str], str]) -> str:
    name, value = attribute["name"], attribute["value"]
    if name.endswith("srcset"):
        candidates = (candidate.split() for candidate in value.split(",") if candidate.strip())
        value = ", ".join(" ".join([change(address), *size]) for address, *size in candidates)
    else:
        value = change(value)
    return f'{name}="{value}"'


def _absolute_path(value: str) -> str:
    is_path = value.startswith("/") and not value.startswith("//")
    return f"{settings.SITE_URL}{value}" if is_path else value
