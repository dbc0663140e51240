"""What the articles' room adds to the editors' admin."""

from collections.abc import Iterator

from django.templatetags.static import static
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from wagtail import hooks
from wagtail.admin.widgets.button import Button
from wagtail.models import Page

from articles.exchange import admin_views, downloads
from articles.exchange.buttons import export_buttons, import_buttons
from articles.listing import ArticleViewSet
from cms.users.models import User

hooks.register("register_bulk_action", downloads.ExportAction)


@hooks.register("register_admin_viewset")
def _articles() -> ArticleViewSet:
    return ArticleViewSet()


@hooks.register("register_admin_urls")
def _urls() -> list[URLPattern]:
    uploads = "articles/uploads/<uuid:upload_id>/"
    return [
        path("articles/import/<int:index_id>/", admin_views.upload_articles, name="articles_import"),
        path(uploads, admin_views.preview, name="articles_import_preview"),
        path(f"{uploads}import/", admin_views.confirm, name="articles_import_confirm"),
        path("articles/export/<int:page_id>/", downloads.download, name="articles_export"),
    ]


@hooks.register("register_page_header_buttons")
def _buttons(page: Page, user: User, view_name: str, next_url: str | None = None) -> Iterator[Button]:
    yield from import_buttons(page, user=user)
    yield from export_buttons(page, user=user)


@hooks.register("insert_global_admin_css")
def _styles() -> SafeString:
    return format_html('<link rel="stylesheet" href="{}">', static("articles/exchange.css"))
