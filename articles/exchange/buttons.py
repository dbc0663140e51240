"""The ways to import and export, in the menus of lists and pages."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.widgets.button import Button, HeaderButton
from wagtail.models import Page

from articles.exchange.downloads import may_export
from articles.models import ArticleIndexPage, ArticlePage
from cms.users.models import User


def import_buttons(page: Page, *, user: User, kind: type[Button | HeaderButton] = Button) -> Iterator[Button]:
    """Yield the way to import articles under an index."""
    if page.specific_class is ArticleIndexPage and page.permissions_for_user(user).can_add_subpage():
        url = reverse("articles_import", args=[page.pk])
        yield kind(_("Import articles"), url=url, icon_name="upload", priority=60)


def export_buttons(page: Page, *, user: User) -> Iterator[Button]:
    """Yield the ways to export all articles of an index, or one article."""
    if page.specific_class in {ArticleIndexPage, ArticlePage} and may_export(page, user=user):
        url = reverse("articles_export", args=[page.pk])
        yield Button(_("Export as last saved"), url=f"{url}?drafts=1", icon_name="download", priority=61)
        yield Button(_("Export as published"), url=url, icon_name="download", priority=62)
