"""Markdown out: an article's fields and blocks as the text from which `articles.markdown` reads them again."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml
from django.utils.translation import gettext as _

from articles.blocks import keep_anchors
from articles.exchange.bodies import Block, Callout, Column, Figure, Heading, Library, Quote, Table, Text, read_body
from articles.exchange.rich_text import LINE_BREAK, Addresses, Flow, List, Paragraph, Run
from articles.markdown import ARTICLE_LINK, ATTRIBUTION, CAPTION, CREDIT, PARAGRAPH, MarkdownError, parse_document

NEW_BLOCK = "<!-- -->"
STYLE_ORDER = ("b", "i", "sup", "sub")
SIGNS = {"b": "**", "i": "*"}
ESCAPED = re.compile(r"([\\`*_\[\]<>]|&(?=[#\w]))")
AT_LINE_START = re.compile(r"^(?:([-+=~#:])|(\d{1,9})([.)]))")
# Spaces that Markdown would take away at an end, and that nobody could tell from others.
STRANGE_SPACE = re.compile(r"[^\S ]")
PLAIN_ADDRESS = re.compile(r"(?:[^\s<>()\\&]|&(?![#\w]+;))+")
CLOSING_SIGNS = re.compile(r"#+$")
ANCHOR_LIKE = re.compile(r"\{(?=#[^\s{}]+\}$)")


class NotWritableError(ValueError):
    """A block that Markdown cannot say; its message says which."""


class _Words(str):
    """A text that stands between quotes in the front matter, whatever is in it."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_words(dumper: yaml.SafeDumper, words: _Words) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", words, style='"')


_Dumper.add_representer(_Words, _represent_words)


def write_article(*, values: Mapping[str, Any], blocks: Sequence[Block]) -> str:
    """Return a whole file: `values` as its front matter, in their order, and `blocks` as its text.

    Raises `NotWritableError` for a block that would not be read again as it is.
    """
    fields = {name: _quoted(value) for name, value in values.items()}
    front_matter = yaml.dump(fields, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=float("inf"))
    return f"---\n{front_matter}---\n{write_body(blocks)}"


def write_body(blocks: Sequence[Block]) -> str:
    """Return blocks as Markdown. Raises `NotWritableError` for one that would not be read again as it is."""
    parts: list[str] = []
    anchors = _anchors_to_write([block for block in blocks if isinstance(block, Heading)])
    for before, block in zip([None, *blocks], blocks, strict=False):
        if isinstance(before, Text) and isinstance(block, Text):
            parts.append(NEW_BLOCK)
        shown = block._replace(anchor=next(anchors)) if isinstance(block, Heading) else block
        parts.append(_proven(shown))
    return "\n\n".join(parts) + "\n" if parts else ""


def _quoted(value: Any) -> Any:
    if isinstance(value, str):
        return _Words(value)
    if isinstance(value, list):
        return [_quoted(item) for item in value]
    if isinstance(value, dict):
        return {name: _quoted(item) for name, item in value.items()}
    return value


def _anchors_to_write(headings: list[Heading]) -> Iterator[str]:
    """Yield for each heading the anchor that has to be written down; "" where it is made from the text anyway."""
    made = _made([heading._replace(anchor="") for heading in headings])
    needed = [
        heading.anchor if heading.anchor != anchor else "" for heading, anchor in zip(headings, made, strict=True)
    ]
    if _made([heading._replace(anchor=anchor) for heading, anchor in zip(headings, needed, strict=True)]) != [
        heading.anchor for heading in headings
    ]:
        needed = [heading.anchor for heading in headings]
    yield from needed


def _made(headings: list[Heading]) -> list[str]:
    values = [{"text": heading.text, "anchor": heading.anchor} for heading in headings]
    children = [SimpleNamespace(block_type="heading", value=value) for value in values]
    keep_anchors(children)
    return [child.value["anchor"] for child in children]


def _proven(block: Block) -> str:
    """Return a block in the plainest Markdown from which it is read again as it is."""
    for writer in (_Writer(signs=SIGNS, line_break="\\\n"), _Writer(signs={}, line_break="<br>")):
        text = writer.block(block)
        if _read_again(text) == [block]:
            return text
    raise NotWritableError(_("This cannot be written as Markdown: %(text)s") % {"text": text[:200]})


def _read_again(text: str) -> list[Block | None]:
    pages, pictures = _Numbers(ARTICLE_LINK), _Numbers("")
    try:
        document = parse_document(f"---\n{{}}\n---\n{text}\n", path=Path("article.md"))
        raw = document.blocks(page_ids=pages, find_picture=pictures.__getitem__)
    except MarkdownError:
        return []
    return read_body(raw, Library(addresses=Addresses(pages.by_number(), {}), pictures=pictures.by_number()))


class _Numbers(Mapping[str, int]):
    """Gives a number to whatever is asked for and begins with `beginning`, as if there were such a page or picture."""

    def __init__(self, beginning: str) -> None:
        self._beginning = beginning
        self._given: dict[str, int] = {}

    def by_number(self) -> dict[int, str]:
        return {number: name for name, number in self._given.items()}

    def __getitem__(self, name: str) -> int:
        if not name.startswith(self._beginning):
            raise KeyError(name)
        return self._given.setdefault(name, len(self._given) + 1)

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)


