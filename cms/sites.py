"""Which of Wagtail's sites a request is for."""

from django.http import HttpRequest
from django.http.request import split_domain_port
from wagtail.models import Site
from wagtail.models.sites import SiteRootPath

from cms.page_cache.remembered import remembered


def site_of(request: HttpRequest) -> Site | None:
    """Return the site that Wagtail finds for a request, with the page that it opens with; None where there is none.

    Wagtail, which asks the database for both on each request, takes over what is found here.
    """
    if not hasattr(request, "_wagtail_site"):
        # Unchecked, as Wagtail reads it: whoever builds addresses from the host asks Django, which checks it.
        host = request._get_raw_host()  # type: ignore[attr-defined]
        request._wagtail_site = _site_at(split_domain_port(host)[0], request.get_port())  # type: ignore[attr-defined]
    know_addresses(request)
    found: Site | None = Site.find_for_request(request)
    return found


def _site_at(hostname: str, port: str) -> Site | None:
    """Return the site that Wagtail's `get_site_for_hostname` returns, chosen among what is remembered.

    Remembered by the host that was asked for, made-up names of hosts would push out everything else.
    """
    sites = _sites()
    named = [site for site in sites if site.hostname == hostname]
    default = next((site for site in sites if site.is_default_site), None)
    exact = next((site for site in named if str(site.port) == port), None)
    only = named[0] if len(named) == 1 else None
    found = exact or (default if default in named else only) or default
    if found is not None:
        # The page keeps what it is in particular, and the site keeps the page.
        _read = found.root_page.specific
    return found


@remembered
def _sites() -> list[Site]:
    return list(Site.objects.select_related("root_page"))


def know_addresses(request: HttpRequest) -> None:
    """Tell Wagtail under which addresses the sites are, which it would read from the cache for each request."""
    if not hasattr(request, "_wagtail_cached_site_root_paths"):
        request._wagtail_cached_site_root_paths = _root_paths()  # type: ignore[attr-defined]


@remembered
def _root_paths() -> list[SiteRootPath]:
    paths: list[SiteRootPath] = Site.get_site_root_paths()
    return paths
