"""How far words are from each other, and which are taken for a mistyped one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from search.spelling import corrections, distance

words = st.text(alphabet="abcde", max_size=9)


@given(words, words, st.integers(0, 3))
def test_the_distance_is_that_of_optimal_string_alignment(left: str, right: str, limit: int) -> None:
    assert distance(left, right, limit=limit) == min(OSA.distance(left, right), limit + 1)


def test_the_nearest_word_comes_first() -> None:
    assert corrections("progestrone", {"progesterone", "progestrne", "progestin"}) == ["progesterone", "progestrne"]


@pytest.mark.parametrize(("word", "other"), [("mil", "milk"), ("duct", "fact"), ("duct", "duct"), ("ducted", "duct")])
def test_short_words_must_be_nearer(word: str, other: str) -> None:
    assert corrections(word, {other}) == []
