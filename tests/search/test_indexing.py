"""The pipeline keeps the index; comparing shows what differs; a rebuild loses nothing."""

import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from elasticsearch import ConnectionTimeout
from elasticsearch import Elasticsearch as Client
from wagtail.models import Page

from articles.models import ArticlePage
from cms.pipeline.consumers import consumers
from cms.pipeline.schedule import periodic
from cms.pipeline.worker import drain
from search.documents import version_now
from search.engines.elasticsearch import ElasticsearchEngine, own_indices
from search.indexing import Differences, Rebuilt, Step, check, engines, make_missing, rebuild, reconcile
from search.interface import Engine, EngineUnavailable, get_engine
from search.locks import RebuildIsRunning, rebuild_lock
from search.parsing import parse
from search.searching import find
from tests.pages import ArticleFactory
from tests.search.conftest import IndexNow

EQUAL = Differences()


@pytest.fixture
def engine(site_engine: str) -> Engine:
    return get_engine()


def found(text: str) -> set[str]:
    get_engine().entries()
    return {result.page.title for result in find(parse(text)).found}


def test_the_rooms_consumer_and_tasks_are_registered() -> None:
    assert "database_index" in consumers
    assert "elasticsearch_index" not in consumers
    assert {"search_reconcile", "search_make_missing"} <= periodic.keys()


def test_what_is_published_is_found_and_what_is_unpublished_is_gone(
    publish_article: ArticleFactory, index_now: IndexNow, engine: Engine
) -> None:
    article = publish_article(title="Let-down", text="Oxytocin.")
    index_now()
    assert found("oxytocin") == {"Let-down"}
    article.title = "Milk ejection"
    article.save_revision().publish()
    index_now()
    assert found("oxytocin") == {"Milk ejection"}
    article.unpublish()
    index_now()
    assert found("oxytocin") == set()
    assert engine.entries() == {}


@pytest.fixture
def differing(publish_article: ArticleFactory, index_now: IndexNow, engine: Engine) -> Differences:
    """An index that differs from the articles in every way, as lost signals and lost writes leave it."""
    missing, stale, extra, equal = (publish_article(title=title, text="Milk.") for title in ("M", "S", "E", "Q"))
    index_now()
    engine.delete([missing.pk], version=version_now())
    ArticlePage.objects.filter(pk=stale.pk).update(summary="Another one.")
    Page.objects.filter(pk=extra.pk).update(live=False)
    assert engine.entries().keys() == {stale.pk, extra.pk, equal.pk}
    return Differences(missing=(missing.pk,), stale=(stale.pk,), extra=(extra.pk,))


def test_comparing_names_what_differs(engine: Engine, differing: Differences) -> None:
    assert check(engine) == differing


def test_what_differs_is_repaired_from_time_to_time(engine: Engine, differing: Differences) -> None:
    reconcile()
    assert [check(each) for each in engines()] == [EQUAL] * len(engines())
    assert found("milk") == {"M", "S", "Q"}


def run_check(*options: str) -> tuple[int, str]:
    output = io.StringIO()
    try:
        call_command("search_check", *options, stdout=output, stderr=io.StringIO())
    except SystemExit as end:
        return int(end.code or 0), output.getvalue()
    return 0, output.getvalue()


def test_the_command_tells_and_repairs(site_engine: str, differing: Differences) -> None:
    code, output = run_check("--json")
    ids = {"missing": list(differing.missing), "stale": list(differing.stale), "extra": list(differing.extra)}
    assert (code, json.loads(output)) == (1, {"engine": site_engine, **ids})
    code, output = run_check()
    assert code == 1
    assert f"stale: {differing.stale[0]}" in output
    code, output = run_check("--repair", "--json")
    assert (code, json.loads(output)) == (0, {"engine": site_engine, "missing": [], "stale": [], "extra": []})
    assert run_check()[0] == 0


def test_the_command_compares_the_other_index_too(site_engine: str, differing: Differences) -> None:
    code, output = run_check("--json", "--engine", "database")
    assert code == 1
    assert json.loads(output)["engine"] == "database"


