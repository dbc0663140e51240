"""What pages tell programs: linked data, canonical addresses, and how a link to them looks elsewhere."""

import json
from typing import Any

import extruct
import pytest
from bs4 import BeautifulSoup
from django.test import Client
from wagtail.images.models import Image
from wagtail.models import Site

from articles.models import ArticlePage, ArticleSource
from community.membership.setup import set_up_landing_page
from home.models import HomePage, SiteSettings
from tests.articles.test_feeds import HOSTILE
from tests.pages import ArticleFactory, StandardPageFactory

SITE = "http://127.0.0.1:8000"


def linked_data(client: Client, address: str) -> dict[str, Any]:
    """Return what a parser of linked data finds in a page, by the kind of each thing."""
    (data,) = extruct.extract(client.get(address).text, base_url=SITE, syntaxes=["json-ld"])["json-ld"]
    return {thing["@type"]: thing for thing in data.get("@graph", [data])}


def meta(client: Client, address: str) -> dict[str, str]:
    """Return a page's canonical address, and what it says of itself to whoever shows a link to it."""
    soup = BeautifulSoup(client.get(address).text, "html.parser")
    found = {str(tag["property"]): str(tag["content"]) for tag in soup.find_all("meta", attrs={"property": True})}
    return found | {str(tag["rel"][0]): str(tag["href"]) for tag in soup.find_all("link", rel="canonical")}


def test_an_article_is_told_with_its_citations_and_the_way_to_it(
    client: Client, publish_article: ArticleFactory, image: Image
) -> None:
    article = publish_article(
        title="Let-down",
        slug="let-down",
        summary="How milk moves.",
        author="The team",
        tags=["oxytocin"],
        reviewed_on="2026-01-02",
        reviewer="C. Example, midwife",
        first_published_at="2026-02-03T10:00:00Z",
        sources=[
            ArticleSource(title="A study", authors="Cox", publication="BMJ", year=1996, url="https://example.org/"),
            ArticleSource(title="Another"),
        ],
        body=[("image", {"image": image, "alt": "A duct", "caption": "", "credit": ""})],
    )
    url = f"{SITE}/articles/let-down/"
    things = linked_data(client, "/articles/let-down/")
    page = things["MedicalWebPage"]
    assert (page["url"], page["name"], page["lastReviewed"]) == (url, "Let-down", "2026-01-02")
    assert page["reviewedBy"] == {"@type": "Person", "name": "C. Example, midwife"}
    text = things["Article"]
    assert page["mainEntity"] == {"@id": text["@id"]}
    assert text["datePublished"] == "2026-02-03T10:00:00+00:00"
    assert article.last_published_at is not None
    assert text["dateModified"] == article.last_published_at.isoformat()
    assert (text["articleSection"], text["keywords"]) == ("Hormones", ["oxytocin"])
    assert text["image"].startswith(f"{SITE}/media/images/")
    assert text["citation"] == [
        {
            "@type": "CreativeWork",
            "name": "A study",
            "author": "Cox",
            "isPartOf": {"@type": "CreativeWork", "name": "BMJ"},
            "datePublished": "1996",
            "url": "https://example.org/",
        },
        {"@type": "CreativeWork", "name": "Another"},
    ]
    steps = things["BreadcrumbList"]["itemListElement"]
    assert [(step["position"], step["name"], step["item"]) for step in steps] == [
        (1, "Home", f"{SITE}/"),
        (2, "Articles", f"{SITE}/articles/"),
        (3, "Let-down", url),
    ]


def test_the_front_page_tells_of_the_site_and_how_to_search_it(client: Client, home_page: HomePage) -> None:
    site = Site.objects.get(is_default_site=True)
    SiteSettings.objects.create(site=site, description="Milk </script> & more.", contact_email="hello@example.org")
    things = linked_data(client, "/")
    website, organization = things["WebSite"], things["Organization"]
    assert (website["name"], website["url"]) == ("Dreams of Milk", f"{SITE}/")
    assert website["description"] == "Milk </script> & more."
    assert website["publisher"] == {"@id": organization["@id"]}
    assert (organization["name"], organization["email"]) == ("Dreams of Milk", "hello@example.org")
    search = website["potentialAction"]
    assert (search["@type"], search["query-input"]) == ("SearchAction", "required name=search_term_string")
    address = search["target"]["urlTemplate"].replace("{search_term_string}", "milk").removeprefix(SITE)
    assert client.get(address).context["question"].text == "milk"


