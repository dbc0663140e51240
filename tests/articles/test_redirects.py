"""An old address leads to the new one."""

from django.test import Client
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Site

from articles.models import ArticleIndexPage, ArticlePage
from cms.pipeline.worker import drain
from home.models import HomePage
from tests.pages import ArticleFactory


def assert_moved(client: Client, old: str, new: str) -> None:
    response = client.get(old)
    assert (response.status_code, response.headers["Location"]) == (301, new)
    assert client.get(new).status_code == 200


def test_after_a_slug_change(
    client: Client, publish_article: ArticleFactory, django_capture_on_commit_callbacks: type
) -> None:
    article = publish_article(slug="old")
    article.slug = "new"
    with django_capture_on_commit_callbacks(execute=True):
        article.save_revision().publish()
    assert_moved(client, "/articles/old/", "/articles/new/")
    assert_moved(client, "/articles/old", "/articles/new/")


def test_after_two_slug_changes_both_old_addresses_lead_straight_to_the_last(
    client: Client, publish_article: ArticleFactory, django_capture_on_commit_callbacks: type
) -> None:
    article = publish_article(slug="first")
    for slug in ("second", "third"):
        article = ArticlePage.objects.get(pk=article.pk)
        article.slug = slug
        with django_capture_on_commit_callbacks(execute=True):
            article.save_revision().publish()
    assert_moved(client, "/articles/first/", "/articles/third/")
    assert_moved(client, "/articles/second/", "/articles/third/")


def test_after_a_slug_change_whose_process_died_before_wagtail_made_the_redirect(
    client: Client, publish_article: ArticleFactory, article_index: ArticleIndexPage
) -> None:
    publish_article(slug="prolactin")
    article_index.slug = "reading"
    # What is to be done on commit is never done in a test.
    article_index.save_revision().publish()
    assert client.get("/articles/prolactin/").status_code == 404
    drain()
    assert_moved(client, "/articles/prolactin/", "/reading/prolactin/")
    assert_moved(client, "/articles/", "/reading/")


def test_after_a_slug_change_and_back_the_page_is_where_it_was(client: Client, publish_article: ArticleFactory) -> None:
    article = publish_article(slug="first")
    for slug in ("second", "first"):
        article = ArticlePage.objects.get(pk=article.pk)
        article.slug = slug
        article.save_revision().publish()
    drain()
    assert client.get("/articles/first/").status_code == 200
    assert_moved(client, "/articles/second/", "/articles/first/")


def test_another_site_s_redirect_to_a_hidden_page_takes_nothing_from_this_one_s(
    client: Client, publish_article: ArticleFactory, draft_article: ArticleFactory, home_page: HomePage
) -> None:
    other = Site.objects.create(hostname="other.example", port=80, root_page=home_page)
    own = Site.objects.get(is_default_site=True)
    article = publish_article(slug="new")
    Redirect.add_redirect("/old/", article, site=own)
    Redirect.add_redirect("/old/", draft_article(slug="hidden"), site=other)
    assert client.get("/old/").headers["Location"].endswith("/articles/new/")
    assert client.get("/old/?utm_source=mail").status_code == 301


def test_after_a_move_to_another_index(
    client: Client,
    publish_article: ArticleFactory,
    home_page: HomePage,
    django_capture_on_commit_callbacks: type,
) -> None:
    article = publish_article(slug="prolactin")
    library = home_page.add_child(instance=ArticleIndexPage(title="Library", slug="library"))
    with django_capture_on_commit_callbacks(execute=True):
        article.move(library, pos="last-child")
    assert_moved(client, "/articles/prolactin/", "/library/prolactin/")


def test_the_index_takes_its_articles_along(
    client: Client,
    publish_article: ArticleFactory,
    article_index: ArticleIndexPage,
    django_capture_on_commit_callbacks: type,
) -> None:
    publish_article(slug="prolactin")
    article_index.slug = "reading"
    with django_capture_on_commit_callbacks(execute=True):
        article_index.save_revision().publish()
    assert_moved(client, "/articles/", "/reading/")
    assert_moved(client, "/articles/prolactin/", "/reading/prolactin/")


def test_an_old_address_of_an_unpublished_article_is_not_found(
    client: Client, publish_article: ArticleFactory, django_capture_on_commit_callbacks: type
) -> None:
    article = publish_article(slug="old")
    article.slug = "new"
    with django_capture_on_commit_callbacks(execute=True):
        article.save_revision().publish()
    ArticlePage.objects.get(pk=article.pk).unpublish()
    answer = client.get("/articles/old/")
    assert answer.status_code == 404
    assert "new" not in answer.get("Location", "")
