"""What a page says of itself to programs: search engines, and whoever shows a link to it."""

import json
from typing import Any
from urllib.parse import urljoin

from django import template
from django.conf import settings
from django.core.paginator import Page
from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

# No text can end the element that it stands in, or begin another.
ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


@register.simple_tag(takes_context=True)
def canonical_url(context: dict[str, Any]) -> str:
    """Return the one address of what is shown: an alias has that of its page, a part of a list its own."""
    page = context.get("page")
    if page is not None and page.alias_of_id:
        return str(page.alias_of.full_url or "")
    request: HttpRequest = context["request"]
    part: Page[Any] | None = context.get("page_obj")
    query = f"?page={part.number}" if part is not None and part.number > 1 else ""
    return absolute(request.path) + query


@register.filter
def absolute(address: str) -> str:
    """Return an address of this site as other sites need it."""
    return urljoin(settings.SITE_URL, address)


@register.simple_tag
def structured_data(data: dict[str, Any]) -> SafeString:
    """Return linked data (schema.org) as an element that no browser runs."""
    text = json.dumps(data, ensure_ascii=False).translate(ESCAPES)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')  # noqa: S308 - escaped above
