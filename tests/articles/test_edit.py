"""What editors do in the admin: write, preview, publish, schedule, unpublish, and what they are told."""

import datetime
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.images.models import Image
from wagtail.models import Page
from wagtail.test.utils.form_data import inline_formset, nested_form_data, rich_text, streamfield

from articles.blocks import TEXT_FEATURES
from articles.models import ArticleIndexPage, ArticlePage, Category
from cms.users.models import User
from home.models import HomePage
from tests.pages import ArticleFactory
from tests.people import client_of

PUBLISH = {"action-publish": "1"}


def form(*, blocks: list[tuple[str, Any]] | None = None, **changes: Any) -> dict[str, Any]:
    """Return what the editor's form sends for a whole article, with `changes`."""
    paragraph = rich_text("<p>Milk moves.</p>", features=TEXT_FEATURES)
    fields = {
        "title": "Let-down",
        "slug": "let-down",
        "summary": "How milk moves.",
        "category": Category.objects.get(slug="hormones").pk,
        "tags": "oxytocin, reflex",
        "body": streamfield(blocks or [("heading", heading("Why")), ("paragraph", paragraph)]),
        "sources": inline_formset([{"title": "A study", "authors": "", "publication": "", "year": "1983", "url": ""}]),
        "author": "The editorial team",
        "comments": inline_formset([]),
        **changes,
    }
    return dict(nested_form_data(fields))


def heading(text: str) -> dict[str, str]:
    return {"text": text, "level": "h2", "anchor": ""}


def create(client: Client, index: ArticleIndexPage, data: dict[str, Any]) -> HttpResponseBase:
    return client.post(reverse("wagtailadmin_pages:add", args=["articles", "articlepage", index.pk]), data)


def edit(client: Client, page: Page, data: dict[str, Any]) -> HttpResponseBase:
    return client.post(reverse("wagtailadmin_pages:edit", args=[page.pk]), data)


def text_of(response: HttpResponseBase) -> str:
    return " ".join(BeautifulSoup(response.getvalue(), "html.parser").get_text(" ").split())


def test_an_editor_writes_and_publishes_an_article(
    editor_client: Client, client: Client, article_index: ArticleIndexPage
) -> None:
    response = create(editor_client, article_index, form() | PUBLISH)
    assert response.status_code == 302
    article = ArticlePage.objects.get(slug="let-down")
    assert article.live
    assert {tag.name for tag in article.tags.all()} == {"oxytocin", "reflex"}
    assert [(source.title, source.year) for source in article.sources.all()] == [("A study", 1983)]
    page = client.get("/articles/let-down/").content.decode()
    assert "Milk moves." in page
    assert '<h2 id="why">Why</h2>' in page


def test_an_article_of_many_blocks_and_sources_is_saved(editor_client: Client, article_index: ArticleIndexPage) -> None:
    source = {"authors": "", "publication": "", "year": "", "url": ""}
    data = form(
        blocks=[("heading", heading(f"Part {number}")) for number in range(300)],
        sources=inline_formset([{"title": f"Study {number}", **source} for number in range(60)]),
    )
    assert len(data) > 2000
    assert create(editor_client, article_index, data).status_code == 302
    article = ArticlePage.objects.get(slug="let-down").get_latest_revision_as_object()
    assert (len(article.body), article.sources.count()) == (300, 60)


def test_a_draft_stays_with_the_editors(editor_client: Client, client: Client, article_index: ArticleIndexPage) -> None:
    assert create(editor_client, article_index, form()).status_code == 302
    assert not ArticlePage.objects.get(slug="let-down").live
    assert client.get("/articles/let-down/").status_code == 404


def test_an_editor_previews_what_is_not_saved(
    editor_client: Client, client: Client, article_index: ArticleIndexPage
) -> None:
    address = reverse("wagtailadmin_pages:preview_on_add", args=["articles", "articlepage", article_index.pk])
    assert editor_client.post(address, form(title="Only an idea")).json()["is_valid"]
    preview = editor_client.get(address, {"mode": ""})
    assert preview.status_code == 200
    assert "Only an idea" in preview.content.decode()
    assert '<h2 id="why">Why</h2>' in preview.content.decode()
    assert not ArticlePage.objects.exists()
    assert client.get(address, {"mode": ""}).status_code in {302, 403}


