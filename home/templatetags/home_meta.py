"""What the home page and the pages beside the articles say of themselves to programs."""

from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.urls import reverse
from django.utils.safestring import SafeString
from wagtail.models import Site

from articles.structured_data import site_data, way_data
from cms.templatetags.meta import absolute, canonical_url, structured_data
from home.models import SiteSettings

register = template.Library()


@register.simple_tag(takes_context=True)
def site_linked_data(context: Context) -> SafeString:
    """The site and how to search it, for the page that it opens with."""
    site = Site.find_for_request(context["request"])
    texts = SiteSettings.of(site)
    data = site_data(
        name=site.site_name or settings.WAGTAIL_SITE_NAME,
        description=texts.description,
        url=absolute("/"),
        search_url=f"{absolute(reverse('search:search'))}?q={{search_term_string}}",
        email=texts.contact_email,
    )
    return structured_data(data)


@register.simple_tag(takes_context=True)
def page_linked_data(context: dict[str, Any]) -> SafeString:
    """The way to a page beside the articles."""
    trail = [(page.title, page.url) for page in context["trail"]]
    return structured_data(way_data(trail, last=(context["page"].title, canonical_url(context))))
