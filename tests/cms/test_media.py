"""Uploaded files: who may have them, under the one visibility rule."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.images.models import AbstractImage
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import PageViewRestriction

from articles.models import ArticlePage
from tests.pages import ArticleFactory


@pytest.fixture
def image(db: None) -> AbstractImage:
    return get_image_model().objects.create(title="Ducts", file=get_test_image_file("ducts.png"))


@pytest.fixture
def illustrated(draft_article: ArticleFactory, image: AbstractImage) -> Callable[[], ArticlePage]:
    def write() -> ArticlePage:
        return draft_article(
            body=[("image", {"image": image, "alt": "Milk ducts", "caption": "", "credit": ""})], title="Ducts"
        )

    return write


def test_a_reader_gets_an_image_while_a_public_page_uses_it(
    client: Client, image: AbstractImage, illustrated: Callable[[], ArticlePage]
) -> None:
    rendition = image.get_rendition("width-400")
    assert client.get(rendition.url).status_code == 404
    article = illustrated()
    assert client.get(rendition.url).status_code == 404
    article.get_latest_revision().publish()
    answer = client.get(rendition.url)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    ArticlePage.objects.get(pk=article.pk).unpublish()
    assert client.get(rendition.url).status_code == 404


def test_nobody_outside_gets_an_original(
    client: Client, editor_client: Client, image: AbstractImage, illustrated: Callable[[], ArticlePage]
) -> None:
    illustrated().get_latest_revision().publish()
    assert client.get(image.file.url).status_code == 404
    assert editor_client.get(image.file.url).status_code == 200


@pytest.mark.parametrize(
    "name",
    ["", "nothing.png", "../db.sqlite3", "..%2fsecret_key", "images/../../secret_key", "images/%00.png", "a" * 999],
)
def test_no_name_leads_out_of_the_folder_or_fails(client: Client, editor_client: Client, db: None, name: str) -> None:
    assert client.get(f"/media/{name}").status_code in {301, 404}
    assert editor_client.get(f"/media/{name}").status_code in {301, 404}


def test_a_document_that_no_public_page_uses_is_for_staff(client: Client, editor_client: Client, db: None) -> None:
    upload = SimpleUploadedFile("table.txt", b"figures")
    document = get_document_model().objects.create(title="Table", file=upload)
    assert client.get(document.url).status_code == 404
    assert b"".join(editor_client.get(document.url).streaming_content) == b"figures"  # type: ignore[attr-defined]


def test_whoever_has_opened_a_restricted_page_sees_its_images(
    client: Client, image: AbstractImage, illustrated: Callable[[], ArticlePage]
) -> None:
    article = illustrated()
    article.get_latest_revision().publish()
    restriction = PageViewRestriction.objects.create(
        page=article, restriction_type=PageViewRestriction.PASSWORD, password="open sesame"
    )
    rendition = image.get_rendition("width-400")
    assert client.get(rendition.url).status_code == 404
    form = {"password": "open sesame", "return_url": article.url}
    answer = client.post(f"/_util/authenticate_with_password/{restriction.pk}/{article.pk}/", form)
    assert answer.status_code == 302, answer.content
    assert client.get(article.url).status_code == 200
    assert client.get(rendition.url).status_code == 200
    ArticlePage.objects.get(pk=article.pk).unpublish()
    assert client.get(rendition.url).status_code == 404


def test_whoever_has_opened_a_restricted_page_gets_its_documents(
    client: Client, draft_article: ArticleFactory, db: None
) -> None:
    upload = SimpleUploadedFile("chart.txt", b"figures")
    document = get_document_model().objects.create(title="Chart", file=upload)
    article = draft_article(body=[("paragraph", f'<p><a linktype="document" id="{document.pk}">The chart</a></p>')])
    article.get_latest_revision().publish()
    assert client.get(document.url).status_code == 200
    restriction = PageViewRestriction.objects.create(
        page=article, restriction_type=PageViewRestriction.PASSWORD, password="open sesame"
    )
    assert client.get(document.url).status_code == 404
    form = {"password": "open sesame", "return_url": article.url}
    client.post(f"/_util/authenticate_with_password/{restriction.pk}/{article.pk}/", form)
    assert client.get(document.url).status_code == 200


def test_no_shared_cache_keeps_a_document_and_none_at_all_what_is_not_public(
    client: Client, editor_client: Client, draft_article: ArticleFactory
) -> None:
    document = get_document_model().objects.create(title="Chart", file=SimpleUploadedFile("chart.pdf", b"figures"))
    article = draft_article(body=[("paragraph", f'<p><a linktype="document" id="{document.pk}">Chart</a></p>')])
    assert editor_client.get(document.url)["Cache-Control"] == "private, no-store"
    article.get_latest_revision().publish()
    answer = client.get(document.url)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-cache")
    assert "Content-Encoding" not in answer
    again = client.get(document.url, headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again["Cache-Control"]) == (304, "private, no-cache")
    PageViewRestriction.objects.create(page=article, restriction_type=PageViewRestriction.LOGIN)
    assert editor_client.get(document.url)["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("number", ["0", "9" * 18, "9" * 30, "9" * 5_000])
def test_a_document_that_was_never_there_is_not_found(
    client: Client, editor_client: Client, db: None, number: str
) -> None:
    assert client.get(f"/documents/{number}/chart.pdf").status_code == 404
    assert editor_client.get(f"/documents/{number}/chart.pdf").status_code == 404
