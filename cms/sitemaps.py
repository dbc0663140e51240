"""What search engines are told: which pages there are, and where they should not look."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.contrib.sitemaps.views import sitemap as sitemap_view
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe
from wagtail.contrib.sitemaps import Sitemap
from wagtail.models import Page

from cms.conditional import revalidated
from cms.visibility import public_pages


class PublicPages(Sitemap):
    """Every page that anyone may see, once: an alias shows what stands elsewhere."""

    def items(self) -> Iterable[Page]:
        root = self.get_wagtail_site().root_page
        pages = public_pages().descendant_of(root, inclusive=True).filter(alias_of=None)
        return pages.order_by("path").defer_streamfields().specific()

    def _urls(self, page: int, protocol: str, domain: str) -> list[dict[str, Any]]:
        # Where a page has no date of publishing, Wagtail tells when its draft was saved, which is nobody's business.
        return [
            {"location": shown.get_full_url(self.request), "lastmod": shown.last_published_at}
            for shown in self.paginator.page(page).object_list
        ]


@require_safe
def sitemap(request: HttpRequest) -> HttpResponseBase:
    response = sitemap_view(request, sitemaps={"pages": PublicPages(request)}, content_type="application/xml")
    # Django would name the newest page's date, and a page that is gone changes the map too.
    del response["Last-Modified"]
    return revalidated(request, response.render())


@require_safe
def robots(request: HttpRequest) -> HttpResponseBase:
    closed = sorted({reverse("wagtailadmin_home"), *settings.PRIVATE_PATHS})
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed), "", f"Sitemap: {_address_of_sitemap()}", ""]
    return revalidated(request, HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8"))


def _address_of_sitemap() -> str:
    return urljoin(settings.SITE_URL, reverse("sitemap"))
