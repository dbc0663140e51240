"""The page that the site opens with, the pages beside the articles, and what every page shows around itself."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.admin.panels import FieldPanel
from wagtail.blocks.struct_block import StructBlockValidationError
from wagtail.contrib.settings.models import BaseSiteSetting, register_setting
from wagtail.fields import StreamField
from wagtail.models import Page, Site
from wagtail.query import PageQuerySet
from wagtail.url_routing import RouteResult

from articles.blocks import BodyBlock, keep_anchors, sections_of
from articles.models import ArticleIndexPage, categories_of, latest_first, public_articles
from cms.page_addresses import PageWithAddress
from cms.page_cache.remembered import remembered
from cms.searchable import Label, Section
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

    api_fields = ["headline", "intro", "sections"]
    content_panels = [*Page.content_panels, FieldPanel("headline"), FieldPanel("intro"), FieldPanel("sections")]
    parent_page_types = ["wagtailcore.Page"]

    class Meta:
        verbose_name = _("home page")
        verbose_name_plural = _("home pages")

    def route(self, request: HttpRequest, path_components: list[str]) -> RouteResult:
        # Most readers are on their way to an article: only that is asked for on each request.
        if path_components and (index_page := index_pages_of(self).get(path_components[0])):
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


@remembered
def index_pages_of(home_page: HomePage) -> dict[str, ArticleIndexPage]:
    """Return slug -> the list of articles that has it under a home page."""
    return {page.slug: page for page in ArticleIndexPage.objects.child_of(home_page)}


class StandardPage(PageWithAddress, Page):
    """A page that is no article: about the project, an imprint, how to cite."""

    intro = models.CharField(
        _("introduction"), max_length=400, blank=True, help_text=_("One to three sentences under the title.")
    )
    body = StreamField(BodyBlock(), verbose_name=_("body"), blank=True)

    api_fields = ["intro", "body"]
    content_panels = [*Page.content_panels, FieldPanel("intro"), FieldPanel("body")]
    parent_page_types = ["home.HomePage", "home.StandardPage"]
    subpage_types = ["home.StandardPage"]

    class Meta:
        verbose_name = _("standard page")
        verbose_name_plural = _("standard pages")

    def clean(self) -> None:
        super().clean()
        keep_anchors(self.body)

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        context["trail"] = public_pages().ancestor_of(self).type(StandardPage).order_by("path")
        return context

    def search_sections(self) -> Sequence[Section]:
        return sections_of(self.body)

    def search_summary(self) -> str:
        return self.intro

    def search_category(self) -> Label | None:
        return None

    def search_tags(self) -> Sequence[Label]:
        return []


class FooterLinkBlock(blocks.StructBlock):
    label = blocks.CharBlock(label=_("Words"), max_length=80)
    page = blocks.PageChooserBlock(label=_("Page of this site"), required=False)
    address = blocks.URLBlock(label=_("Address elsewhere"), required=False)

    class Meta:
        icon = "link"
        label = _("Link")
        label_format = "{label}"

    def clean(self, value: Any) -> Any:
        value = super().clean(value)
        if bool(value["page"]) == bool(value["address"]):
            message = _("Choose a page of this site, or give an address elsewhere: one of the two.")
            raise StructBlockValidationError(block_errors={"page": ValidationError(message)})
        return value


@register_setting(icon="site")
class SiteSettings(BaseSiteSetting):
    """What editors say of the site as a whole. The site's name stands among Wagtail's own settings of sites."""

    description = models.CharField(
        _("description"), max_length=250, blank=True, help_text=_("What the site is, in one or two sentences.")
    )
    footer_text = models.TextField(
        _("text in the footer"), max_length=600, blank=True, help_text=_("Left empty, the site has words of its own.")
    )
    contact_email = models.EmailField(_("contact address"), blank=True, help_text=_("Shown to everybody."))
    footer_links = StreamField([("link", FooterLinkBlock())], verbose_name=_("links in the footer"), blank=True)

    panels = [
        FieldPanel("description"),
        FieldPanel("footer_text"),
        FieldPanel("contact_email"),
        FieldPanel("footer_links"),
    ]

    class Meta:
        verbose_name = _("site texts")
        verbose_name_plural = _("site texts")

    @classmethod
    def of(cls, site: Site) -> Self:
        """Return what was written for `site`; empty where nobody has written anything. Reading stores nothing."""
        return cls.objects.filter(site=site).first() or cls(site=site)

    def public_links(self) -> list[tuple[str, str]]:
        """Return the words and address of each link in the footer.

        Those to pages that readers may not see are left out, and those whose page has been deleted.
        """
        values = [child.value for child in self.footer_links]
        if not values:
            return []
        pages = public_pages().in_bulk([value["page"].pk for value in values if value["page"]])
        links = [(value["label"], _address_of(value, pages=pages, site=self.site)) for value in values]
        return [(label, address) for label, address in links if address]


def _address_of(link: Any, *, pages: Mapping[int, Page], site: Site) -> str:
    if link["page"] is None:
        return str(link["address"])
    page = pages.get(link["page"].pk)
    return (page.get_url(current_site=site) or "") if page else ""


def menu_of(site: Site) -> PageQuerySet:
    """Return the pages of the site's menu, in the editors' order."""
    return public_pages().child_of(site.root_page).in_menu().order_by("path")


class Link(NamedTuple):
    label: str
    address: str


class Frame(NamedTuple):
    """What every page shows around itself."""

    texts: SiteSettings
    menu: list[Link]
    footer_links: list[Link]


@remembered
def frame_of(site: Site) -> Frame:
    texts = SiteSettings.of(site)
    return Frame(
        texts=texts,
        menu=[Link(page.title, page.get_url(current_site=site)) for page in menu_of(site)],
        footer_links=[Link(*link) for link in texts.public_links()],
    )