def test_an_editor_previews_a_change_of_a_public_article(
    editor_client: Client, publish_article: ArticleFactory
) -> None:
    article = publish_article(title="Before")
    address = reverse("wagtailadmin_pages:preview_on_edit", args=[article.pk])
    assert editor_client.post(address, form(title="After")).json()["is_valid"]
    assert "After" in editor_client.get(address, {"mode": ""}).content.decode()
    assert ArticlePage.objects.get(pk=article.pk).title == "Before"


def test_an_editor_previews_the_index(editor_client: Client, article_index: ArticleIndexPage) -> None:
    address = reverse("wagtailadmin_pages:view_draft", args=[article_index.pk])
    assert "There is no article here yet." in editor_client.get(address).content.decode()


def test_an_editor_schedules_an_article(editor_client: Client, client: Client, article_index: ArticleIndexPage) -> None:
    go_live_at = timezone.now() + datetime.timedelta(days=1)
    data = form(go_live_at=go_live_at.strftime("%Y-%m-%d %H:%M")) | PUBLISH
    assert create(editor_client, article_index, data).status_code == 302
    article = ArticlePage.objects.get(slug="let-down")
    assert not article.live
    assert article.approved_schedule
    assert client.get("/articles/let-down/").status_code == 404


def test_an_editor_unpublishes_an_article(
    editor_client: Client, client: Client, publish_article: ArticleFactory
) -> None:
    article = publish_article()
    address = article.url
    assert editor_client.post(reverse("wagtailadmin_pages:unpublish", args=[article.pk])).status_code == 302
    assert client.get(address).status_code == 404


def test_an_editor_sets_the_date_that_readers_see(
    editor_client: Client, client: Client, article_index: ArticleIndexPage
) -> None:
    create(editor_client, article_index, form(first_published_at="2025-02-03 10:00") | PUBLISH)
    assert "Feb. 3, 2025" in client.get("/articles/let-down/").content.decode()


@pytest.mark.parametrize("alt", ["", "   "])
def test_an_image_without_alternative_text_is_refused(
    editor_client: Client, article_index: ArticleIndexPage, image: Image, alt: str
) -> None:
    block = {"image": image.pk, "alt": alt, "caption": "", "credit": ""}
    response = create(editor_client, article_index, form(blocks=[("image", block)]) | PUBLISH)
    assert response.status_code == 200
    assert "Say what the image shows" in response.getvalue().decode()
    assert not ArticlePage.objects.exists()


def test_an_image_with_alternative_text_is_published(
    editor_client: Client, client: Client, article_index: ArticleIndexPage, image: Image
) -> None:
    block = {"image": image.pk, "alt": "Two ducts", "caption": "", "credit": ""}
    assert create(editor_client, article_index, form(blocks=[("image", block)]) | PUBLISH).status_code == 302
    assert 'alt="Two ducts"' in client.get("/articles/let-down/").content.decode()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"summary": "x" * 251}, "at most 250 characters"),
        ({"summary": ""}, "This field is required."),
        ({"category": ""}, "This field is required."),
        ({"slug": "tags"}, "The lists of tags and categories have this address"),
        ({"slug": "categories"}, "The lists of tags and categories have this address"),
        ({"tags": "milk, ???"}, "The tag “???” has no letter or digit"),
        ({"reviewer": "C. Example, midwife", "reviewed_on": ""}, "Say when the reviewer checked it."),
        ({"reviewed_on": "2999-01-01"}, "This date is still to come. Say when it was checked last."),
        ({"author": ""}, "This field is required."),
    ],
)
def test_what_cannot_be_published_says_what_to_change(
    editor_client: Client, article_index: ArticleIndexPage, changes: dict[str, Any], message: str
) -> None:
    response = create(editor_client, article_index, form(**changes) | PUBLISH)
    assert response.status_code == 200
    assert message in text_of(response)
    assert not ArticlePage.objects.exists()


