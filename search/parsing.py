"""What a reader typed becomes a Query. Whatever it is, it is words: nothing in it is an operator of any engine."""

import re
from collections.abc import Iterator, Sequence

from search import synonyms
from search.interface import Concept, Query
from search.words import words

LONGEST_TEXT = 1_000  # characters; the rest of a longer question is not looked at
MOST_CONCEPTS = 32

QUOTED = re.compile(r'["\u201c\u201d]([^"\u201c\u201d]*)["\u201c\u201d]')
# Soft hyphens and joiners, which stand inside words; and all else that cannot be seen.
INSIDE_WORDS = re.compile(r"[\u00ad\u200c\u200d\u2060\ufeff]+")
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2061-\u2069\ud800-\udfff\ue000-\uf8ff]+")

# Words that say nothing about the subject: Lucene's English list, and those with which questions are put.
_STOP_WORDS = """
a about am an and any are as at be been but by can cannot could did do does doing for from had has have having he
her hers him his how i if in into is it its itself just me my myself no nor not of off on onto or our ours out she
should so some such than that the their theirs them then there these they this those through to too up upon us
very was we were what whats when where which while who whom whose why will with would you your yours
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


def printable(text: str) -> str:
    """Return the text without what cannot be seen: control, direction and private characters, soft hyphens, joiners."""
    return UNPRINTABLE.sub(" ", INSIDE_WORDS.sub("", text))


def clean(text: str) -> str:
    """Return the text as a question: printable, in one line, cut."""
    return " ".join(printable(text[: LONGEST_TEXT * 4]).split())[:LONGEST_TEXT].strip()


def parse(text: str, *, category: str = "", tag: str = "", page: int = 1, page_size: int = 10) -> Query:
    """Return the question in a text of any kind and length."""
    text = clean(text)
    concepts = tuple(concepts_of(text))[:MOST_CONCEPTS]
    return Query(text=text, concepts=concepts, category=category, tag=tag, page=page, page_size=page_size)


def concepts_of(text: str) -> list[Concept]:
    """Return what a text asks about, each thing once, in the order of the text.

    A phrase in quotation marks is one concept; so are words that have synonyms together, the longest first. Words
    without a meaning of their own are left out, unless there are no others.
    """
    found: dict[tuple[tuple[str, ...], bool], Concept] = {}
    for part, is_phrase in _parts(text):
        for concept in [_phrase(part)] if is_phrase else _concepts(part):
            found.setdefault((concept.words, concept.is_phrase), concept)
    telling = [concept for concept in found.values() if len(concept.words) > 1 or concept.words[0] not in STOP_WORDS]
    return telling or list(found.values())


def _parts(text: str) -> Iterator[tuple[list[str], bool]]:
    """Yield the words outside and inside of quotation marks; a mark without a partner means nothing."""
    end = 0
    for match in QUOTED.finditer(text):
        yield words(text[end : match.start()]), False
        inside = words(match[1])
        yield inside, len(inside) > 1
        end = match.end()
    yield words(text[end:]), False


def _phrase(part: Sequence[str]) -> Concept:
    wording = tuple(part)
    return Concept(words=wording, alternatives=synonyms.alternatives().get(wording, ()), is_phrase=True)


def _concepts(part: Sequence[str]) -> Iterator[Concept]:
    start = 0
    while start < len(part):
        wording = _longest_wording(part[start : start + synonyms.longest_wording()])
        yield Concept(words=wording, alternatives=synonyms.alternatives().get(wording, ()))
        start += len(wording)


def _longest_wording(part: Sequence[str]) -> tuple[str, ...]:
    """Return the most words from the beginning of a part that have synonyms together, or the first word."""
    for length in range(len(part), 1, -1):
        if tuple(part[:length]) in synonyms.alternatives():
            return tuple(part[:length])
    return (part[0],)
