"""Which pages answer a question, and in which order."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from search.interface import Engine
from tests.search.engine_contract.conftest import Ids, Put, Search


def test_a_word_of_the_text_is_found_in_another_form(put: Put, found: Ids) -> None:
    page = put(text="The ducts were growing during pregnancies.")
    put(text="Nothing of the kind.")
    assert found("duct grows in pregnancy") == [page]


@pytest.mark.parametrize("question", ["Oxytocin", "OXYTOCIN", "oxytocin's", "oxytocin’s", "óxytocín"])
def test_case_accents_and_possessives_do_not_matter(put: Put, found: Ids, question: str) -> None:
    page = put(text="Oxytocin moves milk.")
    assert found(question) == [page]


def test_accents_in_an_article_do_not_matter(put: Put, found: Ids) -> None:
    page = put(text="Doppler’s naïve café.")
    assert found("naive cafe doppler") == [page]


@pytest.mark.parametrize("place", ["title", "summary", "text", "heading", "category", "tag"])
def test_every_part_of_an_article_is_searched(put: Put, found: Ids, place: str) -> None:
    page = put(
        title="colostrum" if place == "title" else "A title",
        summary="colostrum" if place == "summary" else "A summary",
        sections=[
            ("colostrum" if place == "heading" else "A heading", "a", "colostrum" if place == "text" else "Text")
        ],
        category="colostrum" if place == "category" else "basics",
        tags=["colostrum" if place == "tag" else "alveoli"],
    )
    assert found("colostrum") == [page]


def test_the_title_counts_more_than_the_text(put: Put, found: Ids) -> None:
    text = put("Other matters", "Prolactin here, prolactin there. Prolactin.")
    title = put("Prolactin", "The hormone that keeps it going.")
    assert found("prolactin") == [title, text]


def test_a_heading_counts_more_than_the_text(put: Put, found: Ids) -> None:
    text = put(sections=[("Aaa", "a", "Something about prolactin and much else.")])
    heading = put(sections=[("Prolactin", "a", "Something about this and much else again.")])
    assert found("prolactin") == [heading, text]


def test_a_page_with_all_words_comes_first(put: Put, found: Ids) -> None:
    one = put("Alveoli alveoli", "Alveoli, alveoli and alveoli.")
    both = put("Other matters", "The alveoli have a lining, and it is thin.")
    other = put("Other things", "There is a lining.")
    assert found("alveoli lining")[0] == both
    assert set(found("alveoli lining")) == {both, one, other}


def test_the_words_may_stand_in_different_passages(put: Put, found: Ids) -> None:
    one = put(sections=[("A", "a", "Ducts, ducts and more ducts."), ("B", "b", "Ducts.")])
    both = put(sections=[("A", "a", "The ducts widen."), ("B", "b", "Placental lactogen falls.")])
    assert found("ducts lactogen") == [both, one]


def test_words_next_to_each_other_count_more(put: Put, found: Ids) -> None:
    apart = put(text="The skin has a cell, and a contact is what the baby and its mother have all day, says one.")
    together = put(text="The baby has skin contact with its mother all day, and a cell is what one has, says one.")
    assert found("skin contact") == [together, apart]


def test_words_in_quotation_marks_stand_next_to_each_other(put: Put, search: Search) -> None:
    put(text="The contact of skin.")
    page = put(text="Begin with skin contact.")
    assert search('"skin contact"').hits[0].page_id == page
    assert search('"skin contact"').confidence == "high"
    assert search('"begin contact"').confidence == "low"


def test_questions_in_plain_words_are_answered(put: Put, found: Ids) -> None:
    put(text="What and when and why does it do this after all?")
    page = put(text="Progesterone falls after birth, and milk starts.")
    put(text="The birth makes a start.")
    assert found("What makes milk start after the birth?")[0] == page


def test_a_question_of_little_words_alone_is_searched_by_them(put: Put, found: Ids) -> None:
    page = put(text="To be or not to be.")
    put(text="Nothing.")
    assert found("to be") == [page]


def test_nothing_is_found_for_words_that_nobody_wrote(put: Put, search: Search) -> None:
    put(text="Milk.")
    results = search("xylophone")
    assert (results.total, results.hits, results.confidence) == (0, (), "low")


def test_confidence_is_low_where_only_a_smaller_part_of_the_question_is_there(put: Put, search: Search) -> None:
    put(text="Milk and its price.")
    assert search("milk futures trading exchange").confidence == "low"
    assert search("milk price").confidence == "high"


def test_no_text_lists_everything_newest_first(put: Put, found: Ids) -> None:
    now = datetime(2024, 5, 1, tzinfo=UTC)
    old = put(published_at=now - timedelta(days=2))
    new = put(published_at=now)
    middle = put(published_at=now - timedelta(days=1))
    assert found("") == [new, middle, old]


def test_nothing_but_punctuation_finds_nothing(put: Put, search: Search) -> None:
    put(text="Milk!")
    assert search("?!*").total == 0


def test_a_hidden_page_is_neither_found_nor_counted(put: Put, search: Search) -> None:
    page, hidden = put(text="Milk.", tags=["flow"]), put(text="Milk.", tags=["flow"], category="supply")
    results = search("milk", hidden=[hidden])
    assert [hit.page_id for hit in results.hits] == [page]
    assert results.total == 1
    assert [facet.value for facet in results.facets["category"]] == ["basics"]
    assert [facet.count for facet in results.facets["tag"]] == [1]


def test_hiding_many_pages_works(put: Put, search: Search) -> None:
    page = put(text="Milk.")
    assert search("milk", hidden=range(page + 1, page + 20_000)).total == 1


def test_an_index_of_nothing_answers(engine: Engine, search: Search) -> None:
    assert search("milk").total == 0
    assert search("").total == 0
    assert engine.is_ready()


def test_equal_pages_keep_their_order(put: Put, found: Ids) -> None:
    pages = [put(text="Milk.") for _ in range(7)]
    assert found("milk") == pages
    assert found("milk") == found("milk")


def test_an_expired_page_is_not_found(put: Put, engine: Engine, search: Search) -> None:
    put(text="Milk.", expire_at=timezone.now() + timedelta(hours=1))
    if engine.name == "elasticsearch":  # The database engine looks at the page itself.
        put(text="Milk.", expire_at=timezone.now() - timedelta(seconds=1))
    assert search("milk").total == 1
