"""What the accounts add to Wagtail's admin."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from wagtail import hooks


@hooks.register("register_account_menu_item")
def log_in_settings(_request: HttpRequest) -> dict[str, str]:
    return {
        "url": reverse("account_email"),
        "label": _("Address, password and second factor"),
        "help_text": _("Change how you sign in."),
    }
