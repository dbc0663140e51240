"""Whoever imports does it under their own name and within their own permissions; the operator may do everything."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from pytest_django import Settings
from wagtail.images import get_image_model
from wagtail.models import Collection, GroupCollectionPermission, GroupPagePermission, Page, PageLogEntry

from articles.exchange.files import find_files
from articles.exchange.importing import Outcome, Result, import_articles
from articles.models import ArticleIndexPage, ArticlePage
from cms.users.models import User
from tests.articles.files import draw, import_from, write_file
from tests.pages import ArticleFactory
from tests.people import new_user


@pytest.fixture(autouse=True)
def own_media(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")


def worker(
    name: str,
    *,
    page: Page,
    permissions: Sequence[str],
    pictures: Sequence[str] = (),
    collections: Sequence[Collection] = (),
) -> User:
    """Make somebody who works in the admin, with these permissions for a page and for the pictures of collections.

    Without `collections`, those for pictures hold for all.
    """
    group = Group.objects.create(name=name)
    group.permissions.add(Permission.objects.get(codename="access_admin"))
    for codename in permissions:
        permission = Permission.objects.get(codename=codename, content_type__app_label="wagtailcore")
        GroupPagePermission.objects.create(group=group, page=page, permission=permission)
    for codename in pictures:
        permission = Permission.objects.get(codename=codename, content_type__app_label="wagtailimages")
        for collection in collections or [Collection.get_first_root_node()]:
            GroupCollectionPermission.objects.create(group=group, collection=collection, permission=permission)
    user = new_user(f"{name}@example.org", display_name=name.title())
    user.groups.add(group)
    return user


@pytest.fixture
def author(article_index: ArticleIndexPage) -> User:
    """Somebody who writes new articles, and changes those alone."""
    return worker("author", page=article_index, permissions=["add_page"])


@pytest.fixture
def corrector(article_index: ArticleIndexPage) -> User:
    """Somebody who changes articles, and neither makes nor publishes any."""
    return worker("corrector", page=article_index, permissions=["change_page"])


def import_as(user: User, folder: Path, *, publish: bool = False) -> list[Outcome]:
    files = list(find_files([folder]))
    return import_articles(index=ArticleIndexPage.objects.get(), files=files, user=user, publish=publish)


def refusal(outcome: Outcome) -> str:
    assert outcome.result == Result.REFUSED
    return outcome.error.message if outcome.error else ""


def log_of(article: Page) -> list[tuple[str, User | None]]:
    entries = PageLogEntry.objects.filter(page=article.pk).order_by("timestamp", "pk")
    return [(entry.action, entry.user) for entry in entries]


def test_a_new_article_belongs_to_who_imports_it(editor: User, tmp_path: Path) -> None:
    write_file(tmp_path, "one")
    assert [outcome.result for outcome in import_as(editor, tmp_path)] == [Result.CREATED]
    article = ArticlePage.objects.get()
    assert (article.owner, article.live) == (editor, False)
    assert article.get_latest_revision().user == editor
    assert log_of(article) == [("wagtail.create", editor)]


def test_what_is_changed_and_published_is_logged_under_their_name(
    client: Client, publish_article: ArticleFactory, editor: User, tmp_path: Path
) -> None:
    article = publish_article(slug="one")
    before = log_of(article)
    write_file(tmp_path, "one", body="New words.")
    (outcome,) = import_as(editor, tmp_path, publish=True)
    assert (outcome.result, outcome.page_id) == (Result.UPDATED, article.pk)
    assert ArticlePage.objects.get().get_latest_revision().user == editor
    assert ("wagtail.edit", editor) in log_of(article)[len(before) :]
    assert ("wagtail.publish", editor) in log_of(article)[len(before) :]
    assert "New words." in client.get("/articles/one/").text


def test_who_may_not_publish_imports_drafts(client: Client, author: User, tmp_path: Path) -> None:
    write_file(tmp_path, "one")
    (published,) = import_as(author, tmp_path, publish=True)
    assert refusal(published) == "You may not publish this article; import it as a draft."
    assert not ArticlePage.objects.exists()
    (drafted,) = import_as(author, tmp_path)
    assert drafted.result == Result.CREATED
    assert client.get("/articles/one/").status_code == 404


def test_who_writes_new_articles_changes_none_of_others(
    publish_article: ArticleFactory, author: User, tmp_path: Path
) -> None:
    publish_article(slug="one")
    write_file(tmp_path, "mine")
    import_as(author, tmp_path)
    write_file(tmp_path, "mine", body="Better words.")
    write_file(tmp_path, "one", body="Other words.")
    mine, theirs = import_as(author, tmp_path)
    assert mine.result == Result.UPDATED
    assert refusal(theirs) == "You may not edit this article."


def test_who_corrects_articles_makes_none(publish_article: ArticleFactory, corrector: User, tmp_path: Path) -> None:
    publish_article(slug="one", text="Text.")
    write_file(tmp_path, "new")
    write_file(tmp_path, "one")
    new, one = import_as(corrector, tmp_path)
    assert refusal(new) == "You may not add articles here."
    assert one.result == Result.UPDATED


def test_an_unchanged_article_that_is_published_asks_for_no_permission_to_publish(author: User, tmp_path: Path) -> None:
    write_file(tmp_path, "one")
    import_as(author, tmp_path)
    ArticlePage.objects.get().get_latest_revision().publish()
    assert [outcome.result for outcome in import_as(author, tmp_path, publish=True)] == [Result.UNCHANGED]


def test_a_picture_asks_for_permission_to_add_pictures(article_index: ArticleIndexPage, tmp_path: Path) -> None:
    without = worker("without", page=article_index, permissions=["add_page"])
    painter = worker("painter", page=article_index, permissions=["add_page"], pictures=["add_image"])
    draw(tmp_path / "duct.png")
    write_file(tmp_path, "one", body="![A duct](duct.png)")
    (refused,) = import_as(without, tmp_path)
    assert refusal(refused) == "You may not add pictures to the library; ask somebody who may."
    assert import_as(painter, tmp_path)[0].result == Result.CREATED
    assert get_image_model().objects.get().uploaded_by_user == painter


def test_a_picture_goes_where_its_importer_may_add_pictures(article_index: ArticleIndexPage, tmp_path: Path) -> None:
    root = Collection.get_first_root_node()
    _archive, press, shop = (root.add_child(name=name) for name in ("Archive", "Press", "Shop"))

    def painter(name: str, *collections: Collection) -> User:
        pictures = ["add_image"]
        return worker(name, page=article_index, permissions=["add_page"], pictures=pictures, collections=collections)

    everywhere, outside = painter("everywhere"), painter("outside", press, shop)
    for number, user in enumerate([everywhere, outside, None]):
        folder = tmp_path / str(number)
        draw(folder / "duct.png", size=(60 + number, 40))
        write_file(folder, f"article-{number}", body="![A duct](duct.png)")
        import_articles(index=article_index, files=list(find_files([folder])), user=user)
    images = get_image_model().objects.order_by("pk")
    assert [image.collection.name for image in images] == ["Root", "Press", "Root"]


def test_a_picture_that_they_may_not_choose_is_added_again(article_index: ArticleIndexPage, tmp_path: Path) -> None:
    painter = worker("painter", page=article_index, permissions=["add_page"], pictures=["add_image"])
    draw(tmp_path / "duct.png")
    write_file(tmp_path, "one", body="![A duct](duct.png)")
    import_from(tmp_path)
    write_file(tmp_path, "two", name="one.md", body="![A duct](duct.png)")
    assert import_as(painter, tmp_path)[0].result == Result.CREATED
    assert get_image_model().objects.count() == 2


def test_an_article_that_somebody_else_has_locked_is_refused(
    publish_article: ArticleFactory, editor: User, admin: User, tmp_path: Path
) -> None:
    article = publish_article(slug="one")
    ArticlePage.objects.filter(pk=article.pk).update(locked=True, locked_by=admin)
    write_file(tmp_path, "one")
    assert "locked" in refusal(import_as(editor, tmp_path)[0])
    ArticlePage.objects.filter(pk=article.pk).update(locked_by=editor)
    assert import_as(editor, tmp_path)[0].result == Result.UPDATED


def test_what_is_found_wrong_before_anything_is_kept_takes_all_of_it_back(editor: User, tmp_path: Path) -> None:
    class StopError(Exception):
        pass

    def check(outcomes: Sequence[Outcome]) -> None:
        assert [outcome.result for outcome in outcomes] == [Result.CREATED, Result.REFUSED]
        raise StopError

    draw(tmp_path / "duct.png")
    write_file(tmp_path, "one", body="![A duct](duct.png)")
    write_file(tmp_path, "two", category="nonsense")
    with pytest.raises(StopError):
        import_articles(
            index=ArticleIndexPage.objects.get(), files=list(find_files([tmp_path])), user=editor, check=check
        )
    assert not ArticlePage.objects.exists()
    assert not get_image_model().objects.exists()
