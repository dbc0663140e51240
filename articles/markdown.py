"""Markdown in: a file's front matter becomes fields, its text becomes the blocks of a body.

A file begins with YAML between two lines of `---`. Then come `##` and `###` headings, paragraphs, lists, tables (with
a line `Table: caption` right before them), quotes (with a last line `— attribution`) and callouts:

    ::: note
    Words.
    :::

where `note` may also be `warning` or `doctor`. A link to `article:some-slug` leads to the article with that slug.
"""

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

# One block of a StreamField as it is stored, without its id.
RawBlock = dict[str, Any]

CALLOUTS = {"note", "warning", "doctor"}
HEADINGS = {"h2", "h3"}
ARTICLE_LINK = "article:"
WEB_LINKS = ("https://", "http://", "mailto:")
CAPTION = "Table:"
ATTRIBUTION = "—"

ARTICLE_FIELDS = {"title", "slug", "summary", "category", "tags", "author", "reviewed_on", "reviewer", "sources"}
SOURCE_FIELDS = {"title", "authors", "publication", "year", "url"}


class MarkdownError(ValueError):
    """A file that cannot be used; its message names the file, the line (counted from 1) and what to change."""

    def __init__(self, message: str, *, path: Path, line: int) -> None:
        super().__init__(f"{path}:{line}: {message}")
        self.path = path
        self.line = line


@dataclass(frozen=True)
class Document:
    """A file taken apart: its front matter, on which line each field of it stands, and its text."""

    path: Path
    fields: dict[str, Any]
    lines: dict[str, int]
    text: SyntaxTreeNode

    def error(self, message: str, *, field: str = "") -> MarkdownError:
        return MarkdownError(message, path=self.path, line=self.lines.get(field, 1))

    def blocks(self, *, page_ids: Mapping[str, int]) -> list[RawBlock]:
        """Return the text as a body's blocks; `page_ids` are the articles that can be linked to, by slug.

        Raises `MarkdownError` for what a body cannot hold, and for a link to an article that is not in `page_ids`.
        """
        return list(_Converter(path=self.path, page_ids=page_ids).blocks(self.text))


@dataclass(frozen=True)
class SourceText:
    title: str
    authors: str = ""
    publication: str = ""
    year: int | None = None
    url: str = ""


@dataclass(frozen=True)
class ArticleText:
    """An article as a file tells it. `category` is a slug; whether it exists is for the database to say."""

    document: Document
    title: str
    slug: str
    summary: str
    category: str
    author: str
    tags: list[str] = field(default_factory=list)
    reviewed_on: datetime.date | None = None
    reviewer: str = ""
    sources: list[SourceText] = field(default_factory=list)


def read_document(path: Path) -> Document:
    """Read a Markdown file with front matter.

    Raises `MarkdownError` when it has no front matter, when that is no YAML mapping, or when there is no text.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise MarkdownError(_("This is not UTF-8 text."), path=path, line=line) from error
    tree = SyntaxTreeNode(_parser().parse(text))
    if not tree.children or tree.children[0].type != "front_matter":
        raise MarkdownError(_("Begin the file with its fields between two lines of “---”."), path=path, line=1)
    fields, lines = _front_matter(tree.children[0].content, path=path)
    if len(tree.children) == 1:
        raise MarkdownError(_("There is no text after the fields."), path=path, line=text.count("\n") + 1)
    return Document(path=path, fields=fields, lines=lines, text=tree)


def read_article(path: Path) -> ArticleText:
    """Read one article's file. Raises `MarkdownError` for a wrong, missing or unknown field."""
    document = read_document(path)
    for name in document.fields:
        if name not in ARTICLE_FIELDS:
            raise document.error(_("There is no field “%(name)s”.") % {"name": name}, field=name)
    tags = _value(document, "tags", list, default=[])
    if not all(isinstance(tag, str) for tag in tags):
        raise document.error(_("Every tag is a text: put quotes around numbers and dates."), field="tags")
    return ArticleText(
        document=document,
        title=_value(document, "title", str),
        slug=_value(document, "slug", str),
        summary=_value(document, "summary", str),
        category=_value(document, "category", str),
        author=_value(document, "author", str),
        tags=tags,
        reviewed_on=_value(document, "reviewed_on", datetime.date, default=None),
        reviewer=_value(document, "reviewer", str, default=""),
        sources=[_source(document, source) for source in _value(document, "sources", list, default=[])],
    )


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").use(front_matter_plugin)
    return parser.use(container_plugin, name="callout", validate=lambda _params, _markup: True)


