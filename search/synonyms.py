"""The synonyms of synonyms.txt, for the parser and for engines without a synonym filter of their own."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from search.words import stem, words

FILE = Path(__file__).with_name("synonyms.txt")

Wording = tuple[str, ...]


@cache
def lines() -> tuple[str, ...]:
    """Return the rules as they are written, without comments and blank lines."""
    rules = (line.strip() for line in FILE.read_text(encoding="utf-8").splitlines())
    return tuple(rule for rule in rules if rule and not rule.startswith("#"))


@cache
def alternatives() -> Mapping[Wording, tuple[Wording, ...]]:
    """Return wording -> the other wordings that mean the same. A wording in several rules has those of all."""
    found: dict[Wording, dict[Wording, None]] = {}
    for rule in lines():
        left, arrow, right = rule.partition("=>")
        others = _wordings(right if arrow else left)
        for wording in _wordings(left):
            # A dict keeps the order of the file, as a set would not.
            found.setdefault(wording, {}).update((other, None) for other in others if other != wording)
    return {wording: tuple(others) for wording, others in found.items()}


def one_way_rules() -> list[str]:
    """Return every line as a one-way rule, which has each wording once on the right.

    Wordings with the same stems ("refrigerator, refrigerated") would otherwise count twice where rules come before
    stemming, as in Elasticsearch.
    """
    rules = []
    for rule in lines():
        left, arrow, right = rule.partition("=>")
        distinct = {tuple(map(stem, wording)): " ".join(wording) for wording in _wordings(right if arrow else left)}
        rules.append(f"{', '.join(map(' '.join, _wordings(left)))} => {', '.join(distinct.values())}")
    return rules


@cache
def longest_wording() -> int:
    """Return the number of words in the longest wording that has alternatives."""
    return max(len(wording) for wording in alternatives())


def _wordings(side: str) -> Iterable[Wording]:
    return [tuple(words(term)) for term in side.split(",")]
