"""The file of synonyms."""

import pytest

from search import synonyms
from search.words import stem, words

Wording = tuple[str, ...]


def finds(left: str, right: str) -> bool:
    stems = [tuple(map(stem, wording)) for wording in synonyms.alternatives().get(tuple(words(left)), ())]
    return tuple(map(stem, words(right))) in stems


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("estrogen", "oestrogen"),
        ("low supply", "not enough milk"),
        ("relactation", "restart lactation"),
        ("mer", "let-down"),
    ],
)
def test_two_way_lines_work_both_ways(left: str, right: str) -> None:
    assert finds(left, right)
    assert finds(right, left)


@pytest.mark.parametrize(
    ("left", "right"), [("motilium", "domperidone"), ("nursing", "breastfeeding"), ("estradiol", "estrogen")]
)
def test_one_way_lines_work_one_way(left: str, right: str) -> None:
    assert finds(left, right)
    assert not finds(right, left)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("relactation", "induced lactation"),
        ("donor milk", "milk sharing"),
        ("mastitis", "engorgement"),
        ("d-mer", "let-down"),
        ("galactorrhea", "lactation"),
    ],
)
def test_what_is_to_stay_apart_stays_apart(left: str, right: str) -> None:
    assert not finds(left, right)
    assert not finds(right, left)


def test_every_one_way_line_finds_itself() -> None:
    for line in synonyms.lines():
        left, arrow, right = line.partition("=>")
        if arrow:
            assert words(left) == words(right.split(",")[0]) or left.strip() == "lact med", line


def test_each_rule_has_a_wording_once() -> None:
    for rule in synonyms.one_way_rules():
        right = [tuple(map(stem, words(term))) for term in rule.partition("=>")[2].split(",")]
        assert len(right) == len(set(right)), rule