def _front_matter(content: str, *, path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    first_line = 2  # the one after “---”
    fields: dict[str, Any] = {}
    lines: dict[str, int] = {}
    line = first_line
    loader = yaml.SafeLoader(content)
    try:
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise MarkdownError(_("Write the fields as “name: value”, one a line."), path=path, line=line)
        for name, value in node.value:
            line = first_line + name.start_mark.line
            if name.value in fields:
                raise MarkdownError(_("The field “%s” stands here twice.") % name.value, path=path, line=line)
            fields[name.value] = loader.construct_object(value, deep=True)
            lines[name.value] = line
    except yaml.MarkedYAMLError as error:
        line = first_line + (error.problem_mark.line if error.problem_mark else 0)
        message = _("The fields cannot be read: %(problem)s.") % {"problem": error.problem}
        raise MarkdownError(message, path=path, line=line) from error
    except MarkdownError:
        raise
    except (yaml.YAMLError, ValueError) as error:  # a character that YAML refuses, a date like 2026-02-31
        raise MarkdownError(_("The fields cannot be read: %s.") % error, path=path, line=line) from error
    return fields, lines


_NEEDED = object()
_KINDS = {str: "text", list: "list", datetime.date: "date"}


def _value(document: Document, name: str, kind: type, *, default: Any = _NEEDED) -> Any:
    value = document.fields.get(name)
    if value is None and default is not _NEEDED:
        return default
    if value is None or (kind is str and value == ""):
        raise document.error(_("The field “%(name)s” is missing.") % {"name": name}, field=name)
    if not isinstance(value, kind):
        message = _("The field “%(name)s” must be a %(kind)s.") % {"name": name, "kind": _KINDS[kind]}
        raise document.error(message, field=name)
    return value


def _source(document: Document, source: Any) -> SourceText:
    if not isinstance(source, dict) or not source.get("title") or not source.keys() <= SOURCE_FIELDS:
        raise document.error(
            _("A source has a title, and may have authors, publication, year and url."), field="sources"
        )
    year = source.get("year")
    if year is not None and not isinstance(year, int):
        raise document.error(_("A source's year is a number, or left out."), field="sources")
    words = {name: str(source.get(name) or "") for name in SOURCE_FIELDS - {"year"}}
    return SourceText(year=year, **words)


@dataclass(frozen=True)
class _Converter:
    path: Path
    page_ids: Mapping[str, int]

    def blocks(self, text: SyntaxTreeNode) -> Iterator[RawBlock]:
        paragraphs: list[str] = []
        caption = ""
        for node, following in zip(text.children, [*text.children[1:], None], strict=True):
            if node.type == "front_matter":
                continue
            if node.type in {"paragraph", "bullet_list", "ordered_list"}:
                caption = self._caption(node, following)
                if not caption:
                    paragraphs.append(self._flow(node))
                continue
            yield from _joined(paragraphs)
            paragraphs = []
            yield self._block(node, caption=caption)
            caption = ""
        yield from _joined(paragraphs)

    def _block(self, node: SyntaxTreeNode, *, caption: str) -> RawBlock:
        match node.type:
            case "heading":
                return {"type": "heading", "value": self._heading(node)}
            case "container_callout":
                return {"type": "callout", "value": self._callout(node)}
            case "table":
                return {"type": "table", "value": self._table(node, caption=caption)}
            case "blockquote":
                return {"type": "quote", "value": self._quote(node)}
        raise self._unknown(node)

    def _heading(self, node: SyntaxTreeNode) -> dict[str, str]:
        if node.tag not in HEADINGS:
            raise self._error(_("Headings are “##” or “###”; the title stands among the fields."), node)
        return {"text": self._plain(node.children[0]), "level": node.tag, "anchor": ""}

    def _callout(self, node: SyntaxTreeNode) -> dict[str, str]:
        kind = node.info.strip()
        if kind not in CALLOUTS:
            kinds = ", ".join(sorted(CALLOUTS))
            raise self._error(_("A callout is one of: %(kinds)s.") % {"kinds": kinds}, node)
        if not (node.nester_tokens and node.nester_tokens.closing.markup.startswith(":")):
            raise self._error(_("This callout has no end: close it with “:::”."), node)
        return {"kind": kind, "text": "".join(self._flow(child) for child in node.children)}

    def _quote(self, node: SyntaxTreeNode) -> dict[str, str]:
        paragraphs = []
        for child in node.children:
            if child.type != "paragraph":
                raise self._unknown(child)
            paragraphs.append(self._plain(child.children[0], line_break="\n"))
        *lines, last = "\n\n".join(paragraphs).split("\n")
        if not last.startswith(ATTRIBUTION):
            return {"text": "\n".join([*lines, last]).strip(), "attribution": ""}
        return {"text": "\n".join(lines).strip(), "attribution": last.removeprefix(ATTRIBUTION).strip()}

    def _table(self, node: SyntaxTreeNode, *, caption: str) -> dict[str, Any]:
        head, *bodies = node.children
        names = [self._plain(cell.children[0]) for cell in head.children[0].children]
        rows = [[cell.children[0] for cell in row.children] for body in bodies for row in body.children]
        kinds, columns = [], []
        for column in range(len(names)):
            cells = [row[column] for row in rows]
            has_markup = any(self._inline(cell) != escape(self._plain(cell), quote=False) for cell in cells)
            kinds.append("rich_text" if has_markup else "text")
            columns.append([self._inline(cell) if has_markup else self._plain(cell) for cell in cells])
        return {
            "columns": [{"type": kind, "heading": name} for kind, name in zip(kinds, names, strict=True)],
            "rows": [{"values": list(values)} for values in zip(*columns, strict=True)],
            "caption": caption,
        }

    def _caption(self, node: SyntaxTreeNode, following: SyntaxTreeNode | None) -> str:
        if node.type != "paragraph" or not node.children[0].content.startswith(CAPTION):
            return ""
        if following is None or following.type != "table":
            raise self._error(_("A line “Table: caption” stands right before its table."), node)
        return self._plain(node.children[0]).removeprefix(CAPTION).strip()

    def _flow(self, node: SyntaxTreeNode) -> str:
        match node.type:
            case "paragraph":
                return f"<p>{self._inline(node.children[0])}</p>"
            case "bullet_list" | "ordered_list":
                return f"<{node.tag}>{''.join(map(self._item, node.children))}</{node.tag}>"
        raise self._unknown(node)

    def _item(self, node: SyntaxTreeNode) -> str:
        words = [self._inline(child.children[0]) for child in node.children if child.type == "paragraph"]
        lists = [self._flow(child) for child in node.children if child.type != "paragraph"]
        return f"<li>{'<br/>'.join(words)}{''.join(lists)}</li>"

    def _inline(self, node: SyntaxTreeNode) -> str:
        return "".join(map(self._inline_node, node.children))

    def _inline_node(self, node: SyntaxTreeNode) -> str:
        match node.type:
            case "text":
                return escape(node.content, quote=False)
            case "softbreak":
                return " "
            case "hardbreak":
                return "<br/>"
            case "strong":
                return f"<b>{self._inline(node)}</b>"
            case "em":
                return f"<i>{self._inline(node)}</i>"
            case "link":
                return f"{self._link(node)}{self._inline(node)}</a>"
        raise self._unknown(node)

    def _link(self, node: SyntaxTreeNode) -> str:
        address = str(node.attrs.get("href", ""))
        if address.startswith(WEB_LINKS):
            return f'<a href="{escape(address)}">'
        if not address.startswith(ARTICLE_LINK):
            message = _("A link leads to https://…, mailto:… or article:slug, not to “%(address)s”.")
            raise self._error(message % {"address": address}, node)
        slug = address.removeprefix(ARTICLE_LINK)
        if slug not in self.page_ids:
            raise self._error(_("There is no article “%(slug)s” to link to.") % {"slug": slug}, node)
        return f'<a id="{self.page_ids[slug]}" linktype="page">'

    def _plain(self, node: SyntaxTreeNode, *, line_break: str = " ") -> str:
        breaks = {"softbreak": line_break, "hardbreak": line_break}
        return "".join(
            breaks.get(part.type, part.content if part.type == "text" else "") for part in node.walk(include_self=False)
        )

    def _unknown(self, node: SyntaxTreeNode) -> MarkdownError:
        return self._error(_("An article cannot hold this (%(kind)s).") % {"kind": node.type}, node)

    def _error(self, message: str, node: SyntaxTreeNode) -> MarkdownError:
        place: SyntaxTreeNode | None = node
        while place is not None and place.map is None:
            place = place.parent
        line = place.map[0] + 1 if place is not None and place.map else 1
        return MarkdownError(message, path=self.path, line=line)


def _joined(paragraphs: list[str]) -> Iterator[RawBlock]:
    if paragraphs:
        yield {"type": "paragraph", "value": "".join(paragraphs)}
