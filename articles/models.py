"""Articles, their index, and the categories they are filed under."""

import uuid
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Count, F, Q, QuerySet
from django.forms import Select, Textarea
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from modelcluster.contrib.taggit import ClusterTaggableManager
from modelcluster.fields import ParentalKey
from taggit.models import Tag, TaggedItemBase
from wagtail.admin.panels import FieldPanel, InlinePanel, MultiFieldPanel
from wagtail.contrib.routable_page.models import RoutablePageMixin, path
from wagtail.fields import StreamField
from wagtail.models import Orderable, Page, PageViewRestriction
from wagtail.search import index
from wagtail.snippets.models import register_snippet
from wagtail.url_routing import RouteResult

from articles.blocks import BodyBlock, headings, keep_anchors, sections_of, word_count
from cms.page_addresses import AddressForm, PageWithAddress
from cms.page_cache.headers import uses_parameters
from cms.page_cache.remembered import remembered
from cms.restrictions import may_be_restricted
from cms.searchable import Label, Section
from cms.visibility import is_over, public_among

ARTICLES_PER_PAGE = 12
TAGS_IN_CLOUD = 24
# Under the index, these lead to the lists of tags and categories.
TAKEN_SLUGS = frozenset({"tags", "categories"})
SUMMARY_LENGTH = 250  # characters
# An adult's silent reading of plain English prose: Brysbaert, "How many words do we read per minute?", Journal of
# Memory and Language 2019.
WORDS_PER_MINUTE = 238


@register_snippet
class Category(models.Model):  # type: ignore[django-manager-missing]
    name = models.CharField(_("name"), max_length=80, unique=True)
    slug = models.SlugField(
        _("slug"), max_length=80, unique=True, help_text=_("Stands in the address: /articles/categories/slug/.")
    )
    order = models.PositiveSmallIntegerField(_("order"), default=0, help_text=_("Lower numbers come first."))

    panels = [FieldPanel("name"), FieldPanel("slug"), FieldPanel("order")]

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["order", "name"]

    def __str__(self) -> str:
        return self.name


@remembered
def categories_by_id() -> dict[int, Category]:
    """Return all categories: they are few, and every article names one."""
    return Category.objects.in_bulk()


class ArticleIndexPage(RoutablePageMixin, PageWithAddress, Page):
    intro = models.CharField(
        _("introduction"), max_length=300, blank=True, help_text=_("One or two sentences under the title.")
    )

    api_fields = ["intro"]
    content_panels = [*Page.content_panels, FieldPanel("intro")]
    subpage_types = ["articles.ArticlePage"]

    class Meta:
        verbose_name = _("article index")
        verbose_name_plural = _("article indexes")

    def route(self, request: HttpRequest, path_components: list[str]) -> RouteResult:
        # The way to an article in one query; Wagtail takes four to it, its category and its index.
        if len(path_components) == 1:
            # What `child_of` asks for, in one step: each further one copies the whole query.
            children = {"path__startswith": self.path, "depth": self.depth + 1}
            article = ArticlePage.objects.filter(**children, slug=path_components[0]).first()
            if article is not None:
                article.index = self
                if category := categories_by_id().get(article.category_id):
                    article.category = category
                return article.route(request, [])
        return super().route(request, path_components)

    @path("", name="all")
    def all_articles(self, request: HttpRequest) -> HttpResponse:
        articles = public_articles()
        return self._list(request, among=articles, articles=articles)

    @path("tags/<str:slug>/", name="tag")
    def articles_with_tag(self, request: HttpRequest, slug: str) -> HttpResponse:
        """List what has this tag; a tag that no public article has is unknown to readers."""
        articles = public_articles()
        tag = get_object_or_404(tags_of(articles), slug=slug)
        return self._list(request, among=articles, articles=articles.filter(tags=tag), tag=tag)

    @path("categories/<str:slug>/", name="category")
    def articles_in_category(self, request: HttpRequest, slug: str) -> HttpResponse:
        articles = public_articles()
        category = get_object_or_404(Category, slug=slug)
        return self._list(request, among=articles, articles=articles.filter(category=category), category=category)

    def _list(
        self,
        request: HttpRequest,
        *,
        among: "QuerySet[ArticlePage]",
        articles: "QuerySet[ArticlePage]",
        category: Category | None = None,
        tag: Tag | None = None,
    ) -> HttpResponse:
        # A page number that makes no sense leads to the nearest page there is.
        page_obj = Paginator(latest_first(articles), ARTICLES_PER_PAGE).get_page(request.GET.get("page"))
        context = {
            "page_obj": page_obj,
            "category": category,
            "tag": tag,
            "categories": categories_of(among),
            "tags": tags_of(among)[:TAGS_IN_CLOUD],
        }
        response: HttpResponse = self.render(request, context_overrides=context)
        # Other numbers for the same page could be made up without end.
        if request.GET.get("page") == str(page_obj.number):
            uses_parameters(response, "page")
        return response


