"""Webhooks in the menu of the admin, and in its log."""

from typing import Any

from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from wagtail import hooks

from cms.pipeline.webhooks.viewsets import LOG_REDELIVERED, LOG_ROTATED, LOG_TESTED, EndpointViewSet


@hooks.register("register_admin_viewset")
def _viewset() -> EndpointViewSet:
    return EndpointViewSet()


@hooks.register("insert_global_admin_css")
def _styles() -> SafeString:
    return format_html('<link rel="stylesheet" href="{}">', static("webhooks/webhooks.css"))


@hooks.register("register_log_actions")
def _log_actions(actions: Any) -> None:
    actions.register_action(LOG_ROTATED, _("Make a new secret"), _("New secret made"))
    actions.register_action(LOG_TESTED, _("Send a test message"), _("Test message sent"))
    actions.register_action(LOG_REDELIVERED, _("Send a message again"), _("Message sent again"))
