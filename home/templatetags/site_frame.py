"""What every page shows around itself, for the templates of all rooms."""

from django import template
from django.template import Context
from wagtail.models import Site

from cms.sites import site_of
from home.models import Frame, frame_of

register = template.Library()


@register.simple_tag(takes_context=True)
def site_frame(context: Context) -> Frame:
    """The menu, and what editors say of the site as a whole."""
    return frame_of(site_of(context["request"]) or Site.objects.get(is_default_site=True))
