"""What every page shows around itself, for the templates of all rooms."""

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from wagtail.models import Site

from cms.page_cache.remembered import remembered
from cms.sites import site_of
from home.models import frame_of

register = template.Library()

ARTICLES = "/articles/"
# Where a page is marked in the header, besides the addresses of the menu.
ALWAYS_IN_HEADER = frozenset({"/search/", "/membership/"})


@register.simple_tag(takes_context=True)
def site_part(context: Context, name: str) -> SafeString:
    """Render a template of what surrounds every page: the head, the header or the footer."""
    site = site_of(context["request"]) or Site.objects.get(is_default_site=True)
    return _part(
        name=name,
        site=site,
        here=_place(context["request"].path, site=site),
        has_search_box=bool(context.get("has_search_box")),
        language=get_language(),
    )


@remembered
def _part(*, name: str, site: Site, here: str, has_search_box: bool, language: str | None) -> SafeString:
    """Render it in the active language, which is named so that others have their own."""
    context = {"frame": frame_of(site), "here": here, "has_search_box": has_search_box}
    return render_to_string(name, context)


def _place(path: str, *, site: Site) -> str:
    """Return the address that a page has, or is under, in the header; "" for any other page."""
    if path.startswith(ARTICLES):
        return ARTICLES
    return path if path in ALWAYS_IN_HEADER or any(path == link.address for link in frame_of(site).menu) else ""
