"""Plain text in: what can be known of an article without any markup. Decision 9 has the rules."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from django.utils.text import Truncator
from django.utils.translation import gettext as _
from markdown_it.tree import SyntaxTreeNode

from articles.article_texts import ArticleText
from articles.legible import on_one_line
from articles.markdown import Document, FindPicture, MarkdownError, RawBlock, read_text
from articles.models import SUMMARY_LENGTH

LONGEST_HEADING = 80  # characters
ENDS_A_SENTENCE = (".", "!", "?", ":", ";", ",", "…")
WORDS = "words"
BULLET = re.compile(r"[-*•–]\s+(?=\S)")
NUMBER = re.compile(r"\d{1,3}[.)]\s+(?=\S)")
MARKER = re.compile(f"{BULLET.pattern}|{NUMBER.pattern}")


class Part(NamedTuple):
    line: int
    kind: str  # WORDS, "ul" or "ol"
    lines: list[str]

    @property
    def text(self) -> str:
        return " ".join(self.lines)


@dataclass(frozen=True)
class PlainText(Document):
    parts: tuple[tuple[str, Part], ...] = ()  # each with its kind of block

    def numbered_blocks(
        self, *, page_ids: Mapping[str, int], find_picture: FindPicture
    ) -> Iterator[tuple[int, RawBlock]]:
        for kind, group in groupby(self.parts, key=lambda pair: pair[0]):
            parts = [part for _kind, part in group]
            if kind == "heading":
                for part in parts:
                    yield part.line, {"type": "heading", "value": {"text": part.text, "level": "h2", "anchor": ""}}
            else:
                yield parts[0].line, {"type": "paragraph", "value": "".join(map(_html, parts))}


def read_plain_article(path: Path) -> ArticleText:
    """Read a plain text. Raises `MarkdownError` when it has no title, or nothing below it."""
    parts = _parts(read_text(path))
    title = next((number for number, part in enumerate(parts) if _is_heading(parts, number)), None)
    if title is None:
        message = _("There is no title: begin with a short line of its own that does not end like a sentence.")
        raise MarkdownError(message, path=path, line=1)
    # What stands before the title leads into the text.
    body = [part for number, part in enumerate(parts) if number != title]
    kinds = [
        "heading" if part.kind == WORDS and _is_heading(body, number) else "text" for number, part in enumerate(body)
    ]
    document = PlainText(
        path=path,
        fields={},
        lines={"title": parts[title].line},
        text=SyntaxTreeNode(),
        parts=tuple(zip(kinds, body, strict=True)),
    )
    values = {"title": parts[title].text}
    first = next((part.text for kind, part in document.parts if kind == "text" and part.kind == WORDS), "")
    return ArticleText(document=document, values=values, suggestions={"summary": _summary(first)})


def _parts(text: str) -> list[Part]:
    """Return paragraphs and lists. An empty line ends a paragraph; an item goes on until it, or the next item."""
    parts: list[Part] = []
    is_after_empty_line = True
    for number, raw in enumerate(text.split("\n"), start=1):
        line = on_one_line(raw)
        if line:
            kind = _kind(line)
            if parts and parts[-1].kind == kind != WORDS:
                parts[-1].lines.append(MARKER.sub("", line, count=1))
            elif not parts or is_after_empty_line or kind != WORDS:
                parts.append(
                    Part(line=number, kind=kind, lines=[MARKER.sub("", line, count=1) if kind != WORDS else line])
                )
            elif parts[-1].kind == WORDS:
                parts[-1].lines.append(line)
            else:
                parts[-1].lines[-1] += f" {line}"
        is_after_empty_line = not line
    return parts


def _kind(line: str) -> str:
    if BULLET.match(line):
        return "ul"
    return "ol" if NUMBER.match(line) else WORDS


def _is_heading(parts: list[Part], number: int) -> bool:
    """Tell a heading: one short line of its own, not ending like a sentence, with something below it."""
    part = parts[number]
    is_short_line = part.kind == WORDS and len(part.lines) == 1 and len(part.text) <= LONGEST_HEADING
    return is_short_line and not part.text.endswith(ENDS_A_SENTENCE) and number + 1 < len(parts)


def _html(part: Part) -> str:
    if part.kind == WORDS:
        return f"<p>{escape(part.text, quote=False)}</p>"
    items = "".join(f"<li>{escape(line, quote=False)}</li>" for line in part.lines)
    return f"<{part.kind}>{items}</{part.kind}>"


def _summary(text: str) -> str:
    """Return the beginning of a text: whole sentences where one fits, else as many words as do."""
    if len(text) <= SUMMARY_LENGTH:
        return text
    end = max((found.end(1) for found in re.finditer(r"([.!?])\s", text[:SUMMARY_LENGTH])), default=0)
    return text[:end] or Truncator(text).chars(SUMMARY_LENGTH)
