"""Which addresses no page can have, because a part of the site itself answers there."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.admin.forms.pages import CopyForm
from wagtail.models import Page, Site


def check_address(*, slug: str, parent: Page) -> None:
    """Raise `ValidationError` for a slug that would give a page under `parent` an address of the site itself."""
    url_path = f"{parent.url_path}{slug}/"
    # A page of no site has no address.
    for root in Site.get_site_root_paths():
        if url_path.startswith(root.root_path) and _is_taken(url_path.removeprefix(root.root_path.rstrip("/"))):
            raise ValidationError({"slug": _("A part of the site itself has this address. Choose another.")})


def _is_taken(address: str) -> bool:
    try:
        return address.startswith(settings.PRIVATE_PATHS) or resolve(address).url_name != "wagtail_serve"
    except Resolver404:
        return False  # no slug at all, which its own field says


def refusal(page: Page, *, slug: str, parent: Page) -> str:
    """Return why a page cannot have the slug under `parent`; "" where it can."""
    if not isinstance(page, PageWithAddress):
        return ""
    try:
        page.check_address(slug=slug, parent=parent)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


class AddressForm(WagtailAdminPageForm):
    """The editor's form of a `PageWithAddress`: a new page learns its parent only after the form has been checked."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        if self.instance.pk or "slug" not in cleaned:
            return cleaned
        if message := refusal(self.instance, slug=cleaned["slug"], parent=self.parent_page):
            self.add_error("slug", message)
        return cleaned


class AddressCopyForm(CopyForm):
    """The form with which a `PageWithAddress` is copied: Wagtail's own saves the copy unchecked, and fails then."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        slug, parent = cleaned.get("new_slug"), cleaned.get("new_parent_page")
        if not slug or not parent:
            return cleaned
        if message := refusal(self.page.specific_deferred, slug=slug, parent=parent):
            self.add_error("new_slug", message)
        return cleaned


class PageWithAddress:
    """What every type of page inherits, before `Page`, that editors can put under the home page or further down."""

    base_form_class = AddressForm
    copy_form_class = AddressCopyForm

    def clean(self) -> None:
        super().clean()  # type: ignore[misc]
        parent = self.get_parent()  # type: ignore[attr-defined]
        if parent is not None:
            self.check_address(slug=self.slug, parent=parent)  # type: ignore[attr-defined]

    def check_address(self, *, slug: str, parent: Page) -> None:
        """Raise `ValidationError` for a slug that the page cannot have under `parent`."""
        check_address(slug=slug, parent=parent)