class _Writer:
    """Writes blocks in one of the ways that Markdown leaves open."""

    def __init__(self, *, signs: Mapping[str, str], line_break: str) -> None:
        self._signs = signs
        self._line_break = line_break

    def block(self, block: Block) -> str:
        match block:
            case Heading(text=text, level=level, anchor=anchor):
                words = ANCHOR_LIKE.sub(r"\{", CLOSING_SIGNS.sub(_each_escaped, _escaped(text)))
                return f"{'#' * int(level[1])} {words}" + (f" {{#{anchor}}}" if anchor else "")
            case Text(flow=flow):
                return self._flow(flow)
            case Figure():
                return _figure(block)
            case Callout(kind=kind, flow=flow):
                return f"::: {kind}\n{self._flow(flow)}\n:::"
            case Table():
                return self._table(block)
            case Quote():
                return _quote(block)

    def _flow(self, flow: Iterable[Flow]) -> str:
        parts: list[str] = []
        marks = ""
        for part in flow:
            if isinstance(part, Paragraph):
                marks = ""
                parts.append("\n".join(self._lines(part.runs)))
            else:
                marks = _other_marks(marks)
                parts.append("\n".join(self._list(part, marks)))
        return "\n\n".join(parts)

    def _list(self, written: List, marks: str) -> Iterator[str]:
        for number, item in enumerate(written.items, start=1):
            mark = f"{marks[0]} " if written.tag == "ul" else f"{number}{marks[1]} "
            lines = self._lines(item.runs) if item.runs else []
            inner_marks = ""
            for inner in item.lists:
                inner_marks = _other_marks(inner_marks)
                lines += self._list(inner, inner_marks)
            yield mark + lines[0]
            yield from (" " * len(mark) + line for line in lines[1:])

    def _lines(self, runs: Sequence[Run]) -> list[str]:
        return self._inline(runs, line_break=self._line_break).split("\n")

    def _inline(self, runs: Sequence[Run], *, line_break: str) -> str:
        text = ""
        opened: list[tuple[str, str]] = []
        for run in [*runs, Run("")]:
            wanted = [("link", run.link)] if run.link else []
            wanted += [("style", style) for style in STYLE_ORDER if style in run.styles]
            while opened != wanted[: len(opened)]:
                text += self._closing(*opened.pop())
            is_line_start = not text or text.endswith("\n")
            for mark in wanted[len(opened) :]:
                # A picture would begin there.
                if mark[0] == "link" and text.endswith("!"):
                    text = text.removesuffix("!") + r"\!"
                text += self._opening(*mark)
                opened.append(mark)
            text += line_break if run.text == LINE_BREAK else _escaped(run.text, is_line_start=is_line_start)
        return text

    def _opening(self, kind: str, value: str) -> str:
        return "[" if kind == "link" else self._signs.get(value, f"<{value}>")

    def _closing(self, kind: str, value: str) -> str:
        return f"]({_destination(value)})" if kind == "link" else self._signs.get(value, f"</{value}>")

    def _table(self, table: Table) -> str:
        columns = [[_escaped(column.heading), "---", *self._cells(column)] for column in table.columns]
        rows = ["| " + " | ".join(_in_cell(cell) for cell in row) + " |" for row in zip(*columns, strict=True)]
        return "\n".join([f"{CAPTION} {_escaped(table.caption)}", *rows] if table.caption else rows)

    def _cells(self, column: Column) -> Iterator[str]:
        has_markup = False
        cells = []
        for cell in column.cells:
            if isinstance(cell, str):
                cells.append(_escaped(cell))
                continue
            runs = [part.runs for part in cell if isinstance(part, Paragraph)]
            has_markup |= len(runs) > 1 or any(run != Run(run.text) or run.text == LINE_BREAK for run in sum(runs, ()))
            cells.append(PARAGRAPH.join(self._inline(words, line_break="<br>") for words in runs))
        # What makes a column one of rich text where no word in it is rich.
        if column.kind == "rich_text" and not has_markup:
            cells[0] = PARAGRAPH + cells[0]
        yield from cells


def _other_marks(marks: str) -> str:
    """Return the marks of a list that follows one with `marks`: with the same ones it would be the same list."""
    return "*)" if marks == "-." else "-."


def _in_cell(text: str) -> str:
    return text.replace("|", r"\|")


def _each_escaped(signs: re.Match[str]) -> str:
    return "".join(rf"\{sign}" for sign in signs[0])


def _escaped(text: str, *, is_line_start: bool = False) -> str:
    text = STRANGE_SPACE.sub(lambda space: f"&#{ord(space[0])};", ESCAPED.sub(r"\\\1", text))
    if not is_line_start:
        return text
    if text.startswith(CAPTION):
        return text.replace(":", r"\:", 1)
    return AT_LINE_START.sub(lambda found: rf"{found[2]}\{found[3]}" if found[2] else rf"\{found[1]}", text)


def _destination(address: str) -> str:
    if PLAIN_ADDRESS.fullmatch(address):
        return address
    return "<" + re.sub(r"([\\<>&])", r"\\\1", STRANGE_SPACE.sub("", address)) + ">"


def _figure(figure: Figure) -> str:
    text = f"![{_escaped(figure.alt)}]({_destination(figure.picture)}"
    if figure.caption:
        caption = STRANGE_SPACE.sub(lambda space: f"&#{ord(space[0])};", re.sub(r'([\\"&])', r"\\\1", figure.caption))
        text += f' "{caption}"'
    return f"{text})\n{CREDIT} {_escaped(figure.credit)}" if figure.credit else f"{text})"


def _quote(quote: Quote) -> str:
    lines = [_escaped(line, is_line_start=True) for line in quote.text.split("\n")]
    if quote.attribution:
        lines = [*lines, f"{ATTRIBUTION} {_escaped(quote.attribution)}"]
    elif lines[-1].startswith(ATTRIBUTION):
        lines[-1] = "&mdash;" + lines[-1].removeprefix(ATTRIBUTION)
    return "\n".join(f"> {line}".rstrip() for line in lines)
