"""Words as the database engine and the query parser see them: cut out of a text, folded, stemmed.

Elasticsearch does the same to the text that it indexes; its analyzers are in `search.engines.elasticsearch`.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import snowballstemmer  # type: ignore[import-untyped]

# PostgreSQL takes lexemes of 2 KB at most; no word that people write comes near.
LONGEST_WORD = 64

# Letters and digits, with apostrophes inside. "D-MER" is the name of a condition, not "d" and "mer": see synonyms.txt.
WORD = re.compile(r"\bd[-\u2010\u2011]mer\b|[^\W_]+(?:['\u2019\u02bc][^\W_]+)*", re.IGNORECASE)
APOSTROPHES = re.compile(r"['\u2019\u02bc]")
POSSESSIVE = re.compile(r"['\u2019\u02bc]s$")
HYPHENS = re.compile(r"[-\u2010\u2011]")

# The original Porter stemmer, which Elasticsearch's "english" is too.
_porter = snowballstemmer.stemmer("porter")


class Token(NamedTuple):
    """A word of a text, and where it stands there: `text[start:end]`."""

    start: int
    end: int
    stem: str


def tokens(text: str) -> Iterator[Token]:
    for match in WORD.finditer(text):
        yield Token(match.start(), match.end(), stem(fold(match[0])))


def words(text: str) -> list[str]:
    """Return the words of a text in order, folded."""
    return [fold(match[0]) for match in WORD.finditer(text)]


def stems(text: str) -> list[str]:
    return [stem(word) for word in words(text)]


@lru_cache(maxsize=100_000)
def fold(word: str) -> str:
    """Return a word in lower case, without accents, hyphens, apostrophes and a possessive's "s"."""
    if word.isascii() and word.isalnum():  # as most words are
        return word.lower()[:LONGEST_WORD]
    word = HYPHENS.sub("", POSSESSIVE.sub("", word.lower()))
    letters = unicodedata.normalize("NFKD", APOSTROPHES.sub("", word))
    return "".join(letter for letter in letters if letter.isalnum()).lower()[:LONGEST_WORD] or word[:LONGEST_WORD]


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    # The stemmer leaves nothing of a single "s".
    return str(_porter.stemWord(word)) or word
