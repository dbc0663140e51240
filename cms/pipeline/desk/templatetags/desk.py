from typing import Any

from django import template
from wagtail.models import Page

from cms.pipeline.desk.standing import standing_context

register = template.Library()


@register.inclusion_tag("desk/standing.html", takes_context=True)
def publishing_standing(context: dict[str, Any], item: Any) -> dict[str, Any]:
    """Show where a page stands, and nothing of a page that is not saved yet or of what is no page."""
    if not isinstance(item, Page) or item.pk is None:
        return {}
    return standing_context(item, user=context["request"].user)
