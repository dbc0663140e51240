"""Mistyped words, and what is suggested for them."""

import pytest

from tests.search.engine_contract.conftest import Ids, Put, Search


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("prolactn", "prolactin"),
        ("porlactin", "prolactin"),
        ("progestrone", "progesterone"),
        ("oxitosin", "oxytocin"),
        ("engorgemnt", "engorgement"),
        ("thursh", "thrush"),
        ("mlik", "milk"),
    ],
)
def test_a_mistyped_word_finds_what_was_meant(put: Put, search: Search, typed: str, meant: str) -> None:
    page = put(text=f"About {meant}.")
    results = search(f"{typed} levels")
    assert [hit.page_id for hit in results.hits] == [page]
    assert results.did_you_mean == f"{meant} levels"
    assert f"<mark>{meant}</mark>" in results.hits[0].passages[0].text


def test_an_exact_match_is_never_pushed_aside(put: Put, search: Search) -> None:
    exact = put(text="The lactose of lactase.")
    for _ in range(3):
        put("Lactose", "Lactose, lactose.")
    results = search("lactase")
    assert [hit.page_id for hit in results.hits] == [exact]
    assert results.did_you_mean == ""


def test_the_more_frequent_of_equally_near_words_is_meant(put: Put, search: Search) -> None:
    put(text="A pumper.")
    put(text="It is pumped.")
    put(text="It was pumped.")
    assert search("pumpeb").did_you_mean == "pumped"


@pytest.mark.parametrize("typed", ["mil", "prolonged", "xyzzy", "m1lk", "prlctn"])
def test_words_that_are_short_or_too_different_are_left_alone(put: Put, search: Search, typed: str) -> None:
    put(text="Milk and prolactin.")
    assert search(typed).did_you_mean == ""


def test_the_word_of_a_hidden_page_is_not_suggested(put: Put, search: Search) -> None:
    secret = put(text="The prolactin canary.")
    assert search("prolactn").did_you_mean == "prolactin"
    results = search("prolactn", hidden=[secret])
    assert (results.did_you_mean, results.total) == ("", 0)


def test_a_corrected_word_brings_its_synonyms(put: Put, found: Ids) -> None:
    page = put(text="There is not enough milk. Supply matters.")
    assert found("low suply") == [page]


def test_the_rest_of_the_question_stays_as_it_was_typed(put: Put, search: Search) -> None:
    put(text="Prolactin levels.")
    assert search('The "Prolactn" levels?').did_you_mean == 'The "prolactin" levels?'
