"""GET /api/preview/<token>/: a draft for another front end, by the link that an editor made."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from wagtail.documents import get_document_model
from wagtail.images.models import Image
from wagtail.models import Page

from articles.models import ArticleIndexPage, ArticlePage, ArticleSource, Category
from cms.previews.links import SALT, revoke, share, token_of
from cms.previews.models import PreviewLink
from cms.users.models import User
from community.membership.setup import set_up_landing_page
from home.models import HomePage
from tests.api.conftest import every_block
from tests.page_cache.browsing import Browser
from tests.page_cache.conftest import browser_behind, new_front  # noqa: F401 - fixtures
from tests.pages import ArticleFactory, StandardPageFactory
from tests.previews.conftest import WEEK


@pytest.fixture
def address(link: PreviewLink) -> str:
    return address_of(link)


def address_of(link: PreviewLink) -> str:
    return f"/api/preview/{token_of(link)}/"


def in_milliseconds(moment: dt.datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def preview_of(client: Client, page: Page, *, by: User) -> dict[str, Any]:
    answer = client.get(address_of(share(page=page, user=by, lifetime=WEEK, now=timezone.now())))
    assert answer.status_code == 200, answer.content
    told: dict[str, Any] = answer.json()
    return told


def test_a_front_end_gets_the_draft_as_it_gets_an_article(
    client: Client, draft: ArticlePage, link: PreviewLink, address: str
) -> None:
    answer = client.get(address).json()
    assert (answer["page"]["type"], answer["page"]["title"]) == ("article", "Unfinished")
    assert "Still a draft." in answer["page"]["html"]
    assert answer["page"]["path"] == "/articles/unfinished/"
    assert answer["revision"]["id"] == draft.latest_revision_id
    assert answer["revision"]["saved_at"] == in_milliseconds(link.revision.created_at)
    assert answer["expires_at"] == in_milliseconds(link.expires_at)
    assert client.get("/api/articles/unfinished/").status_code == 404


def test_the_draft_of_a_published_article_has_every_member_of_it(
    client: Client, publish_article: ArticleFactory, editor: User, image: Image
) -> None:
    article = publish_article(
        tags=["milk"], sources=[ArticleSource(title="A study")], body=every_block(image=image), seo_title="Moving milk"
    )
    article.title = "Let-down, again"
    article.save_revision()
    told = preview_of(client, article, by=editor)["page"]
    published = client.get(f"/api/articles/{article.slug}/").json()
    assert (published["title"], told["title"]) == ("Let-down", "Let-down, again")
    assert list(told) == list(published)
    for name in ("tags", "sources", "category", "contents", "seo_title", "published_at", "path"):
        assert told[name] == published[name], name


def test_home_and_standard_pages_and_others_are_told_as_their_own_kind(
    client: Client, home_page: HomePage, article_index: ArticleIndexPage, publish_page: StandardPageFactory, admin: User
) -> None:
    home_page.headline = "Not yet"
    home_page.save_revision()
    assert preview_of(client, home_page, by=admin)["page"]["headline"] == "Not yet"
    about = publish_page(title="About", body=[("heading", {"text": "People", "level": "h2", "anchor": ""})])
    about.intro = "Soon."
    about.save_revision()
    told = preview_of(client, about, by=admin)["page"]
    assert (told["type"], told["intro"], told["contents"][0]["text"]) == ("standard", "Soon.", "People")
    article_index.intro = "All of it."
    article_index.save_revision()
    assert preview_of(client, article_index, by=admin)["page"]["intro"] == "All of it."
    set_up_landing_page()
    membership = Page.objects.get(slug="membership").specific
    membership.save_revision()
    assert preview_of(client, membership, by=admin)["page"]["type"] == "other"
    assert client.get("/api/pages/find/?path=/about/").json()["intro"] == ""


def test_no_cache_and_no_search_engine_keeps_it(client: Client, address: str) -> None:
    for answer in (client.get(address), client.head(address), client.get("/api/preview/x/")):
        assert answer["Cache-Control"] == "private, no-store"
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
        assert "ETag" not in answer
        assert not answer.cookies


def test_the_page_cache_neither_keeps_nor_gives_it(
    browser_behind: Browser,  # noqa: F811
    editor: User,
    link: PreviewLink,
    address: str,
) -> None:
    assert browser_behind.get(address).status_code == 200
    revoke(link=link, user=editor, now=timezone.now())
    assert browser_behind.get(address).status_code == 404


def test_it_tells_the_revision_that_it_names(client: Client, draft: ArticlePage, address: str) -> None:
    draft.title = "Rewritten"
    draft.save_revision()
    assert client.get(address).json()["page"]["title"] == "Unfinished"


def test_every_link_that_does_not_work_gets_the_same_answer(
    client: Client, draft: ArticlePage, editor: User, link: PreviewLink, address: str
) -> None:
    other = draft.save_revision()
    forged = signing.dumps([str(link.public_id), other.pk], salt=SALT)
    foreign = signing.dumps([str(link.public_id), link.revision_id], salt="another purpose")
    answers = [client.get(f"/api/preview/{token}/") for token in (forged, foreign, "x", "x:y:z", "ü", "a" * 5_000)]
    with time_machine.travel(timezone.now() + WEEK + dt.timedelta(seconds=1)):
        answers.append(client.get(address))
    User.objects.filter(pk=editor.pk).update(is_active=False)
    answers.append(client.get(address))
    User.objects.filter(pk=editor.pk).update(is_active=True)
    assert client.get(address).status_code == 200
    revoke(link=link, user=editor, now=timezone.now())
    answers.append(client.get(address))
    for answer in answers:
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
        assert "Ask for a new one." in answer.json()["detail"]
    assert len({answer.content for answer in answers}) == 1


def test_it_is_for_reading_only(client: Client, address: str) -> None:
    assert client.post(address).status_code == 405


def test_its_files_open_by_their_addresses_alone_while_the_link_works(
    client: Client, draft_article: ArticleFactory, editor: User, image: Image, settings: Settings
) -> None:
    documents = [
        get_document_model().objects.create(title=name, file=SimpleUploadedFile(f"{name}.txt", b"figures"))
        for name in ("used", "unused")
    ]
    text = f'<p><a linktype="document" id="{documents[0].pk}">Chart</a> <a href="https://example.org/media/">x</a></p>'
    draft = draft_article(body=[*every_block(image=image), ("paragraph", text)])
    link = share(page=draft, user=editor, lifetime=WEEK, now=timezone.now())
    page = client.get(address_of(link)).json()["page"]
    soup = BeautifulSoup(page["html"], "html.parser")
    candidates = [candidate.split()[0] for candidate in str(soup.img["srcset"]).split(",")]  # type: ignore[index]
    (figure,) = [block["value"] for block in page["body"] if block["type"] == "image"]
    sizes = [size["url"] for size in figure["image"]["sizes"]]
    chart = next(str(tag["href"]) for tag in soup.select("a") if tag.get_text() == "Chart")
    files = [*candidates, str(soup.img["src"]), *sizes, chart]  # type: ignore[index]
    assert len(files) >= 6
    paths = [file.removeprefix(settings.SITE_URL) for file in files]
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert answer["Cache-Control"] == "private, no-store"
        assert client.get(path.partition("?")[0]).status_code == 404
    token = paths[0].partition("?")[2]
    assert client.get(f"{documents[1].url}?{token}").status_code == 404
    assert 'href="https://example.org/media/"' in page["html"]
    revoke(link=link, user=editor, now=timezone.now())
    assert [client.get(path).status_code for path in paths] == [404] * len(paths)


def test_a_draft_whose_category_was_deleted_is_told_without_one(
    client: Client, draft: ArticlePage, address: str, link: PreviewLink
) -> None:
    other = Category.objects.exclude(pk=draft.category_id).first()
    assert other is not None
    deleted = draft.category
    ArticlePage.objects.filter(pk=draft.pk).update(category=other)
    deleted.delete()
    assert client.get(address).json()["page"]["category"] == {"value": "", "label": ""}
    assert client.get(f"/preview/{token_of(link)}/").status_code == 200


def test_a_draft_that_has_hardly_anything_yet_is_told(client: Client, draft: ArticlePage, editor: User) -> None:
    draft.summary, draft.author, draft.body = "", "", []
    draft.save_revision(clean=False)
    told = preview_of(client, draft, by=editor)["page"]
    assert (told["summary"], told["body"], told["contents"]) == ("", [], [])


def test_scripts_of_configured_origins_may_read_it(client: Client, address: str, settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.org"]
    answer = client.get(address, headers={"Origin": "https://app.example.org"})
    assert answer["Access-Control-Allow-Origin"] == "https://app.example.org"