class ArticleForm(AddressForm):
    def clean_tags(self) -> list[str]:
        tags: list[str] = self.cleaned_data["tags"]
        for tag in tags:
            if message := unusable_tag(tag):
                raise ValidationError(message)
        return tags


def unusable_tag(tag: str) -> str:
    """Return why something cannot be a tag; "" where it can."""
    if len(tag) > Tag._meta.get_field("name").max_length:
        return gettext("The tag “%(tag)s…” is too long.") % {"tag": tag[:40]}
    if not Tag().slugify(tag):
        return gettext("The tag “%(tag)s” has no letter or digit: it cannot have an address.") % {"tag": tag}
    return ""


class ArticleTag(TaggedItemBase):
    content_object = ParentalKey("articles.ArticlePage", on_delete=models.CASCADE, related_name="tagged_items")


class ArticlePage(PageWithAddress, Page):
    summary = models.CharField(
        _("summary"),
        max_length=SUMMARY_LENGTH,
        help_text=_("What a reader learns, in one or two sentences. Lists and search results show it."),
    )
    category = models.ForeignKey(
        Category, verbose_name=_("category"), on_delete=models.PROTECT, related_name="articles"
    )
    tags = ClusterTaggableManager(through=ArticleTag, blank=True, verbose_name=_("tags"))
    body = StreamField(BodyBlock(), verbose_name=_("body"))
    author = models.CharField(_("author"), max_length=200, help_text=_("Who wrote it, as readers see it."))
    reviewed_on = models.DateField(
        _("reviewed on"), null=True, blank=True, help_text=_("When facts and sources were last checked.")
    )
    reviewer = models.CharField(
        _("clinical reviewer"),
        max_length=200,
        blank=True,
        help_text=_(
            "Name and role of the clinician who reviewed it. Left empty, the page says “not clinically reviewed”."
        ),
    )

    # For Wagtail's own API; the project's has schemas of its own.
    api_fields = ["summary", "tags", "author", "reviewed_on", "reviewer", "body"]
    base_form_class = ArticleForm
    template = "articles/article_page.html"
    # What the methods of `cms.searchable` read besides the page itself.
    search_prefetch = ("category", "tags")
    parent_page_types = ["articles.ArticleIndexPage"]
    subpage_types: list[str] = []
    content_panels = [
        *Page.content_panels,
        FieldPanel("summary", widget=Textarea(attrs={"rows": 3})),
        FieldPanel("category", widget=Select),
        FieldPanel("tags"),
        FieldPanel("body"),
        InlinePanel("sources", heading=_("Sources"), label=_("Source")),
        MultiFieldPanel(
            [FieldPanel("author"), FieldPanel("reviewed_on"), FieldPanel("reviewer")], heading=_("Who stands behind it")
        ),
    ]
    settings_panels = [
        *Page.settings_panels,
        FieldPanel(
            "first_published_at",
            heading=_("Published"),
            help_text=_("The date that readers see. Left empty, it is set when the article is published."),
        ),
    ]
    search_fields = [
        *Page.search_fields,
        # The admin searches these alone, to find a page while its name is being typed.
        index.AutocompleteField("summary"),
        index.AutocompleteField("body"),
    ]

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")

    @classmethod
    def from_serializable_data(cls, data: dict[str, Any], check_fks: bool = True, strict_fks: bool = False) -> Any:
        # A draft may name a category that has been deleted since; it can be opened then, and asks for another one.
        if data.get("category") not in Category.objects.values_list("pk", flat=True):
            data = {**data, "category": None}
        return super().from_serializable_data(data, check_fks=check_fks, strict_fks=strict_fks)

    def clean(self) -> None:
        super().clean()
        keep_anchors(self.body)
        if self.reviewed_on and self.reviewed_on > timezone.localdate():
            raise ValidationError({"reviewed_on": _("This date is still to come. Say when it was checked last.")})
        if self.reviewer and not self.reviewed_on:
            raise ValidationError({"reviewed_on": _("Say when the reviewer checked it.")})

    def check_address(self, *, slug: str, parent: Page) -> None:
        super().check_address(slug=slug, parent=parent)
        if slug in TAKEN_SLUGS:
            raise ValidationError({"slug": _("The lists of tags and categories have this address. Choose another.")})

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        # Whoever may open the article may open its list too, unless that is gone.
        context["index"] = self.index if self.index.live and not is_over(self.index) else None
        context["contents"] = [heading for heading in headings(self.body) if heading.level == "h2"]
        # Of the rows between, which a preview has in memory: taggit's own way makes a tag of each, and takes longer.
        context["tags"] = tag_labels(self.tagged_items.values_list("tag__name", "tag__slug"))
        context["sources"] = list(self.sources.all())
        return context

    def get_view_restrictions(self) -> "QuerySet[PageViewRestriction]":
        restrictions: QuerySet[PageViewRestriction] = (
            super().get_view_restrictions() if may_be_restricted(self) else _no_restrictions()
        )
        return restrictions

    @cached_property
    def index(self) -> ArticleIndexPage:
        """The list that the article is in."""
        index: ArticleIndexPage = self.get_parent().specific
        return index

    def reading_minutes(self) -> int:
        return max(1, round(word_count(self.body) / WORDS_PER_MINUTE))

    def search_sections(self) -> Sequence[Section]:
        return sections_of(self.body)

    def search_summary(self) -> str:
        return self.summary

    def search_category(self) -> Label | None:
        return Label(value=self.category.slug, label=self.category.name)

    def search_tags(self) -> Sequence[Label]:
        return tag_labels((tag.name, tag.slug) for tag in self.tags.all())


