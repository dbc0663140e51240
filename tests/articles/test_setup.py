"""What the room begins with."""

from django.contrib.auth.models import Group
from django.test import Client
from wagtail.models import GroupPagePermission

from articles.models import ArticleIndexPage, ArticlePage, Category
from articles.setup import add_demo_articles, set_up_articles


def test_the_four_categories_are_there_from_the_first_migration(db: None) -> None:
    assert list(Category.objects.values_list("name", "slug")) == [
        ("Hormones", "hormones"),
        ("Supply and demand", "supply-and-demand"),
        ("Inducing lactation", "inducing-lactation"),
        ("Health & safety", "health-and-safety"),
    ]


def test_setting_up_again_changes_nothing(article_index: ArticleIndexPage) -> None:
    editors = Group.objects.get(name="Editors")
    GroupPagePermission.objects.filter(group=editors, page=article_index).delete()
    article_index.title = "Reading room"
    article_index.save_revision().publish()
    set_up_articles()
    assert ArticleIndexPage.objects.get().title == "Reading room"
    assert not GroupPagePermission.objects.filter(group=editors, page=article_index).exists()


def test_the_demo_begins_with_the_four_key_hormones(client: Client, article_index: ArticleIndexPage) -> None:
    add_demo_articles()
    latest = ArticlePage.objects.live().order_by("-first_published_at", "-pk").values_list("title", flat=True)
    assert list(latest[:2]) == ["The Four Key Hormones", "Supply and Demand"]
    for article in ArticlePage.objects.all():
        page = client.get(article.url)
        assert page.status_code == 200
        assert "Not clinically reviewed" in page.content.decode()


def test_the_demo_adds_nothing_where_editors_have_been_at_work(article_index: ArticleIndexPage) -> None:
    add_demo_articles()
    renamed = ArticlePage.objects.get(slug="prolactin")
    renamed.slug = "prolactin-the-signal"
    renamed.save_revision().publish()
    ArticlePage.objects.get(slug="oxytocin").delete()
    before = set(ArticlePage.objects.values_list("slug", flat=True))
    add_demo_articles()
    assert set(ArticlePage.objects.values_list("slug", flat=True)) == before
