"""Articles as Hypothesis makes them: everything that an editor can save, and words that Markdown would misread."""

from html import escape
from typing import Any

from hypothesis import strategies as st

from articles.legible import ILLEGIBLE, on_one_line
from articles.markdown import RawBlock

# What means something in Markdown, YAML or HTML, where words are expected.
AWKWARD = [
    "*", "**", "_", "`", "[", "]", "(", ")", "<b>", "</p>", "&amp;", "&", "<", ">", "\\", "|", "#", "## ", "- ", "+ ",
    "1. ", "2) ", "---", "===", ":::", "::: note", "~~~", "```", "Table: ", "Credit: ", "— ", "{#anchor}", "![a](b)",
    "[a](article:b)", "<!-- -->", "https://example.org/?a=1&b=2", ": ", "'", '"', "%", "@", "!", "null", "true",
    "2026-01-01", "é", "日本", "🍼", "\u00a0", "\u2028", "\u200b", "\ufeff", "  ", " ", "a", "milk",
]  # fmt: skip
ANYTHING = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
PIECES = st.lists(st.sampled_from(AWKWARD) | ANYTHING, min_size=1, max_size=5).map("".join)


def readable(text: str) -> str:
    """Return what is left of a text in one line once it is saved: without control characters, nor spaces around it."""
    return on_one_line(ILLEGIBLE.sub("", text))


WORDS = PIECES.map(readable).filter(bool)
MAYBE_WORDS = WORDS | st.just("")
ADDRESSES = st.sampled_from(
    [
        "https://example.org/a_(b)?c=d&e=%20#f",
        "http://example.org/<é>",
        "mailto:a@example.org",
        "tel:+123",
        "#part",
        "/search/?q=milk",
    ]
)


@st.composite
def inline(draw: st.DrawFn, *, page_ids: tuple[int, ...], depth: int = 2) -> str:
    """Words with emphasis, links and line breaks, as they are stored."""
    parts = []
    for _number in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["words", "words", "b", "i", "sup", "sub", "a", "page", "br"]))
        if kind == "words" or depth == 0:
            parts.append(escape(draw(PIECES), quote=False))
            continue
        if kind == "br":
            parts.append("<br/>")
            continue
        within = draw(inline(page_ids=page_ids, depth=depth - 1))
        if kind in {"a", "page"}:
            target = f'href="{escape(draw(ADDRESSES))}"'
            if kind == "page" and page_ids:
                target = f'linktype="page" id="{draw(st.sampled_from(page_ids))}"'
            parts.append(f"<a {target}>{within.replace('<a ', '<span ').replace('</a>', '</span>')}</a>")
        else:
            parts.append(f"<{kind}>{within}</{kind}>")
    return "".join(parts)


@st.composite
def lists(draw: st.DrawFn, *, page_ids: tuple[int, ...], depth: int = 2) -> str:
    tag = draw(st.sampled_from(["ul", "ol"]))
    items = []
    for _number in range(draw(st.integers(1, 3))):
        inner = draw(lists(page_ids=page_ids, depth=depth - 1)) if depth and draw(st.booleans()) else ""
        items.append(f'<li data-block-key="ab12c">{draw(inline(page_ids=page_ids))}{inner}</li>')
    return f"<{tag}>{''.join(items)}</{tag}>"


@st.composite
def rich_text(draw: st.DrawFn, *, page_ids: tuple[int, ...]) -> str:
    paragraphs = inline(page_ids=page_ids).map(lambda html: f'<p data-block-key="x9y8z">{html}</p>')
    parts = draw(st.lists(paragraphs | lists(page_ids=page_ids), min_size=1, max_size=3))
    return "".join(parts)


@st.composite
def tables(draw: st.DrawFn, *, page_ids: tuple[int, ...]) -> dict[str, Any]:
    kinds = draw(st.lists(st.sampled_from(["text", "rich_text"]), min_size=1, max_size=3))
    cells = {
        "text": MAYBE_WORDS,
        "rich_text": inline(page_ids=page_ids)
        | inline(page_ids=page_ids).map(lambda html: f"<p>{html}</p>")
        | st.just(""),
    }
    return {
        "columns": [{"type": kind, "heading": draw(MAYBE_WORDS)} for kind in kinds],
        "rows": [{"values": [draw(cells[kind]) for kind in kinds]} for _number in range(draw(st.integers(0, 3)))],
        "caption": draw(MAYBE_WORDS),
    }


@st.composite
def blocks(draw: st.DrawFn, *, page_ids: tuple[int, ...] = (), image_ids: tuple[int, ...] = ()) -> RawBlock:
    kinds = ["heading", "paragraph", "paragraph", "callout", "table", "quote", *(["image"] if image_ids else [])]
    kind = draw(st.sampled_from(kinds))
    text = rich_text(page_ids=page_ids)
    value: Any
    match kind:
        case "heading":
            anchor = draw(st.sampled_from(["", "", "part", "sources", "a_b-1"]))
            value = {"text": draw(WORDS)[:150].strip(), "level": draw(st.sampled_from(["h2", "h3"])), "anchor": anchor}
        case "paragraph":
            value = draw(text)
        case "image":
            words = {
                name: draw(strategy)
                for name, strategy in (("alt", WORDS), ("caption", MAYBE_WORDS), ("credit", MAYBE_WORDS))
            }
            value = {"image": draw(st.sampled_from(image_ids)), **words}
        case "callout":
            value = {"kind": draw(st.sampled_from(["note", "warning", "doctor"])), "text": draw(text)}
        case "table":
            value = draw(tables(page_ids=page_ids))
        case _:
            lines = draw(st.lists(MAYBE_WORDS, min_size=1, max_size=4))
            value = {
                "text": draw(st.sampled_from(["\n", "\r\n"])).join(["—", *lines]),
                "attribution": draw(MAYBE_WORDS),
            }
    return {"type": kind, "value": value}


def bodies(*, page_ids: tuple[int, ...] = (), image_ids: tuple[int, ...] = ()) -> st.SearchStrategy[list[RawBlock]]:
    return st.lists(blocks(page_ids=page_ids, image_ids=image_ids), min_size=1, max_size=6)