def tag_labels(tags: Iterable[tuple[str, str]]) -> list[Label]:
    """Return the labels of tags, given as pairs of name and slug, in the order in which readers see them."""
    # Sorted here: databases have orders of their own.
    return [Label(value=slug, label=name) for name, slug in sorted(tags)]


@cache
def _no_restrictions() -> "QuerySet[PageViewRestriction]":
    """Return an empty answer that knows it is empty: even of `none()`, Django makes a query to find out."""
    restrictions: QuerySet[PageViewRestriction] = PageViewRestriction.objects.none()
    bool(restrictions)
    return restrictions


class ArticleSource(Orderable):
    article = ParentalKey(ArticlePage, on_delete=models.CASCADE, related_name="sources")
    title = models.CharField(_("title"), max_length=300)
    authors = models.CharField(_("authors"), max_length=300, blank=True)
    publication = models.CharField(
        _("publication"), max_length=300, blank=True, help_text=_("The journal, book or organization it appeared in.")
    )
    year = models.PositiveSmallIntegerField(_("year"), null=True, blank=True, validators=[MinValueValidator(1500)])
    url = models.URLField(_("address"), max_length=500, blank=True)

    class Meta(Orderable.Meta):
        verbose_name = _("source")
        verbose_name_plural = _("sources")

    def __str__(self) -> str:
        return self.title


class ImportUpload(models.Model):
    """What somebody has uploaded to be imported, until they have seen what would change and say yes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    index = models.ForeignKey(ArticleIndexPage, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_index=True)
    publish = models.BooleanField(
        _("publish at once"),
        default=False,
        help_text=_("Readers then see what is new and what is changed. Otherwise it is saved as drafts."),
    )
    category = models.ForeignKey(
        Category,
        verbose_name=_("category"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("Of new articles whose file names none, as plain text never does."),
    )
    author = models.CharField(
        _("author"),
        max_length=ArticlePage._meta.get_field("author").max_length,
        blank=True,
        help_text=_("Of new articles whose file names none, as plain text never does."),
    )

    # It is gone within the hour, and nothing is to be kept for it.
    wagtail_reference_index_ignore = True

    def __str__(self) -> str:
        return f"Upload of {self.user_id} at {self.created_at:%Y-%m-%d %H:%M}"


class ImportFile(models.Model):
    """One file of an upload; its name has "/" between folders."""

    upload = models.ForeignKey(ImportUpload, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=400)
    content = models.BinaryField()

    wagtail_reference_index_ignore = True

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upload", "name"], name="one_file_of_a_name")]

    def __str__(self) -> str:
        return self.name


def public_articles() -> "QuerySet[ArticlePage]":
    """Return the articles that anyone may see at this moment."""
    articles: QuerySet[ArticlePage] = public_among(ArticlePage.objects.all())
    return articles


def latest_first(articles: "QuerySet[ArticlePage]") -> "QuerySet[ArticlePage]":
    """Return `articles` as lists show them, with their categories."""
    return articles.select_related("category").order_by(
        # Databases disagree on where what has no date belongs.
        F("first_published_at").desc(nulls_last=True),
        "-pk",
    )


def categories_of(articles: "QuerySet[ArticlePage]") -> QuerySet[Category]:
    """Return all categories, each with `article_count`: how many of `articles` are in it."""
    in_articles = Q(articles__in=articles.values("pk"))
    # A counting query forgets the model's own order.
    return Category.objects.annotate(article_count=Count("articles", filter=in_articles)).order_by("order", "name")


def tags_of(articles: "QuerySet[ArticlePage]") -> QuerySet[Tag]:
    """Return the tags of `articles`, most used first, each with `article_count`: how many of them have it."""
    tags = Tag.objects.filter(articles_articletag_items__content_object__in=articles.values("pk"))
    return tags.annotate(article_count=Count("articles_articletag_items")).order_by("-article_count", "name")
