"""What the articles' room begins with, and the demo's articles."""

from pathlib import Path

from django.contrib.auth.models import Group, Permission
from wagtail.models import GroupPagePermission, Site

from articles.exchange.files import find_files
from articles.exchange.importing import import_articles
from articles.models import ArticleIndexPage, ArticlePage

DEMO_FOLDER = Path(__file__).parent / "demo"
# What the demo's lists begin with, in this order.
DEMO_BEGINS_WITH = ["the-four-key-hormones", "supply-and-demand", "estrogen", "progesterone", "prolactin", "oxytocin"]

PAGE_PERMISSIONS = ["add_page", "change_page", "publish_page"]
CATEGORY_PERMISSIONS = ["add_category", "change_category", "view_category"]


def set_up_articles() -> None:
    """Make the article index under the default site's first page, and let the group "Editors" publish there.

    Does nothing where an index is already, so what an administrator has changed stays. Wagtail's own migrations give
    the group the admin, images and documents.
    """
    if ArticleIndexPage.objects.exists():
        return
    root_page = Site.objects.get(is_default_site=True).root_page
    index = root_page.add_child(
        instance=ArticleIndexPage(
            title="Articles",
            slug="articles",
            intro="What is known about lactation, with its sources.",
            show_in_menus=True,
        )
    )
    index.save_revision().publish()
    _let_editors_publish(index)


def _let_editors_publish(index: ArticleIndexPage) -> None:
    editors, _created = Group.objects.get_or_create(name="Editors")
    for permission in Permission.objects.filter(content_type__app_label="wagtailcore", codename__in=PAGE_PERMISSIONS):
        GroupPagePermission.objects.get_or_create(group=editors, page=index, permission=permission)
    editors.permissions.add(
        *Permission.objects.filter(content_type__app_label="articles", codename__in=CATEGORY_PERMISSIONS)
    )


def add_demo_articles() -> None:
    """Publish the demo's articles, unless there are articles already: those may be the same ones, edited or moved."""
    if ArticlePage.objects.exists():
        return
    places = {slug: place for place, slug in enumerate(DEMO_BEGINS_WITH)}
    # Lists show the latest first.
    files = sorted(find_files([DEMO_FOLDER]), key=lambda file: places.get(file.path.stem, len(places)), reverse=True)
    outcomes = import_articles(index=ArticleIndexPage.objects.first(), files=files, publish=True)
    for outcome in outcomes:
        if outcome.error is not None:
            raise outcome.error
