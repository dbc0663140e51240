"""What a reader sees of an article."""

import datetime
import re
from itertools import pairwise

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from wagtail.images.models import Image

from articles.models import ArticlePage, ArticleSource
from tests.pages import ArticleFactory

TABLE = {
    "columns": [{"type": "text", "heading": "Hormone"}, {"type": "rich_text", "heading": "Job"}],
    "rows": [{"values": ["Oxytocin", "<b>Moves</b> milk"]}],
    "caption": "Hormones and their jobs",
}


def soup_of(client: Client, article: ArticlePage) -> BeautifulSoup:
    response = client.get(article.url)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def words(soup: BeautifulSoup, selector: str) -> str:
    found = soup.select_one(selector)
    assert found is not None, selector
    return " ".join(found.get_text().split())


def test_the_head_of_the_page_says_what_it_is_and_who_wrote_it(client: Client, publish_article: ArticleFactory) -> None:
    article = publish_article(
        title="Prolactin & milk",
        summary="What prolactin does.",
        author="Ada Writer",
        first_published_at=datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC),
        reviewed_on=datetime.date(2026, 4, 2),
    )
    soup = soup_of(client, article)
    assert [h1.get_text() for h1 in soup.select("h1")] == ["Prolactin & milk"]
    assert words(soup, "title").startswith("Prolactin & milk")
    assert soup.select_one('meta[name="description"]')["content"] == "What prolactin does."  # type: ignore[index]
    assert words(soup, "article header .lead") == "What prolactin does."
    assert words(soup, "article header .eyebrow") == "Hormones"
    assert "By Ada Writer" in words(soup, ".byline")
    dates = {time["datetime"]: time.get_text() for time in soup.select(".byline time")}
    assert dates == {"2026-03-01T12:00:00+00:00": "March 1, 2026", "2026-04-02": "April 2, 2026"}


def test_without_a_named_clinician_the_page_says_not_clinically_reviewed(
    client: Client, publish_article: ArticleFactory
) -> None:
    byline = words(soup_of(client, publish_article(reviewed_on=datetime.date(2026, 4, 2))), ".byline")
    assert "Not clinically reviewed" in byline
    assert "Medically reviewed" not in byline


def test_a_named_clinician_is_named(client: Client, publish_article: ArticleFactory) -> None:
    article = publish_article(reviewer="C. Example, midwife", reviewed_on=datetime.date(2026, 4, 2))
    byline = words(soup_of(client, article), ".byline")
    assert "Medically reviewed by C. Example, midwife" in byline
    assert "Not clinically reviewed" not in byline


def test_sources_are_listed_in_order_with_their_address(client: Client, publish_article: ArticleFactory) -> None:
    first = ArticleSource(
        title="On <milk>", authors="Cox", publication="Physiology", year=1996, url="https://example.org/cox"
    )
    second = ArticleSource(title="No address")
    soup = soup_of(client, publish_article(sources=[first, second]))
    items = soup.select(".sources li")
    assert [" ".join(item.get_text().split()) for item in items] == [
        "Cox: On <milk>. Physiology, 1996.",
        "No address.",
    ]
    assert [link["href"] for link in soup.select(".sources a")] == ["https://example.org/cox"]


def test_every_article_carries_the_safety_box(client: Client, publish_article: ArticleFactory) -> None:
    text = words(soup_of(client, publish_article()), ".safety-box")
    assert "not medical advice" in text
    assert "Get urgent help" in text


def test_tags_and_category_lead_to_their_lists(client: Client, publish_article: ArticleFactory) -> None:
    soup = soup_of(client, publish_article(category="hormones", tags=["Let-down", "Élan"]))
    assert [link["href"] for link in soup.select("footer .tags a")] == [
        "/articles/tags/let-down/",
        "/articles/tags/%C3%A9lan/",
    ]
    trail = [str(link["href"]) for link in soup.select(".breadcrumbs a, .eyebrow a")]
    assert trail == ["/", "/articles/", "/articles/categories/hormones/"]
    for address in [*trail, "/articles/tags/let-down/", "/articles/tags/%C3%A9lan/"]:
        assert client.get(address).status_code == 200


