"""Markdown in: a file's front matter becomes fields, its text becomes the blocks of a body.

A file begins with YAML between two lines of `---`. Then come `##` and `###` headings (with `{#anchor}` behind them,
where the anchor is not made from the text), paragraphs, lists, tables (with a line `Table: caption` right before them),
quotes (with a last line `— attribution`), pictures (with a line `Credit: name` right behind them) and callouts:

    ::: note
    Words.
    :::

where `note` may also be `warning` or `doctor`. A link to `article:some-slug` leads to the article with that slug, and
one to `/some/path/` to the page there. Of HTML there are `<b>`, `<i>`, `<sup>`, `<sub>`, `<br>`, in a table's cell
`<p>` for a further paragraph, and `<!-- -->` on a line of its own, which begins a new block of text.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

from articles.legible import ILLEGIBLE, on_one_line

# One block of a StreamField as it is stored, without its id.
RawBlock = dict[str, Any]

CALLOUTS = {"note", "warning", "doctor"}
HEADINGS = {"h2", "h3"}
ARTICLE_LINK = "article:"
# What Wagtail's own editor lets a link lead to, besides pages.
WEB_LINKS = ("https://", "http://", "mailto:", "tel:", "ftp://", "#")
CAPTION = "Table:"
CREDIT = "Credit:"
ATTRIBUTION = "—"
ANCHOR = re.compile(r"(?:^|\s)\{#([^\s{}]+)\}$")
TAG = re.compile(r"<(/?)(b|i|sup|sub|strong|em)>", re.IGNORECASE)
LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
PARAGRAPH = "<p>"
NEW_BLOCK = re.compile(r"<!--\s*-->\s*")
LIST_DEPTH = 9  # what the editor can show
LARGEST_TEXT = 1_000_000  # bytes
# The parser looks for the end of each from its beginning on, again and again.
MOST_BRACKETS = 5_000
OPENING_BRACKET = re.compile(r"(?<!\\)\[")
LONGEST_FRONT_MATTER = 65_536  # characters


class MarkdownError(ValueError):
    """A file that cannot be used; its message names the file, the line (counted from 1) and what to change."""

    def __init__(self, message: str, *, path: Path, line: int) -> None:
        super().__init__(f"{path}:{line}: {message}")
        self.message = message
        self.path = path
        self.line = line


class PictureError(ValueError):
    """A picture beside the text that cannot be used; its message says why."""


# The address of a picture as a text has it -> the number of the image in the library. Raises `PictureError`.
FindPicture = Callable[[str], int]


def no_pictures(_address: str) -> int:
    raise PictureError(_("There can be no picture here."))


@dataclass(frozen=True)
class Document:
    """A file taken apart: its front matter, on which line each field of it stands, and its text."""

    path: Path
    fields: dict[str, Any]
    lines: dict[str, int]
    text: SyntaxTreeNode

    def error(self, message: str, *, field: str = "", line: int | None = None) -> MarkdownError:
        return MarkdownError(message, path=self.path, line=line or self.lines.get(field, 1))

    def links(self) -> set[str]:
        """Return the addresses that the text links to, as they are written."""
        return {_address(node) for node in self.text.walk() if node.type == "link"}

    def blocks(self, *, page_ids: Mapping[str, int], find_picture: FindPicture = no_pictures) -> list[RawBlock]:
        """Return the text as a body's blocks; see `numbered_blocks`."""
        return [block for _line, block in self.numbered_blocks(page_ids=page_ids, find_picture=find_picture)]

    def numbered_blocks(
        self, *, page_ids: Mapping[str, int], find_picture: FindPicture
    ) -> Iterator[tuple[int, RawBlock]]:
        """Yield each of a body's blocks behind the line on which it begins.

        `page_ids` are the pages that can be linked to, by their address: `article:slug`, or the path of any page.
        Raises `MarkdownError` for what a body cannot hold, and for a link to an article that is not in `page_ids`.
        """
        yield from _Converter(path=self.path, page_ids=page_ids, find_picture=find_picture).blocks(self.text)


def read_document(path: Path) -> Document:
    """Read a Markdown file with front matter. Raises what `parse_document` raises."""
    text = read_text(path)
    if len(OPENING_BRACKET.findall(text)) > MOST_BRACKETS:
        message = _("There are more than %(count)d signs “[” in here: divide the text, or write \\[.")
        raise MarkdownError(message % {"count": MOST_BRACKETS}, path=path, line=1)
    return parse_document(text, path=path)


