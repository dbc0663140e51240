"""Editors make links to a draft in the admin, and take them back."""

import html
import re
from urllib.parse import unquote

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from wagtail.models import Page, PageLogEntry

from articles.models import ArticlePage
from cms.previews.links import NothingToShare, revoke, share
from cms.previews.models import PreviewLink
from cms.users.models import User
from home.models import HomePage
from tests.previews.conftest import WEEK


@pytest.fixture
def own_page(draft: ArticlePage) -> str:
    return f"/admin/pages/{draft.pk}/previews/"


def addresses_in(page: str) -> list[str]:
    """Return the addresses that are offered for copying."""
    return [html.unescape(address) for address in re.findall(r'value="(http[^"]+)"', page)]


def test_an_editor_makes_a_link_that_a_stranger_opens(
    client: Client, editor_client: Client, draft: ArticlePage, own_page: str, settings: Settings
) -> None:
    assert f'href="{own_page}"' in editor_client.get(f"/admin/pages/{draft.pk}/edit/").content.decode()
    answer = editor_client.post(own_page, {"days": "7"}, follow=True)
    page, told = addresses_in(answer.text)
    assert "Still a draft." in client.get(page.removeprefix(settings.SITE_URL)).text
    assert "Still a draft." in client.get(told.removeprefix(settings.SITE_URL)).json()["page"]["html"]


def test_the_other_front_end_is_offered_where_there_is_one(
    client: Client, editor_client: Client, own_page: str, settings: Settings
) -> None:
    settings.PREVIEW_URL = "https://app.example.org/drafts?token={token}"
    page, there, _told = addresses_in(editor_client.post(own_page, {"days": "7"}, follow=True).text)
    token = there.removeprefix("https://app.example.org/drafts?token=")
    assert client.get(f"/api/preview/{unquote(token)}/").status_code == 200
    assert page == f"{settings.SITE_URL}/preview/{unquote(token)}/"


def test_an_editor_revokes_a_link(editor_client: Client, own_page: str) -> None:
    editor_client.post(own_page, {"days": "1"})
    link = PreviewLink.objects.get()
    answer = editor_client.post(f"{own_page}{link.public_id}/revoke/", follow=True)
    assert "The link no longer works." in answer.content.decode()
    assert "/preview/" not in answer.content.decode()
    assert not PreviewLink.objects.working(now=timezone.now()).exists()


@pytest.mark.parametrize("days", ["", "0", "365", "-1", "seven"])
def test_a_link_lasts_as_long_as_is_offered(editor_client: Client, own_page: str, days: str) -> None:
    assert editor_client.post(own_page, {"days": days}).status_code == 200
    assert not PreviewLink.objects.exists()


def test_both_are_in_the_page_s_history(editor: User, draft: ArticlePage) -> None:
    now = timezone.now()
    link = share(page=draft, user=editor, lifetime=WEEK, now=now)
    revoke(link=link, user=editor, now=now)
    revoke(link=link, user=editor, now=now)
    entries = PageLogEntry.objects.filter(page=draft.pk, action__startswith="cms.preview.", user=editor)
    assert sorted(entries.values_list("action", flat=True)) == ["cms.preview.revoke", "cms.preview.share"]


def test_nobody_else_shares_or_revokes(
    moderator: User, moderator_client: Client, editor: User, draft: ArticlePage, own_page: str
) -> None:
    now = timezone.now()
    with pytest.raises(PermissionDenied):
        share(page=draft, user=moderator, lifetime=WEEK, now=now)
    link = share(page=draft, user=editor, lifetime=WEEK, now=now)
    with pytest.raises(PermissionDenied):
        revoke(link=link, user=moderator, now=now)
    for address in (own_page, f"{own_page}{link.public_id}/revoke/"):
        moderator_client.post(address, {"days": "7"})
    assert "/preview/" not in moderator_client.get(own_page, follow=True).content.decode()
    assert list(PreviewLink.objects.working(now=now)) == [link]


def test_a_page_that_was_never_saved_in_the_editor_has_nothing_to_share(
    admin: User, admin_client: Client, home_page: HomePage
) -> None:
    page = home_page.add_child(instance=Page(title="Bare", slug="bare"))
    with pytest.raises(NothingToShare):
        share(page=page, user=admin, lifetime=WEEK, now=timezone.now())
    answer = admin_client.post(f"/admin/pages/{page.pk}/previews/", {"days": "7"}, follow=True)
    assert "Save it, then share it." in answer.content.decode()
