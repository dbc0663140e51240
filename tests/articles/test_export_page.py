"""Exporting in the admin: a zip file of what an editor may see, which goes in again and changes nothing."""

from collections.abc import Sequence
from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone
from wagtail.images.models import Image
from wagtail.models import GroupPagePermission, Page, PageViewRestriction

from articles.models import ArticleIndexPage, ArticlePage
from cms.users.models import User
from home.models import HomePage
from tests.articles.uploading import confirm, messages, page_of, said, upload, words
from tests.pages import ArticleFactory
from tests.people import client_of, new_user


def somebody(name: str, *, page: Page, permissions: Sequence[str]) -> User:
    group = Group.objects.create(name=name)
    group.permissions.add(Permission.objects.get(codename="access_admin"))
    for codename in permissions:
        GroupPagePermission.objects.create(group=group, page=page, permission=Permission.objects.get(codename=codename))
    user = new_user(f"{name}@example.org", display_name=name.title())
    user.groups.add(group)
    return user


@pytest.fixture
def author(article_index: ArticleIndexPage) -> User:
    """Somebody who writes articles, and edits their own alone."""
    return somebody("author", page=article_index, permissions=["add_page"])


def address_of(page: Page, *, drafts: bool = False) -> str:
    return f"/admin/articles/export/{page.pk}/{'?drafts=1' if drafts else ''}"


def zip_from(client: Client, address: str, data: dict[str, str] | None = None) -> bytes:
    answer = client.get(address) if data is None else client.post(address, data)
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    return b"".join(answer)


