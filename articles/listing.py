"""All articles in one list of the admin, wherever they stand in the tree of pages."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.pages.listing import IndexView
from wagtail.admin.viewsets.pages import PageListingViewSet
from wagtail.admin.widgets.button import HeaderButton
from wagtail.permission_policies.pages import PagePermissionPolicy

from articles.exchange.buttons import export_buttons, import_buttons
from articles.models import ArticleIndexPage, ArticlePage


class ArticlesMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return bool(PagePermissionPolicy().user_has_any_permission(request.user, IndexView.any_permission_required))


class ArticleListing(IndexView):
    @cached_property
    def index(self) -> ArticleIndexPage | None:
        return ArticleIndexPage.objects.order_by("path").first()

    @cached_property
    def header_buttons(self) -> list[Any]:
        # A link of the page itself, because its menu opens with JavaScript alone; from there, exports can be had too.
        buttons: list[Any] = super().header_buttons
        return [
            *buttons,
            *(import_buttons(self.index, user=self.request.user, kind=HeaderButton) if self.index else ()),
        ]

    @cached_property
    def header_more_buttons(self) -> list[Any]:
        buttons: list[Any] = super().header_more_buttons
        return [*buttons, *(export_buttons(self.index, user=self.request.user) if self.index else ())]


class ArticleViewSet(PageListingViewSet):
    name = "articles"
    model = ArticlePage
    index_view_class = ArticleListing
    icon = "doc-full"
    menu_label = _("Articles")
    menu_order = 110  # right behind the pages
    add_to_admin_menu = True
    menu_item_class: Any = ArticlesMenuItem
