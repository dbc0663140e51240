"""What a file would change, as an editor reads it: the words that go and those that come."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.admin.compare import diff_text

from articles.exchange.importing import BODY, Change

KEPT, GONE, NEW, GAP = "equal", "deletion", "addition", "gap"
# Of two lines that have less in common than this share of their text, each is shown as a whole.
LEAST_IN_COMMON = 0.4
LONGEST_COMPARED = 10_000  # characters of both lines: words of longer ones take too long to compare
AT_THE_BEGINNING = ("@@ -0,", "@@ -1 ", "@@ -1,")  # nothing of the text stands before these lines
MOST_SHOWN = 20_000  # characters of one change

LABELS = {
    "id": _("Id"),
    "title": _("Title"),
    "slug": _("Slug"),
    "summary": _("Summary"),
    "category": _("Category"),
    "tags": _("Tags"),
    "author": _("Author"),
    "reviewed_on": _("Reviewed on"),
    "reviewer": _("Clinical reviewer"),
    "published": _("Published"),
    "seo_title": _("Title tag"),
    "search_description": _("Meta description"),
    "sources": _("Sources"),
    BODY: _("Text"),
}

# A piece of a line: KEPT, GONE, NEW or GAP, and the words.
Part = tuple[str, str]
Line = list[Part]


@dataclass(frozen=True)
class Difference:
    """One field before and after, as lines of parts."""

    label: str | Promise
    lines: list[Line]
    is_cut: bool = False


def difference_of(change: Change) -> Difference:
    """Return what an editor is shown of a change, without the rest where it is very long."""
    lines = _lines(change.lines) if change.field == BODY else _replaced([change.before], [change.after])
    shown: list[Line] = []
    room = MOST_SHOWN
    for line in lines:
        size = sum(len(words) for _kind, words in line)
        if size > room:
            return Difference(LABELS[change.field], shown or [[(line[0][0], line[0][1][:room])]], is_cut=True)
        room -= size
        shown.append(line)
    return Difference(LABELS[change.field], shown)


def _lines(unified: Sequence[str]) -> Iterator[Line]:
    """Yield the lines of a unified diff; what goes and what comes in its place stand in one."""
    for is_changed, group in groupby(unified, key=lambda line: line[:1] in {"-", "+"}):
        if is_changed:
            changed = list(group)
            gone = [line[1:] for line in changed if line.startswith("-")]
            yield from _replaced(gone, [line[1:] for line in changed if line.startswith("+")])
            continue
        for line in group:
            if not line.startswith("@@"):
                yield [(KEPT, line[1:])]
            elif not line.startswith(AT_THE_BEGINNING):
                yield [(GAP, "")]


def _replaced(before: Sequence[str], after: Sequence[str]) -> Iterator[Line]:
    for old, new in zip_longest(before, after, fillvalue=""):
        compared = _compared(old, new) if old and new else None
        if compared is not None:
            yield compared
        else:
            yield from ([(kind, words)] for kind, words in ((GONE, old), (NEW, new)) if words)


def _compared(old: str, new: str) -> Line | None:
    """Return both lines in one, word by word; None for lines that have too little in common for that."""
    if len(old) + len(new) > LONGEST_COMPARED:
        return None
    parts: Line = diff_text(old, new).changes
    kept = sum(len(words) for kind, words in parts if kind == KEPT)
    return parts if kept >= LEAST_IN_COMMON * max(len(old), len(new)) else None
