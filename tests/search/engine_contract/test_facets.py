"""Categories and tags: choosing by them, and counting."""

import pytest

from cms.searchable import Label
from search.interface import Facet
from tests.search.engine_contract.conftest import Ids, Put, Search


@pytest.fixture
def pages(put: Put) -> dict[str, int]:
    return {
        "flow": put(text="Milk.", category="hormones", tags=["flow", "night"]),
        "night": put(text="Milk.", category="hormones", tags=["night"]),
        "supply": put(text="Milk.", category="supply", tags=["night"]),
        "bare": put(text="Milk.", category="", tags=[]),
        "other": put(text="Honey.", category="supply", tags=["flow"]),
    }


def counts(facets: tuple[Facet, ...]) -> dict[str, int]:
    return {facet.value: facet.count for facet in facets}


def test_they_count_what_was_found(pages: dict[str, int], search: Search) -> None:
    facets = search("milk").facets
    assert facets["category"] == (
        Facet(value="hormones", label="Hormones", count=2),
        Facet(value="supply", label="Supply", count=1),
    )
    assert counts(facets["tag"]) == {"night": 3, "flow": 1}


def test_a_category_chooses(pages: dict[str, int], search: Search) -> None:
    results = search("milk", category="hormones")
    assert {hit.page_id for hit in results.hits} == {pages["flow"], pages["night"]}
    assert results.total == 2


def test_a_tag_chooses(pages: dict[str, int], found: Ids) -> None:
    assert set(found("milk", tag="night")) == {pages["flow"], pages["night"], pages["supply"]}


def test_both_choose_together(pages: dict[str, int], found: Ids) -> None:
    assert found("milk", category="supply", tag="night") == [pages["supply"]]


def test_a_facet_ignores_its_own_choice_and_heeds_the_other(pages: dict[str, int], search: Search) -> None:
    facets = search("milk", category="hormones").facets
    assert counts(facets["category"]) == {"hormones": 2, "supply": 1}
    assert counts(facets["tag"]) == {"night": 2, "flow": 1}


def test_without_a_question_they_count_everything(pages: dict[str, int], search: Search) -> None:
    results = search("", tag="flow")
    assert results.total == 2
    assert counts(results.facets["category"]) == {"hormones": 1, "supply": 1}
    assert counts(results.facets["tag"]) == {"night": 3, "flow": 2}


@pytest.mark.parametrize("value", ["nonesuch", "Hormones", "hormones supply", "'; --", "*", "\x1e", "x" * 5_000])
def test_a_value_that_nothing_has_finds_nothing(pages: dict[str, int], search: Search, value: str) -> None:
    assert search("milk", category=value).total == 0
    assert search("milk", tag=value).total == 0
    assert counts(search("milk", category=value).facets["category"]) == {"hormones": 2, "supply": 1}


def test_hits_carry_their_labels(pages: dict[str, int], search: Search) -> None:
    hits = {hit.page_id: hit for hit in search("milk").hits}
    assert hits[pages["flow"]].category == Label("hormones", "Hormones")
    assert [tag.value for tag in hits[pages["flow"]].tags] == ["flow", "night"]
    assert (hits[pages["bare"]].category, hits[pages["bare"]].tags) == (None, ())