def read_text(path: Path) -> str:
    """Return a text file's text, without the byte order mark that some editors put before it.

    Raises `MarkdownError` for a file that is no UTF-8 text, has characters that nobody can read, or is too large.
    """
    if path.stat().st_size > LARGEST_TEXT:
        message = _("This file is larger than %(size)d kB: divide it.") % {"size": LARGEST_TEXT // 1000}
        raise MarkdownError(message, path=path, line=1)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise MarkdownError(_("This is not UTF-8 text: save it as UTF-8."), path=path, line=line) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if strange := ILLEGIBLE.search(text):
        message = _("Remove the character U+%(code)04X: nobody can read it.") % {"code": ord(strange[0])}
        raise MarkdownError(message, path=path, line=text.count("\n", 0, strange.start()) + 1)
    return text


def parse_document(text: str, *, path: Path) -> Document:
    """Take a text with front matter apart; `path` is what errors name.

    Raises `MarkdownError` when it has no front matter, or when that is no YAML mapping.
    """
    tree = parse(text)
    if not tree.children or tree.children[0].type != "front_matter":
        raise MarkdownError(_("Begin the file with its fields between two lines of “---”."), path=path, line=1)
    fields, lines = _front_matter(tree.children[0].content, path=path)
    return Document(path=path, fields=fields, lines=lines, text=tree)


def parse(text: str) -> SyntaxTreeNode:
    return SyntaxTreeNode(_PARSER.parse(text))


class _FieldsLoader(yaml.SafeLoader):
    """Reads no alias: a few lines of them can stand for more text than there is memory."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.composer.ComposerError(None, None, "a * stands before a name; put quotes around the text", mark)
        return super().compose_node(parent, index)


class _Parser(MarkdownIt):
    """Leaves addresses as they are written. What may be linked to is judged here, with the line of what is refused."""

    def validateLink(self, url: str) -> bool:  # noqa: N802
        return True

    def normalizeLink(self, url: str) -> str:  # noqa: N802
        return url


def _parser() -> MarkdownIt:
    parser = _Parser("commonmark", {"html": True, "maxNesting": 100}).enable("table").use(front_matter_plugin)
    parser.use(container_plugin, name="callout", validate=lambda _params, _markup: True)
    parser.core.ruler.before("inline", "anchors", _take_anchors)
    return parser


def _take_anchors(state: StateCore) -> None:
    """Take `{#anchor}` off the end of headings, before anything else reads their text."""
    for opening, text in zip(state.tokens, state.tokens[1:], strict=False):
        if opening.type == "heading_open" and (found := ANCHOR.search(text.content)):
            opening.attrSet("id", found[1])
            text.content = text.content[: found.start()]


_PARSER = _parser()


def _front_matter(content: str, *, path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    first_line = 2  # the one after “---”
    fields: dict[str, Any] = {}
    lines: dict[str, int] = {}
    line = first_line
    if len(content) > LONGEST_FRONT_MATTER:
        message = _("The fields are longer than %(size)d characters: the text belongs below them.")
        raise MarkdownError(message % {"size": LONGEST_FRONT_MATTER}, path=path, line=line)
    loader = _FieldsLoader(content)
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
    except RecursionError as error:
        raise MarkdownError(
            _("The fields cannot be read: they are nested too deeply."), path=path, line=line
        ) from error
    # A character that YAML refuses, a date like 2026-02-31, a tag like !!int before what is none.
    except (yaml.YAMLError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise MarkdownError(_("The fields cannot be read: %s.") % error, path=path, line=line) from error
    return fields, lines


@dataclass(frozen=True)
class _Converter:
    path: Path
    page_ids: Mapping[str, int]
    find_picture: FindPicture

    def blocks(self, text: SyntaxTreeNode) -> Iterator[tuple[int, RawBlock]]:
        flow = _Flow()
        caption = ""
        for node, following in zip(text.children, [*text.children[1:], None], strict=True):
            if node.type == "front_matter":
                continue
            if node.type in {"paragraph", "bullet_list", "ordered_list"} and not _is_picture(node):
                caption = self._caption(node, following)
                if not caption:
                    flow.add(self._flow(node), line=_line(node))
                continue
            yield from flow.taken()
            if node.type == "html_block" and NEW_BLOCK.fullmatch(node.content):
                continue
            yield _line(node), self._block(node, caption=caption)
            caption = ""
        yield from flow.taken()

    def _block(self, node: SyntaxTreeNode, *, caption: str) -> RawBlock:
        match node.type:
            case "heading":
                return {"type": "heading", "value": self._heading(node)}
            case "paragraph":
                return {"type": "image", "value": self._picture(node)}
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
        return {"text": self._plain(node.children[0]), "level": node.tag, "anchor": str(node.attrs.get("id", ""))}

    def _picture(self, node: SyntaxTreeNode) -> dict[str, Any]:
        picture, *credit = node.children[0].children
        try:
            image_id = self.find_picture(str(picture.attrs.get("src", "")))
        except PictureError as error:
            raise self._error(str(error), node) from error
        return {
            "image": image_id,
            "alt": self._plain(picture).strip(),
            "caption": on_one_line(str(picture.attrs.get("title", ""))),
            "credit": self._plain_nodes(credit).strip().removeprefix(CREDIT).strip(),
        }

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
        text = "\n\n".join(paragraphs)
        # As it is written: a dash that is no beginning of an attribution can be written as &mdash;.
        if not node.children or not node.children[-1].children[0].content.rpartition("\n")[2].startswith(ATTRIBUTION):
            return {"text": text.strip(), "attribution": ""}
        quoted, _line_break, last = text.rpartition("\n")
        return {"text": quoted.strip(), "attribution": last.removeprefix(ATTRIBUTION).strip()}

    def _table(self, node: SyntaxTreeNode, *, caption: str) -> dict[str, Any]:
        head, *bodies = node.children
        names = [self._plain(cell.children[0]) for cell in head.children[0].children]
        rows = [[cell.children[0] for cell in row.children] for body in bodies for row in body.children]
        kinds, columns = [], []
        for column in range(len(names)):
            cells = [row[column] for row in rows]
            is_rich = any(part.type not in {"text", "softbreak"} for cell in cells for part in cell.children)
            kinds.append("rich_text" if is_rich else "text")
            columns.append([self._cell(cell) if is_rich else self._plain(cell) for cell in cells])
        return {
            "columns": [{"type": kind, "heading": name} for kind, name in zip(kinds, names, strict=True)],
            "rows": [{"values": list(values)} for values in zip(*columns, strict=True)],
            "caption": caption,
        }

    def _cell(self, node: SyntaxTreeNode) -> str:
        paragraphs: list[list[SyntaxTreeNode]] = [[]]
        for part in node.children:
            if part.type == "html_inline" and part.content.lower() == PARAGRAPH:
                paragraphs.append([])
            else:
                paragraphs[-1].append(part)
        if len(paragraphs) == 1:
            return self._inline_nodes(node.children)
        return "".join(f"<p>{self._inline_nodes(parts)}</p>" for parts in paragraphs if parts)

    def _caption(self, node: SyntaxTreeNode, following: SyntaxTreeNode | None) -> str:
        if node.type != "paragraph" or not node.children[0].content.startswith(CAPTION):
            return ""
        if following is None or following.type != "table":
            raise self._error(_("A line “Table: caption” stands right before its table."), node)
        return self._plain(node.children[0]).removeprefix(CAPTION).strip()

    def _flow(self, node: SyntaxTreeNode, *, depth: int = 1) -> str:
        match node.type:
            case "paragraph":
                return f"<p>{self._inline(node.children[0])}</p>"
            case "bullet_list" | "ordered_list":
                return self._list(node, depth=depth)
        raise self._unknown(node)

    def _list(self, node: SyntaxTreeNode, *, depth: int) -> str:
        if depth > LIST_DEPTH:
            raise self._error(_("Lists can be %(depth)d deep.") % {"depth": LIST_DEPTH}, node)
        if node.attrs.get("start", 1) != 1:
            raise self._error(_("A numbered list begins with 1 here."), node)
        return f"<{node.tag}>{''.join(self._item(item, depth=depth) for item in node.children)}</{node.tag}>"

    def _item(self, node: SyntaxTreeNode, *, depth: int) -> str:
        words = [self._inline(child.children[0]) for child in node.children if child.type == "paragraph"]
        lists = [self._flow(child, depth=depth + 1) for child in node.children if child.type != "paragraph"]
        return f"<li>{'<br/>'.join(words)}{''.join(lists)}</li>"

    def _inline(self, node: SyntaxTreeNode) -> str:
        return self._inline_nodes(node.children)

    def _inline_nodes(self, nodes: Iterable[SyntaxTreeNode]) -> str:
        html, opened = "", []
        for node in nodes:
            if node.type != "html_inline" or not (tag := TAG.fullmatch(node.content)):
                html += self._inline_node(node)
                continue
            name = {"strong": "b", "em": "i"}.get(tag[2].lower(), tag[2].lower())
            if not tag[1]:
                opened.append(name)
            elif not opened or opened.pop() != name:
                raise self._error(_("%(tag)s closes what was not opened before it.") % {"tag": node.content}, node)
            html += f"<{tag[1]}{name}>"
            last = node
        if opened:
            raise self._error(_("<%(tag)s> is not closed in its paragraph.") % {"tag": opened[-1]}, last)
        return html

    def _inline_node(self, node: SyntaxTreeNode) -> str:
        match node.type:
            case "text":
                return escape(node.content, quote=False)
            case "softbreak" | "hardbreak":
                return " " if node.type == "softbreak" else "<br/>"
            case "strong":
                return f"<b>{self._inline(node)}</b>"
            case "em":
                return f"<i>{self._inline(node)}</i>"
            case "link":
                return f"{self._link(node)}{self._inline(node)}</a>"
        if node.type == "html_inline" and LINE_BREAK.fullmatch(node.content):
            return "<br/>"
        raise self._unknown(node)

    def _unknown(self, node: SyntaxTreeNode) -> MarkdownError:
        match node.type:
            case "html_inline" | "html_block":
                message = _("An article cannot hold %(html)s: write \\< where you mean the sign.")
                return self._error(message % {"html": node.content.split("\n")[0][:60]}, node)
            case "image":
                return self._error(_("A picture stands in a paragraph of its own."), node)
        return self._error(_("An article cannot hold this (%(kind)s).") % {"kind": node.type}, node)

    def _link(self, node: SyntaxTreeNode) -> str:
        address = _address(node)
        if node.attrs.get("title"):
            raise self._error(_("A link has no title here: leave out what stands in quotes behind the address."), node)
        if address in self.page_ids:
            return f'<a id="{self.page_ids[address]}" linktype="page">'
        if address.startswith(WEB_LINKS) or (address.startswith("/") and not address.startswith("//")):
            return f'<a href="{escape(address)}">'
        if not address.startswith(ARTICLE_LINK):
            message = _("A link leads to https://…, mailto:…, /a/path/ or article:slug, not to “%(address)s”.")
            raise self._error(message % {"address": address[:80]}, node)
        slug = address.removeprefix(ARTICLE_LINK)
        raise self._error(_("There is no article “%(slug)s” to link to.") % {"slug": slug}, node)

    def _plain(self, node: SyntaxTreeNode, *, line_break: str = " ") -> str:
        return self._plain_nodes(node.children, line_break=line_break)

    def _plain_nodes(self, nodes: Iterable[SyntaxTreeNode], *, line_break: str = " ") -> str:
        """Return words where there can be nothing but words; emphasis is left out."""
        words = ""
        for node in nodes:
            match node.type:
                case "text":
                    words += node.content
                case "softbreak" | "hardbreak":
                    words += line_break
                case "strong" | "em":
                    words += self._plain(node, line_break=line_break)
                case _:
                    raise self._error(_("Here can be nothing but words (%(kind)s).") % {"kind": node.type}, node)
        return words

    def _error(self, message: str, node: SyntaxTreeNode) -> MarkdownError:
        return MarkdownError(message, path=self.path, line=_line(node))


class _Flow:
    """Paragraphs and lists that follow each other: together they are one block."""

    def __init__(self) -> None:
        self._html = ""
        self._line = 0

    def add(self, html: str, *, line: int) -> None:
        self._line = self._line or line
        self._html += html

    def taken(self) -> Iterator[tuple[int, RawBlock]]:
        if self._html:
            yield self._line, {"type": "paragraph", "value": self._html}
        self._html, self._line = "", 0


def _is_picture(node: SyntaxTreeNode) -> bool:
    if node.type != "paragraph":
        return False
    parts = node.children[0].children
    if not parts or parts[0].type != "image":
        return False
    return len(parts) == 1 or node.children[0].content.rpartition("\n")[2].startswith(CREDIT)


def _address(link: SyntaxTreeNode) -> str:
    return str(link.attrs.get("href", "")).strip()


def _line(node: SyntaxTreeNode) -> int:
    """Return the line on which a part of the text stands, counted from 1."""
    place: SyntaxTreeNode | None = node
    while place is not None and not place.map:
        place = place.parent
    if place is None or not place.map:
        return 1
    line = place.map[0] + 1
    for part in place.walk():
        if part is node:
            break
        line += part.type in {"softbreak", "hardbreak"}
    return line
