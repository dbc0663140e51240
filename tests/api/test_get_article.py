"""GET /api/articles/<slug>/: a whole article, rendered and as blocks."""

import datetime as dt
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from wagtail.documents import get_document_model
from wagtail.images.models import Image

from articles.blocks import BodyBlock
from articles.models import ArticlePage, ArticleSource
from articles.schemas import AnyBlock
from tests.api.conftest import every_block
from tests.pages import ArticleFactory


def get(client: Client, article: ArticlePage, **parameters: str) -> dict[str, Any]:
    response = client.get(f"/api/articles/{article.slug}/", parameters)
    assert response.status_code == 200, response.content
    answer: dict[str, Any] = response.json()
    return answer


def store(article: ArticlePage, raw: str) -> None:
    """Write a body past every check, as another version of the site may have left it."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE articles_articlepage SET body = %s WHERE page_ptr_id = %s", [raw, article.pk])


def test_every_kind_of_block_has_its_value(
    client: Client, publish_article: ArticleFactory, image: Image, settings: Settings
) -> None:
    target = publish_article(title="Target", slug="target")
    article = publish_article(body=every_block(image=image, link=target))
    blocks = get(client, article)["body"]
    assert [block["id"] for block in blocks] == [child.id for child in article.body]
    link = f'<a href="{settings.SITE_URL}/articles/target/">there</a>'
    figure = blocks[2]["value"]["image"]
    assert [(block["type"], block["value"]) for block in blocks] == [
        ("heading", {"text": "What it does", "level": "h2", "anchor": "what-it-does"}),
        ("paragraph", f"<p>Milk is moved {link}.</p>"),
        ("image", {"image": figure, "alt": 'A "duct"', "caption": "One duct", "credit": "The project"}),
        ("callout", {"kind": "warning", "html": f"<p>Stop {link}.</p>"}),
        (
            "table",
            {
                "caption": "Hormones and their jobs",
                "columns": [{"heading": "Hormone"}, {"heading": "Job"}],
                "rows": [["Oxytocin &lt;3", f"<p><b>Moves</b> milk {link}</p>"]],
            },
        ),
        ("quote", {"text": "Milk <flows>.", "attribution": "A reader"}),
    ]


def test_images_have_absolute_addresses_in_the_sizes_on_offer(
    client: Client, publish_article: ArticleFactory, image: Image, settings: Settings
) -> None:
    article = publish_article(body=every_block(image=image))
    figure = get(client, article)["body"][2]["value"]["image"]
    assert (figure["id"], figure["title"]) == (image.pk, "Diagram")
    sizes = [(size["name"], size["width"], size["height"]) for size in figure["sizes"]]
    assert sizes == [("width-480", 480, 270), ("width-960", 960, 540), ("width-1440", 1440, 810)]
    for size in figure["sizes"]:
        assert size["url"].startswith(f"{settings.SITE_URL}/media/images/")
        assert client.get(size["url"].removeprefix(settings.SITE_URL)).status_code == 200


def test_a_small_image_is_offered_once(client: Client, publish_article: ArticleFactory, image: Image) -> None:
    Image.objects.filter(pk=image.pk).update(width=1600)
    image.file.storage.delete(image.file.name)
    from wagtail.images.tests.utils import get_test_image_file

    image.file = get_test_image_file(size=(300, 200))
    image.save()
    article = publish_article(body=every_block(image=image))
    (size,) = get(client, article)["body"][2]["value"]["image"]["sizes"]
    assert (size["width"], size["height"]) == (300, 200)


def test_the_html_is_that_of_the_page_with_absolute_addresses(
    client: Client, publish_article: ArticleFactory, image: Image, settings: Settings
) -> None:
    target = publish_article(title="Target", slug="target")
    upload = SimpleUploadedFile("chart.txt", b"figures")
    document = get_document_model().objects.create(title="Chart", file=upload)
    article = publish_article(
        body=[
            *every_block(image=image, link=target),
            ("paragraph", f'<p><a linktype="document" id="{document.pk}">Chart</a> <a href="#part">Part</a></p>'),
            ("paragraph", '<p>Write href="/articles/" in words. <a href="https://example.org/a?b=1&amp;c">Out</a></p>'),
        ]
    )
    soup = BeautifulSoup(get(client, article)["html"], "html.parser")
    page = BeautifulSoup(client.get(article.url).content, "html.parser").select_one(".prose")
    assert page is not None
    assert soup.get_text().split() == page.get_text().split()
    assert {str(link["href"]) for link in soup.select("a")} == {
        f"{settings.SITE_URL}/articles/target/",
        f"{settings.SITE_URL}{document.url}",
        "#part",
        "https://example.org/a?b=1&c",
    }
    picture = soup.select_one("img")
    assert picture is not None
    addresses = [str(picture["src"]), *(part.split()[0] for part in str(picture["srcset"]).split(","))]
    assert len(addresses) == 4
    assert all(address.startswith(f"{settings.SITE_URL}/media/") for address in addresses)
    assert 'Write href="/articles/" in words.' in soup.get_text()


def test_the_rest_of_the_article(client: Client, publish_article: ArticleFactory) -> None:
    article = publish_article(
        title="Let-down",
        seo_title="Let-down explained",
        search_description="",
        summary="How it begins.",
        expire_at=dt.datetime(2099, 1, 1, tzinfo=dt.UTC),
        sources=[
            ArticleSource(title="On <milk>", authors="Cox", publication="Physiology", year=1996, url="https://x.org/")
        ],
        body=[
            ("heading", {"text": "Part", "level": "h2", "anchor": "part-one"}),
            ("paragraph", f"<p>{'milk ' * 700}</p>"),
            ("heading", {"text": "Detail", "level": "h3", "anchor": ""}),
        ],
    )
    answer = get(client, article)
    assert answer["seo_title"] == "Let-down explained"
    assert answer["seo_description"] == "How it begins."
    assert answer["expires_at"] == "2099-01-01T00:00:00Z"
    assert answer["reading_minutes"] == 3
    assert answer["contents"] == [
        {"text": "Part", "level": "h2", "anchor": "part-one"},
        {"text": "Detail", "level": "h3", "anchor": "detail"},
    ]
    assert answer["sources"] == [
        {"title": "On <milk>", "authors": "Cox", "publication": "Physiology", "year": 1996, "url": "https://x.org/"}
    ]


def test_fields_choose_members(client: Client, publish_article: ArticleFactory) -> None:
    article = publish_article(title="One", text="Milk.")
    assert get(client, article, fields="html,title") == {"title": "One", "html": get(client, article)["html"]}
    response = client.get(f"/api/articles/{article.slug}/?fields=secret")
    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"


def test_a_link_to_a_hidden_page_is_only_its_words(
    client: Client, publish_article: ArticleFactory, draft_article: ArticleFactory, image: Image
) -> None:
    target = draft_article(title="Secret plan", slug="secret-plan")
    article = publish_article(body=every_block(image=image, link=target))
    assert "secret-plan" not in client.get(f"/api/articles/{article.slug}/").text


def test_every_block_of_a_body_has_a_schema() -> None:
    of_schemas = {schema.model_fields["type"].annotation.__args__[0] for schema in AnyBlock.__args__}
    assert set(BodyBlock().child_blocks) == of_schemas


@pytest.mark.parametrize(
    ("stored", "types"),
    [
        ('[{"type": "video", "value": "x", "id": "1"}, {"type": "paragraph", "value": "<p>Still.</p>", "id": "2"}]', 1),
        ('[{"type": "heading", "value": {"text": "x", "level": "h9", "anchor": null, "more": 1}, "id": "1"}]', 1),
        ('[{"type": "callout", "value": {"kind": "scream", "text": "<p>x</p>"}, "id": "1"}]', 1),
        ('[{"type": "image", "value": {"image": 999999, "alt": "x"}, "id": "1"}]', 1),
        ('[{"type": "table", "value": {"columns": [], "rows": []}, "id": "1"}]', 1),
        ('[{"type": "quote", "value": {}}]', 1),
        ("[]", 0),
    ],
)
def test_what_another_version_left_in_the_database_is_no_error(
    client: Client, publish_article: ArticleFactory, stored: str, types: int
) -> None:
    article = publish_article()
    store(article, stored)
    assert len(get(client, article)["body"]) == types
    assert len(client.get("/api/articles/?fields=body").json()["results"][0]["body"]) == types


def test_an_image_whose_file_is_gone_leaves_the_rest(
    client: Client, publish_article: ArticleFactory, image: Image
) -> None:
    article = publish_article(body=every_block(image=image))
    default_storage.delete(image.file.name)
    image.renditions.all().delete()
    answer = get(client, article, fields="body")
    assert answer["body"][2]["value"]["image"]["sizes"] == []


def test_a_deleted_image_is_null(client: Client, publish_article: ArticleFactory, image: Image) -> None:
    article = publish_article(body=every_block(image=image))
    image.delete()
    assert get(client, article)["body"][2]["value"] == {
        "image": None, "alt": 'A "duct"', "caption": "One duct", "credit": "The project",
    }  # fmt: skip


@pytest.mark.parametrize("slug", ["nothing", "%00", "x" * 5_000, "ü", "..", "a%2Fb", "tags"])
def test_an_address_of_nothing_is_told(client: Client, publish_article: ArticleFactory, slug: str) -> None:
    response = client.get(f"/api/articles/{slug}/")
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


def test_a_draft_is_not_there(client: Client, draft_article: ArticleFactory) -> None:
    draft_article(slug="draft")
    assert client.get("/api/articles/draft/").status_code == 404


@pytest.mark.parametrize("count", [1, 10])
def test_an_article_takes_at_most_thirteen_queries_whatever_is_in_it(
    client: Client, publish_article: ArticleFactory, image: Image, count: int
) -> None:
    targets = [publish_article(title=f"Target {number}") for number in range(count)]
    article = publish_article(
        tags=["milk", "prolactin"],
        sources=[ArticleSource(title=f"Source {number}") for number in range(count)],
        body=[block for target in targets for block in every_block(image=image, link=target)],
    )
    get(client, article)
    with CaptureQueriesContext(connection) as queries:
        get(client, article)
    assert len(queries) <= 13
