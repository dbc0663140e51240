"""Which of Wagtail's sites a request is for."""

from django.http import HttpRequest
from django.http.request import split_domain_port
from wagtail.models import Site
from wagtail.models.sites import SiteRootPath, get_site_for_hostname

from cms.page_cache.remembered import remembered


def site_of(request: HttpRequest) -> Site | None:
    """Return the site that Wagtail finds for a request, with the page that it opens with; None where there is none.

    Wagtail, which asks the database for both on each request, takes over what is found here.
    """
    if not hasattr(request, "_wagtail_site"):
        # Unchecked, as Wagtail reads it: whoever builds addresses from the host asks Django, which checks it.
        host = request._get_raw_host()  # type: ignore[attr-defined]
        request._wagtail_site = _site_at(split_domain_port(host)[0], str(request.get_port()))  # type: ignore[attr-defined]
    know_addresses(request)
    found: Site | None = Site.find_for_request(request)
    return found


@remembered
def _site_at(hostname: str, port: str) -> Site | None:
    try:
        site: Site = get_site_for_hostname(hostname, port)
    except Site.DoesNotExist:
        return None
    # The page keeps what it is in particular, and the site keeps the page.
    _read = site.root_page.specific
    return site


def know_addresses(request: HttpRequest) -> None:
    """Tell Wagtail under which addresses the sites are, which it would read from the cache for each request."""
    if not hasattr(request, "_wagtail_cached_site_root_paths"):
        request._wagtail_cached_site_root_paths = _root_paths()  # type: ignore[attr-defined]


@remembered
def _root_paths() -> list[SiteRootPath]:
    paths: list[SiteRootPath] = Site.get_site_root_paths()
    return paths
