"""The demo's staff, and what each of them may do."""

import pytest
from django.test import Client
from pytest_django import Settings

from articles.models import ArticleIndexPage
from cms.users.models import User
from cms.users.setup import add_demo_staff
from cms.users.staff import may_enter_admin
from tests.people import client_of


@pytest.fixture
def staff(article_index: ArticleIndexPage) -> dict[str, User]:
    add_demo_staff()
    return {user.email.partition("@")[0]: user for user in User.objects.all()}


def test_everybody_logs_in_with_the_demo_password(staff: dict[str, User], settings: Settings) -> None:
    assert set(staff) == {"admin", "editor", "reviewer", "moderator"}
    for user in staff.values():
        assert user.check_password(settings.DEMO_PASSWORD)
        assert may_enter_admin(user)
        assert client_of(user).get("/admin/").status_code == 200


def test_only_the_admin_is_a_superuser(staff: dict[str, User]) -> None:
    assert [name for name, user in staff.items() if user.is_superuser] == ["admin"]


@pytest.mark.parametrize(
    ("name", "may_edit", "may_publish"),
    [("admin", True, True), ("editor", True, True), ("reviewer", True, False), ("moderator", False, False)],
)
def test_each_may_do_their_work_on_articles(
    staff: dict[str, User], article_index: ArticleIndexPage, name: str, may_edit: bool, may_publish: bool
) -> None:
    permissions = article_index.permissions_for_user(staff[name])
    assert (permissions.can_edit(), permissions.can_publish()) == (may_edit, may_publish)


def test_second_run_leaves_changed_accounts_alone(staff: dict[str, User]) -> None:
    editor = staff["editor"]
    editor.set_password("changed-by-the-editor-1")
    editor.save()
    editor.groups.clear()
    add_demo_staff()
    editor.refresh_from_db()
    assert editor.check_password("changed-by-the-editor-1")
    assert not editor.groups.exists()
    assert User.objects.count() == 4


def test_nobody_logs_in_with_the_demo_password_where_the_demo_is_over(
    staff: dict[str, User], settings: Settings, client: Client
) -> None:
    form = {"login": "admin@demo.test", "password": settings.DEMO_PASSWORD}
    settings.DEMO = False
    assert client.post("/accounts/login/", form).status_code == 403
    assert "_auth_user_id" not in client.session
    settings.DEMO = True
    assert client.post("/accounts/login/", form).status_code == 302
    assert "_auth_user_id" in client.session