def test_copying_to_a_reserved_address_is_refused_without_an_error_page(
    editor_client: Client, publish_article: ArticleFactory
) -> None:
    article = publish_article()
    data = {"new_title": "Tags", "new_slug": "tags", "new_parent_page": article.get_parent().pk, "publish_copies": ""}
    response = editor_client.post(reverse("wagtailadmin_pages:copy", args=[article.pk]), data, follow=True)
    assert "The lists of tags and categories have this address" in text_of(response)
    assert not ArticlePage.objects.filter(slug="tags").exists()
    editor_client.post(reverse("wagtailadmin_pages:copy", args=[article.pk]), data | {"new_slug": "twin"})
    assert ArticlePage.objects.filter(slug="twin").exists()


def test_an_editor_cannot_publish_the_front_page(
    editor_client: Client, client: Client, home_page: HomePage, article_index: ArticleIndexPage
) -> None:
    data = nested_form_data(
        {"title": "Taken over", "slug": home_page.slug, "sections": streamfield([]), "comments": inline_formset([])}
    )
    edit(editor_client, home_page, data | PUBLISH)
    assert HomePage.objects.get().title == "Dreams of Milk"
    assert "Taken over" not in client.get("/").content.decode()
    unpublish = editor_client.post(reverse("wagtailadmin_pages:unpublish", args=[home_page.pk]))
    assert unpublish.status_code in {302, 403}
    assert HomePage.objects.get().live


def test_someone_without_a_group_cannot_enter(
    client: Client, article_index: ArticleIndexPage, django_user_model: type
) -> None:
    client.force_login(django_user_model.objects.create_user("nobody@example.org"))  # type: ignore[attr-defined]
    assert create(client, article_index, form() | PUBLISH).status_code in {302, 403}
    assert not ArticlePage.objects.exists()


def test_a_category_in_use_cannot_be_deleted(admin_client: Client, publish_article: ArticleFactory) -> None:
    article = publish_article(category="hormones")
    address = reverse("wagtailsnippets_articles_category:delete", args=[article.category.pk])
    assert "prevent it from being deleted" in text_of(admin_client.get(address))
    admin_client.post(address)
    assert Category.objects.filter(slug="hormones").exists()


def test_a_draft_whose_category_was_deleted_can_be_opened_and_asks_for_another(
    editor_client: Client, publish_article: ArticleFactory
) -> None:
    article = publish_article(category="hormones")
    spare = Category.objects.create(name="Spare", slug="spare")
    article.category = spare
    article.save_revision()
    spare.delete()
    assert editor_client.get(reverse("wagtailadmin_pages:edit", args=[article.pk])).status_code == 200
    response = edit(editor_client, article, form(category="") | PUBLISH)
    assert "This field is required." in text_of(response)


def test_editors_file_articles_under_a_new_category(editor_client: Client, article_index: ArticleIndexPage) -> None:
    address = reverse("wagtailsnippets_articles_category:add")
    response = editor_client.post(address, {"name": "Stories", "slug": "stories", "order": "9"})
    assert response.status_code == 302
    assert Category.objects.filter(slug="stories").exists()


def test_the_admin_finds_articles_by_a_part_of_their_title(
    editor_client: Client, publish_article: ArticleFactory
) -> None:
    publish_article(title="Needlework")
    publish_article(title="Haystack")
    found = text_of(editor_client.get(reverse("wagtailadmin_pages:search"), {"q": "needle"}))
    assert "Needlework" in found
    assert "Haystack" not in found


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_form_of_a_new_article_sent_twice_at_once_makes_one(editor: User, article_index: ArticleIndexPage) -> None:
    clients = [client_of(editor), client_of(editor)]
    address = reverse("wagtailadmin_pages:add", args=("articles", "articlepage", article_index.pk))
    fields = form()
    start = Barrier(len(clients))

    def send(client: Client) -> int:
        start.wait()
        try:
            return client.post(address, fields).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(send, clients))
    # The second form comes back and says that the address is taken.
    assert sorted(answers) == [200, 302]
    assert ArticlePage.objects.count() == 1
