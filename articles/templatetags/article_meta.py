"""What an article's page and a list of articles say of themselves to programs."""

from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from articles.blocks import LeadPicture, lead_picture
from articles.models import ArticlePage
from articles.structured_data import article_data, way_data
from cms.page_cache.remembered import remembered
from cms.templatetags.meta import absolute, canonical_url, structured_data

register = template.Library()


@register.simple_tag
def lead_picture_of(article: ArticlePage) -> LeadPicture | None:
    return lead_picture(article.body)


@register.simple_tag(takes_context=True)
def article_linked_data(context: dict[str, Any], picture: LeadPicture | None) -> SafeString:
    url = canonical_url(context)
    image_url = absolute(picture.rendition.url) if picture else ""
    data = article_data(
        context["page"],
        index=context["index"],
        tags=[tag.label for tag in context["tags"]],
        sources=context["sources"],
        url=url,
        image_url=image_url,
    )
    return structured_data(data)


@register.simple_tag(takes_context=True)
def list_linked_data(context: dict[str, Any], title: str) -> SafeString:
    index = context["page"]
    is_part = context.get("category") or context.get("tag")
    return structured_data(
        way_data([(index.title, index.url)] if is_part else [], last=(title, canonical_url(context)))
    )


@register.simple_tag
def safety_box() -> SafeString:
    """Render what every article says about itself."""
    return _safety_box(language=get_language())


@remembered
def _safety_box(*, language: str | None) -> SafeString:
    """Render it in the active language, which is named so that others have their own."""
    return render_to_string("includes/safety_box.html")
