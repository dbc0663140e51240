"""Sharing a preview, in the menu of each page in the admin."""

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.widgets.button import Button
from wagtail.models import Page

from cms.previews import admin_views
from cms.previews.links import LOG_REVOKED, LOG_SHARED
from cms.users.models import User


@hooks.register("register_admin_urls")
def _urls() -> list[URLPattern]:
    return [
        path("pages/<int:page_id>/previews/", admin_views.links, name="previews_links"),
        path("pages/<int:page_id>/previews/<uuid:public_id>/revoke/", admin_views.revoke_link, name="previews_revoke"),
    ]


@hooks.register("register_page_header_buttons")
def _button(page: Page, user: User, view_name: str, next_url: str | None = None) -> Iterator[Button]:
    if page.depth > 1 and page.permissions_for_user(user).can_edit():
        yield Button(_("Share a preview"), url=reverse("previews_links", args=[page.pk]), icon_name="view", priority=45)


@hooks.register("register_log_actions")
def _log_actions(actions: Any) -> None:
    actions.register_action(LOG_SHARED, _("Share a preview"), _("Preview shared by a link"))
    actions.register_action(LOG_REVOKED, _("Revoke a preview"), _("Link to a preview revoked"))
