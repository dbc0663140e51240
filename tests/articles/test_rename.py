"""A category or tag gets another name: the articles under it are brought in line wherever their labels are kept."""

from django.test import Client
from taggit.models import Tag

from articles.models import Category
from cms.pipeline.worker import drain
from tests.pages import ArticleFactory


def facets(client: Client) -> dict[str, list[str]]:
    found = client.get("/api/search/?q=oxytocin").json()["facets"]
    return {name: [facet["label"] for facet in facets] for name, facets in found.items()}


def test_a_renamed_category_is_found_under_its_new_name(client: Client, publish_article: ArticleFactory) -> None:
    publish_article(category="hormones")
    drain()
    assert facets(client)["category"] == ["Hormones"]
    category = Category.objects.get(slug="hormones")
    category.name = "The hormones"
    category.save()
    drain()
    assert facets(client)["category"] == ["The hormones"]


def test_a_renamed_tag_is_found_under_its_new_name(client: Client, publish_article: ArticleFactory) -> None:
    publish_article(tags=["letdown"])
    drain()
    tag = Tag.objects.get(name="letdown")
    tag.name = "let-down"
    tag.save()
    drain()
    assert facets(client)["tag"] == ["let-down"]


def test_a_deleted_tag_is_no_longer_offered(client: Client, publish_article: ArticleFactory) -> None:
    publish_article(tags=["letdown", "flow"])
    drain()
    assert facets(client)["tag"] == ["flow", "letdown"]
    Tag.objects.get(name="letdown").delete()
    drain()
    assert facets(client)["tag"] == ["flow"]