def test_every_kind_of_block_is_shown(client: Client, publish_article: ArticleFactory, image: Image) -> None:
    body = [
        ("heading", {"text": "What it does", "level": "h2"}),
        ("paragraph", "<p>Milk is <b>moved</b>, 5 &lt; 6.</p>"),
        ("heading", {"text": "In detail", "level": "h3"}),
        ("image", {"image": image, "alt": 'A "duct"', "caption": "One duct", "credit": "The project"}),
        ("callout", {"kind": "warning", "text": "<p>Stop when it hurts.</p>"}),
        ("table", TABLE),
        ("quote", {"text": "Milk <flows>.", "attribution": "A reader"}),
    ]
    soup = soup_of(client, publish_article(body=body))
    assert [(h.name, h["id"]) for h in soup.select(".prose h2, .prose h3")] == [
        ("h2", "what-it-does"),
        ("h3", "in-detail"),
    ]
    assert "Milk is moved, 5 < 6." in words(soup, ".prose p")
    picture = soup.select_one(".prose figure img")
    assert picture is not None
    assert picture["alt"] == 'A "duct"'
    assert "480w" in picture["srcset"]
    assert words(soup, ".prose figure figcaption") == "One duct Image: The project"
    assert words(soup, ".callout--warning") == "Take care Stop when it hurts."
    assert words(soup, "table caption") == "Hormones and their jobs"
    assert [th.get_text() for th in soup.select('th[scope="col"]')] == ["Hormone", "Job"]
    assert words(soup, 'th[scope="row"]') == "Oxytocin"
    assert soup.select_one("td b") is not None
    assert soup.select_one('.table-scroll[tabindex="0"][role="region"][aria-label="Hormones and their jobs"]')
    assert words(soup, ".quote blockquote") == "Milk <flows>."
    assert words(soup, ".quote figcaption") == "— A reader"


def test_a_deleted_image_leaves_the_rest_of_the_article(
    client: Client, publish_article: ArticleFactory, image: Image
) -> None:
    article = publish_article(body=[("image", {"image": image, "alt": "A duct"}), ("paragraph", "<p>Still here.</p>")])
    image.delete()
    soup = soup_of(client, article)
    assert words(soup, ".prose") == "Still here."


def test_headings_go_down_one_level_at_a_time(client: Client, publish_article: ArticleFactory) -> None:
    body = [("heading", {"text": f"Part {number}", "level": "h2"}) for number in range(3)]
    article = publish_article(body=[*body, ("heading", {"text": "Detail", "level": "h3"})], tags=["milk"])
    levels = [int(heading.name[1]) for heading in soup_of(client, article).select("h1, h2, h3, h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_long_articles_list_their_contents(client: Client, publish_article: ArticleFactory) -> None:
    body = [("heading", {"text": f"Part {number}", "level": "h2"}) for number in range(1, 4)]
    soup = soup_of(client, publish_article(body=[*body, ("heading", {"text": "Detail", "level": "h3"})]))
    links = {link["href"]: link.get_text() for link in soup.select(".contents a")}
    assert links == {"#part-1": "Part 1", "#part-2": "Part 2", "#part-3": "Part 3"}


@pytest.mark.parametrize(("count", "said"), [(10, "1 minute to read"), (700, "3 minutes to read")])
def test_the_page_says_how_long_reading_takes(
    client: Client, publish_article: ArticleFactory, count: int, said: str
) -> None:
    assert said in words(soup_of(client, publish_article(text="milk " * count)), ".byline")


def test_nothing_on_the_page_is_inline_or_from_elsewhere(
    client: Client, publish_article: ArticleFactory, image: Image
) -> None:
    article = publish_article(body=[("image", {"image": image, "alt": "A duct"}), ("table", TABLE)])
    page = client.get(article.url).content.decode()
    assert not re.search(r'\sstyle=|\son\w+=|<style|<script(?![^>]*\s(?:src=|type="application/ld\+json"))', page)
    assert not re.search(r'(src|srcset)="(https?:)?//', page)
    assert not re.search(r'<link (?!rel="(?:canonical|alternate)")[^>]*href="(https?:)?//', page)


def test_an_article_that_does_not_exist_is_not_found(client: Client, publish_article: ArticleFactory) -> None:
    publish_article(slug="here")
    assert client.get("/articles/not-here/").status_code == 404
    assert client.get("/articles/here/deeper/").status_code == 404


def test_its_category_and_tags_lead_to_their_lists(client: Client, publish_article: ArticleFactory) -> None:
    article = publish_article(title="Prolactin", tags=["let-down", "Stillhormone für alle"])
    links = soup_of(client, article).select(".eyebrow a, .tags a")
    assert [link.get_text() for link in links] == ["Hormones", "Stillhormone für alle", "let-down"]
    for link in links:
        response = client.get(str(link["href"]))
        assert response.status_code == 200, link
        assert article.title in response.text


def test_a_preview_shows_the_tags_that_are_not_saved_yet(client: Client, publish_article: ArticleFactory) -> None:
    article = publish_article(title="Prolactin", tags=["milk"])
    article.tags.set(["tea", "Pituitary"])
    preview = BeautifulSoup(article.make_preview_request().content, "html.parser")
    assert words(preview, ".tags") == "Pituitary tea"
    assert words(soup_of(client, article), ".tags") == "milk"
