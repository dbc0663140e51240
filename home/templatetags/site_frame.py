"""What every page shows around itself, for the templates of all rooms."""

from django import template
from django.template import Context
from wagtail.models import Page, Site

from home.models import SiteSettings, menu_of

register = template.Library()


@register.simple_tag(takes_context=True)
def site_texts(context: Context) -> SiteSettings:
    """What editors say of the site as a whole."""
    return SiteSettings.of(_site(context))


@register.simple_tag(takes_context=True)
def footer_links(context: Context, texts: SiteSettings) -> list[tuple[str, str]]:
    """The words and address of each link in the footer."""
    return texts.public_links(context["request"])


@register.simple_tag(takes_context=True)
def menu(context: Context) -> list[Page]:
    """The pages of the site's menu."""
    return list(menu_of(_site(context)))


def _site(context: Context) -> Site:
    return Site.find_for_request(context["request"]) or Site.objects.get(is_default_site=True)
