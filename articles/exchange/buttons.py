"""The ways to import and export, in the menus of lists and pages."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.widgets.button import Button
from wagtail.models import Page

from articles.exchange.downloads import may_export
from articles.models import ArticleIndexPage, ArticlePage
from cms.users.models import User


def exchange_buttons(page: Page, *, user: User) -> Iterator[Button]:
    """Yield what somebody may do with the articles of an index, or with one article."""
    is_index = page.specific_class is ArticleIndexPage
    if is_index and page.permissions_for_user(user).can_add_subpage():
        url = reverse("articles_import", args=[page.pk])
        yield Button(_("Import articles"), url=url, icon_name="upload", priority=60)
    if not (is_index or page.specific_class is ArticlePage) or not may_export(page, user=user):
        return
    url = reverse("articles_export", args=[page.pk])
    yield Button(_("Export as last saved"), url=f"{url}?drafts=1", icon_name="download", priority=61)
    yield Button(_("Export as published"), url=url, icon_name="download", priority=62)
