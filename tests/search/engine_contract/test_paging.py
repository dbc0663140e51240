"""Pages of results."""

from tests.search.engine_contract.conftest import Ids, Put, Search


def test_every_result_is_on_one_page(put: Put, found: Ids) -> None:
    pages = {put(f"Article {number}", "milk " * (number % 3 + 1)) for number in range(11)}
    listed = [page for number in (1, 2, 3) for page in found("milk", page=number, page_size=4)]
    assert len(listed) == 11
    assert set(listed) == pages
    assert listed == found("milk", page_size=50)


def test_the_total_is_exact_on_every_page(put: Put, search: Search) -> None:
    for _ in range(7):
        put(text="Milk.")
    totals = [search("milk", page=number, page_size=3).total for number in (1, 3, 4)]
    assert totals == [7, 7, 7]


def test_beyond_the_end_there_is_nothing(put: Put, search: Search) -> None:
    put(text="Milk.")
    results = search("milk", page=20, page_size=50)
    assert (results.hits, results.total, results.confidence) == ((), 1, "high")
