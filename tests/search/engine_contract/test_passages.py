"""The passages of a result, and the found words in them."""

import pytest

from tests.search.engine_contract.conftest import Put, Search

SECTIONS = [
    ("", "", "The lead says what follows."),
    ("Before birth", "before-birth", "Progesterone keeps the alveoli from making milk."),
    ("After birth", "after-birth", "Progesterone falls, and within days there is milk. Colostrum comes first."),
    ("Later", "later", "Demand is what counts."),
]


def test_the_passage_that_answers_comes_with_its_anchor(put: Put, search: Search) -> None:
    put(sections=SECTIONS)
    (hit,) = search("colostrum").hits
    (passage,) = hit.passages
    assert (passage.heading, passage.anchor) == ("After birth", "after-birth")
    assert "<mark>Colostrum</mark> comes first." in passage.text


def test_the_best_passage_comes_first(put: Put, search: Search) -> None:
    put(sections=SECTIONS)
    passages = search("progesterone colostrum").hits[0].passages
    assert [passage.anchor for passage in passages] == ["after-birth", "before-birth"]


def test_a_heading_alone_makes_a_passage(put: Put, search: Search) -> None:
    put(sections=[*SECTIONS, ("Weaning", "weaning", "How it ends.")])
    (passage,) = search("weaning").hits[0].passages
    assert (passage.anchor, passage.text) == ("weaning", "How it ends.")


def test_the_lead_has_no_anchor(put: Put, search: Search) -> None:
    put(sections=SECTIONS)
    (passage,) = search("lead").hits[0].passages
    assert (passage.heading, passage.anchor) == ("", "")


def test_there_are_at_most_three(put: Put, search: Search) -> None:
    put(sections=[(f"Part {number}", f"part-{number}", "Milk.") for number in range(9)])
    assert len(search("milk").hits[0].passages) == 3


def test_other_forms_and_synonyms_are_marked(put: Put, search: Search) -> None:
    put(text="Ducts grow where estrogens are; there is not enough milk.")
    marked = search("duct growing oestrogen").hits[0].passages[0].text
    assert "<mark>Ducts</mark> <mark>grow</mark> where <mark>estrogens</mark> are" in marked
    assert "<mark>" in search("low supply").hits[0].passages[0].text


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert('milk')</script>",
        '"milk" & <b>honey</b>',
        "</mark><mark>milk",
        "&lt;milk&gt;",
        "milk <!-- --> ]]>",
    ],
)
def test_text_is_escaped(put: Put, search: Search, text: str) -> None:
    put("<i>Title</i>", text, summary=text)
    (hit,) = search("milk").hits
    for shown in (hit.highlight, hit.passages[0].text):
        bare = shown.replace("<mark>milk</mark>", "milk")
        assert "<mark>milk</mark>" in shown
        assert "<" not in bare
        assert ">" not in bare
        assert '"' not in bare


def test_the_summary_is_the_highlight_where_it_says_it(put: Put, search: Search) -> None:
    put(text="Milk in the text.", summary="Milk in the summary.")
    assert search("milk").hits[0].highlight == "<mark>Milk</mark> in the summary."


def test_else_the_best_passage_is(put: Put, search: Search) -> None:
    put(text="Milk in the text.", summary="Nothing of it here.")
    assert search("milk").hits[0].highlight == "<mark>Milk</mark> in the text."


def test_else_the_plain_summary_is(put: Put, search: Search) -> None:
    put("Milk", "Text.", summary="The <summary>.")
    (hit,) = search("milk").hits
    assert (hit.highlight, hit.passages) == ("The &lt;summary&gt;.", ())


def test_a_long_passage_is_cut_around_the_words(put: Put, search: Search) -> None:
    filler = "There is a long way to go before anything happens. " * 60
    put(text=f"{filler}Then oxytocin comes. {filler}")
    text = search("oxytocin").hits[0].passages[0].text
    assert "Then <mark>oxytocin</mark> comes." in text
    assert len(text) < 800


def test_a_very_long_article_is_found_and_shown(put: Put, search: Search) -> None:
    page = put(text="word " * 100_000 + "oxytocin")
    (hit,) = search("oxytocin").hits
    assert hit.page_id == page
    assert len(hit.highlight) < 2_000
