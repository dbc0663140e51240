"""Where editors export articles: from a list of articles, from one, or from those that they have ticked."""

from tempfile import TemporaryFile
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from wagtail.admin.views.pages.bulk_actions.page_bulk_action import PageBulkAction
from wagtail.models import Page

from articles.exchange.exporting import articles_for, export_articles, write_zip
from articles.models import ArticleIndexPage, ArticlePage
from cms.users.models import User


@never_cache
@require_safe
def download(request: HttpRequest, page_id: int) -> HttpResponseBase:
    """Send an article, or all of an index, as a zip file: as published, or with `?drafts=1` as last saved."""
    page = get_object_or_404(Page.objects.type(ArticleIndexPage, ArticlePage), pk=page_id)
    drafts = bool(request.GET.get("drafts"))
    if not may_export(page, user=_user(request)):
        raise PermissionDenied
    articles = articles_for(_user(request), drafts=drafts).filter(path__startswith=page.path)
    return _zip(request, articles=articles, drafts=drafts, name=page.slug, back=reverse("articles:index"))


def may_export(page: Page, *, user: User) -> bool:
    """Tell whether somebody works on this page: the admin shows it to them."""
    permissions = page.permissions_for_user(user)
    return bool(permissions.can_edit() or permissions.can_publish() or permissions.can_add_subpage())


class DraftsForm(forms.Form):
    drafts = forms.BooleanField(
        label=gettext_lazy("As they were last saved"),
        help_text=gettext_lazy("With what is not published yet, where you may edit it. Otherwise as readers see them."),
        required=False,
        initial=True,
    )


class ExportAction(PageBulkAction):
    display_name = gettext_lazy("Export as Markdown")
    action_type = "export_articles"
    aria_label = gettext_lazy("Export the chosen articles as Markdown")
    template_name = "articles/exchange/confirm_export.html"
    action_priority = 60
    form_class = DraftsForm

    def check_perm(self, page: Page) -> bool:
        return page.pk in self._exportable

    @cached_property
    def _exportable(self) -> set[int]:
        return set(articles_for(_user(self.request), drafts=True).values_list("pk", flat=True))

    def get_all_objects_in_listing_query(self, parent_id: int | None) -> "QuerySet[Any]":
        pages = super().get_all_objects_in_listing_query(parent_id)
        return pages if parent_id else ArticlePage.objects.values_list("pk", flat=True)

    def prepare_action(self, objects: list[Page], objects_without_access: object) -> HttpResponseBase:
        """Send the chosen articles; there is nothing else to do."""
        drafts = self.cleaned_form.cleaned_data["drafts"]
        articles = articles_for(_user(self.request), drafts=drafts).filter(pk__in=[page.pk for page in objects])
        return _zip(self.request, articles=articles, drafts=drafts, name="articles", back=self.next_url)


def _zip(
    request: HttpRequest, *, articles: "QuerySet[ArticlePage]", drafts: bool, name: str, back: str
) -> HttpResponseBase:
    first = articles.order_by("path").first()
    if first is None:
        messages.warning(request, _("There is nothing to export: no article here is published."))
        return redirect(back)
    file = TemporaryFile()  # noqa: SIM115 - the answer closes it when it is sent
    exported = export_articles(index=first.index, articles=articles, drafts=drafts, user=_user(request))
    for problem in write_zip(exported, file):
        messages.error(request, _("Not in the zip file: %(problem)s") % {"problem": problem})
    file.seek(0)
    filename = f"{name}-{timezone.localdate():%Y-%m-%d}.zip"
    return FileResponse(file, as_attachment=True, filename=filename, content_type="application/zip")


def _user(request: HttpRequest) -> User:
    # The admin lets nobody in without an account.
    return cast("User", request.user)
