"""Articles from files into the site: everything or nothing of a file, and all files that are right."""

from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from wagtail.images import get_image_model
from wagtail.images.models import Image
from wagtail.models import PageLogEntry

from articles.exchange.files import ArticleFile
from articles.exchange.importing import Defaults, Outcome, Result, import_articles
from articles.models import ArticleIndexPage, ArticlePage
from articles.setup import DEMO_FOLDER
from cms.pipeline.models import PageChange
from tests.articles.files import draw, import_from, write_file
from tests.pages import ArticleFactory

pytestmark = pytest.mark.usefixtures("article_index")


@pytest.fixture(autouse=True)
def own_media(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")


def results(outcomes: list[Outcome]) -> dict[str, str]:
    return {outcome.file.path.name: outcome.result.value for outcome in outcomes}


def changed(outcome: Outcome) -> list[str]:
    return [change.field for change in outcome.changes]


def problem(outcome: Outcome) -> str:
    assert outcome.error is not None
    return str(outcome.error)


# --- New articles ----------------------------------------------------------------------------------------------------


def test_articles_link_to_each_other_in_any_order(client: Client, tmp_path: Path) -> None:
    sources = "[{title: A study, year: 1996}]"
    write_file(tmp_path, "one", body="To [two](article:two).", tags="[milk]", sources=sources)
    write_file(tmp_path, "two", body="Back to [one](article:one).")
    assert results(import_from(tmp_path)) == {"one.md": "created", "two.md": "created"}
    page = client.get("/articles/one/").text
    assert '<a href="/articles/two/">two</a>' in page
    assert "A study" in page
    assert '<a href="/articles/one/">one</a>' in client.get("/articles/two/").text
    assert client.get("/articles/tags/milk/").status_code == 200


def test_without_publish_a_new_article_is_a_whole_draft(client: Client, tmp_path: Path) -> None:
    write_file(tmp_path, "one", body="Words.", tags="[milk]")
    (outcome,) = import_from(tmp_path, publish=False)
    assert (outcome.result, outcome.is_live) == (Result.CREATED, False)
    article = ArticlePage.objects.get(slug="one")
    assert client.get(article.url).status_code == 404
    assert article.body[0].value.source == "<p>Words.</p>"
    assert [tag.name for tag in article.get_latest_revision_as_object().tags.all()] == ["milk"]
    assert "wagtail.create" in PageLogEntry.objects.filter(page=article).values_list("action", flat=True)


def test_a_new_article_keeps_its_id_and_date(tmp_path: Path) -> None:
    number = "6a1fdd1c-0e0c-4b3c-9a55-6a0d6d0c5a11"
    write_file(tmp_path, "one", id=number, published="2020-05-04 10:00:00+00:00")
    import_from(tmp_path)
    article = ArticlePage.objects.get(slug="one")
    assert str(article.translation_key) == number
    assert article.first_published_at is not None
    assert article.first_published_at.isoformat() == "2020-05-04T10:00:00+00:00"


def test_what_a_new_article_lacks_is_taken_from_the_defaults(article_index: ArticleIndexPage, tmp_path: Path) -> None:
    path = write_file(tmp_path, "one", category=None, author=None)
    files = [ArticleFile(path=path, folder=tmp_path)]
    (outcome,) = import_articles(index=article_index, files=files)
    assert "“author” is missing" in problem(outcome)
    import_articles(index=article_index, files=files, defaults=Defaults(category="hormones", author="The team"))
    article = ArticlePage.objects.get(slug="one")
    assert (article.category.slug, article.author) == ("hormones", "The team")


def test_each_publish_is_written_down_for_the_pipeline(tmp_path: Path) -> None:
    write_file(tmp_path, "one")
    import_from(tmp_path)
    assert PageChange.objects.filter(page_id=ArticlePage.objects.get().pk).exists()


# --- Articles that are there -----------------------------------------------------------------------------------------


def test_an_article_is_found_by_its_id_and_takes_another_slug(
    client: Client, publish_article: ArticleFactory, tmp_path: Path
) -> None:
    article = publish_article(title="Mine", slug="old")
    write_file(tmp_path, "new", id=str(article.translation_key))
    (outcome,) = import_from(tmp_path)
    assert outcome.result == Result.UPDATED
    assert outcome.page_id == article.pk
    assert changed(outcome) == ["title", "slug", "summary", "text"]
    assert client.get("/articles/new/").status_code == 200
    assert ArticlePage.objects.count() == 1


def test_an_article_is_found_by_its_slug(publish_article: ArticleFactory, tmp_path: Path) -> None:
    article = publish_article(title="Mine", slug="one", text="Text.", summary="About one.")
    write_file(tmp_path, "one", id="6a1fdd1c-0e0c-4b3c-9a55-6a0d6d0c5a11")
    (outcome,) = import_from(tmp_path)
    (change,) = outcome.changes
    assert (change.field, change.before, change.after) == ("title", "Mine", "One")
    assert ArticlePage.objects.get().translation_key == article.translation_key


def test_fields_that_a_file_leaves_out_stay(publish_article: ArticleFactory, tmp_path: Path) -> None:
    publish_article(title="Mine", slug="one", tags=["milk"], reviewed_on="2026-01-02", seo_title="Sought")
    write_file(tmp_path, "one", body="New words.", title=None, summary=None, category=None, author=None)
    (outcome,) = import_from(tmp_path)
    assert changed(outcome) == ["text"]
    assert {"-Milk moves when oxytocin is released.", "+New words."} <= set(outcome.changes[0].lines)
    article = ArticlePage.objects.get()
    assert (article.title, article.seo_title) == ("Mine", "Sought")
    assert [tag.name for tag in article.tags.all()] == ["milk"]


def test_an_unchanged_file_makes_no_revision(tmp_path: Path) -> None:
    draw(tmp_path / "duct.png")
    write_file(tmp_path, "one", body="## Part\n\n![A duct](duct.png)\n\nText.", tags="[b, a]", sources="[{title: A}]")
    import_from(tmp_path)
    article = ArticlePage.objects.get()
    before = list(article.revisions.values_list("pk", flat=True))
    assert results(import_from(tmp_path)) == {"one.md": "unchanged"}
    assert results(import_from(tmp_path, publish=False)) == {"one.md": "unchanged"}
    assert list(article.revisions.values_list("pk", flat=True)) == before


def test_a_draft_that_is_unchanged_is_published_when_asked(client: Client, tmp_path: Path) -> None:
    write_file(tmp_path, "one")
    import_from(tmp_path, publish=False)
    (outcome,) = import_from(tmp_path)
    assert (outcome.result, outcome.is_live) == (Result.PUBLISHED, True)
    assert client.get("/articles/one/").status_code == 200


def test_an_update_without_publish_leaves_readers_what_they_have(client: Client, tmp_path: Path) -> None:
    write_file(tmp_path, "one", body="First words.")
    import_from(tmp_path)
    write_file(tmp_path, "one", body="Second words.")
    assert results(import_from(tmp_path, publish=False)) == {"one.md": "updated"}
    assert "First words." in client.get("/articles/one/").text
    import_from(tmp_path)
    assert "Second words." in client.get("/articles/one/").text


def test_a_file_of_what_is_published_leaves_somebodys_draft_alone(tmp_path: Path) -> None:
    write_file(tmp_path, "one")
    import_from(tmp_path)
    article = ArticlePage.objects.get()
    article.title = "Half finished"
    article.save_revision()
    assert results(import_from(tmp_path)) == {"one.md": "unchanged"}
    assert ArticlePage.objects.get().get_latest_revision_as_object().title == "Half finished"


def test_blocks_that_stay_keep_their_ids_and_headings_their_anchors(tmp_path: Path) -> None:
    write_file(tmp_path, "one", body="Lead.\n\n## The ducts\n\nText.\n\n## The end\n\nBye.")
    import_from(tmp_path)
    before = ArticlePage.objects.get().body.get_prep_value()
    write_file(tmp_path, "one", body="Lead.\n\n## All of the ducts\n\nOther text.\n\n## The end\n\nBye.")
    import_from(tmp_path)
    after = ArticlePage.objects.get().body.get_prep_value()
    assert [block["id"] for block in after] == [block["id"] for block in before]
    assert (after[1]["value"]["text"], after[1]["value"]["anchor"]) == ("All of the ducts", "the-ducts")
    assert after[3:] == before[3:]


# --- What is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "line", "message"),
    [
        ({"category": "nonsense"}, 5, "no category “nonsense”"),
        ({"summary": "x" * 251}, 4, "summary: "),
        ({"slug": "tags"}, 3, "slug: "),
        ({"slug": "not a slug"}, 3, "slug: "),
        ({"tags": '["!"]'}, 7, "no letter or digit"),
        ({"tags": f"[{'x' * 101}]"}, 7, "too long"),
        ({"reviewer": "C. Example"}, 1, "reviewed_on: "),
        ({"sources": "[{title: A, url: nowhere}]"}, 7, "“A”: Enter a valid URL."),
        ({"body": "To [x](article:nowhere)."}, 8, "no article “nowhere”"),
        ({"body": f"One.\n\n## {'x' * 151}"}, 10, "at most 150 characters"),
        ({"body": "One.\n\n## A {#no&anchor}"}, 10, "letters, numbers, underscores or hyphens"),
        ({"body": ""}, 1, "no text after the fields"),
        ({"summary": None}, 1, "“summary” is missing"),
        ({"name": "wrong.pdf"}, 1, "ends in one of: .markdown, .md, .txt"),
    ],
)
@pytest.mark.parametrize("publish", [True, False])
def test_a_wrong_file_changes_nothing_and_the_others_go(
    article_index: ArticleIndexPage,
    tmp_path: Path,
    fields: dict[str, str | None],
    line: int,
    message: str,
    *,
    publish: bool,
) -> None:
    paths = [write_file(tmp_path, "right"), write_file(tmp_path, **{"slug": "wrong", **fields})]  # type: ignore[arg-type]
    files = [ArticleFile(path=path, folder=tmp_path) for path in paths]
    right, wrong = import_articles(index=article_index, files=files, publish=publish)
    assert (right.result, wrong.result) == (Result.CREATED, Result.REFUSED)
    assert problem(wrong).startswith(f"{paths[1]}:{line}: ")
    assert message in problem(wrong)
    assert [article.slug for article in ArticlePage.objects.all()] == ["right"]