def files_in(content: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def library(publish_article: ArticleFactory, draft_article: ArticleFactory, image: Image) -> dict[str, ArticlePage]:
    """Articles in every state: published with a picture, with a draft behind it, never published, for the few."""
    figure = ("image", {"image": image, "alt": "A duct", "caption": "", "credit": ""})
    pages = {
        "shown": publish_article(
            title="Shown", slug="shown", tags=["milk"], body=[("paragraph", "<p>Text.</p>"), figure]
        ),
        "begun": publish_article(title="Begun", slug="begun", text="Published words."),
        "draft": draft_article(title="Draft", slug="draft", text="Draft words."),
        "closed": publish_article(title="Closed", slug="closed"),
        "past": publish_article(title="Past", slug="past"),
    }
    PageViewRestriction.objects.create(page=pages["closed"], restriction_type=PageViewRestriction.LOGIN)
    ArticlePage.objects.filter(pk=pages["past"].pk).update(expire_at=timezone.now() - timedelta(hours=1))
    pages["begun"].title = "Begun again"
    pages["begun"].save_revision()
    return pages


def test_what_is_exported_goes_in_again_and_changes_nothing(
    editor_client: Client, article_index: ArticleIndexPage, library: dict[str, ArticlePage]
) -> None:
    revisions = set(ArticlePage.objects.values_list("pk", "latest_revision", "live_revision"))
    last_saved = zip_from(editor_client, address_of(article_index, drafts=True))
    assert set(files_in(last_saved)) >= {"shown.md", "begun.md", "draft.md", "closed.md", "past.md"}
    assert any(name.startswith("images/") for name in files_in(last_saved))
    assert said(upload(editor_client, {"articles.zip": last_saved})) == "5 unchanged."
    published = zip_from(editor_client, address_of(article_index))
    assert said(upload(editor_client, {"articles.zip": published}, publish="on")) == "4 unchanged."
    assert set(ArticlePage.objects.values_list("pk", "latest_revision", "live_revision")) == revisions


def test_what_was_deleted_comes_back_from_its_export(
    client: Client, editor_client: Client, article_index: ArticleIndexPage, library: dict[str, ArticlePage]
) -> None:
    exported = zip_from(editor_client, address_of(article_index))
    key = library["shown"].translation_key
    ArticlePage.objects.get(slug="shown").delete()
    preview = upload(editor_client, {"articles.zip": exported}, publish="on")
    assert said(preview) == "1 new, 3 unchanged."
    confirm(editor_client, preview)
    assert ArticlePage.objects.get(slug="shown").translation_key == key
    assert "A duct" in client.get("/articles/shown/").text


def test_the_same_articles_make_the_same_file(
    editor_client: Client, article_index: ArticleIndexPage, library: dict[str, ArticlePage]
) -> None:
    address = address_of(article_index, drafts=True)
    assert zip_from(editor_client, address) == zip_from(editor_client, address)


def test_as_published_and_as_last_saved(
    editor_client: Client, article_index: ArticleIndexPage, library: dict[str, ArticlePage]
) -> None:
    published = files_in(zip_from(editor_client, address_of(article_index)))
    assert "draft.md" not in published
    assert b'title: "Begun"' in published["begun.md"]
    last_saved = files_in(zip_from(editor_client, address_of(article_index, drafts=True)))
    assert b"Draft words." in last_saved["draft.md"]
    assert b'title: "Begun again"' in last_saved["begun.md"]


def test_drafts_are_only_for_who_may_edit_them(
    author: User, article_index: ArticleIndexPage, library: dict[str, ArticlePage], draft_article: ArticleFactory
) -> None:
    draft_article(title="Mine", slug="mine", owner=author)
    files = files_in(zip_from(client_of(author), address_of(article_index, drafts=True)))
    assert {name for name in files if name.endswith(".md")} == {"shown.md", "begun.md", "mine.md"}
    assert b'title: "Begun"' in files["begun.md"]
    assert set(files_in(zip_from(client_of(author), address_of(article_index)))) & {"mine.md", "closed.md"} == set()


def test_one_article_alone(editor_client: Client, library: dict[str, ArticlePage]) -> None:
    files = files_in(zip_from(editor_client, address_of(library["shown"])))
    assert len(files) == 2
    assert b"![A duct](images/" in files["shown.md"]


def test_where_nothing_is_published_there_is_a_word_instead_of_an_empty_file(
    editor_client: Client, library: dict[str, ArticlePage]
) -> None:
    answer = page_of(editor_client.get(address_of(library["draft"]), follow=True))
    assert "There is nothing to export" in messages(answer)


def test_a_picture_whose_file_is_lost_is_named_on_the_next_page(
    editor_client: Client, article_index: ArticleIndexPage, library: dict[str, ArticlePage], image: Image
) -> None:
    image.file.storage.delete(image.file.name)
    files = files_in(zip_from(editor_client, address_of(article_index)))
    assert not any(name.startswith("images/") for name in files)
    assert "Not in the zip file: images/" in messages(page_of(editor_client.get("/admin/articles/")))


def test_who_does_not_work_on_articles_exports_none(
    client: Client, alice_client: Client, moderator_client: Client, library: dict[str, ArticlePage]
) -> None:
    article_index = ArticleIndexPage.objects.get()
    elsewhere = HomePage.objects.get().add_child(instance=Page(title="Elsewhere", slug="elsewhere"))
    other = client_of(somebody("other", page=elsewhere, permissions=["add_page", "change_page"]))
    for stranger in (client, alice_client, moderator_client, other):
        for page in (article_index, library["shown"], library["draft"]):
            answer = stranger.get(address_of(page, drafts=True))
            assert answer.status_code in {302, 403}
            assert answer.get("Content-Type") != "application/zip"
    assert moderator_client.get("/admin/articles/").status_code in {302, 403}


@pytest.mark.parametrize("number", [1, 2, 999_999])
def test_what_is_no_article_cannot_be_exported(editor_client: Client, article_index: Page, number: int) -> None:
    assert editor_client.get(f"/admin/articles/export/{number}/").status_code == 404


# --- Where editors find it -------------------------------------------------------------------------------------------


def links(client: Client, address: str) -> set[str]:
    page = BeautifulSoup(client.get(address).text, "html.parser")
    return {str(link["href"]) for link in page.select("a[href]")}


def test_lists_and_articles_lead_to_it(
    editor_client: Client, author: User, article_index: ArticleIndexPage, library: dict[str, ArticlePage]
) -> None:
    to_import = f"/admin/articles/import/{article_index.pk}/"
    export, with_drafts = address_of(article_index), address_of(article_index, drafts=True)
    for address in ("/admin/articles/", f"/admin/pages/{article_index.pk}/"):
        assert {to_import, export, with_drafts} <= links(editor_client, address)
    article = library["shown"]
    own = links(editor_client, f"/admin/pages/{article.pk}/edit/")
    assert {address_of(article), address_of(article, drafts=True)} <= own
    assert to_import not in own
    assert address_of(article) not in links(client_of(author), f"/admin/pages/{article.pk}/")


def test_all_articles_are_listed_for_who_works_on_pages(
    editor_client: Client, moderator_client: Client, library: dict[str, ArticlePage]
) -> None:
    listed = words(page_of(editor_client.get("/admin/articles/")))
    assert all(page.draft_title in listed for page in ArticlePage.objects.all())
    assert "/admin/articles/" in editor_client.get("/admin/").text
    assert "/admin/articles/" not in moderator_client.get("/admin/").text


def bulk_address(*pages: Page, everything: bool = False) -> str:
    ids = "id=all" if everything else "&".join(f"id={page.pk}" for page in pages)
    return f"/admin/bulk/wagtailcore/page/export_articles/?{ids}&next=/admin/articles/"


def test_ticked_articles_are_exported_together(editor_client: Client, library: dict[str, ArticlePage]) -> None:
    address = bulk_address(library["shown"], library["draft"])
    asked = words(page_of(editor_client.get(address)))
    assert "These 2 articles go into a zip file" in asked
    files = files_in(zip_from(editor_client, address, {"drafts": "on"}))
    assert {name for name in files if name.endswith(".md")} == {"shown.md", "draft.md"}
    assert "draft.md" not in files_in(zip_from(editor_client, address, {}))


def test_all_of_a_list_are_exported_and_other_pages_are_named(
    editor_client: Client, article_index: ArticleIndexPage, library: dict[str, ArticlePage]
) -> None:
    files = files_in(zip_from(editor_client, bulk_address(everything=True), {"drafts": "on"}))
    assert {name for name in files if name.endswith(".md")} == {f"{slug}.md" for slug in library}
    asked = page_of(editor_client.get(bulk_address(article_index)))
    assert "These are no articles that you may export:" in words(asked)
    assert "Articles" in words(asked)


def test_what_somebody_may_not_see_is_not_exported_by_ticking_it(author: User, library: dict[str, ArticlePage]) -> None:
    files = files_in(zip_from(client_of(author), bulk_address(*library.values()), {"drafts": "on"}))
    assert {name for name in files if name.endswith(".md")} == {"shown.md", "begun.md"}
    assert b'title: "Begun"' in files["begun.md"]
