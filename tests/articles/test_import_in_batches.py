"""An import of many files lets others write meanwhile, and is still everything or nothing for each file."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client
from wagtail.models import Page
from wagtail.signals import page_published

from articles.exchange import batches
from articles.exchange.batches import import_in_batches
from articles.exchange.files import ArticleFile, find_files
from articles.exchange.importing import Outcome, Result
from articles.models import ArticleIndexPage, ArticlePage
from cms.pipeline.models import PageChange
from tests.articles.files import write_file
from tests.articles.test_import_command import run
from tests.pages import ArticleFactory
from tests.pipeline.conftest import database_url
from tests.pipeline.test_claim import in_threads, own_connections

AT_ONCE = 3
PATIENCE = 20  # seconds


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "FILES_AT_ONCE", AT_ONCE)


def import_batches(folder: Path, *, publish: bool = True, dry_run: bool = False) -> Iterator[list[Outcome]]:
    index = ArticleIndexPage.objects.get()
    return import_in_batches(index=index, files=list(find_files([folder])), publish=publish, dry_run=dry_run)


def names(outcomes: list[list[Outcome]]) -> list[list[str]]:
    return [[outcome.file.path.stem for outcome in some] for some in outcomes]


def results(outcomes: list[list[Outcome]]) -> dict[str, str]:
    return {outcome.file.path.stem: outcome.result.value for some in outcomes for outcome in some}


# --- Which files go together -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("article_index")
def test_files_without_links_go_in_their_order(tmp_path: Path) -> None:
    for slug in "abcdefg":
        write_file(tmp_path, slug)
    assert names(list(import_batches(tmp_path))) == [["a", "b", "c"], ["d", "e", "f"], ["g"]]


@pytest.mark.usefixtures("article_index")
def test_what_is_linked_to_comes_first(client: Client, tmp_path: Path) -> None:
    for slug, linked in zip("abcdefg", "bcdefg ", strict=True):
        # By its slug or by its path, as somebody may write it.
        address = f"article:{linked}" if slug in "ace" else f"/articles/{linked}/"
        write_file(tmp_path, slug, body=f"To [the next]({address})." if linked != " " else "Text.")
    assert names(list(import_batches(tmp_path))) == [["e", "f", "g"], ["b", "c", "d"], ["a"]]
    assert '<a href="/articles/b/">' in client.get("/articles/a/").text
    for slug in "abcdef":
        assert 'linktype="page"' in str(ArticlePage.objects.get(slug=slug).body.raw_data[0]["value"])


@pytest.mark.usefixtures("article_index")
def test_a_ring_goes_together_however_large(tmp_path: Path) -> None:
    for slug, linked in zip("abcde", "bcdea", strict=True):
        write_file(tmp_path, slug, body=f"To [the next](article:{linked}).")
    write_file(tmp_path, "f", body="To [the ring](article:c).")
    assert names(list(import_batches(tmp_path))) == [["a", "b", "c", "d", "e"], ["f"]]
    assert ArticlePage.objects.live().count() == 6


@pytest.mark.usefixtures("article_index")
def test_a_chain_longer_than_python_can_nest_is_put_in_order(tmp_path: Path) -> None:
    count = sys.getrecursionlimit() + 10
    for number in range(count):
        write_file(tmp_path, f"a{number:04}", body=f"To [x](article:a{number + 1:04}).")
    told = [[file.path.stem for file in batch] for batch in _planned(tmp_path)]
    assert [name for batch in reversed(told) for name in batch] == [f"a{number:04}" for number in range(count)]


def _planned(folder: Path) -> Iterator[list[ArticleFile]]:
    files = list(find_files([folder]))
    return batches._batches(files, names=batches._names(files, index=ArticleIndexPage.objects.get()))


# --- What one file does to another -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("article_index")
def test_what_links_to_a_refused_article_of_an_earlier_batch_is_refused(tmp_path: Path) -> None:
    write_file(tmp_path, "a", body="To [g](article:g).")
    for slug in "bcdef":
        write_file(tmp_path, slug)
    write_file(tmp_path, "g", category="nonsense")
    outcomes = list(import_batches(tmp_path))
    assert results(outcomes) == {slug: "refused" if slug in "ag" else "created" for slug in "abcdefg"}
    assert sorted(article.slug for article in ArticlePage.objects.all()) == list("bcdef")


def test_files_of_one_article_go_together_and_only_the_first_counts(
    publish_article: ArticleFactory, tmp_path: Path
) -> None:
    article = publish_article(slug="one")
    write_file(tmp_path, "one", name="a.md")
    for slug in "bcd":
        write_file(tmp_path, slug)
    write_file(tmp_path, "two", name="e.md", id=str(article.translation_key))
    write_file(tmp_path, "new", name="f.md", id="5f0c3a8e-6df5-4b8e-9a35-0d9f5a4c7b11")
    write_file(tmp_path, "g", id="5f0c3a8e-6df5-4b8e-9a35-0d9f5a4c7b11")
    assert results(list(import_batches(tmp_path))) == {
        "a": "updated", "e": "refused", "b": "created", "c": "created", "d": "created", "f": "created", "g": "refused",
    }  # fmt: skip


@pytest.mark.parametrize("publish", [True, False])
def test_an_article_that_takes_another_slug_is_linked_to_by_both(
    publish_article: ArticleFactory, tmp_path: Path, *, publish: bool
) -> None:
    article = publish_article(title="Old", slug="old")
    write_file(tmp_path, "new", name="a.md", id=str(article.translation_key))
    for slug in "bcd":
        write_file(tmp_path, slug)
    write_file(tmp_path, "e", body="To [it](article:old), and [again](article:new).")
    assert results(list(import_batches(tmp_path, publish=publish)))["e"] == "created"
    body = str(ArticlePage.objects.get(slug="e").get_latest_revision_as_object().body.raw_data[0]["value"])
    assert body.count(f'id="{article.pk}"') == 2


def test_an_article_of_another_list_is_linked_to_by_its_own_address(
    article_index: ArticleIndexPage, publish_article: ArticleFactory, tmp_path: Path
) -> None:
    other = ArticleIndexPage(title="Elsewhere", slug="elsewhere")
    article_index.get_parent().add_child(instance=other)
    article = publish_article(title="Old", slug="old", parent=other)
    write_file(tmp_path, "new", name="a.md", id=str(article.translation_key))
    for slug in "bcd":
        write_file(tmp_path, slug)
    write_file(tmp_path, "e", body="To [it](/elsewhere/old/).")
    write_file(tmp_path, "f", body="To [nothing](article:new).")
    outcomes = import_in_batches(index=article_index, files=list(find_files([tmp_path])), publish=True)
    told = results(list(outcomes))
    assert (told["a"], told["e"], told["f"]) == ("updated", "created", "refused")
    assert f'id="{article.pk}"' in str(ArticlePage.objects.get(slug="e").body.raw_data[0]["value"])


@pytest.mark.usefixtures("article_index")
def test_a_link_to_an_article_that_is_deleted_meanwhile_is_refused(tmp_path: Path) -> None:
    for slug in "abc":
        write_file(tmp_path, slug)
    write_file(tmp_path, "d", body="To [a](article:a).")
    importing = import_batches(tmp_path)
    next(importing)
    ArticlePage.objects.get(slug="a").delete()
    (outcome,) = next(importing)
    assert outcome.result == Result.REFUSED
    assert "no article “a”" in str(outcome.error)


def test_a_dry_run_says_the_same_and_changes_nothing(publish_article: ArticleFactory, tmp_path: Path) -> None:
    mine = publish_article(title="Mine", slug="mine", text="To a.")
    write_file(tmp_path, "a")
    write_file(tmp_path, "b", category="nonsense")
    write_file(tmp_path, "c", body="To [b](article:b).")
    write_file(tmp_path, "mine", body="To [a](article:a).", summary="About Mine.")
    write_file(tmp_path, "e", body="To [mine](article:mine), [a](article:a) and [again](/articles/a/).")
    PageChange.objects.all().delete()
    rehearsed = list(import_batches(tmp_path, dry_run=True))
    assert len(rehearsed) > 1
    assert list(ArticlePage.objects.all()) == [mine]
    assert not PageChange.objects.exists()
    done = list(import_batches(tmp_path))
    assert [(o.file, o.result, o.changes) for some in rehearsed for o in some] == [
        (o.file, o.result, o.changes) for some in done for o in some
    ]
    assert results(done) == {"a": "created", "b": "refused", "c": "refused", "e": "created", "mine": "updated"}


# --- Others meanwhile ------------------------------------------------------------------------------------------------


@own_connections
def test_another_writer_waits_for_one_batch_and_not_for_all(article_index: ArticleIndexPage, tmp_path: Path) -> None:
    for number in range(4 * AT_ONCE):
        write_file(tmp_path, f"a{number:02}")
    begun = threading.Event()
    seen: list[int] = []

    def tell(**_details: object) -> None:
        begun.set()

    def import_all() -> None:
        page_published.connect(tell, sender=ArticlePage)
        try:
            list(import_batches(tmp_path))
        finally:
            page_published.disconnect(tell, sender=ArticlePage)

    def write() -> None:
        assert begun.wait(timeout=PATIENCE)
        with transaction.atomic():
            # Nobody adds an article before this lock is free; on SQLite nobody writes anything.
            index = Page.objects.select_for_update().get(pk=article_index.pk)
            seen.append(ArticlePage.objects.count())
            index.search_description = "Written meanwhile."
            index.save()

    in_threads(import_all, write)
    assert ArticlePage.objects.live().count() == 4 * AT_ONCE
    # Whole batches, and not all of them.
    assert seen[0] in {AT_ONCE, 2 * AT_ONCE, 3 * AT_ONCE}
    assert Page.objects.get(pk=article_index.pk).search_description == "Written meanwhile."


@own_connections
@pytest.mark.usefixtures("article_index")
def test_what_is_told_is_kept_and_running_again_does_the_rest(tmp_path: Path) -> None:
    paths = [write_file(tmp_path, f"a{number}") for number in range(2 * AT_ONCE)]

    def fail(instance: Page, **_details: object) -> None:
        if instance.slug == "a4":
            raise OSError("No space left on device")

    page_published.connect(fail, sender=ArticlePage)
    try:
        with pytest.raises(OSError, match="No space"):
            run(tmp_path, "--publish")
    finally:
        page_published.disconnect(fail, sender=ArticlePage)
    assert sorted(article.slug for article in ArticlePage.objects.live()) == ["a0", "a1", "a2"]
    assert ArticlePage.objects.count() == AT_ONCE
    assert run(tmp_path, "--publish") == (
        0,
        [
            *[f"{path}: unchanged" for path in paths[:AT_ONCE]],
            *[f"{path}: created" for path in paths[AT_ONCE:]],
            "Done: 3 created, 3 unchanged.",
        ],
        [],
    )


@own_connections
@pytest.mark.usefixtures("article_index")
def test_an_import_that_is_killed_leaves_whole_articles_and_does_the_rest_when_it_is_run_again(
    pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    paths = [write_file(tmp_path, f"a{number}", body=f"Words of {number}.") for number in range(3 * AT_ONCE)]
    # In the midst of the second batch.
    arguments = [str(tmp_path), str(AT_ONCE), str(AT_ONCE + 2)]
    killed = subprocess.run(
        [sys.executable, "-m", "tests.articles.import_process", *arguments],
        cwd=pytestconfig.rootpath,
        env={**os.environ, "DATABASE_URL": database_url()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    kept = {article.slug: str(article.body.raw_data[0]["value"]) for article in ArticlePage.objects.live()}
    assert kept == {f"a{number}": f"<p>Words of {number}.</p>" for number in range(AT_ONCE)}
    assert ArticlePage.objects.count() == AT_ONCE
    code, told, _errors = run(tmp_path, "--publish")
    assert (code, told[-1]) == (0, f"Done: {2 * AT_ONCE} created, {AT_ONCE} unchanged.")
    assert ArticlePage.objects.live().count() == len(paths)