def test_what_links_to_a_refused_article_is_refused_too(tmp_path: Path) -> None:
    write_file(tmp_path, "a", body="To [b](article:b).")
    write_file(tmp_path, "b", body="To [c](article:c).")
    write_file(tmp_path, "c", category="nonsense")
    write_file(tmp_path, "d")
    outcomes = import_from(tmp_path)
    assert results(outcomes) == {"a.md": "refused", "b.md": "refused", "c.md": "refused", "d.md": "created"}
    assert "no article “b”" in problem(outcomes[0])
    assert [article.slug for article in ArticlePage.objects.all()] == ["d"]


def test_two_files_of_one_article_are_refused(publish_article: ArticleFactory, tmp_path: Path) -> None:
    article = publish_article(slug="one")
    write_file(tmp_path, "one", name="a.md")
    write_file(tmp_path, "two", name="b.md", id=str(article.translation_key))
    write_file(tmp_path, "three", name="c.md")
    write_file(tmp_path, "three", name="d.md")
    outcomes = import_from(tmp_path)
    assert results(outcomes) == {"a.md": "updated", "b.md": "refused", "c.md": "created", "d.md": "refused"}
    assert "a.md is the same article" in problem(outcomes[1])


def test_the_id_of_a_page_of_another_kind_is_refused(article_index: ArticleIndexPage, tmp_path: Path) -> None:
    write_file(tmp_path, "one", id=str(article_index.translation_key))
    (outcome,) = import_from(tmp_path)
    assert "one.md:7: A page that is no article has this id." in problem(outcome)


