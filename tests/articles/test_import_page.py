"""Importing in the admin: upload, see what would change, confirm. Nothing is imported that was not seen."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from wagtail.images import get_image_model
from wagtail.models import GroupPagePermission, PageLogEntry

from articles.models import ArticleIndexPage, ArticlePage, Category, ImportFile, ImportUpload
from cms.pipeline.schedule import periodic
from cms.users.models import User
from tests.articles.uploading import (
    confirm,
    messages,
    page_of,
    picture,
    said,
    text,
    upload,
    upload_address,
    words,
    zipped,
)
from tests.cms.test_translation import Unmarked, marking_language  # noqa: F401 - a fixture
from tests.pages import ArticleFactory
from tests.people import client_of, new_user


@pytest.fixture(autouse=True)
def own_media(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")


@pytest.fixture
def author_client(article_index: ArticleIndexPage) -> Client:
    """Somebody who writes articles, and publishes none."""
    group = Group.objects.create(name="Authors")
    group.permissions.set(Group.objects.get(name="Editors").permissions.all())
    to_add = Permission.objects.get(codename="add_page")
    GroupPagePermission.objects.create(group=group, page=article_index, permission=to_add)
    author = new_user("author@example.org", display_name="Author")
    author.groups.add(group)
    return client_of(author)


# --- The way through -------------------------------------------------------------------------------------------------


def test_an_editor_sees_what_would_change_and_imports_it(
    client: Client, editor: User, editor_client: Client, publish_article: ArticleFactory
) -> None:
    publish_article(slug="changed", title="Changed", summary="About it.", author="The team", text="Old words stay.")
    publish_article(slug="same", title="Same", summary="About it.", author="The team", text="Text.")
    files = {
        "changed.md": text("changed", "New words stay."),
        "same.md": text("same"),
        "new.md": text("new", "![A duct](images/duct.png)"),
        "wrong.md": text("wrong", "Fine.\n\n# Not fine"),
        "images/duct.png": picture(),
    }
    preview = upload(editor_client, {"articles.zip": zipped(files)}, publish="on")
    assert said(preview) == "1 new, 1 changed, 1 unchanged, 1 refused."
    assert "wrong.md, line 10: Headings are “##” or “###”" in words(preview, ".exchange__refused")
    changed = preview.select_one("details[open]")
    assert changed is not None
    assert [part.get_text() for part in changed.select("del, ins")] == ["Old", "New"]
    assert ArticlePage.objects.filter(slug="new").count() == get_image_model().objects.count() == 0

    listing = confirm(editor_client, preview)
    assert "Imported: 1 new, 1 changed, 1 unchanged, 1 refused." in messages(listing)
    assert "wrong.md, line 10:" in messages(listing)
    assert "New words stay." in client.get("/articles/changed/").text
    assert client.get("/articles/new/").status_code == 200
    assert not ArticlePage.objects.filter(slug="wrong").exists()
    article = ArticlePage.objects.get(slug="new")
    assert (article.owner, article.get_latest_revision().user) == (editor, editor)
    assert set(PageLogEntry.objects.filter(page=article.pk).values_list("user", flat=True)) == {editor.pk}
    assert not ImportUpload.objects.exists()
    assert not ImportFile.objects.exists()


def test_several_texts_and_their_pictures_need_no_zip_file(client: Client, editor_client: Client) -> None:
    files = {"one.md": text("one", "![A duct](duct.png)"), "two.md": text("two"), "duct.png": picture()}
    confirm(editor_client, upload(editor_client, files))
    assert set(ArticlePage.objects.values_list("slug", "live")) == {("one", False), ("two", False)}
    assert client.get("/articles/one/").status_code == 404


def test_a_new_article_is_shown_with_all_that_it_says(editor_client: Client, article_index: ArticleIndexPage) -> None:
    preview = upload(editor_client, {"one.md": text("one", "## The ducts\n\nMilk <b>moves</b>.")})
    shown = words(preview, "details")
    for said_of_it in ("Title One", "Slug one", "Category hormones", "## The ducts", "Milk **moves**."):
        assert said_of_it in shown


def test_fields_that_change_are_shown_before_and_after(editor_client: Client, publish_article: ArticleFactory) -> None:
    publish_article(slug="one", title="Prolactin", summary="About it.", author="The team", text="Text.", tags=["milk"])
    file = text("one", title="Prolactin and oxytocin").replace(b"author:", b"tags: [duct]\nauthor:")
    preview = upload(editor_client, {"one.md": file})
    assert [label.get_text() for label in preview.select("details[open] dt")] == ["Title", "Tags"]
    title, tags = preview.select("details[open] dd")
    assert [part.get_text() for part in title.select("ins")] == [" and oxytocin"]
    assert [part.get_text() for part in tags.select("del, ins")] == ["milk", "duct"]


def test_a_plain_text_asks_for_a_category_and_an_author_without_another_upload(editor_client: Client) -> None:
    preview = upload(editor_client, {"milk.txt": b"How milk moves\n\nIt runs through ducts.\n"})
    assert "milk.txt, line 1: The field “author” is missing." in words(preview, ".exchange__refused")
    category = Category.objects.get(slug="hormones")
    answer = editor_client.post(preview.address, {"category": category.pk, "author": "The team"}, follow=True)
    again = page_of(answer)
    assert said(again) == "1 new."
    confirm(editor_client, again)
    article = ArticlePage.objects.get(slug="how-milk-moves")
    assert (article.category, article.author) == (category, "The team")


def test_of_many_refused_files_some_are_told_again_after_the_import(editor_client: Client) -> None:
    files = {f"{number}.md": b"no fields" for number in range(7)}
    told = messages(confirm(editor_client, upload(editor_client, {"one.md": text("one"), **files})))
    assert told.count("Begin the file with its fields") == 5
    assert "2 more files were refused." in told


def test_nothing_to_do_has_no_button(editor_client: Client, publish_article: ArticleFactory) -> None:
    publish_article(slug="one", title="One", summary="About it.", author="The team", text="Text.")
    preview = upload(editor_client, {"one.md": text("one"), "two.md": text("two", "")}, publish="on")
    assert said(preview) == "1 unchanged, 1 refused."
    assert not any("Import" in button.get_text() for button in preview.select("button"))


# --- Who may ---------------------------------------------------------------------------------------------------------


def test_who_may_not_publish_has_no_such_choice(client: Client, author_client: Client) -> None:
    form = page_of(author_client.get(upload_address()))
    assert form.select_one("[name=uploads]")
    assert not form.select_one("[name=publish]")
    preview = upload(author_client, {"one.md": text("one")}, publish="on")
    assert "saved as drafts" in words(preview, ".exchange__sum")
    confirm(author_client, preview)
    assert not ArticlePage.objects.get().live
    assert client.get("/articles/one/").status_code == 404


def test_only_who_adds_articles_comes_in(
    client: Client, alice_client: Client, moderator_client: Client, editor: User, article_index: ArticleIndexPage
) -> None:
    mine = upload(client_of(editor), {"one.md": text("one")})
    for stranger in (client, alice_client, moderator_client):
        for address in (upload_address(), mine.address, f"{mine.address}import/"):
            for answer in (stranger.get(address), stranger.post(address, {"seen": "x"})):
                # The admin sends people elsewhere; a GET of what only takes POST is refused as such.
                assert answer.status_code in {302, 403, 405}, address
                assert answer.get("Location", "/").startswith(("/admin/", "/accounts/", "/"))
    assert not ArticlePage.objects.exists()
    assert ImportUpload.objects.count() == 1


def test_an_upload_is_nobody_elses(admin_client: Client, editor_client: Client) -> None:
    preview = upload(editor_client, {"one.md": text("one", "Words of mine.")})
    for answer in (
        admin_client.get(preview.address, follow=True),
        admin_client.post(f"{preview.address}import/", {"seen": "x"}, follow=True),
    ):
        assert "These files are no longer here" in answer.text
        assert "Words of mine." not in answer.text
    assert said(page_of(editor_client.get(preview.address))) == "1 new."


def test_who_lost_the_permission_to_publish_meanwhile_sees_another_preview(editor_client: Client) -> None:
    preview = upload(editor_client, {"one.md": text("one")}, publish="on")
    GroupPagePermission.objects.filter(permission__codename="publish_page").delete()
    answer = confirm(editor_client, preview)
    assert "Nothing was imported" in messages(answer)
    assert "You may not publish this article" in words(answer, ".exchange__refused")
    assert not ArticlePage.objects.exists()


# --- What was seen is what happens -----------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["article", "category", "library", "slug"])
def test_what_has_changed_since_the_preview_is_shown_again(
    editor_client: Client, publish_article: ArticleFactory, what: str
) -> None:
    article = publish_article(slug="one", title="One", text="Text.")
    files = {"one.md": text("one", "New words."), "two.md": text("two")}
    preview = upload(editor_client, files, publish="on")
    match what:
        case "article":  # saved again, though it says the same
            article.save_revision()
        case "category":
            Category.objects.filter(slug="hormones").update(slug="other")
        case "library":
            ArticlePage.objects.filter(pk=article.pk).update(locked=True)
        case "slug":
            publish_article(slug="two", title="Somebody else's")
    revisions = set(ArticlePage.objects.values_list("latest_revision", flat=True))
    answer = confirm(editor_client, preview)
    assert answer.address == preview.address
    assert "Something has changed since you saw the preview. Nothing was imported" in messages(answer)
    assert set(ArticlePage.objects.values_list("latest_revision", flat=True)) == revisions
    if what != "category":
        assert "Imported:" in messages(confirm(editor_client, answer))


def test_other_options_than_those_that_were_seen_are_not_used(client: Client, editor_client: Client) -> None:
    preview = upload(editor_client, {"one.md": text("one")})
    editor_client.post(preview.address, {"publish": "on"})
    assert "Nothing was imported" in messages(confirm(editor_client, preview))
    assert not ArticlePage.objects.exists()


def test_a_confirmation_without_a_preview_imports_nothing(editor_client: Client) -> None:
    preview = upload(editor_client, {"one.md": text("one")})
    for seen in ({}, {"seen": ""}, {"seen": "x" * 64}, {"seen": "\0"}):
        answer = editor_client.post(f"{preview.address}import/", seen, follow=True)
        assert "Nothing was imported" in answer.text
    assert not ArticlePage.objects.exists()


def test_a_button_that_is_pressed_twice_imports_once(editor_client: Client) -> None:
    preview = upload(editor_client, {"one.md": text("one")})
    confirm(editor_client, preview)
    assert "they were imported" in messages(confirm(editor_client, preview))
    assert ArticlePage.objects.count() == 1


def test_a_refused_import_leaves_no_picture(editor_client: Client, settings: Settings) -> None:
    files = {"one.md": text("one", "![A duct](duct.png)"), "duct.png": picture()}
    preview = upload(editor_client, files)
    Category.objects.filter(slug="hormones").update(slug="other")
    confirm(editor_client, preview)
    assert not get_image_model().objects.exists()
    assert [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()] == []


# --- How long it is kept ---------------------------------------------------------------------------------------------


def test_an_upload_is_gone_after_an_hour(editor_client: Client) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        preview = upload(editor_client, {"one.md": text("one")})
        clock.shift(timedelta(minutes=59))
        periodic["articles_forget_uploads"].run()
        assert said(page_of(editor_client.get(preview.address))) == "1 new."
        clock.shift(timedelta(minutes=2))
        for answer in (
            editor_client.get(preview.address, follow=True),
            editor_client.post(f"{preview.address}import/", {"seen": "x"}, follow=True),
        ):
            assert "left for an hour. Upload them again." in answer.text
        periodic["articles_forget_uploads"].run()
    assert not ImportUpload.objects.exists()
    assert not ImportFile.objects.exists()


def test_another_upload_takes_the_place_of_the_first(editor_client: Client) -> None:
    first = upload(editor_client, {"one.md": text("one")})
    second = upload(editor_client, {"two.md": text("two")})
    assert "replaced by others" in messages(page_of(editor_client.get(first.address, follow=True)))
    confirm(editor_client, second)
    assert [article.slug for article in ArticlePage.objects.all()] == ["two"]


def test_nothing_of_it_may_be_kept_by_a_cache(editor_client: Client) -> None:
    preview = upload(editor_client, {"one.md": text("one")})
    for address in (upload_address(), preview.address):
        assert "no-store" in editor_client.get(address)["Cache-Control"]


# --- What is not taken -----------------------------------------------------------------------------------------------


def test_an_upload_that_is_not_taken_says_why_in_the_form(editor_client: Client) -> None:
    for files, message in (
        ({}, "This field is required."),
        ({"empty.md": b""}, "The submitted file is empty."),
        ({"notes.pdf": b"%PDF"}, "There is no Markdown or text file in there."),
        ({"one.zip": b"PK\x03\x04 and no more"}, "“one.zip” is damaged, or no zip file."),
    ):
        answer = editor_client.post(
            upload_address(), {"uploads": [SimpleUploadedFile(*file) for file in files.items()]}
        )
        assert message in words(page_of(answer)), files
    assert not ImportUpload.objects.exists()


def test_more_files_than_a_form_can_send_are_refused_with_a_way_out(editor_client: Client) -> None:
    uploads = [SimpleUploadedFile(f"{number}.md", b"x") for number in range(101)]
    answer = editor_client.post(upload_address(), {"uploads": uploads})
    assert answer.status_code == 400
    assert "At most 100 files can be sent at once. Send fewer, or one zip file." in answer.text


def test_what_is_neither_text_nor_picture_is_left_out_and_named(editor_client: Client) -> None:
    files = {"one.md": text("one"), "notes.pdf": b"%PDF", ".DS_Store": b"x", "__MACOSX/._one.md": b"x"}
    preview = upload(editor_client, {"all.zip": zipped(files)})
    assert "Left out, being neither texts nor pictures: notes.pdf." in messages(preview)
    assert said(preview) == "1 new."


def test_two_files_of_one_article_and_a_picture_that_is_none_are_refused_by_name(editor_client: Client) -> None:
    files = {
        "a/one.md": text("one"),
        "b/one.md": text("one"),
        "c.md": text("c", "![A duct](c.png)"),
        "c.png": b"not a picture",
    }
    refused = words(upload(editor_client, {"all.zip": zipped(files)}), ".exchange__refused")
    assert "b/one.md, line 3: a/one.md is the same article: keep one of the two files." in refused
    assert "c.md, line 8: c.png:" in refused


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (bytes(range(256)), "This is not UTF-8 text: save it as UTF-8."),
        (text("one").decode().encode("utf-16"), "This is not UTF-8 text: save it as UTF-8."),
        (b"---\na: &a [x]\nid: *a\n---\nText.\n", "put quotes around the text"),
        (b"---\n" + b"[" * 5000 + b"\n---\nText.\n", "The fields cannot be read"),
        (b"x" * 1_000_001, "This file is larger than 1000 kB"),
    ],
)
def test_a_hostile_text_is_refused_with_its_line(editor_client: Client, content: bytes, message: str) -> None:
    refused = words(upload(editor_client, {"one.md": content}), ".exchange__refused")
    assert re.match(r"one\.md, line \d+: ", refused)
    assert message in refused


def test_texts_of_other_systems_are_read(editor_client: Client) -> None:
    windows = b"\xef\xbb\xbf" + text("one").replace(b"\n", b"\r\n")
    assert said(upload(editor_client, {"one 🥛.md": windows})) == "1 new."


def test_what_a_file_says_is_shown_and_does_nothing(editor_client: Client) -> None:
    name = "<script>alert(1)</script>.md"
    files = {name: text("one", r"\<script>alert(2)\</script> **b**", title="<img src=x onerror=alert(3)>")}
    preview = upload(editor_client, {"all.zip": zipped(files | {"bad<b>.md": b"x"})})
    assert "<script>alert(2)" not in str(preview)
    assert preview.select("main script, main img, main b") == []
    assert "\\<script\\>alert(2)\\</script\\> **b**" in words(preview, "details")


# --- Cost ------------------------------------------------------------------------------------------------------------


def queries_of_preview(client: Client, *, count: int, expected: str) -> int:
    files = {f"{number}.md": text(f"article-{number}", "## Part\n\nText.") for number in range(count)}
    preview = upload(client, {"all.zip": zipped(files)})
    with CaptureQueriesContext(connection) as queries:
        shown = page_of(client.get(preview.address))
    assert said(shown) == f"{count} {expected}."
    if expected == "new":
        confirm(client, shown)
    return len(queries)


def test_a_preview_takes_so_many_queries_for_each_file(editor_client: Client) -> None:
    # A new article is made and taken back, with all that Wagtail does besides; its cost must not grow with the number.
    first = queries_of_preview(editor_client, count=3, expected="new")
    ArticlePage.objects.all().delete()
    second = queries_of_preview(editor_client, count=20, expected="new")
    assert (second - first) / 17 <= 110
    few = queries_of_preview(editor_client, count=3, expected="unchanged")
    many = queries_of_preview(editor_client, count=20, expected="unchanged")
    assert (many - few) / 17 <= 22


# --- Language --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("marking_language")
def test_its_pages_can_be_translated(editor_client: Client, publish_article: ArticleFactory) -> None:
    publish_article(slug="changed", title="⟦Old⟧", summary="⟦About it.⟧", author="⟦The team⟧", text="⟦Text.⟧")
    files = {"1.md": text("changed", "⟦Text.⟧", title="⟦New⟧"), "2.md": text("2", "⟦Text.⟧"), "3.md": b"\xff"}
    pages = [page_of(editor_client.get(upload_address())), upload(editor_client, files)]
    for shown in pages:
        own = Unmarked()
        for part in shown.select(".exchange"):
            for written in part.select(".exchange__file, .exchange__line, summary, option"):
                written.decompose()
            own.feed(str(part))
        assert own.found == []
