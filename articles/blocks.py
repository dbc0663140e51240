"""The blocks of a body: what an editor can put together, how it looks, and what of it readers can search."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from secrets import token_hex
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db.models import prefetch_related_objects
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.blocks.struct_block import StructBlockValidationError
from wagtail.contrib.typed_table_block.blocks import TypedTable, TypedTableBlock
from wagtail.images.blocks import ImageChooserBlock
from wagtail.images.models import AbstractRendition
from wagtail.rich_text import expand_db_html, get_text_for_indexing

from cms.searchable import Section

TEXT_FEATURES = ["bold", "italic", "ul", "ol", "link", "superscript", "subscript"]
CELL_FEATURES = ["bold", "italic", "link", "superscript", "subscript"]

# What articles/blocks/figure.html offers browsers to choose from, and the API other front ends.
FIGURE_SIZES = ("width-480", "width-960", "width-1440")

# Ids that the templates around a body use themselves.
TAKEN_ANCHORS = frozenset({"content", "contents", "header-search", "latest", "sources", "tags", "topics"})
ANCHOR_LENGTH = 80  # characters
LEAD_SIZE = "width-960"
TAG = re.compile(r"<[^>]*>")


class HeadingBlock(blocks.StructBlock):
    text = blocks.CharBlock(label=_("Text"), max_length=150)
    level = blocks.ChoiceBlock(
        label=_("Level"), choices=[("h2", _("Section")), ("h3", _("Section within a section"))], default="h2"
    )
    anchor = blocks.CharBlock(
        label=_("Anchor"),
        required=False,
        max_length=ANCHOR_LENGTH,
        validators=[validate_slug],
        help_text=_(
            "The end of the address that leads to this heading. Left empty, it is made from the text; afterwards it "
            "stays as it is when the text changes, so that links to it go on working."
        ),
    )

    class Meta:
        icon = "title"
        label = _("Heading")
        label_format = "{text}"
        template = "articles/blocks/heading.html"
        form_layout = blocks.BlockGroup(children=["text", "level"], settings=["anchor"])


class FigureBlock(blocks.StructBlock):
    image = ImageChooserBlock(label=_("Image"))
    alt = blocks.CharBlock(
        label=_("Alternative text"),
        max_length=250,
        help_text=_("What the image shows, for readers who cannot see it."),
    )
    caption = blocks.CharBlock(label=_("Caption"), required=False, max_length=250)
    credit = blocks.CharBlock(label=_("Credit"), required=False, max_length=150, help_text=_("Who made the image."))

    class Meta:
        icon = "image"
        label = _("Image")
        label_format = "{alt}"
        template = "articles/blocks/figure.html"

    def clean(self, value: Any) -> Any:
        # A draft may wait for its text; nothing is published without it.
        if not self.is_deferred_validation and not (value.get("alt") or "").strip():
            message = _("Say what the image shows: readers who cannot see it depend on this text.")
            raise StructBlockValidationError(block_errors={"alt": ValidationError(message)})
        return super().clean(value)


class CalloutBlock(blocks.StructBlock):
    kind = blocks.ChoiceBlock(
        label=_("Kind"),
        choices=[("note", _("Note")), ("warning", _("Warning")), ("doctor", _("Ask a clinician"))],
        default="note",
    )
    text = blocks.RichTextBlock(label=_("Text"), features=TEXT_FEATURES)

    class Meta:
        icon = "info-circle"
        label = _("Callout")
        template = "articles/blocks/callout.html"


class TableBlock(TypedTableBlock):
    text = blocks.CharBlock(label=_("Text"), required=False)
    rich_text = blocks.RichTextBlock(label=_("Text with links or emphasis"), required=False, features=CELL_FEATURES)

    class Meta:
        icon = "table"
        label = _("Table")
        help_text = _("The first column names its row. Give the table a caption that says what it compares.")
        template = "articles/blocks/table.html"


class QuoteBlock(blocks.StructBlock):
    text = blocks.TextBlock(label=_("Text"), rows=3)
    attribution = blocks.CharBlock(
        label=_("Attribution"), required=False, max_length=250, help_text=_("Who said it, and where.")
    )

    class Meta:
        icon = "openquote"
        label = _("Quote")
        template = "articles/blocks/quote.html"


class BodyBlock(blocks.StreamBlock):
    heading = HeadingBlock()
    paragraph = blocks.RichTextBlock(
        label=_("Text"), icon="pilcrow", features=TEXT_FEATURES, template="articles/blocks/paragraph.html"
    )
    image = FigureBlock()
    callout = CalloutBlock()
    table = TableBlock()
    quote = QuoteBlock()

    class Meta:
        template = "articles/blocks/body.html"

    def render(self, value: Any, context: Any = None) -> SafeString:
        """Render the whole body, with its links and images looked up together.

        The blocks' templates write rich text as it is stored, and its links are expanded here, once: block by block,
        a long article would cost a query or two for each.
        """
        return mark_safe(expand_db_html(self.render_as_stored(value, context)))  # noqa: S308 - rendered from templates

    def render_as_stored(self, value: Any, context: Any = None) -> SafeString:
        """Render the whole body, with the links in its rich text as they are stored."""
        prefetch_renditions(value)
        rendered: SafeString = super().render(value, context)
        return rendered


def prefetch_renditions(body: Iterable[Any]) -> None:
    """Fetch what the images of a body have been made into, all of them together."""
    figures = [child.value["image"] for child in body if child.block_type == "image"]
    prefetch_related_objects([image for image in figures if image], "renditions")


class LeadPicture(NamedTuple):
    rendition: AbstractRendition
    alt: str


def lead_picture(body: Iterable[Any]) -> LeadPicture | None:
    """Return the first picture of a body, in a size that the page shows too."""
    figures = [child.value for child in body if child.block_type == "image" and child.value["image"]]
    if not figures:
        return None
    prefetch_renditions(body)
    return LeadPicture(rendition=figures[0]["image"].get_rendition(LEAD_SIZE), alt=figures[0]["alt"])


def render_together(bodies: Sequence[blocks.StreamValue]) -> list[SafeString]:
    """Render several bodies with the queries of one."""
    lengths = [len(body) for body in bodies]
    raw = [block for body in bodies for block in body.get_prep_value()]
    children = iter(blocks.StreamValue(BodyBlock(), raw, is_lazy=True))
    everything = list(children)
    prefetch_renditions(everything)
    rendered = iter([child.render() for child in everything])
    # No text can hold it.
    border = f"<!-- {token_hex(16)} -->"
    joined = border.join("\n".join(next(rendered) for _number in range(length)) for length in lengths)
    return [mark_safe(html) for html in expand_db_html(joined).split(border)] if bodies else []  # noqa: S308 - as above


class Heading(NamedTuple):
    text: str
    anchor: str
    level: str


def headings(body: Iterable[Any]) -> list[Heading]:
    """Return a body's headings in reading order, for a list of contents."""
    return [
        Heading(text=child.value["text"], anchor=child.value["anchor"], level=child.value["level"])
        for child in body
        if child.block_type == "heading"
    ]


