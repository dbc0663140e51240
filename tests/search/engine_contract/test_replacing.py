"""Keeping the index."""

from dataclasses import replace

import pytest

from cms.searchable import Section
from search.documents import version_now
from search.interface import Document, Engine
from tests.search.engine_contract.conftest import Ids, Put, public_page


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
    assert engine.content_hashes().keys() == {other}


def test_taking_out_what_was_read_later_does_nothing(engine: Engine, put: Put, found: Ids) -> None:
    page = put(text="Milk.")
    engine.delete([page], version=version_now() - 60_000_000)
    assert found("milk") == [page]


def test_taking_out_what_is_not_there_does_nothing(engine: Engine) -> None:
    engine.delete([123_456], version=version_now())
    engine.delete([], version=version_now())
    engine.put([])
    assert engine.content_hashes() == {}


def test_the_hashes_of_what_is_there_can_be_read(engine: Engine, put: Put) -> None:
    pages = {put(f"Article {number}"): f"hash of Article {number}" for number in range(5)}
    first = next(iter(pages))
    assert engine.content_hashes() == pages
    assert engine.content_hashes([first, 123_456]) == {first: pages[first]}


def test_a_new_index_takes_the_place_of_the_old_one(engine: Engine, put: Put, found: Ids) -> None:
    page = put(text="Milk.")
    with engine.building():
        assert found("milk") == [page]
        during = put(text="Milk.")
        assert found("milk") == [page, during]
    put(text="Milk.", page_id=page)
    assert found("milk") == [page, during]


def test_when_making_a_new_index_fails_the_old_one_stays(engine: Engine, put: Put, found: Ids) -> None:
    page = put(text="Milk.")
    with pytest.raises(ZeroDivisionError), engine.building():
        raise ZeroDivisionError
    assert found("milk") == [page]
    assert engine.is_ready()


def test_many_pages_go_in_at_once(engine: Engine, put: Put, found: Ids) -> None:
    first = put(text="Milk.")
    document = Document(
        page_id=first,
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
    pages = [public_page() for _ in range(30)]
    engine.put([replace(document, page_id=page) for page in [*pages, *pages]])
    assert sorted(found("milk", page_size=50)) == [first, *pages]
