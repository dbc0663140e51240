"""Found words in a text: escaped HTML with <mark>, and the lines of a long text that tell most."""

from collections.abc import Collection, Sequence
from html import escape

from search.words import Token, tokens

# What Elasticsearch puts around found words. No indexed text has them: `search.documents` takes them out.
BEFORE, AFTER = "\ue000", "\ue001"

EXCERPT_LENGTH = 280  # characters

Span = tuple[int, int]
Stems = tuple[str, ...]


def from_marked(text: str) -> str:
    """Return the HTML of a text in which Elasticsearch marked what it found."""
    return escape(text).replace(BEFORE, "<mark>").replace(AFTER, "</mark>")


def mark(text: str, spans: Sequence[Span]) -> str:
    """Return the HTML of a text with the spans marked; they are in order and do not overlap."""
    parts, end = [], 0
    for start, stop in spans:
        parts += [escape(text[end:start]), "<mark>", escape(text[start:stop]), "</mark>"]
        end = stop
    return "".join([*parts, escape(text[end:])])


def find(text: str, wordings: Collection[Stems]) -> list[Span]:
    """Return where the wordings stand in a text, the longest first where several begin at one word."""
    by_first: dict[str, list[Stems]] = {}
    for wording in sorted(wordings, key=len, reverse=True):
        by_first.setdefault(wording[0], []).append(wording)
    found, all_tokens, position = [], list(tokens(text)), 0
    while position < len(all_tokens):
        length = _match(all_tokens, position, by_first.get(all_tokens[position].stem, []))
        if length:
            found.append((all_tokens[position].start, all_tokens[position + length - 1].end))
        position += length or 1
    return found


def _match(all_tokens: Sequence[Token], position: int, wordings: Sequence[Stems]) -> int:
    """Return how many words the first fitting wording takes up; 0 where none fits."""
    for wording in wordings:
        there = tuple(token.stem for token in all_tokens[position : position + len(wording)])
        if there == wording:
            return len(wording)
    return 0


def excerpt(text: str, wordings: Collection[Stems]) -> str:
    """Return the HTML of the `EXCERPT_LENGTH` characters of a text, about, that hold the most of what was found."""
    spans = find(text, wordings)
    start, end = _window(text, spans)
    inside = [(left - start, right - start) for left, right in spans if left >= start and right <= end]
    return ("… " if start else "") + mark(text[start:end], inside) + (" …" if end < len(text) else "")


def _window(text: str, spans: Sequence[Span]) -> Span:
    """Return where the excerpt begins and ends, between words."""
    if len(text) <= EXCERPT_LENGTH:
        return 0, len(text)

    def inside(start: int) -> int:
        kinds = {text[left:right].lower() for left, right in spans if start <= left and right <= start + EXCERPT_LENGTH}
        return len(kinds)

    best = max((left for left, _ in spans), key=inside, default=0)
    # A little of what comes before, so that the words stand in their sentence.
    start = max(0, min(best - EXCERPT_LENGTH // 5, len(text) - EXCERPT_LENGTH))
    start = text.find(" ", start, best) + 1 if start else 0
    end = min(len(text), max(start + EXCERPT_LENGTH, _end_of(spans, best)))
    return start, len(text) if end == len(text) else max(text.rfind(" ", start, end + 1), _end_of(spans, best))


def _end_of(spans: Sequence[Span], start: int) -> int:
    return next((right for left, right in spans if left == start), 0)
