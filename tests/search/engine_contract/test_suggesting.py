"""Titles and headings for a text that is still being typed."""

import datetime as dt

import pytest

from search.documents import version_now
from search.interface import Engine, Headline
from search.words import words
from tests.search.engine_contract.conftest import Put

SECTIONS = [("", "", "A lead."), ("Milk supply and demand", "demand", "More."), ("Low supply", "low", "Less.")]


def suggested(engine: Engine, text: str, *, limit: int = 20, hidden: list[int] | None = None) -> list[Headline]:
    engine.entries()  # Elasticsearch lets searches see then what was put before.
    return list(engine.suggest(words(text), limit=limit, hidden=hidden or ()))


def texts(engine: Engine, text: str) -> set[str]:
    return {headline.text for headline in suggested(engine, text)}


def test_a_headline_says_where_it_stands(engine: Engine, put: Put) -> None:
    page = put("Supply", sections=SECTIONS)
    assert set(suggested(engine, "suppl")) == {
        Headline(page, "Supply", "", is_title=True),
        Headline(page, "Milk supply and demand", "demand", is_title=False),
        Headline(page, "Low supply", "low", is_title=False),
    }


@pytest.mark.parametrize(
    "typed",
    [
        "l", "low", "Low s", "supp lo", "LOW SUPPLY", "low supply", "low sup", "supply low", "löw süp", "low's s",
        "low supplies", "lows sup",
    ],
)  # fmt: skip
def test_all_words_are_there_and_the_last_may_be_unfinished(engine: Engine, put: Put, typed: str) -> None:
    put("Flow", sections=SECTIONS)
    expected = {"Low supply"} if typed != "supp lo" else set()
    assert texts(engine, typed) == expected


@pytest.mark.parametrize("typed", ["ow", "upply", "low demand", "lead", "summ", "xyz", "lo supply", "母", "low x"])
def test_other_texts_find_nothing(engine: Engine, put: Put, typed: str) -> None:
    put("Flow", sections=SECTIONS, summary="A summary")
    assert texts(engine, typed) == set()


def test_letters_of_any_script_are_found(engine: Engine, put: Put) -> None:
    put("Молоко: the Café's “Süß”", sections=[("Let\u2011down, D-MER", "d", "Text.")])
    for typed in ("мол", "cafe", "caf", "süß", "молоко c"):
        assert texts(engine, typed) == {"Молоко: the Café's “Süß”"}, typed
    for typed in ("let do", "let-do", "d-mer", "dm"):
        assert texts(engine, typed) == {"Let\u2011down, D-MER"}, typed


def test_words_of_two_headings_are_not_taken_together(engine: Engine, put: Put) -> None:
    put("Flow", sections=SECTIONS)
    assert texts(engine, "low dem") == set()


def test_what_begins_so_comes_before_the_limit_cuts(engine: Engine, put: Put) -> None:
    old, new = dt.datetime(2025, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    begins = put("Milk and honey", published_at=old)
    for _ in range(5):
        put("Too much milk", published_at=new)
    heading = put("Supply", sections=[("Milk at night", "night", "Text.")], published_at=new)
    found = suggested(engine, "mil", limit=3)
    assert [headline.page_id for headline in found[:2]] == [begins, heading]


def test_of_equally_good_titles_the_newer_comes_first(engine: Engine, put: Put) -> None:
    days = [dt.datetime(2026, 1, day, tzinfo=dt.UTC) for day in (2, 3, 1)]
    pages = [put(f"Milk {number}", published_at=day) for number, day in enumerate(days)]
    assert [headline.page_id for headline in suggested(engine, "mi")] == [pages[1], pages[0], pages[2]]


def test_hidden_pages_are_left_out(engine: Engine, put: Put) -> None:
    hidden, shown = put("Milk"), put("Milk")
    assert [headline.page_id for headline in suggested(engine, "milk", hidden=[hidden])] == [shown]


def test_what_was_replaced_or_taken_out_is_suggested_no_more(engine: Engine, put: Put) -> None:
    page, other = put("Milk", sections=SECTIONS), put("Milk too")
    put("Honey", page_id=page, sections=[("Low fat", "fat", "Text.")])
    assert texts(engine, "mi") == {"Milk too"}
    assert texts(engine, "low") == {"Low fat"}
    engine.delete([other], version=version_now())
    assert texts(engine, "mi") == set()


def test_a_long_line_and_many_words_are_no_trouble(engine: Engine, put: Put) -> None:
    long = "Milk " * 400 + "honey"
    put(sections=[(long, "long", "Text.")])
    assert texts(engine, "milk hon") == {long}
    assert texts(engine, "milk " * 30 + "h" * 500) == set()