def keep_anchors(body: Iterable[Any]) -> None:
    """Give each heading in `body` the anchor that it keeps, unique within the body.

    A heading that has one already keeps it, whatever its text has become; a second one with the same anchor, as when
    an editor duplicates a block, gets a number behind it.
    """
    values = [child.value for child in body if child.block_type == "heading"]
    taken = set(TAKEN_ANCHORS)
    for value in sorted(values, key=lambda value: not value.get("anchor")):  # those that have one choose first
        wanted = value.get("anchor") or slugify(value.get("text") or "")[:ANCHOR_LENGTH] or "section"
        value["anchor"] = _free_anchor(wanted, taken=taken)
        taken.add(value["anchor"])


def _free_anchor(wanted: str, *, taken: set[str]) -> str:
    anchor, number = wanted, 1
    while anchor in taken:
        number += 1
        suffix = f"-{number}"
        anchor = wanted[: ANCHOR_LENGTH - len(suffix)] + suffix
    return anchor


def sections_of(body: Iterable[Any]) -> list[Section]:
    """Return what readers can find of a body: the lead, then a section for each heading."""
    sections = [Section(heading="", anchor="", text="")]
    for child in body:
        if child.block_type == "heading":
            sections.append(Section(heading=child.value["text"], anchor=child.value["anchor"], text=""))
            continue
        text = "\n".join(filter(None, [sections[-1].text, plain_text(child)]))
        sections[-1] = sections[-1]._replace(text=text)
    return [section for section in sections if section.heading or section.text]


def plain_text(child: Any) -> str:
    """Return what a reader can find of one block of a body: its words without markup, entities decoded."""
    parts = _parts(child, text_of=get_text_for_indexing)
    return "\n".join(part for part in map(str.strip, parts) if part)


def word_count(body: Iterable[Any]) -> int:
    """Return how many words a body has under its headings, as exactly as the time that it takes to read needs them."""
    # Parsing each text would take longer than rendering it.
    parts = (part for child in body for part in _parts(child, text_of=partial(TAG.sub, " ")))
    return sum(len(part.split()) for part in parts)


def _parts(child: Any, *, text_of: Callable[[str], str]) -> Iterator[str]:
    value = child.value
    match child.block_type:
        case "paragraph":
            yield text_of(value.source)
        case "image":
            yield from (value["alt"] or "", value["caption"] or "", value["credit"] or "")
        case "callout":
            yield text_of(value["text"].source)
        case "table":
            yield from _cells(value, text_of=text_of)
        case "quote":
            yield from (value["text"] or "", value["attribution"] or "")


def _cells(table: TypedTable, *, text_of: Callable[[str], str]) -> Iterator[str]:
    yield table.caption or ""
    yield " ".join(column["heading"] for column in table.columns)
    for row in table.rows:
        yield " ".join(
            text_of(cell.value.source) if cell.block.name == "rich_text" else cell.value or "" for cell in row
        )
