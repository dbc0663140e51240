"""/articles/, its categories and tags."""

import datetime

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from articles.models import ARTICLES_PER_PAGE, ArticlePage
from tests.pages import ArticleFactory


def titles(client: Client, address: str) -> list[str]:
    response = client.get(address)
    assert response.status_code == 200
    return [card.get_text() for card in BeautifulSoup(response.content, "html.parser").select(".card h2")]


def labels(client: Client, address: str, selector: str) -> dict[str, str]:
    soup = BeautifulSoup(client.get(address).content, "html.parser")
    return {str(link["href"]): " ".join(link.get_text().split()) for link in soup.select(selector)}


def test_articles_are_listed_latest_first(client: Client, publish_article: ArticleFactory) -> None:
    for title, day in (("Middle", 2), ("Oldest", 1), ("Newest", 3)):
        publish_article(title=title, first_published_at=datetime.datetime(2026, 1, day, tzinfo=datetime.UTC))
    assert titles(client, "/articles/") == ["Newest", "Middle", "Oldest"]


def test_an_article_without_a_date_is_listed_last(client: Client, publish_article: ArticleFactory) -> None:
    publish_article(title="Dated")
    ArticlePage.objects.filter(pk=publish_article(title="Dateless").pk).update(first_published_at=None)
    assert titles(client, "/articles/") == ["Dated", "Dateless"]


def test_a_category_lists_its_own_articles(client: Client, publish_article: ArticleFactory) -> None:
    publish_article(title="Prolactin", category="hormones")
    publish_article(title="Pumping", category="supply-and-demand")
    assert titles(client, "/articles/categories/hormones/") == ["Prolactin"]
    assert list(labels(client, "/articles/", ".categories a").items()) == [
        ("/articles/", "All"),
        ("/articles/categories/hormones/", "Hormones 1"),
        ("/articles/categories/supply-and-demand/", "Supply and demand 1"),
        ("/articles/categories/inducing-lactation/", "Inducing lactation 0"),
        ("/articles/categories/health-and-safety/", "Health & safety 0"),
    ]


def test_a_category_without_articles_says_so(client: Client, publish_article: ArticleFactory) -> None:
    publish_article(category="hormones")
    page = client.get("/articles/categories/health-and-safety/")
    assert page.status_code == 200
    assert "There is no article here yet." in page.content.decode()


def test_a_tag_lists_its_own_articles_in_any_spelling_of_case(client: Client, publish_article: ArticleFactory) -> None:
    publish_article(title="Prolactin", tags=["pituitary", "Night"])
    publish_article(title="Oxytocin", tags=["Pituitary"])
    publish_article(title="Pumping", tags=["pump"])
    assert titles(client, "/articles/tags/pituitary/") == ["Oxytocin", "Prolactin"]
    assert list(labels(client, "/articles/", ".tag-cloud a").values()) == ["pituitary 2", "Night 1", "pump 1"]


@pytest.mark.parametrize(
    "address",
    [
        "/articles/tags/nobody/",
        "/articles/categories/nobody/",
        "/articles/tags/",
        "/articles/categories/",
        "/articles/tags/a/b/",
        "/articles/tags/%00/",
        "/articles/categories/%F0%9F%8D%BC/",
    ],
)
def test_an_unknown_tag_or_category_is_not_found(client: Client, publish_article: ArticleFactory, address: str) -> None:
    publish_article(tags=["milk"])
    assert client.get(address).status_code == 404


def test_long_lists_are_split_into_pages(client: Client, publish_article: ArticleFactory) -> None:
    count = ARTICLES_PER_PAGE + 1
    for number in range(1, count + 1):
        publish_article(title=f"Article {number}")
    first, second = titles(client, "/articles/"), titles(client, "/articles/?page=2")
    assert first + second == [f"Article {number}" for number in range(count, 0, -1)]
    assert len(second) == 1
    assert labels(client, "/articles/", ".pagination a") == {"?page=2": "Next"}
    assert labels(client, "/articles/?page=2", ".pagination a") == {"?page=1": "Previous"}


@pytest.mark.parametrize("page", ["abc", "0", "-1", "999999999999999999999", "", "1e3", "%00", "٣", "1&page=2"])
def test_a_page_number_that_makes_no_sense_leads_to_the_nearest_page(
    client: Client, publish_article: ArticleFactory, page: str
) -> None:
    publish_article(title="Only one")
    assert titles(client, f"/articles/?page={page}") == ["Only one"]


def test_an_empty_list_helps(client: Client, article_index: object) -> None:
    page = client.get("/articles/")
    assert page.status_code == 200
    assert "There is no article here yet." in page.content.decode()
