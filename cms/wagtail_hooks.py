"""The editors' admin: its look, and its widgets without the inline scripts that the site's policy forbids."""

import re
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from wagtail import hooks
from wagtail.admin.views.pages.bulk_actions.page_bulk_action import PageBulkAction
from wagtail.admin.widgets import BaseChooser
from wagtail.models import Page

from cms.media import refuse_document_of_hidden_page
from cms.page_addresses import refusal
from cms.page_cache.middleware import note_what_is_served
from cms.serving import link_to_public_pages_only, refuse_what_is_no_longer_public

# What a chooser's own JavaScript looks like: a function or class of its name, called with JSON values.
START = re.compile(r"(?:new )?(?P<name>\w+)\((?P<arguments>.*)\);", re.DOTALL)


@hooks.register("insert_global_admin_css")
def _admin_css() -> SafeString:
    return format_html('<link rel="stylesheet" href="{}">', static("cms/css/admin.css"))


@hooks.register("insert_global_admin_js")
def _admin_js() -> SafeString:
    return format_html('<script src="{}"></script>', static("cms/js/admin.js"))


@hooks.register("before_create_page")
def one_new_page_at_a_time(request: HttpRequest, parent_page: Page, page_class: type[Page]) -> None:
    """Let only one request at a time make a page under the same parent; its transaction ends with the request.

    Wagtail looks whether a slug is free before it takes it. Two requests that both look first, such as two windows with
    the same form, would end in a server error; so the second sees the page of the first, and the form says it.
    """
    if request.method == "POST":
        parent_page.numchild = Page.objects.select_for_update().only("numchild").get(pk=parent_page.pk).numchild


@hooks.register("before_move_page")
def refuse_to_move_to_an_address_of_the_site(
    request: HttpRequest, page: Page, destination: Page
) -> HttpResponse | None:
    """Send an editor back who moves a page to where a part of the site answers: Wagtail saves it unchecked."""
    message = refusal(page, slug=page.slug, parent=destination)
    if not message:
        return None
    messages.error(request, message)
    return redirect("wagtailadmin_pages:move", page.pk)


@hooks.register("before_bulk_action")
def refuse_to_move_some_to_an_address_of_the_site(
    request: HttpRequest, action_type: str, pages: list[Page], action: PageBulkAction
) -> HttpResponse | None:
    """Send an editor back who moves several pages, as long as one of them would go to such an address."""
    if action_type != "move":
        return None
    destination = action.cleaned_form.cleaned_data["chooser"]
    refusals = [
        f"{page.get_admin_display_title()}: {message}"
        for page in pages
        if (message := refusal(page.specific_deferred, slug=page.slug, parent=destination))
    ]
    if not refusals:
        return None
    messages.error(request, " ".join(refusals))
    return redirect(request.get_full_path())


def render_chooser(self: BaseChooser, name: str, value: Any, attrs: dict[str, str], renderer: Any = None) -> SafeString:
    """Render a chooser as Wagtail does, but with what its inline script would start in data attributes.

    cms/static/cms/js/admin.js starts it. Raises `ValueError` for a chooser whose script is more than one call.
    """
    value_data = self.get_value_data(value)
    script = self.render_js_init(attrs["id"], name, value_data)
    start = START.fullmatch(script)
    if start is None:
        raise ValueError(f"This chooser cannot start without an inline script: {script}")
    return format_html(
        '{}<template data-controller="start" data-start-name-value="{}" data-start-arguments-value="[{}]"></template>',
        self.render_html(name, value_data, attrs),
        start["name"],
        start["arguments"],
    )


# There is no setting for this, and every chooser of pages, images, documents and snippets inherits it.
BaseChooser.render = render_chooser

hooks.register("before_serve_page", refuse_what_is_no_longer_public)
# After Wagtail has asked for what the page's restrictions ask.
hooks.register("on_serve_page", note_what_is_served, order=100)
hooks.register("before_serve_document", refuse_document_of_hidden_page)
# After Wagtail's own kind of link, which it replaces.
hooks.register("register_rich_text_features", link_to_public_pages_only, order=100)
