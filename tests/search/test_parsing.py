"""What a reader typed becomes things to look for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.parsing import LONGEST_TEXT, MOST_CONCEPTS, clean, concepts_of, parse


def wordings(text: str) -> list[tuple[str, ...]]:
    return [concept.words for concept in concepts_of(text)]


def test_words_are_folded() -> None:
    assert wordings("Oxytocin’s RÔLE") == [("oxytocin",), ("role",)]


def test_words_that_say_nothing_are_left_out() -> None:
    assert wordings("What makes milk start after the birth?") == [
        ("makes",), ("milk",), ("start",), ("after",), ("birth",),
    ]  # fmt: skip


def test_they_stay_where_there_is_nothing_else() -> None:
    assert wordings("to be or not") == [("to",), ("be",), ("or",), ("not",)]


def test_words_with_synonyms_belong_together() -> None:
    (supply, cause) = concepts_of("Not enough milk, cause?")
    assert supply.words == ("not", "enough", "milk")
    assert ("low", "supply") in supply.alternatives
    assert cause.words == ("cause",)


def test_the_longest_wording_wins() -> None:
    (concept,) = concepts_of("dysphoric milk ejection reflex")
    assert concept.alternatives == (("dmer",),)


@pytest.mark.parametrize("text", ["d-mer", "D-MER", "d\u2010mer", "dmer"])
def test_the_name_of_a_condition_is_one_word(text: str) -> None:
    assert wordings(text) == [("dmer",)]
    assert ("let", "down") not in concepts_of(text)[0].alternatives


def test_two_words_are_not_that_name() -> None:
    assert wordings("d mer") == [("d",), ("mer",)]


@pytest.mark.parametrize("text", ['"skin contact" birth', "“skin contact” birth"])
def test_quotation_marks_make_a_phrase(text: str) -> None:
    phrase, word = concepts_of(text)
    assert (phrase.words, phrase.is_phrase) == (("skin", "contact"), True)
    assert (word.words, word.is_phrase) == (("birth",), False)


@pytest.mark.parametrize("text", ['"skin contact', 'skin" contact', '"skin" "contact', 'skin "" contact'])
def test_a_quotation_mark_alone_means_nothing(text: str) -> None:
    assert [(concept.words, concept.is_phrase) for concept in concepts_of(text)] == [
        (("skin",), False),
        (("contact",), False),
    ]


@pytest.mark.parametrize("text", ["milk AND honey", "+milk -honey", "title:milk", "milk*", "(milk OR", "{milk} ^2 ~"])
def test_operators_are_words_or_nothing(text: str) -> None:
    assert ("milk",) in wordings(text)
    assert all(word.isalnum() for wording in wordings(text) for word in wording)


def test_a_word_is_looked_for_once() -> None:
    assert wordings("milk Milk MILK") == [("milk",)]


def test_what_cannot_be_seen_is_left_out() -> None:
    assert clean("mi\x00lk\u202e \ue000honey\n\t") == "mi lk honey"


def test_long_text_is_cut() -> None:
    query = parse("word " * 5_000 + "end")
    assert len(query.text) <= LONGEST_TEXT
    assert len(parse(" ".join(f"word{number}" for number in range(5_000))).concepts) == MOST_CONCEPTS


@given(st.text(max_size=300))
def test_any_text_becomes_words(text: str) -> None:
    query = parse(text)
    for concept in query.concepts:
        assert concept.words
        for word in concept.words:
            assert word
            assert not set(word) & set(" \"'\\\x00()*:-")
