"""The pages beside the articles."""

import json

from bs4 import BeautifulSoup
from django.test import Client

from articles.models import ArticleIndexPage
from cms.pipeline.worker import drain
from tests.pages import StandardPageFactory


def test_it_shows_its_title_introduction_and_body(client: Client, publish_page: StandardPageFactory) -> None:
    page = publish_page(
        title="About <us>",
        intro="Who we are.",
        body=[("heading", {"text": "People", "level": "h2", "anchor": ""}), ("paragraph", "<p>A few.</p>")],
    )
    response = client.get(page.url)
    soup = BeautifulSoup(response.content, "html.parser")
    assert [h1.get_text() for h1 in soup.select("h1")] == ["About <us>"]
    assert soup.select_one('meta[name="description"]')["content"] == "Who we are."  # type: ignore[index]
    assert [h2["id"] for h2 in soup.select(".prose h2")] == ["people"]


def test_it_can_have_pages_below_it(client: Client, publish_page: StandardPageFactory) -> None:
    team = publish_page(title="Team", parent=publish_page(title="About"))
    assert team.url == "/about/team/"
    assert client.get("/about/team/").status_code == 200


def test_it_is_found_by_its_sections(client: Client, publish_page: StandardPageFactory) -> None:
    publish_page(
        title="About",
        intro="Who we are.",
        body=[
            ("heading", {"text": "Funding", "level": "h2", "anchor": ""}),
            ("paragraph", "<p>Paid for by lanternfish.</p>"),
        ],
    )
    drain()
    answer = client.get("/api/search/?q=lanternfish").json()
    assert [(result["title"], result["category"]) for result in answer["results"]] == [("About", None)]
    assert [passage["anchor"] for passage in answer["results"][0]["passages"]] == ["funding"]
    assert "Funding" in client.get("/search/?q=lanternfish").text


def test_the_way_to_it_is_shown_and_told_without_what_readers_may_not_see(
    client: Client, publish_page: StandardPageFactory
) -> None:
    about = publish_page(title="About")
    team = publish_page(title="Team", parent=about)
    publish_page(title="Alice", parent=team)
    assert way_to(client, "/about/team/alice/") == ["Home", "About", "Team", "Alice"]
    team.unpublish()
    assert way_to(client, "/about/team/alice/") == ["Home", "About", "Alice"]


def way_to(client: Client, address: str) -> list[str]:
    """Return the way that people are shown, with the page itself; programs must be told the same."""
    soup = BeautifulSoup(client.get(address).content, "html.parser")
    shown = [(link.get_text(), str(link["href"])) for link in soup.select(".breadcrumbs a")]
    told = json.loads(soup.select_one("script").string or "")["itemListElement"]  # type: ignore[union-attr]
    site = told[0]["item"].removesuffix("/")
    assert [(step["name"], step["item"].removeprefix(site)) for step in told[:-1]] == shown
    return [step["name"] for step in told]


def test_it_stands_in_the_header_of_every_page_when_it_is_in_the_menu(
    client: Client, publish_page: StandardPageFactory, article_index: ArticleIndexPage
) -> None:
    publish_page(title="About", show_in_menus=True)
    publish_page(title="Imprint")
    for address in ("/", "/articles/", "/search/", "/nowhere/"):
        soup = BeautifulSoup(client.get(address).content, "html.parser")
        named = {link.get_text(): link["href"] for link in soup.select(".site-header nav a")}
        assert named["About"] == "/about/"
        assert "Imprint" not in named
        assert list(named) == ["Articles", "About", "Search", "Membership", "Sign in"]
