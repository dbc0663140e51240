"""Rich text as it is stored, taken apart into what a reader sees of it.

The editor and the Markdown reader write the same words in different HTML: with keys or without, `<b><i>` or `<i><b>`,
spaces inside or outside the emphasis. Taken apart, the same words are equal.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString

from articles.legible import legible

STYLES = {"b": "b", "strong": "b", "i": "i", "em": "i", "sup": "sup", "sub": "sub"}
LISTS = {"ul", "ol"}
# What begins a paragraph of its own, should it ever have been stored.
PARAGRAPHS = {"p", "div", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"}
LINE_BREAK = "\n"
SPACE = " "
SEVERAL_SPACES = re.compile(" {2,}")  # to a reader they are one


@dataclass(frozen=True)
class Addresses:
    """How texts name the pages that can be linked to: the one address of each, by its id and by its path."""

    by_id: Mapping[int, str]
    by_path: Mapping[str, str]


class Run(NamedTuple):
    """Words of one look. A line break is a run of its own, `LINE_BREAK`, without styles or link."""

    text: str
    styles: frozenset[str] = frozenset()  # of "b", "i", "sup" and "sub"
    link: str = ""  # the address as Markdown writes it


class Paragraph(NamedTuple):
    runs: tuple[Run, ...]


class Item(NamedTuple):
    runs: tuple[Run, ...]
    lists: tuple["List", ...]


class List(NamedTuple):
    tag: str  # "ul" or "ol"
    items: tuple[Item, ...]


Flow = Paragraph | List


def read_rich_text(html: str, *, addresses: Addresses) -> tuple[Flow, ...]:
    """Return the paragraphs and lists of stored rich text that have any words.

    A link to a page that is not among `addresses` is no link: readers see its words alone.
    """
    return tuple(_flow(BeautifulSoup(html, "html.parser"), addresses))


def _flow(parent: Tag, addresses: Addresses) -> Iterator[Flow]:
    for kind, group in groupby(parent.children, key=_kind):
        if kind == "inline":
            yield from _paragraph(_runs(group, addresses))
            continue
        for tag in (node for node in group if isinstance(node, Tag)):
            if kind == "list":
                yield from _list(tag, addresses)
            else:
                yield from _flow(tag, addresses)


def _kind(node: object) -> str:
    if not isinstance(node, Tag) or (node.name not in LISTS and node.name not in PARAGRAPHS):
        return "inline"
    return "list" if node.name in LISTS else "paragraph"


def _paragraph(runs: Iterable[Run]) -> Iterator[Paragraph]:
    if tidied := tidy(runs):
        yield Paragraph(tidied)


def _list(tag: Tag, addresses: Addresses) -> Iterator[List]:
    items = tuple(item for child in tag.find_all("li", recursive=False) for item in _item(child, addresses))
    if items:
        yield List(tag.name, items)


def _item(tag: Tag, addresses: Addresses) -> Iterator[Item]:
    lines: list[Run] = []
    lists: list[List] = []
    for part in _flow(tag, addresses):
        if isinstance(part, List):
            lists.append(part)
        else:
            lines += [Run(LINE_BREAK), *part.runs] if lines else part.runs
    if lines or lists:
        yield Item(tuple(lines), tuple(lists))


def _runs(
    nodes: Iterable[object], addresses: Addresses, styles: frozenset[str] = frozenset(), link: str = ""
) -> Iterator[Run]:
    for node in nodes:
        if type(node) is NavigableString:
            yield Run(legible(node).translate({9: SPACE, 10: SPACE, 0x85: SPACE}), styles, link)
        elif not isinstance(node, Tag):
            continue
        elif node.name == "br":
            yield Run(LINE_BREAK)
        elif node.name == "a":
            yield from _runs(node.children, addresses, styles, _address(node, addresses))
        else:
            yield from _runs(node.children, addresses, styles | {STYLES.get(node.name, "")} - {""}, link)


def _address(tag: Tag, addresses: Addresses) -> str:
    if tag.get("linktype") == "page":
        page_id = str(tag.get("id", ""))
        return addresses.by_id.get(int(page_id), "") if page_id.isdecimal() else ""
    if "linktype" in tag.attrs:
        return ""
    address = "".join(legible(str(tag.get("href", ""))).split())
    return addresses.by_path.get(address, address)


def tidy(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Return runs that look the same in the one way that they can be written.

    No space is emphasized at the edge of a run, or stands beside a line break or at an end; no line break stands at an
    end; neighbors of one look are one run.
    """
    merged = _merged(part for run in _merged(runs) for part in _with_plain_edges(run))
    lines: list[list[Run]] = [[]]
    for run in merged:
        if run.text == LINE_BREAK:
            lines.append([])
        else:
            lines[-1].append(run)
    stripped = [list(_stripped(line)) for line in lines]
    while stripped and not stripped[0]:
        stripped.pop(0)
    while stripped and not stripped[-1]:
        stripped.pop()
    joined: list[Run] = []
    for number, line in enumerate(stripped):
        joined += [Run(LINE_BREAK), *line] if number else line
    return tuple(joined)


def _with_plain_edges(run: Run) -> Iterator[Run]:
    if not run.styles or run.text == LINE_BREAK:
        yield run
        return
    core = run.text.strip(SPACE)
    before, _core, after = run.text.partition(core) if core else (run.text, "", "")
    yield Run(before, link=run.link)
    yield Run(core, run.styles, run.link)
    yield Run(after, link=run.link)


def _merged(runs: Iterable[Run]) -> Iterator[Run]:
    # What is empty must not keep apart what looks the same.
    written = (run for run in runs if run.text)
    for (styles, link, is_break), group in groupby(
        written, key=lambda run: (run.styles, run.link, run.text == LINE_BREAK)
    ):
        texts = [run.text for run in group]
        if is_break:
            yield from (Run(LINE_BREAK) for _text in texts)
        elif text := SEVERAL_SPACES.sub(SPACE, "".join(texts)):
            yield Run(text, styles, link)


def _stripped(line: list[Run]) -> Iterator[Run]:
    while line and not (first := line[0].text.lstrip(SPACE)):
        line = line[1:]
    while line and not line[-1].text.rstrip(SPACE):
        line = line[:-1]
    if not line:
        return
    line = [line[0]._replace(text=first), *line[1:]]
    yield from [*line[:-1], line[-1]._replace(text=line[-1].text.rstrip(SPACE))]
