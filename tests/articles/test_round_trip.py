"""Export, then import: nothing changes. On another site the same articles come into being."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import Settings
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Revision

from articles.exchange.articles import PageAddresses, blocks_of, hashes_of, image_ids, stored_body, values_of
from articles.exchange.bodies import Library
from articles.exchange.exporting import all_articles, export_articles, live_articles, write_files
from articles.exchange.importing import Result
from articles.markdown import RawBlock
from articles.models import ArticleIndexPage, ArticlePage, ArticleSource, Category
from articles.setup import DEMO_FOLDER
from tests.articles.files import import_from
from tests.articles.generated import MAYBE_WORDS, WORDS, bodies
from tests.pages import ArticleFactory

TAGS = st.lists(WORDS.filter(lambda tag: any(letter.isascii() and letter.isalnum() for letter in tag)), max_size=3)
SOURCES = st.lists(
    st.fixed_dictionaries(
        {"title": WORDS, "authors": MAYBE_WORDS, "publication": MAYBE_WORDS},
        optional={"year": st.integers(1500, 2026), "url": st.just("https://example.org/?a=1&b=%20")},
    ),
    max_size=2,
)
FIELDS = st.fixed_dictionaries(
    {
        "title": WORDS,
        "summary": WORDS.map(lambda text: text[:250].strip() or "x"),
        "author": WORDS,
        "reviewed_on": st.dates(date(1990, 1, 1), date(2026, 1, 1)),
        "reviewer": MAYBE_WORDS,
        "seo_title": MAYBE_WORDS,
        "search_description": MAYBE_WORDS,
        "first_published_at": st.none() | st.datetimes(datetime(2001, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    }
)


@pytest.fixture(autouse=True)
def own_media(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")


@pytest.fixture
def images(db: None) -> tuple[int, ...]:
    """Pictures of which two have nearly one name, and one an awkward one."""
    names = ["duct.png", "Duct.png", "a (new) picture & more.png"]
    images = get_image_model().objects
    files = [get_test_image_file(name, size=(20 + number, 20)) for number, name in enumerate(names)]
    return tuple(images.create(title=file.name, file=file).pk for file in files)


def said() -> dict[str, tuple[Any, ...]]:
    """Return everything that the articles say, as the site has it."""
    articles = list(ArticlePage.objects.order_by("path"))
    states = [article.get_latest_revision_as_object() for article in articles]
    images = {number for state in states for number in image_ids(stored_body(state))}
    library = Library(PageAddresses(ArticleIndexPage.objects.get()).names, hashes_of(images))
    return {state.slug: (values_of(state), blocks_of(state, library)) for state in states}


def export_to(folder: Path, *, drafts: bool = False) -> dict[str, bytes]:
    articles = all_articles() if drafts else live_articles()
    exported = export_articles(index=ArticleIndexPage.objects.get(), articles=articles, drafts=drafts)
    assert [problem for _path, problem in write_files(exported, folder) if problem] == []
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_nothing_changes(folder: Path, *, drafts: bool) -> None:
    """Export, import, export again; then forget the articles and import them as new ones."""
    before, files = said(), export_to(folder, drafts=drafts)
    revisions = Revision.objects.count()
    assert {outcome.result for outcome in import_from(folder, publish=not drafts)} == {Result.UNCHANGED}
    assert Revision.objects.count() == revisions
    assert export_to(folder, drafts=drafts) == files
    for article in ArticlePage.objects.all():
        article.delete()
    assert {outcome.result for outcome in import_from(folder, publish=not drafts)} == {Result.CREATED}
    assert said() == before


@pytest.fixture
def taken_back() -> Callable[[], AbstractContextManager[None]]:
    """Return what takes back, after each example, all that it made."""

    class TakenBack:
        def __enter__(self) -> None:
            self.atomic = transaction.atomic()
            self.atomic.__enter__()

        def __exit__(self, *_error: object) -> None:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    return TakenBack


def test_generated_articles_come_back_as_they_were(
    draft_article: ArticleFactory,
    images: tuple[int, ...],
    taken_back: Callable[[], AbstractContextManager[None]],
) -> None:
    other = draft_article(title="Another", slug="another")

    @settings(
        max_examples=40,
        derandomize=True,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(FIELDS, TAGS, SOURCES, bodies(page_ids=(other.pk,), image_ids=images))
    def check(fields: dict[str, Any], tags: list[str], sources: list[dict[str, Any]], body: list[RawBlock]) -> None:
        with taken_back(), TemporaryDirectory() as folder:
            article = ArticlePage(
                slug="generated", category=Category.objects.get(slug="hormones"), live=False, body=body, **fields
            )
            article.sources.set([ArticleSource(sort_order=place, **source) for place, source in enumerate(sources)])
            ArticleIndexPage.objects.get().add_child(instance=article)
            article.tags.set(tags)
            article.save_revision()
            assert_nothing_changes(Path(folder), drafts=True)

    check()


def test_the_demo_comes_back_as_it_was(article_index: ArticleIndexPage, tmp_path: Path) -> None:
    import_from(DEMO_FOLDER)
    assert_nothing_changes(tmp_path, drafts=False)


def test_a_draft_that_is_being_written_is_not_exported_and_stays(
    publish_article: ArticleFactory, draft_article: ArticleFactory, tmp_path: Path
) -> None:
    article = publish_article(title="Shown", slug="shown", text="Published words.")
    article.title = "Half finished"
    article.save_revision()
    draft_article(title="Unfinished", slug="unfinished")
    files = export_to(tmp_path)
    assert list(files) == ["shown.md"]
    assert b'title: "Shown"' in files["shown.md"]
    assert [outcome.result for outcome in import_from(tmp_path)] == [Result.UNCHANGED]
    assert ArticlePage.objects.get(pk=article.pk).get_latest_revision_as_object().title == "Half finished"


def test_links_to_other_pages_of_the_site_come_back(
    publish_article: ArticleFactory, article_index: ArticleIndexPage, tmp_path: Path
) -> None:
    home = article_index.get_parent()
    publish_article(
        slug="one",
        body=[
            (
                "paragraph",
                f'<p><a linktype="page" id="{home.pk}">home</a>, <a linktype="page" id="{article_index.pk}">all</a>, '
                '<a href="/articles/">the same</a>, <a href="/search/?q=milk">search</a>, '
                '<a linktype="page" id="99999">gone</a></p>',
            )
        ],
    )
    text = export_to(tmp_path)["one.md"].decode()
    assert "[home](/), [all](/articles/), [the same](/articles/), [search](/search/?q=milk), gone" in text
    assert [outcome.result for outcome in import_from(tmp_path)] == [Result.UNCHANGED]