def test_what_nobody_wrote_of_the_site_is_not_told(client: Client, home_page: HomePage) -> None:
    things = linked_data(client, "/")
    assert "description" not in things["WebSite"]
    assert "email" not in things["Organization"]


def test_nobody_is_said_to_have_reviewed_what_nobody_reviewed(client: Client, publish_article: ArticleFactory) -> None:
    publish_article(slug="one")
    page = linked_data(client, "/articles/one/")["MedicalWebPage"]
    assert not {"reviewedBy", "lastReviewed"} & page.keys()


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_break_no_page(client: Client, publish_article: ArticleFactory, words: str) -> None:
    article = publish_article(slug="one")
    ArticlePage.objects.filter(pk=article.pk).update(title=words, summary=words, author=words)
    expected = "".join(letter for letter in words if letter not in "\x07\x0b\ufffe").strip()
    assert linked_data(client, "/articles/one/")["Article"]["headline"] == expected
    soup = BeautifulSoup(client.get("/articles/one/").text, "html.parser")
    assert len(soup.find_all("script")) == 1
    assert json.loads(str(soup.script.string))["@graph"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("address", "title"),
    [
        ("/", "Dreams of Milk"),
        ("/articles/", "Articles"),
        ("/articles/categories/hormones/", "Hormones"),
        ("/articles/tags/milk/", "Articles on milk"),
        ("/articles/article-1/", "Article 1"),
        ("/membership/", "Dreams of Milk Membership"),
        ("/membership/guidelines/", "Community guidelines"),
        ("/about/", "About"),
    ],
)
def test_every_public_page_says_its_address_and_its_title(
    client: Client, publish_article: ArticleFactory, publish_page: StandardPageFactory, address: str, title: str
) -> None:
    set_up_landing_page()
    publish_page(title="About")
    publish_article(title="Article 1", tags=["milk"])
    found = meta(client, f"{address}?utm_source=elsewhere")
    assert found["canonical"] == found["og:url"] == SITE + address
    assert (found["og:title"], found["og:site_name"]) == (title, "Dreams of Milk")
    assert found["og:type"] == ("article" if title == "Article 1" else "website")


def test_each_part_of_a_list_has_its_own_address(client: Client, publish_article: ArticleFactory) -> None:
    for number in range(13):
        publish_article(title=f"Article {number}")
    assert meta(client, "/articles/?page=2")["canonical"] == f"{SITE}/articles/?page=2"
    assert meta(client, "/articles/?page=1")["canonical"] == f"{SITE}/articles/"
    assert meta(client, "/articles/?page=99")["canonical"] == f"{SITE}/articles/?page=2"


def test_an_alias_names_the_page_that_it_shows(client: Client, publish_article: ArticleFactory) -> None:
    article = publish_article(slug="real")
    article.create_alias(parent=article.get_parent(), update_slug="alias")
    assert meta(client, "/articles/alias/")["canonical"] == f"{SITE}/articles/real/"


def test_a_link_to_an_article_shows_its_first_picture(
    client: Client, publish_article: ArticleFactory, image: Image
) -> None:
    publish_article(slug="one", body=[("image", {"image": image, "alt": "A duct", "caption": "", "credit": ""})])
    found = meta(client, "/articles/one/")
    assert found["og:image"].startswith(f"{SITE}/media/images/")
    assert (found["og:image:width"], found["og:image:alt"]) == ("960", "A duct")
    assert client.get(found["og:image"].removeprefix(SITE)).status_code == 200


def test_searches_and_errors_name_no_address_of_their_own(client: Client, publish_article: ArticleFactory) -> None:
    publish_article(slug="one")
    for address in ("/search/?q=milk", "/nowhere/"):
        assert meta(client, address) == {}
    assert '<meta name="robots" content="noindex">' in client.get("/search/?q=milk").text


@pytest.mark.parametrize("address", ["/", "/articles/", "/articles/one/"])
def test_pages_lead_to_the_feeds(client: Client, publish_article: ArticleFactory, address: str) -> None:
    publish_article(slug="one")
    soup = BeautifulSoup(client.get(address).text, "html.parser")
    links = {str(link["type"]): str(link["href"]) for link in soup.find_all("link", rel="alternate")}
    assert links == {
        "application/atom+xml": "/feeds/articles.atom",
        "application/feed+json": "/feeds/articles.json",
    }
    for feed in links.values():
        assert client.get(feed).status_code == 200
