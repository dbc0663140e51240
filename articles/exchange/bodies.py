"""A body in a form in which what says the same is equal: what is written as Markdown, and what changes are seen by."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from articles.exchange.rich_text import Addresses, Flow, read_rich_text
from articles.legible import legible, on_one_line
from articles.markdown import RawBlock


class Heading(NamedTuple):
    text: str
    level: str
    anchor: str


class Text(NamedTuple):
    flow: tuple[Flow, ...]


class Figure(NamedTuple):
    picture: str  # what names its file: equal files, equal pictures
    alt: str
    caption: str
    credit: str


class Callout(NamedTuple):
    kind: str
    flow: tuple[Flow, ...]


class Column(NamedTuple):
    kind: str
    heading: str
    cells: tuple[str | tuple[Flow, ...], ...]


class Table(NamedTuple):
    columns: tuple[Column, ...]
    caption: str


class Quote(NamedTuple):
    text: str
    attribution: str


Block = Heading | Text | Figure | Callout | Table | Quote


@dataclass(frozen=True)
class Library:
    """What stored blocks name by a number: the pages' addresses, and what is in the pictures' files."""

    addresses: Addresses
    pictures: Mapping[int, str]


def read_body(raw: Iterable[RawBlock], library: Library) -> list[Block | None]:
    """Return each stored block as what it says; None for one that says nothing, as an empty paragraph."""
    return [_block(block["type"], block["value"], library) for block in raw]


def _block(kind: str, value: Any, library: Library) -> Block | None:
    match kind:
        case "heading":
            text = on_one_line(value["text"] or "")
            return Heading(text, value["level"] or "h2", value["anchor"] or "") if text else None
        case "paragraph":
            flow = read_rich_text(value or "", addresses=library.addresses)
            return Text(flow) if flow else None
        case "image":
            picture = library.pictures.get(value["image"])
            words = (on_one_line(value[name] or "") for name in ("alt", "caption", "credit"))
            return Figure(picture, *words) if picture else None
        case "callout":
            flow = read_rich_text(value["text"] or "", addresses=library.addresses)
            return Callout(value["kind"], flow) if flow else None
        case "table":
            return _table(value, library)
        case "quote":
            return Quote(_lines(value["text"] or ""), on_one_line(value["attribution"] or ""))
    raise ValueError(f"Articles have no block of the type {kind}.")


def _lines(text: str) -> str:
    """Return a quote's text as it is shown: without spaces around lines, with at most one empty line in a row."""
    kept: list[str] = []
    for line in (on_one_line(line) for line in legible(text).split("\n")):
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).rstrip()


def _table(value: dict[str, Any] | None, library: Library) -> Table | None:
    if not value or not value["columns"]:
        return None
    columns = tuple(
        _column(column, [row["values"][number] for row in value["rows"]], library)
        for number, column in enumerate(value["columns"])
    )
    return Table(columns, on_one_line(value.get("caption") or ""))


def _column(column: dict[str, str], values: list[Any], library: Library) -> Column:
    heading = on_one_line(column["heading"] or "")
    if column["type"] == "text" or not values:
        return Column("text", heading, tuple(on_one_line(value or "") for value in values))
    cells = tuple(_cell(value or "", library) for value in values)
    return Column("rich_text", heading, cells)


def _cell(html: str, library: Library) -> tuple[Flow, ...]:
    return read_rich_text(html, addresses=library.addresses)


def kept_where_equal(old: list[RawBlock], new: list[RawBlock], library: Library) -> list[RawBlock]:
    """Return `new` with the blocks of `old` that say the same in their places, ids and all.

    A heading that took the place of another keeps its anchor, unless it has one of its own, so that links to it go on
    working when its words change.
    """
    before, after = read_body(old, library), read_body(new, library)
    merged: list[RawBlock] = []
    # Anchors do not tell whether a block is the same one: those that are made from the text are not written down.
    matcher = SequenceMatcher(None, [_anchorless(block) for block in before], [_anchorless(block) for block in after])
    for operation, start, end, new_start, new_end in matcher.get_opcodes():
        replaced, replacing = old[start:end], new[new_start:new_end]
        if operation == "equal":
            merged += map(_with_anchor_of, replacing, replaced)
        else:
            merged += _replacing(replaced, replacing)
    return merged


def _anchorless(block: Block | None) -> Block | None:
    return block._replace(anchor="") if isinstance(block, Heading) else block


def _with_anchor_of(new: RawBlock, old: RawBlock) -> RawBlock:
    if new["type"] != "heading" or not new["value"]["anchor"]:
        return old
    return {**old, "value": {**old["value"], "anchor": new["value"]["anchor"]}}


def _replacing(old: list[RawBlock], new: list[RawBlock]) -> Iterator[RawBlock]:
    waiting = list(old)
    for block in new:
        place = next((number for number, other in enumerate(waiting) if other["type"] == block["type"]), None)
        if place is None:
            yield block
            continue
        other = waiting[place]
        waiting = waiting[place + 1 :]
        yield {**_inheriting(block, other), "id": other["id"]} if "id" in other else _inheriting(block, other)


def _inheriting(new: RawBlock, old: RawBlock) -> RawBlock:
    if new["type"] != "heading" or new["value"]["anchor"]:
        return new
    return {**new, "value": {**new["value"], "anchor": old["value"]["anchor"] or ""}}