def test_a_page_that_cannot_be_repaired_does_not_stop_the_others(
    engine: Engine, differing: Differences, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = ArticlePage.search_sections

    def fail(page: ArticlePage) -> object:
        if page.pk == differing.missing[0]:
            raise ValueError("cannot be read")
        return read(page)

    monkeypatch.setattr(ArticlePage, "search_sections", fail)
    reconcile()
    assert check(engine) == Differences(missing=differing.missing, stale=(), extra=())


def test_a_rebuild_mends_everything_and_shows_how_far_it_is(engine: Engine, differing: Differences) -> None:
    steps: list[tuple[str, int, int]] = []
    rebuilt = rebuild(engine, progress=lambda step, done, total: steps.append((step, done, total)))
    assert rebuilt == Rebuilt(pages=3, refused={})
    assert steps == [
        ("create", 0, 0),
        ("fill", 0, 3),
        ("fill", 3, 3),
        ("refresh", 0, 0),
        ("catch up", 0, 0),
        ("switch", 0, 0),
        ("clean up", 0, 0),
    ]
    assert check(engine) == EQUAL


def test_the_rebuild_command(site_engine: str, differing: Differences) -> None:
    output = io.StringIO()
    call_command("search_rebuild", stdout=output)
    assert output.getvalue().splitlines() == [
        "create",
        "fill: 0 of 3",
        "fill: 3 of 3",
        "refresh",
        "catch up",
        "switch",
        "clean up",
        f"The index {site_engine} is new: 3 pages.",
    ]
    assert run_check()[0] == 0


def test_what_changes_during_a_rebuild_is_not_lost(
    publish_article: ArticleFactory, index_now: IndexNow, engine: Engine
) -> None:
    edited, gone, _kept = (publish_article(title=title, text="Milk.") for title in ("Edited", "Gone", "Kept"))
    index_now()

    def meanwhile(step: Step, done: int, _total: int) -> None:
        # As each step begins, and after the last page was read.
        moment = f"{step} {done}".replace(" ", "-")
        publish_article(title=f"New at {moment}", slug=f"new-{moment}", text="Milk.")
        edited.title = f"Edited at {moment}"
        edited.save_revision().publish()
        if step is Step.SWITCH:
            gone.unpublish()
        drain()

    rebuild(engine, progress=meanwhile)
    assert check(engine) == EQUAL
    moments = ("create-0", "fill-0", "fill-4", "refresh-0", "catch-up-0", "switch-0", "clean-up-0")
    assert found("milk") == {*(f"New at {moment}" for moment in moments), "Edited at clean-up-0", "Kept"}


@pytest.mark.parametrize("at", Step)
def test_when_a_rebuild_fails_readers_have_an_index_all_the_same(
    at: Step, publish_article: ArticleFactory, index_now: IndexNow, engine: Engine
) -> None:
    publish_article(title="Milk")
    index_now()

    def fail(step: Step, _done: int, _total: int) -> None:
        if step is at:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        rebuild(engine, progress=fail)
    assert found("milk") == {"Milk"}
    assert check(engine) == EQUAL


@contextmanager
def held_elsewhere(name: str) -> Iterator[None]:
    """Hold the lock of an index in another thread, with a database connection of its own."""
    held, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with rebuild_lock(name):
            held.set()
            let_go.wait(30)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(30)
    yield
    let_go.set()
    thread.join()


def test_only_one_rebuild_of_an_index_runs_at_a_time(site_engine: str, engine: Engine) -> None:
    with held_elsewhere(site_engine):
        with pytest.raises(RebuildIsRunning):
            rebuild(engine)
        with pytest.raises(CommandError, match="already"):
            call_command("search_rebuild")
        with rebuild_lock("another"):
            pass
    assert rebuild(engine).pages == 0


# --- What Elasticsearch has besides ----------------------------------------------------------------------------------


def indices(engine: ElasticsearchEngine) -> dict[str, set[str]]:
    return own_indices(engine._server.client, engine._alias)


def test_a_rebuild_leaves_one_index_behind_the_alias(on_elasticsearch: ElasticsearchEngine, db: None) -> None:
    before = indices(on_elasticsearch)
    rebuild(on_elasticsearch)
    after = indices(on_elasticsearch)
    assert list(after.values()) == [{on_elasticsearch._alias}]
    assert before.keys().isdisjoint(after)


def test_a_switch_whose_answer_is_lost_leaves_readers_their_index(
    on_elasticsearch: ElasticsearchEngine,
    elasticsearch_url: str,
    publish_article: ArticleFactory,
    index_now: IndexNow,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish_article(title="Let-down", text="Oxytocin.")
    index_now()
    server = type(Client(elasticsearch_url).indices)
    switch = server.update_aliases

    def switch_and_hear_nothing(self: Any, **options: Any) -> None:
        switch(self, **options)
        raise ConnectionTimeout("Connection timed out")

    with monkeypatch.context() as patch:
        patch.setattr(server, "update_aliases", switch_and_hear_nothing)
        with pytest.raises(EngineUnavailable):
            rebuild(on_elasticsearch)
    assert found("oxytocin") == {"Let-down"}
    assert check(on_elasticsearch) == EQUAL
    assert on_elasticsearch.leftovers() == []


@pytest.mark.parametrize("remove", [rebuild, lambda _engine: make_missing()])
def test_what_a_killed_rebuild_left_is_removed_by_the_next_and_by_the_worker(
    on_elasticsearch: ElasticsearchEngine, db: None, remove: Callable[[Engine], object]
) -> None:
    killed = on_elasticsearch.building()
    killed.__enter__()
    assert len(indices(on_elasticsearch)) == 2
    assert on_elasticsearch.leftovers() != []
    remove(on_elasticsearch)
    assert list(indices(on_elasticsearch).values()) == [{on_elasticsearch._alias}]


def test_what_a_rebuild_is_making_is_left_alone_by_the_worker(on_elasticsearch: ElasticsearchEngine, db: None) -> None:
    with held_elsewhere("elasticsearch"), on_elasticsearch.building() as new:
        make_missing()
        new.switch()
    on_elasticsearch.remove_leftovers()
    assert list(indices(on_elasticsearch).values()) == [{on_elasticsearch._alias}]


def test_an_index_of_another_make_is_made_anew(
    on_elasticsearch: ElasticsearchEngine, publish_article: ArticleFactory
) -> None:
    article = publish_article(title="Milk")
    drain()
    (old,) = indices(on_elasticsearch)
    on_elasticsearch._server.client.indices.put_mapping(index=old, meta={"definition": "of yesterday"})
    assert not on_elasticsearch.is_ready()
    make_missing()
    assert on_elasticsearch.is_ready()
    assert old not in indices(on_elasticsearch)
    assert on_elasticsearch.entries().keys() == {article.pk}


def test_an_index_that_the_server_made_up_is_replaced(
    on_elasticsearch: ElasticsearchEngine, elasticsearch_url: str, db: None
) -> None:
    engine = ElasticsearchEngine(hosts=[elasticsearch_url], alias=f"{on_elasticsearch._alias}-made-up")
    engine._server.client.index(index=engine._alias, document={"title": "made up"})
    assert not engine.is_ready()
    rebuild(engine)
    assert engine.is_ready()
