"""The page that the site opens with."""

from typing import Any

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.fields import StreamField
from wagtail.models import Page
from wagtail.url_routing import RouteResult

from articles.blocks import BodyBlock, keep_anchors
from articles.models import ArticleIndexPage, categories_of, latest_first, public_articles
from cms.visibility import public_pages

LATEST_ARTICLES = 6


class HomePage(Page):
    headline = models.CharField(
        _("headline"), max_length=150, blank=True, help_text=_("Left empty, the title stands there.")
    )
    intro = models.CharField(
        _("introduction"), max_length=400, blank=True, help_text=_("One to three sentences under the headline.")
    )
    sections = StreamField(BodyBlock(), verbose_name=_("sections"), blank=True)

    content_panels = [*Page.content_panels, FieldPanel("headline"), FieldPanel("intro"), FieldPanel("sections")]
    parent_page_types = ["wagtailcore.Page"]

    class Meta:
        verbose_name = _("home page")
        verbose_name_plural = _("home pages")

    def route(self, request: HttpRequest, path_components: list[str]) -> RouteResult:
        # Most readers are on their way to an article: its index takes one query here, two with Wagtail.
        if path_components:
            index_page = ArticleIndexPage.objects.child_of(self).filter(slug=path_components[0]).first()
            if index_page is not None:
                return index_page.route(request, path_components[1:])
        return super().route(request, path_components)

    def clean(self) -> None:
        super().clean()
        keep_anchors(self.sections)

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        articles = public_articles()
        context["articles"] = latest_first(articles)[:LATEST_ARTICLES]
        context["categories"] = categories_of(articles)
        index_pages = ArticleIndexPage.objects.filter(pk__in=public_pages().values("pk"))
        context["index"] = index_pages.descendant_of(self).first()
        return context
