"""What a link to a preview shows, to whom and for how long."""

import datetime as dt
from importlib import import_module

import pytest
import time_machine
from django.apps import apps
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from wagtail.documents import get_document_model
from wagtail.images.models import Image

from articles.models import ArticlePage
from cms.previews.links import SALT, forget_old_links, revoke, share, token_of
from cms.previews.models import PreviewLink
from cms.users.models import User
from tests.pages import ArticleFactory
from tests.previews.conftest import WEEK


@pytest.fixture
def address(link: PreviewLink) -> str:
    return f"/preview/{token_of(link)}/"


def test_somebody_without_an_account_reads_the_draft(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    content = answer.content.decode()
    assert "Still a draft." in content
    assert "A preview, not published" in content
    assert client.get("/articles/unfinished/").status_code == 404


def test_it_opens_after_the_key_was_changed_as_long_as_the_earlier_one_holds(
    client: Client, address: str, settings: Settings
) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert client.get(address).status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert client.get(address).status_code == 404


def test_no_cache_and_no_search_engine_keeps_it(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    cookie = answer.cookies["preview"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_it_shows_the_revision_that_it_names(client: Client, draft: ArticlePage, address: str) -> None:
    draft.title = "Rewritten"
    draft.save_revision()
    content = client.get(address).content.decode()
    assert "Unfinished" in content
    assert "Rewritten" not in content


def test_what_the_editor_saves_into_the_same_revision_is_not_shown(
    client: Client, draft: ArticlePage, editor: User, address: str, image: Image
) -> None:
    draft.title = "Typed afterwards"
    draft.body = [("image", {"image": image, "alt": "Added since", "caption": "", "credit": ""})]
    latest = draft.latest_revision
    assert latest is not None
    saved = draft.save_revision(overwrite_revision=latest, user=latest.user)
    assert saved.pk == latest.pk
    content = client.get(address).text
    assert "Unfinished" in content
    assert "Typed afterwards" not in content
    assert client.get(f"/api{address}").json()["page"]["title"] == "Unfinished"
    # With the cookie that the preview has set.
    assert client.get(image.get_rendition("width-400").url).status_code == 404


def test_links_from_before_keep_what_their_revision_holds_now(client: Client, link: PreviewLink, address: str) -> None:
    PreviewLink.objects.update(content={}, saved_at=timezone.now())
    import_module("cms.previews.migrations.0002_content").keep_what_is_shown(apps, None)
    link.refresh_from_db()
    assert link.saved_at == link.revision.created_at
    assert "Still a draft." in client.get(address).text


def test_it_runs_out(client: Client, address: str) -> None:
    with time_machine.travel(timezone.now() + WEEK + dt.timedelta(seconds=1)):
        answer = client.get(address)
    assert answer.status_code == 404
    assert "Ask whoever sent it" in answer.content.decode()


def test_it_can_be_revoked(client: Client, editor: User, link: PreviewLink, address: str) -> None:
    revoke(link=link, user=editor, now=timezone.now())
    assert client.get(address).status_code == 404


def test_it_ends_with_the_account_that_made_it(client: Client, editor: User, address: str) -> None:
    User.objects.filter(pk=editor.pk).update(is_active=False)
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("token", ["x", "x:y:z", "%00", "ü", "a" * 5_000, "..", "WyJhIl0:1wNx0A:Zm9v"])
def test_no_other_text_opens_anything(client: Client, db: None, token: str) -> None:
    assert client.get(f"/preview/{token}/").status_code == 404


def test_a_link_opens_no_other_revision(client: Client, draft: ArticlePage, link: PreviewLink) -> None:
    other = draft.save_revision()
    forged = signing.dumps([str(link.public_id), other.pk], salt=SALT)
    assert client.get(f"/preview/{forged}/").status_code == 404


def test_a_token_signed_for_another_purpose_opens_nothing(client: Client, link: PreviewLink) -> None:
    foreign = signing.dumps([str(link.public_id), link.revision_id], salt="another purpose")
    assert client.get(f"/preview/{foreign}/").status_code == 404


def test_it_is_for_reading_only(client: Client, address: str) -> None:
    assert client.post(address).status_code == 405


def test_the_images_and_documents_of_the_draft_show_with_it_and_no_others(
    client: Client, draft_article: ArticleFactory, editor: User, image: Image
) -> None:
    documents = [
        get_document_model().objects.create(title=name, file=SimpleUploadedFile(f"{name}.txt", b"figures"))
        for name in ("used", "unused")
    ]
    draft = draft_article(
        body=[
            ("image", {"image": image, "alt": "Milk ducts", "caption": "", "credit": ""}),
            ("paragraph", f'<p><a linktype="document" id="{documents[0].pk}">The chart</a></p>'),
        ]
    )
    link = share(page=draft, user=editor, lifetime=WEEK, now=timezone.now())
    picture = image.get_rendition("width-400").url
    files = [picture, documents[0].url, documents[1].url]
    assert [client.get(file).status_code for file in files] == [404, 404, 404]
    client.get(f"/preview/{token_of(link)}/")
    assert [client.get(file).status_code for file in files] == [200, 200, 404]
    revoke(link=link, user=editor, now=timezone.now())
    assert [client.get(file).status_code for file in files] == [404, 404, 404]


def test_old_links_are_forgotten(link: PreviewLink) -> None:
    with time_machine.travel(link.expires_at + dt.timedelta(days=29)):
        forget_old_links()
        assert PreviewLink.objects.exists()
    with time_machine.travel(link.expires_at + dt.timedelta(days=31)):
        forget_old_links()
        assert not PreviewLink.objects.exists()
