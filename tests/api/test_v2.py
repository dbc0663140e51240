"""/api/v2/: Wagtail's own API, for reading, and for what anybody may read."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from wagtail.contrib.redirects.models import Redirect
from wagtail.documents import get_document_model
from wagtail.documents.models import Document
from wagtail.images import get_image_model
from wagtail.images.models import Image
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Collection, CollectionViewRestriction, Page, PageViewRestriction

from articles.models import ArticleIndexPage, ArticlePage
from cms.page_cache.remembered import SETTLED_SECONDS
from tests.pages import ArticleFactory, Block

PAGES = "/api/v2/pages/"
QUERIES_OF_A_LIST = 12


def get(client: Client, address: str, **parameters: Any) -> dict[str, Any]:
    response = client.get(address, parameters)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def titles(client: Client, address: str = PAGES, **parameters: Any) -> list[str]:
    return [item["title"] for item in get(client, address, **parameters)["items"]]


def figure(image: Image) -> list[Block]:
    return [("image", {"image": image, "alt": "A duct", "caption": "", "credit": ""})]


def restrict(page: Page) -> None:
    PageViewRestriction.objects.create(page=page, restriction_type=PageViewRestriction.LOGIN)


@pytest.fixture
def article(publish_article: ArticleFactory) -> ArticlePage:
    return publish_article(title="Let-down", slug="let-down")


@pytest.fixture
def document(db: None) -> Document:
    return get_document_model().objects.create(title="Chart", file=SimpleUploadedFile("chart.txt", b"figures"))


# --- Pages -----------------------------------------------------------------------------------------------------------


def test_a_page_has_wagtails_shape_and_absolute_addresses(
    client: Client, article: ArticlePage, settings: Settings
) -> None:
    found = get(client, f"{PAGES}{article.pk}/")
    assert (found["id"], found["title"], found["meta"]["type"]) == (article.pk, "Let-down", "articles.ArticlePage")
    assert found["meta"]["html_url"] == f"{settings.SITE_URL}{article.url}"
    assert found["meta"]["detail_url"] == f"{settings.SITE_URL}{PAGES}{article.pk}/"
    assert found["meta"]["parent"]["meta"]["html_url"] == f"{settings.SITE_URL}/articles/"


def test_a_page_has_its_body_without_a_trace_of_hidden_pages(
    client: Client, publish_article: ArticleFactory, image: Image
) -> None:
    shown, hidden = publish_article(title="Shown", slug="shown"), publish_article(title="Hidden", slug="hidden")
    restrict(hidden)
    links = "".join(f'<a linktype="page" id="{page.pk}">words</a> ' for page in (shown, hidden))
    page = publish_article(
        title="Links", tags=["flow"], body=[("paragraph", f"<p>{links}</p>"), *figure(image)], author="Charlie"
    )
    found = get(client, f"{PAGES}{page.pk}/")
    assert (found["summary"], found["tags"], found["author"]) == ("About Links.", ["flow"], "Charlie")
    assert found["body"][0]["value"] == '<p><a href="/articles/shown/">words</a> <a>words</a> </p>'
    assert found["body"][1]["value"]["image"] == image.pk
    for form in ("db_html", "markdown", "db_markdown"):
        assert client.get(f"{PAGES}{page.pk}/?rich_text_format={form}").status_code == 400
    assert client.get(f"{PAGES}?type=articles.ArticlePage&fields=body").status_code == 400


def test_pages_are_listed_and_filtered(client: Client, article: ArticlePage, article_index: ArticleIndexPage) -> None:
    assert titles(client) == ["Dreams of Milk", "Articles", "Let-down"]
    types = [item["meta"]["type"] for item in get(client, PAGES)["items"]]
    assert types == ["home.HomePage", "articles.ArticleIndexPage", "articles.ArticlePage"]
    assert titles(client, type="articles.ArticlePage") == ["Let-down"]
    assert titles(client, child_of="root") == ["Articles"]
    assert titles(client, descendant_of=article_index.pk) == ["Let-down"]
    assert titles(client, ancestor_of=article.pk, order="-title") == ["Dreams of Milk", "Articles"]
    assert titles(client, slug="let-down") == ["Let-down"]
    assert titles(client, limit=1, offset=1) == ["Articles"]


def test_a_page_is_found_by_its_address(client: Client, article: ArticlePage) -> None:
    response = client.get(f"{PAGES}find/?html_path=/articles/let-down/", follow=True)
    assert response.json()["id"] == article.pk
    assert client.get(f"{PAGES}find/?html_path=/articles/nothing/").status_code == 404


def test_what_is_hidden_is_found_in_no_way(
    client: Client, publish_article: ArticleFactory, draft_article: ArticleFactory, article_index: ArticleIndexPage
) -> None:
    draft = draft_article(title="Draft", slug="draft")
    hidden = publish_article(title="Hidden", slug="hidden")
    restrict(hidden)
    for page in (draft, hidden):
        assert client.get(f"{PAGES}{page.pk}/").status_code == 404
        assert client.get(f"{PAGES}find/?id={page.pk}").status_code == 404
        assert client.get(f"{PAGES}find/?html_path=/articles/{page.slug}/").status_code == 404
        for name in ("child_of", "descendant_of", "ancestor_of", "translation_of"):
            assert client.get(PAGES, {name: page.pk}).status_code == 400
        assert titles(client, id=page.pk) == titles(client, slug=page.slug) == titles(client, title=page.title) == []
    assert titles(client, child_of=article_index.pk) == []
    restrict(article_index)
    assert client.get(PAGES, {"child_of": article_index.pk}).status_code == 400


def test_who_is_signed_in_gets_what_everybody_gets(
    alice_client: Client, editor_client: Client, article: ArticlePage
) -> None:
    restrict(article)
    for client in (alice_client, editor_client):
        assert titles(client, fields="*") == ["Dreams of Milk", "Articles"]
        assert client.get(f"{PAGES}{article.pk}/").status_code == 404


def test_an_alias_does_not_tell_of_its_page(client: Client, article: ArticlePage, publish_article: Any) -> None:
    alias = article.create_alias(update_slug="alias")
    text = client.get(f"{PAGES}{alias.pk}/?fields=*").text
    assert ("alias" in text, f'"id": {article.pk},' in text, "alias_of" in text) == (True, False, False)
    restrict(article)
    assert "alias" not in client.get(f"{PAGES}?fields=*").text
    for parameters in ({"alias_of": article.pk}, {"fields": "alias_of"}, {"order": "alias_of"}):
        assert client.get(PAGES, parameters).status_code == 400


def test_a_list_takes_few_queries_however_long_it_is(client: Client, publish_article: ArticleFactory) -> None:
    counts = []
    client.get(PAGES)  # The first of a process learns since when the site has been as it is.
    for number in (2, 18):
        for each in range(number):
            publish_article(title=f"Article {each}", tags=["flow"])
        with CaptureQueriesContext(connection) as queries:
            found = titles(client, fields="*", type="articles.ArticlePage")
        counts.append(len(queries))
    assert len(found) == 20
    assert counts[0] == counts[1] <= QUERIES_OF_A_LIST, [query["sql"] for query in queries]


# --- Images and documents --------------------------------------------------------------------------------------------


def test_an_image_is_there_while_a_public_page_uses_it(
    client: Client, image: Image, publish_article: ArticleFactory, settings: Settings
) -> None:
    address = f"/api/v2/images/{image.pk}/"
    assert client.get(address).status_code == 404
    article = publish_article(body=figure(image))
    found = get(client, address)
    assert (found["title"], found["width"], found["height"]) == ("Diagram", 1600, 900)
    url = found["meta"]["download_url"]
    assert url.startswith(f"{settings.SITE_URL}/media/images/")
    assert client.get(url.removeprefix(settings.SITE_URL)).status_code == 200
    restrict(article)
    assert client.get(address).status_code == 404
    assert titles(client, "/api/v2/images/") == []


def test_an_image_of_a_draft_is_not_there(client: Client, image: Image, publish_article: ArticleFactory) -> None:
    article = publish_article(text="Without.")
    article.body = figure(image)
    article.save_revision()
    assert titles(client, "/api/v2/images/") == []
    article.get_latest_revision().publish()
    assert titles(client, "/api/v2/images/") == ["Diagram"]


def test_an_image_whose_file_is_gone_has_no_address(
    client: Client, image: Image, publish_article: ArticleFactory
) -> None:
    publish_article(body=figure(image))
    image.file.storage.delete(image.file.name)
    assert get(client, "/api/v2/images/")["items"][0]["meta"]["download_url"] is None


def test_images_take_few_queries_however_many_there_are(client: Client, publish_article: ArticleFactory) -> None:
    images = [
        get_image_model().objects.create(title=f"Image {number}", file=get_test_image_file(f"{number}.png"))
        for number in range(6)
    ]
    publish_article(body=[block for image in images for block in figure(image)])
    for image in images:
        image.tags.add("flow")
    titles(client, "/api/v2/images/")  # makes the renditions
    counts = []
    for limit in (1, 6):
        with CaptureQueriesContext(connection) as queries:
            titles(client, "/api/v2/images/", limit=limit, fields="*")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= QUERIES_OF_A_LIST


def test_a_document_is_there_while_a_public_page_uses_it(
    client: Client, document: Document, publish_article: ArticleFactory, settings: Settings
) -> None:
    address = f"/api/v2/documents/{document.pk}/"
    assert client.get(address).status_code == 404
    article = publish_article(body=[("paragraph", f'<p><a linktype="document" id="{document.pk}">Chart</a></p>')])
    url = get(client, address)["meta"]["download_url"]
    assert client.get(url.removeprefix(settings.SITE_URL)).status_code == 200
    restrict(article)
    assert client.get(address).status_code == 404


def test_a_private_collection_keeps_what_is_in_it(
    client: Client, document: Document, publish_article: ArticleFactory
) -> None:
    publish_article(body=[("paragraph", f'<p><a linktype="document" id="{document.pk}">Chart</a></p>')])
    assert titles(client, "/api/v2/documents/") == ["Chart"]
    private = Collection.get_first_root_node().add_child(name="Private")
    document.collection = private.add_child(name="Within")
    document.save()
    CollectionViewRestriction.objects.create(collection=private, restriction_type="login")
    assert titles(client, "/api/v2/documents/") == []


# --- Redirects -------------------------------------------------------------------------------------------------------


def test_redirects_are_told_but_for_those_to_hidden_pages(
    client: Client, article: ArticlePage, settings: Settings
) -> None:
    Redirect.add_redirect("/old/", article)
    Redirect.add_redirect("/elsewhere/", "https://elsewhere.example/")
    found = get(client, "/api/v2/redirects/")["items"]
    assert {item["old_path"]: item["location"] for item in found} == {
        "/old": f"{settings.SITE_URL}{article.url}",
        "/elsewhere": "https://elsewhere.example/",
    }
    assert client.get("/api/v2/redirects/find/?html_path=/old", follow=True).json()["old_path"] == "/old"
    restrict(article)
    assert [item["old_path"] for item in get(client, "/api/v2/redirects/")["items"]] == ["/elsewhere"]
    assert client.get("/api/v2/redirects/find/?html_path=/old").status_code == 404


# --- As everywhere under /api/ ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [PAGES, "/api/v2/images/", "/api/v2/documents/", "/api/v2/redirects/"])
def test_answers_may_be_kept_and_are_sent_once(client: Client, article: ArticlePage, address: str) -> None:
    first = client.get(address)
    assert first["Content-Type"] == "application/json"
    assert first["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert "Cookie" not in first.get("Vary", "")
    again = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.head(address)["Content-Length"] == str(len(first.content))


def test_a_page_says_when_pages_last_changed(client: Client, article: ArticlePage) -> None:
    client.get(PAGES)
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=SETTLED_SECONDS)):
        first = client.get(PAGES)
        assert client.get(PAGES, headers={"If-Modified-Since": first["Last-Modified"]}).status_code == 304
    assert "Last-Modified" not in client.get("/api/v2/images/")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("address", [PAGES, f"{PAGES}1/", "/api/v2/images/", "/api/v2/redirects/find/"])
def test_nothing_can_be_written(editor_client: Client, article: ArticlePage, method: str, address: str) -> None:
    response = getattr(editor_client, method)(address)
    assert (response.status_code, response["Content-Type"]) == (405, "application/problem+json")
    assert response["Allow"] == "GET, HEAD, OPTIONS"


def test_other_front_ends_may_read_it(client: Client, article: ArticlePage, settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://front.example"]
    response = client.get(PAGES, headers={"Origin": "https://front.example"})
    assert response["Access-Control-Allow-Origin"] == "https://front.example"


def test_there_is_no_html_of_it_and_no_version_3(client: Client, article: ArticlePage) -> None:
    for headers in ({"Accept": "text/html,*/*;q=0.8"}, {"Accept": "*/*"}):
        assert client.get(PAGES, headers=headers)["Content-Type"] == "application/json"
    assert client.get(f"{PAGES}?format=api").status_code == 404
    assert client.get("/api/v3/pages/").status_code == 404


HUGE = "9" * 30
HOSTILE = [
    "id=x", f"limit={HUGE}", "limit=-1", "limit=21", "limit=x", "offset=-1", f"offset={HUGE}", "offset=1000001",
    "offset=x", "child_of=x", f"child_of={HUGE}", "child_of=-1", "descendant_of=x", "ancestor_of=x", "translation_of=x",
    f"translation_of={HUGE}", "child_of=root&descendant_of=root&x=1", "type=users.User", "type=x", "type=a.b.c",
    "type=,", "order=x", "order=--title", "order=random&offset=1", "order=password", "fields=x", "fields=*,title",
    "fields=(", "fields=" + "parent(" * 400, "fields=a(" * 9, "fields=%00", "title=%00", "slug=%00", "html_path=%00",
    "site=%00", "first_published_at=x", "first_published_at=9999-99-99", "show_in_menus=x", "search=milk", "search=%00",
    "search=milk&search_operator=x", "site=localhost", "site=nowhere", "owner=1", "owner__password=x", "expire_at=1",
    "unknown=1", "%00=1", "title=" + "x" * 1_001, "rich_text_format=x",
]  # fmt: skip


def test_what_cannot_be_asked_is_told(client: Client, article: ArticlePage) -> None:
    client.raise_request_exception = False
    for query in HOSTILE:
        response = client.get(f"{PAGES}?{query}")
        assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json"), query
        assert response.json()["detail"]


@pytest.mark.parametrize(
    "address",
    [
        PAGES, f"{PAGES}3/", f"{PAGES}find/", f"{PAGES}{HUGE}/", "/api/v2/images/", "/api/v2/images/find/",
        "/api/v2/documents/", "/api/v2/redirects/", "/api/v2/redirects/find/",
    ],
)  # fmt: skip
def test_nothing_hostile_is_an_error_of_the_server(client: Client, article: ArticlePage, address: str) -> None:
    client.raise_request_exception = False
    for query in (*HOSTILE, "locale=x", "format=api", "offset=1000000", f"id={HUGE}", "order=tags", "html_path=//["):
        assert client.get(f"{address}?{query}").status_code < 500, query
