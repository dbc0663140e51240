"""What the fields of an article's file mean: its front matter, checked one by one."""

import datetime
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from articles.legible import ILLEGIBLE, on_one_line
from articles.markdown import Document, read_document

TEXT_FIELDS = ("title", "slug", "summary", "category", "author", "reviewer", "seo_title", "search_description")
# Without these there is no article; the others may be empty.
NEEDED_FIELDS = frozenset({"title", "slug", "summary", "category", "author"})
ARTICLE_FIELDS = frozenset({"id", *TEXT_FIELDS, "tags", "reviewed_on", "published", "sources"})
SOURCE_FIELDS = frozenset({"title", "authors", "publication", "year", "url"})


@dataclass(frozen=True)
class ArticleText:
    """An article as a file tells it. `values` holds what the file says, a field that it leaves out is not there.

    A category is a slug; whether it exists is for the database to say. `sources` are dicts with `SOURCE_FIELDS`, `id`
    is a `UUID`, `reviewed_on` a date or None, and `published` a moment or None.
    """

    document: Document
    values: dict[str, Any]
    # What a new article takes where the file says nothing.
    suggestions: dict[str, Any] = field(default_factory=dict)


def read_article(path: Path) -> ArticleText:
    """Read one article's file. Raises `MarkdownError` for a wrong, empty or unknown field."""
    return article_text(read_document(path))


def article_text(document: Document) -> ArticleText:
    """Check the fields of a document. Raises `MarkdownError` for one that is wrong, empty or unknown."""
    values = {name: _value(document, name) for name in document.fields}
    return ArticleText(document=document, values=values)


def _value(document: Document, name: str) -> Any:
    value = document.fields[name]
    match name:
        case "id":
            return _id(document, value)
        case "tags":
            return _tags(document, value or [])
        case "sources":
            return _sources(document, value or [])
        case "reviewed_on":
            return _date(document, value)
        case "published":
            return _moment(document, value)
    if name not in TEXT_FIELDS:
        raise document.error(_("There is no field “%(name)s”.") % {"name": name}, field=name)
    return _text(document, name, value)


def _text(document: Document, name: str, value: Any) -> str:
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise document.error(
            _("The field “%(name)s” must be a text: put quotes around it.") % {"name": name}, field=name
        )
    _must_be_legible(document, value, field=name)
    text = on_one_line(value)
    if name in NEEDED_FIELDS and not text:
        raise document.error(_("The field “%(name)s” is empty.") % {"name": name}, field=name)
    return text


def _must_be_legible(document: Document, value: str, *, field: str) -> None:
    if ILLEGIBLE.search(value):
        message = _("The field “%(name)s” has a character in it that nobody can read.") % {"name": field}
        raise document.error(message, field=field)


def _id(document: Document, value: Any) -> UUID:
    try:
        return UUID(str(value))
    except ValueError as error:
        message = _("“%(value)s” is no id: leave the field out for a new article.") % {"value": str(value)[:60]}
        raise document.error(message, field="id") from error


def _tags(document: Document, value: Any) -> list[str]:
    if not isinstance(value, list):
        raise document.error(_("The field “tags” must be a list, as in [prolactin, let-down]."), field="tags")
    if not all(isinstance(tag, str) for tag in value):
        raise document.error(_("Every tag is a text: put quotes around numbers and dates."), field="tags")
    for tag in value:
        _must_be_legible(document, tag, field="tags")
    return [tag for tag in map(on_one_line, value) if tag]


def _date(document: Document, value: Any) -> datetime.date | None:
    if value is not None and type(value) is not datetime.date:
        raise document.error(_("The field “reviewed_on” must be a date, as 2026-11-22."), field="reviewed_on")
    return value


def _moment(document: Document, value: Any) -> datetime.datetime | None:
    if type(value) is datetime.date:
        value = datetime.datetime.combine(value, datetime.time())
    if value is not None and not isinstance(value, datetime.datetime):
        raise document.error(_("The field “published” must be a date or a moment, as 2026-11-22."), field="published")
    try:
        aware = timezone.make_aware(value) if value is not None and timezone.is_naive(value) else value
        return aware and aware.astimezone(datetime.UTC)
    except OverflowError as error:
        raise document.error(_("There is no such moment in the field “published”."), field="published") from error


def _sources(document: Document, value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise document.error(_("The field “sources” must be a list."), field="sources")
    return [_source(document, source) for source in value]


def _source(document: Document, source: Any) -> dict[str, Any]:
    if not isinstance(source, dict) or not source.get("title") or not source.keys() <= SOURCE_FIELDS:
        raise document.error(
            _("A source has a title, and may have authors, publication, year and url."), field="sources"
        )
    year = source.get("year")
    if year is not None and type(year) is not int:
        raise document.error(_("A source's year is a number, or left out."), field="sources")
    words = {name: str(source.get(name) or "") for name in SOURCE_FIELDS - {"year"}}
    for word in words.values():
        _must_be_legible(document, word, field="sources")
    return {"year": year, **{name: on_one_line(word) for name, word in words.items()}}
