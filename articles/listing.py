"""All articles in one list of the admin, wherever they stand in the tree of pages."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.pages.listing import IndexView
from wagtail.admin.viewsets.pages import PageListingViewSet
from wagtail.admin.widgets.button import Button
from wagtail.permission_policies.pages import PagePermissionPolicy

from articles.exchange.buttons import exchange_buttons
from articles.models import ArticleIndexPage, ArticlePage


class ArticlesMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return bool(PagePermissionPolicy().user_has_any_permission(request.user, IndexView.any_permission_required))


class ArticleListing(IndexView):
    @cached_property
    def header_more_buttons(self) -> list[Button]:
        buttons: list[Button] = super().header_more_buttons
        index = ArticleIndexPage.objects.order_by("path").first()
        return [*buttons, *(exchange_buttons(index, user=self.request.user) if index else ())]


class ArticleViewSet(PageListingViewSet):
    name = "articles"
    model = ArticlePage
    index_view_class = ArticleListing
    icon = "doc-full"
    menu_label = _("Articles")
    menu_order = 110  # right behind the pages
    add_to_admin_menu = True
    menu_item_class: Any = ArticlesMenuItem
