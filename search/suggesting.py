"""Suggestions while a reader types: titles and headings of pages that the reader may see at this moment."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from wagtail.models import Page

from cms.visibility import public_pages
from search.interface import Headline
from search.parsing import STOP_WORDS, clean
from search.searching import ask, hidden_pages
from search.words import words

MOST_SUGGESTIONS = 8
MOST_OF_ONE_PAGE = 3
# How many the engine looks for, so that enough are left.
CANDIDATES = 4 * MOST_SUGGESTIONS
# Of a longer text the last words count, at which the reader is now.
MOST_WORDS = 8


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A title, or a heading on a page; `anchor` is where the heading stands on it."""

    kind: Literal["title", "heading"]
    text: str
    page: Page
    anchor: str


def suggest(text: str) -> tuple[Suggestion, ...]:
    """Return what a reader may be typing, by the database engine where the other is away. Nothing typed, nothing found.

    First comes what begins with the words of the text, titles before headings.
    """
    typed = words(clean(text))[-MOST_WORDS:]
    if not typed:
        return ()
    asked = [*(word for word in typed[:-1] if word not in STOP_WORDS), typed[-1]]
    _, found = ask(lambda engine: engine.suggest(asked, limit=CANDIDATES, hidden=hidden_pages(engine)))
    shown = sorted(_visible(found), key=lambda suggestion: (not _begins(suggestion, typed), suggestion.kind != "title"))
    return tuple(_of_several_pages(shown))[:MOST_SUGGESTIONS]


def _visible(headlines: Sequence[Headline]) -> Iterator[Suggestion]:
    """Yield what is on pages that the reader may see; a title as it is now, however old the index."""
    pages = public_pages().in_bulk({headline.page_id for headline in headlines})
    for page_id, text, anchor, is_title in headlines:
        if page := pages.get(page_id):
            if is_title:
                yield Suggestion(kind="title", text=page.title, page=page, anchor="")
            else:
                yield Suggestion(kind="heading", text=text, page=page, anchor=anchor)


def _begins(suggestion: Suggestion, typed: Sequence[str]) -> bool:
    return " ".join(words(suggestion.text)).startswith(" ".join(typed))


def _of_several_pages(suggestions: Sequence[Suggestion]) -> Iterator[Suggestion]:
    times: Counter[int] = Counter()
    for suggestion in suggestions:
        times[suggestion.page.pk] += 1
        if times[suggestion.page.pk] <= MOST_OF_ONE_PAGE:
            yield suggestion
