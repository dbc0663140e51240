"""The page that the site opens with."""

from itertools import pairwise

from bs4 import BeautifulSoup
from django.test import Client
from wagtail.models import PageViewRestriction

from articles.models import ArticleIndexPage
from home.models import LATEST_ARTICLES, HomePage
from tests.pages import ArticleFactory


def soup_of(client: Client) -> BeautifulSoup:
    response = client.get("/")
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def test_it_shows_its_headline_and_introduction(client: Client, home_page: HomePage) -> None:
    home_page.headline, home_page.intro = "How milk <is> made", "Calmly."
    home_page.save_revision().publish()
    soup = soup_of(client)
    assert [h1.get_text() for h1 in soup.select("h1")] == ["How milk <is> made"]
    assert [lead.get_text() for lead in soup.select(".lead")] == ["Calmly."]
    assert [title.get_text() for title in soup.select("title")] == ["Dreams of Milk"]


def test_without_a_headline_the_title_stands_there(client: Client, home_page: HomePage) -> None:
    home_page.headline = ""
    home_page.save_revision().publish()
    assert [h1.get_text() for h1 in soup_of(client).select("h1")] == ["Dreams of Milk"]


def test_it_shows_the_latest_articles_and_all_categories(client: Client, publish_article: ArticleFactory) -> None:
    for number in range(1, LATEST_ARTICLES + 2):
        publish_article(title=f"Article {number}", category="hormones")
    soup = soup_of(client)
    latest = [f"Article {number}" for number in range(LATEST_ARTICLES + 1, 1, -1)]
    assert [title.get_text() for title in soup.select(".card h3")] == latest
    topics = {link["href"]: " ".join(link.get_text().split()) for link in soup.select(".topics a")}
    assert topics["/articles/categories/hormones/"] == f"Hormones {LATEST_ARTICLES + 1} articles"
    assert topics["/articles/categories/health-and-safety/"] == "Health & safety 0 articles"
    assert len(topics) == 4


def test_its_sections_have_headings_to_link_to(client: Client, home_page: HomePage) -> None:
    home_page.sections = [
        ("heading", {"text": "Where to begin", "level": "h2"}),
        ("paragraph", "<p>With <i>milk</i>.</p>"),
    ]
    home_page.save_revision().publish()
    soup = soup_of(client)
    assert [h2.get_text() for h2 in soup.select("h2#where-to-begin")] == ["Where to begin"]
    assert "With milk." in soup.get_text()


def test_headings_go_down_one_level_at_a_time(client: Client, publish_article: ArticleFactory) -> None:
    publish_article()
    levels = [int(heading.name[1]) for heading in soup_of(client).select("h1, h2, h3, h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_it_stands_without_any_article(client: Client, home_page: HomePage) -> None:
    soup = soup_of(client)
    assert not soup.select(".card")
    assert not soup.select(".topics a")


def test_a_restricted_index_is_not_linked(client: Client, article_index: ArticleIndexPage) -> None:
    PageViewRestriction.objects.create(page=article_index, restriction_type=PageViewRestriction.LOGIN)
    soup = soup_of(client)
    assert not soup.select('main a[href^="/articles/"]')


def test_other_pages_below_it_are_still_found(client: Client, home_page: HomePage) -> None:
    library = home_page.add_child(instance=ArticleIndexPage(title="Library", slug="library"))
    assert client.get(library.url).status_code == 200
    assert client.get("/nowhere/").status_code == 404
    assert client.get("/library/nowhere/").status_code == 404
