"""Keeping the index."""

import pytest

from cms.searchable import Section
from search.documents import version_now
from search.interface import Document, Engine, Entry
from tests.search.engine_contract.conftest import Ids, Put, public_page


def document(page_id: int) -> Document:
    return Document(
        page_id=page_id,
        version=version_now(),
        title="Many",
        summary="",
        category=None,
        tags=(),
        sections=(Section("", "", "Milk."),),
        published_at=None,
        expire_at=None,
        content_hash="same",
    )


def test_a_page_is_replaced_as_a_whole(put: Put, found: Ids) -> None:
    page = put(sections=[("Old", "old", "Oxytocin."), ("More", "more", "Ducts.")], tags=["flow"])
    put(sections=[("New", "new", "Prolactin.")], page_id=page)
    assert found("prolactin") == [page]
    assert (found("oxytocin"), found("ducts"), found("flow"), found("old")) == ([], [], [], [])


def test_what_was_read_earlier_never_replaces_what_was_read_later(put: Put, found: Ids) -> None:
    version = version_now()
    page = put(text="Prolactin.", version=version)
    put(text="Oxytocin.", version=version - 1, page_id=page)
    assert found("prolactin") == [page]
    assert found("oxytocin") == []


def test_a_page_can_be_taken_out(engine: Engine, put: Put, found: Ids) -> None:
    page, other = put(text="Milk."), put(text="Milk.")
    engine.delete([page], version=version_now())
    assert found("milk") == [other]
    assert engine.entries().keys() == {other}


def test_taking_out_what_was_read_later_does_nothing(engine: Engine, put: Put, found: Ids) -> None:
    page = put(text="Milk.")
    engine.delete([page], version=version_now() - 60_000_000)
    assert found("milk") == [page]


def test_taking_out_what_is_not_there_does_nothing(engine: Engine) -> None:
    engine.delete([123_456], version=version_now())
    engine.delete([], version=version_now())
    engine.put([])
    assert engine.entries() == {}


def test_what_is_there_can_be_read_with_version_and_hash(engine: Engine, put: Put) -> None:
    version = version_now()
    pages = {put(f"Article {number}", version=version + number): number for number in range(5)}
    there = {page: Entry(version + number, f"hash of Article {number}") for page, number in pages.items()}
    first = next(iter(pages))
    assert engine.entries() == there
    assert engine.entries([first, 654_321]) == {first: there[first]}


def test_what_was_taken_out_is_there_no_more(engine: Engine, put: Put) -> None:
    page = put()
    engine.delete([page], version=version_now())
    assert engine.entries() == {}
    assert [entry.content_hash for entry in engine.entries([page]).values() if entry.content_hash] == []


def test_more_pages_can_be_asked_for_than_fit_into_one_request(engine: Engine, put: Put) -> None:
    page = put()
    asked = range(1_000_000, 1_040_000)
    assert engine.entries([page, *asked]).keys() == {page}


def test_a_new_index_takes_the_place_of_the_old_one(engine: Engine, put: Put, found: Ids) -> None:
    page = put(text="Milk.")
    with engine.building() as new:
        assert found("milk") == [page]
        during = put(text="Milk.")
        assert found("milk") == [page, during]
        new.settle()
        new.switch()
    put(text="Milk.", page_id=page)
    assert found("milk") == [page, during]


def test_what_a_new_index_was_given_can_be_read_when_it_is_settled(engine: Engine, put: Put, found: Ids) -> None:
    page, gone = put(text="Milk."), put(text="Milk.")
    given = {page: document(page), gone: document(gone)}
    with engine.building() as new:
        new.put(list(given.values()))
        new.delete([gone], version=given[gone].version + 1)
        new.settle()
        assert new.entries() == {page: Entry(given[page].version, "same")}
        new.switch()
    assert found("milk") == [page]
    engine.remove_leftovers()
    assert found("milk") == [page]
    assert engine.leftovers() == []


def test_when_making_a_new_index_fails_the_old_one_stays(engine: Engine, put: Put, found: Ids) -> None:
    page = put(text="Milk.")
    with pytest.raises(ZeroDivisionError), engine.building():
        raise ZeroDivisionError
    assert found("milk") == [page]
    assert engine.is_ready()
    assert engine.leftovers() == []


def test_many_pages_go_in_at_once(engine: Engine, put: Put, found: Ids) -> None:
    first = put(text="Milk.")
    pages = [public_page() for _ in range(30)]
    engine.put([document(page) for page in [*pages, *pages]])
    assert sorted(found("milk", page_size=50)) == [first, *pages]
