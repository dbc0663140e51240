"""The pipeline in the admin: on each page, in the reports and on the dashboard."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.menu import MenuItem
from wagtail.admin.widgets.button import Button
from wagtail.log_actions import LogFormatter
from wagtail.models import BaseLogEntry, Page

from cms.pipeline.desk import views
from cms.pipeline.desk.panels import PublishingPanel
from cms.pipeline.desk.report import PublishingReport
from cms.pipeline.desk.standing import standing_context
from cms.pipeline.retrying import LOG_RETRIED
from cms.pipeline.rows import may_publish_somewhere
from cms.pipeline.scheduled import LOG_FAILED
from cms.users.models import User


class PublishingMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return may_publish_somewhere(request.user)  # type: ignore[arg-type]


@hooks.register("register_admin_urls")
def _urls() -> list[URLPattern]:
    report = "reports/publishing/"
    return [
        path("pages/<int:page_id>/publishing/", views.page_standing, name="desk_page"),
        path("pages/<int:page_id>/publishing/now/", views.standing_now, name="desk_standing_now"),
        path("pages/<int:page_id>/publishing/retry/", views.retry_page, name="desk_retry_page"),
        path(report, PublishingReport.as_view(), name="desk_report"),
        path(f"{report}results/", PublishingReport.as_view(results_only=True), name="desk_report_results"),
        path(f"{report}retry/", views.retry_matching, name="desk_retry"),
        path(f"{report}retry/<str:kind>/<int:pk>/", views.retry_row, name="desk_retry_row"),
    ]


@hooks.register("register_reports_menu_item")
def _menu_item() -> MenuItem:
    return PublishingMenuItem(
        gettext_lazy("Publishing"), reverse("desk_report"), name="publishing", icon_name="upload", order=50
    )


@hooks.register("register_page_header_buttons")
def _button(page: Page, user: User, view_name: str, next_url: str | None = None) -> Iterator[Button]:
    if page.depth > 1 and page.permissions_for_user(user).can_edit():
        url = reverse("desk_page", args=[page.pk])
        yield Button(gettext_lazy("Where it stands"), url=url, icon_name="upload", priority=46)


@hooks.register("after_publish_page")
def _say_where_it_stands(request: HttpRequest, page: Page) -> None:
    """Follow the page in the list that the editor comes to next: the message renews itself."""
    context = standing_context(page, user=request.user)  # type: ignore[arg-type]
    button = messages.button(reverse("desk_page", args=[page.pk]), _("Where it stands"))
    messages.info(request, render_to_string("desk/standing.html", context, request=request), buttons=[button])


@hooks.register("construct_homepage_panels")
def _panel(request: HttpRequest, panels: list[Any]) -> None:
    if may_publish_somewhere(request.user):  # type: ignore[arg-type]
        panels.append(PublishingPanel(request))


@hooks.register("insert_global_admin_js")
def _script() -> SafeString:
    return format_html('<script src="{}"></script>', static("desk/desk.js"))


@hooks.register("insert_global_admin_css")
def _styles() -> SafeString:
    return format_html('<link rel="stylesheet" href="{}">', static("desk/desk.css"))


@hooks.register("register_log_actions")
def _log_actions(actions: Any) -> None:
    actions.register_action(LOG_RETRIED, gettext_lazy("Try publishing again"), gettext_lazy("Tried again what failed"))

    @actions.register_action(LOG_FAILED)
    class ScheduleFailed(LogFormatter):
        label = gettext_lazy("Fail a schedule")
        message = gettext_lazy("The schedule could not be kept")

        def format_comment(self, log_entry: BaseLogEntry) -> str:
            return str(log_entry.data.get("error", ""))
