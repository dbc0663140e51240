"""Where Wagtail would show more than `cms.visibility` allows, for every page type; cms.wagtail_hooks registers this."""

from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from wagtail.models import Page
from wagtail.rich_text.feature_registry import FeatureRegistry
from wagtail.rich_text.pages import PageLinkHandler
from wagtail.views import serve

from cms.sites import site_of
from cms.visibility import is_over, public_pages


def serve_page(request: HttpRequest, path: str) -> HttpResponseBase:
    """Serve a page as Wagtail does, which then needs not look for the site again."""
    site_of(request)
    response: HttpResponseBase = serve(request, path)
    return response


def refuse_what_is_no_longer_public(page: Page, _request: HttpRequest, _args: Any, _kwargs: Any) -> None:
    """Raise `Http404` for a page past its expiry, worker or not, and for an alias of a page that is not live.

    Wagtail itself answers so for pages that are not live, and asks for what a view restriction asks.
    """
    if is_over(page):
        raise Http404


class PublicPageLinkHandler(PageLinkHandler):
    """Links in rich text: a page that readers may not see is left as plain words, without its address."""

    @classmethod
    def get_many(cls, attrs_list: list[dict[str, str]]) -> list[Page | None]:
        wanted = [attrs.get("id", "") for attrs in attrs_list]
        found = public_pages().filter(pk__in=[page_id for page_id in wanted if page_id.isdecimal()])
        by_id = {str(page.pk): page for page in found}
        return [by_id.get(page_id) for page_id in wanted]


def link_to_public_pages_only(features: FeatureRegistry) -> None:
    features.register_link_type(PublicPageLinkHandler)
