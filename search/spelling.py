"""Mistyped words: what the reader meant, in words that articles use."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from search import synonyms
from search.interface import Concept, Query, Results
from search.parsing import MOST_CONCEPTS, concepts_of
from search.words import WORD, fold

# Shorter words have too many neighbors.
SHORTEST_WORD = 4
# From this length on, two letters may be wrong.
LONG_WORD = 8
MOST_CANDIDATES = 6  # for a word
MOST_CORRECTED = 5  # words of one question


def mistakes_allowed(word: str) -> int:
    if len(word) < SHORTEST_WORD:
        return 0
    return 2 if len(word) >= LONG_WORD else 1


def distance(left: str, right: str, *, limit: int) -> int:
    """Return how many letters to add, drop, change or swap with a neighbor to get from one word to the other.

    Beyond `limit` the exact figure does not matter: `limit + 1` stands for it. This is the optimal string alignment
    distance, row by row.
    """
    if abs(len(left) - len(right)) > limit:
        return limit + 1
    before_last: list[int] = []
    last = list(range(len(right) + 1))
    for row, letter in enumerate(left, start=1):
        current = [row]
        for column, other in enumerate(right, start=1):
            steps = min(last[column] + 1, current[-1] + 1, last[column - 1] + (letter != other))
            if row > 1 and column > 1 and letter == right[column - 2] and left[row - 2] == other:
                steps = min(steps, before_last[column - 2] + 1)
            current.append(steps)
        if min(current) > limit:
            return limit + 1
        before_last, last = last, current
    return min(last[-1], limit + 1)


def corrections(word: str, vocabulary: Collection[str]) -> list[str]:
    """Return the words of the vocabulary that `word` may be meant for, the nearest first."""
    limit = mistakes_allowed(word)
    near = [(distance(word, other, limit=limit), other) for other in vocabulary if other != word]
    return [other for steps, other in sorted(near) if steps <= limit]


def search_as_meant(
    query: Query,
    *,
    search: Callable[[Query], tuple[Results, Sequence[Concept]]],
    similar: Callable[[Sequence[str]], Collection[str]],
    count: Callable[[Sequence[Concept]], Sequence[int]],
) -> Results:
    """Search; where no visible page has a word, search for what it was probably meant to be instead.

    An exact match is never pushed aside: only words that find nothing at all are corrected. A correction is offered
    only when it finds a page that the reader may see, so that spelling reveals nothing of other pages.

    Args:
        search: Answers a query, and names the concepts that no visible page has.
        similar: Returns words that look like one of the given ones; it may return too many.
        count: Returns for each concept the number of visible pages that have it.
    """
    results, missing = search(query)
    words = [concept.words[0] for concept in missing if _may_be_mistyped(concept)][:MOST_CORRECTED]
    if not words:
        return results
    fixes = _fixes(words, similar=similar(words), count=count)
    if not fixes:
        return results
    text = WORD.sub(lambda match: fixes.get(fold(match[0]), match[0]), query.text)
    corrected, _ = search(replace(query, text=text, concepts=tuple(concepts_of(text))[:MOST_CONCEPTS]))
    return replace(corrected, did_you_mean=text)


def _may_be_mistyped(concept: Concept) -> bool:
    if len(concept.words) > 1 or concept.words in synonyms.alternatives():
        return False
    (word,) = concept.words
    return mistakes_allowed(word) > 0 and word.isalpha()


def _fixes(
    words: Sequence[str], *, similar: Collection[str], count: Callable[[Sequence[Concept]], Sequence[int]]
) -> dict[str, str]:
    """Return word -> the nearest word that a visible page has; of several equally near ones that of the most pages."""
    with_synonyms = {wording[0] for wording in synonyms.alternatives() if len(wording) == 1}
    vocabulary = with_synonyms.union(similar)
    candidates = {word: corrections(word, vocabulary)[:MOST_CANDIDATES] for word in words}
    every = sorted({candidate for some in candidates.values() for candidate in some})
    counts = count([Concept(words=(one,), alternatives=synonyms.alternatives().get((one,), ())) for one in every])
    pages = dict(zip(every, counts, strict=True))

    fixes = {}
    for word, some in candidates.items():
        limit = mistakes_allowed(word)
        ranked = sorted((distance(word, one, limit=limit), -pages[one], one) for one in some if pages[one])
        if ranked:
            fixes[word] = ranked[0][2]
    return fixes
