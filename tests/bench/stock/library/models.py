from django.db import models
from modelcluster.contrib.taggit import ClusterTaggableManager
from modelcluster.fields import ParentalKey
from taggit.models import TaggedItemBase
from wagtail import blocks
from wagtail.admin.panels import FieldPanel, InlinePanel
from wagtail.api import APIField
from wagtail.contrib.typed_table_block.blocks import TypedTableBlock
from wagtail.fields import StreamField
from wagtail.images.blocks import ImageChooserBlock
from wagtail.models import Orderable, Page
from wagtail.search import index
from wagtail.snippets.models import register_snippet


@register_snippet
class Category(models.Model):
    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=80, unique=True)

    panels = [FieldPanel("name"), FieldPanel("slug")]
    api_fields = [APIField("name"), APIField("slug")]

    def __str__(self):
        return self.name


class HeadingBlock(blocks.StructBlock):
    text = blocks.CharBlock()
    level = blocks.ChoiceBlock(choices=[("h2", "Section"), ("h3", "Section within a section")])
    anchor = blocks.CharBlock(required=False)

    class Meta:
        template = "library/blocks/heading.html"


class FigureBlock(blocks.StructBlock):
    image = ImageChooserBlock()
    alt = blocks.CharBlock()
    caption = blocks.CharBlock(required=False)
    credit = blocks.CharBlock(required=False)

    class Meta:
        template = "library/blocks/figure.html"


class CalloutBlock(blocks.StructBlock):
    kind = blocks.ChoiceBlock(choices=[("note", "Note"), ("warning", "Warning"), ("doctor", "Ask a clinician")])
    text = blocks.RichTextBlock()

    class Meta:
        template = "library/blocks/callout.html"


class QuoteBlock(blocks.StructBlock):
    text = blocks.TextBlock()
    attribution = blocks.CharBlock(required=False)

    class Meta:
        template = "library/blocks/quote.html"


class BodyBlock(blocks.StreamBlock):
    heading = HeadingBlock()
    paragraph = blocks.RichTextBlock()
    image = FigureBlock()
    callout = CalloutBlock()
    table = TypedTableBlock([("text", blocks.CharBlock()), ("rich_text", blocks.RichTextBlock())])
    quote = QuoteBlock()


class ArticleIndexPage(Page):
    intro = models.CharField(max_length=300, blank=True)

    content_panels = [*Page.content_panels, FieldPanel("intro")]
    subpage_types = ["library.ArticlePage"]


class ArticleTag(TaggedItemBase):
    content_object = ParentalKey("library.ArticlePage", on_delete=models.CASCADE, related_name="tagged_items")


class ArticlePage(Page):
    summary = models.CharField(max_length=250)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="articles")
    tags = ClusterTaggableManager(through=ArticleTag, blank=True)
    body = StreamField(BodyBlock())
    author = models.CharField(max_length=200)
    reviewed_on = models.DateField(null=True, blank=True)
    reviewer = models.CharField(max_length=200, blank=True)

    parent_page_types = ["library.ArticleIndexPage"]
    subpage_types = []
    content_panels = [
        *Page.content_panels,
        FieldPanel("summary"),
        FieldPanel("category"),
        FieldPanel("tags"),
        FieldPanel("body"),
        InlinePanel("sources", label="Source"),
        FieldPanel("author"),
        FieldPanel("reviewed_on"),
        FieldPanel("reviewer"),
    ]
    search_fields = [*Page.search_fields, index.SearchField("summary"), index.SearchField("body")]
    api_fields = [
        APIField("summary"),
        APIField("category"),
        APIField("tags"),
        APIField("body"),
        APIField("author"),
        APIField("last_published_at"),
        APIField("expire_at"),
        APIField("reviewed_on"),
        APIField("reviewer"),
        APIField("sources"),
    ]


class ArticleSource(Orderable):
    article = ParentalKey(ArticlePage, on_delete=models.CASCADE, related_name="sources")
    title = models.CharField(max_length=300)
    authors = models.CharField(max_length=300, blank=True)
    publication = models.CharField(max_length=300, blank=True)
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    url = models.URLField(max_length=500, blank=True)

    api_fields = [APIField("title"), APIField("authors"), APIField("publication"), APIField("year"), APIField("url")]