def test_a_slug_that_another_article_has_is_refused(publish_article: ArticleFactory, tmp_path: Path) -> None:
    publish_article(slug="taken")
    mine = publish_article(title="Mine", slug="mine")
    write_file(tmp_path, "taken", id=str(mine.translation_key))
    (outcome,) = import_from(tmp_path)
    assert "taken.md:3: slug: " in problem(outcome)


def test_an_alias_and_a_locked_article_are_left_alone(
    article_index: ArticleIndexPage, publish_article: ArticleFactory, tmp_path: Path
) -> None:
    publish_article(slug="real").create_alias(parent=article_index, update_slug="alias")
    locked = publish_article(slug="locked")
    ArticlePage.objects.filter(pk=locked.pk).update(locked=True)
    write_file(tmp_path, "alias")
    write_file(tmp_path, "locked")
    alias, lock = import_from(tmp_path)
    assert "another one's text" in problem(alias)
    assert "locked" in problem(lock)


def test_a_missing_file_and_a_link_out_of_the_folder_are_refused(
    article_index: ArticleIndexPage, tmp_path: Path
) -> None:
    outside = write_file(tmp_path, "outside")
    folder = tmp_path / "inside"
    folder.mkdir()
    (folder / "link.md").symlink_to(outside)
    (linked,) = import_from(folder)
    assert "leads out of the folder" in problem(linked)
    missing = ArticleFile(path=folder / "missing.md", folder=folder)
    (outcome,) = import_articles(index=article_index, files=[missing])
    assert "missing.md:1: This file cannot be read (No such file or directory)." in problem(outcome)


# --- Pictures --------------------------------------------------------------------------------------------------------


def test_a_picture_beside_the_text_joins_the_library_once(client: Client, tmp_path: Path) -> None:
    draw(tmp_path / "images" / "a duct.png")
    draw(tmp_path / "images" / "copy.png")
    write_file(tmp_path, "one", body='![A duct](<images/a duct.png> "Ducts")\nCredit: C. Example')
    write_file(tmp_path, "two", body="![The same](images/a%20duct.png)\n\n![A copy](images/copy.png)")
    import_from(tmp_path)
    image = get_image_model().objects.get()
    assert (image.title, image.width, image.height) == ("a duct", 60, 40)
    page = client.get("/articles/one/").text
    for words in ('alt="A duct"', "Ducts", "Image: C. Example"):
        assert words in page


def test_a_picture_that_the_library_has_is_used(image: Image, tmp_path: Path) -> None:
    image.get_file_hash()
    with image.open_file() as content:
        (tmp_path / "mine.png").write_bytes(content.read())
    write_file(tmp_path, "one", body="![A diagram](mine.png)")
    import_from(tmp_path)
    assert get_image_model().objects.get() == image
    assert ArticlePage.objects.get().body[0].value["image"] == image


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("missing.png", "no picture “missing.png”"),
        ("../outside.png", "“../outside.png” is outside the folder"),
        ("/etc/passwd", "a file beside the text"),
        ("https://example.org/a.png", "a file beside the text"),
        ("data:image/png;base64,AAAA", "a file beside the text"),
        ("link.png", "“link.png” is outside the folder"),
        ("x" * 300 + ".png", "no picture"),
        ("cut.png", "cut.png is damaged"),
        ("words.png", "words.png"),
        ("page.svg", "page.svg"),
        ("wrong.jpg", "wrong.jpg"),
        ("large.png", "too many pixels"),
    ],
)
def test_a_picture_that_cannot_be_used_is_refused(tmp_path: Path, address: str, message: str) -> None:
    outside = draw(tmp_path / "outside.png")
    folder = tmp_path / "inside"
    folder.mkdir()
    (folder / "link.png").symlink_to(outside)
    (folder / "cut.png").write_bytes(outside.read_bytes()[:90])
    (folder / "words.png").write_text("no picture at all")
    (folder / "page.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "wrong.jpg").write_bytes(outside.read_bytes())
    draw(folder / "large.png", size=(7000, 7000))
    write_file(folder, "one", body=f"Words.\n\n![A duct]({address})")
    (outcome,) = import_from(folder)
    assert ":10: " in problem(outcome)
    assert message in problem(outcome)
    assert not get_image_model().objects.exists()


def test_a_picture_without_alternative_text_is_refused(tmp_path: Path) -> None:
    draw(tmp_path / "duct.png")
    write_file(tmp_path, "one", body="Words.\n\n![](duct.png)")
    (outcome,) = import_from(tmp_path)
    assert "one.md:10: Say what the image shows" in problem(outcome)


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_is_taken_back_leaves_no_picture_behind(tmp_path: Path, *, dry_run: bool) -> None:
    draw(tmp_path / "duct.png")
    write_file(tmp_path, "one", body="![A duct](duct.png)\n\n" + ("" if dry_run else "[x](article:nowhere)"))
    import_from(tmp_path, dry_run=dry_run)
    assert not get_image_model().objects.exists()
    assert not default_storage.exists("original_images") or default_storage.listdir("original_images")[1] == []


# --- The whole -------------------------------------------------------------------------------------------------------


def test_a_dry_run_says_the_same_and_changes_nothing(publish_article: ArticleFactory, tmp_path: Path) -> None:
    publish_article(title="Mine", slug="two")
    write_file(tmp_path, "one", body="To [two](article:two).", tags="[new]")
    write_file(tmp_path, "two")
    write_file(tmp_path, "three", category="nonsense")
    PageChange.objects.all().delete()
    rehearsed = import_from(tmp_path, dry_run=True)
    assert [article.title for article in ArticlePage.objects.all()] == ["Mine"]
    assert not PageChange.objects.exists()
    done = import_from(tmp_path)
    assert results(done) == results(rehearsed) == {"one.md": "created", "three.md": "refused", "two.md": "updated"}
    assert [changed(outcome) for outcome in done] == [changed(outcome) for outcome in rehearsed]


def test_importing_the_demo_again_changes_nothing() -> None:
    assert {outcome.result for outcome in import_from(DEMO_FOLDER)} == {Result.CREATED}
    with CaptureQueriesContext(connection) as queries:
        assert {outcome.result for outcome in import_from(DEMO_FOLDER)} == {Result.UNCHANGED}
    assert not [query for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
