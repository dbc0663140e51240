"""Where editors import articles: they upload files, see what would change, and say yes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from articles.exchange.differences import Difference, difference_of
from articles.exchange.files import ARTICLE_ENDINGS
from articles.exchange.importing import Outcome, Result
from articles.exchange.unpacking import LARGEST_UPLOAD, MOST_ARTICLES, MOST_FILES, UploadError, unpack
from articles.exchange.uploads import (
    OutdatedError,
    fingerprint,
    import_upload,
    keep_upload,
    preview_upload,
    uploads_of,
)
from articles.models import ArticleIndexPage, ImportUpload
from cms.users.models import User

MOST_TOLD = 5  # of the files that were refused, when the others have been imported


class SeveralFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    widget = SeveralFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        # Nothing chosen is one empty value, and refused as such.
        return [super(SeveralFilesField, self).clean(file, initial) for file in data or [None]]


class OptionsForm(forms.ModelForm):
    class Meta:
        model = ImportUpload
        fields = ("publish", "category", "author")

    def __init__(self, *args: Any, may_publish: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_publish:
            del self.fields["publish"]


class UploadForm(OptionsForm):
    field_order = ("uploads",)
    uploads = SeveralFilesField(
        label=gettext_lazy("Files"),
        # Only a hint to whoever chooses: what was sent is looked at all the same.
        widget=SeveralFilesInput(attrs={"accept": ",".join([*sorted(ARTICLE_ENDINGS), ".zip", "image/*"])}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        text = _(
            "Markdown (.md) and plain text (.txt) with the pictures they show, or a zip file of a folder with them;"
            " at most %(articles)d articles, %(files)d files and %(size)d MB."
        )
        limits = {"articles": MOST_ARTICLES, "files": MOST_FILES, "size": LARGEST_UPLOAD // 1024**2}
        self.fields["uploads"].help_text = text % limits

    def clean_uploads(self) -> dict[str, bytes]:
        try:
            contents, self.left_out = unpack(self.cleaned_data["uploads"])
        except UploadError as error:
            raise forms.ValidationError(str(error)) from error
        return contents


@dataclass(frozen=True)
class Preview:
    """An outcome as an editor reads it."""

    outcome: Outcome
    differences: Sequence[Difference]


@never_cache
@require_http_methods(["GET", "POST"])
def upload_articles(request: HttpRequest, index_id: int) -> HttpResponse:
    """Take files to be imported under an index, and go on to what they would change."""
    index = get_object_or_404(ArticleIndexPage, pk=index_id)
    if not index.permissions_for_user(request.user).can_add_subpage():
        raise PermissionDenied
    sent = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = UploadForm(*sent, may_publish=_may_publish(request, index))
    if form.is_valid():
        upload = keep_upload(
            user=_user(request),
            index=index,
            files=form.cleaned_data["uploads"],
            options=form.instance,
            now=timezone.now(),
        )
        if form.left_out:
            message = _("Left out, being neither texts nor pictures: %(names)s.")
            messages.warning(request, message % {"names": ", ".join(form.left_out)})
        return redirect("articles_import_preview", upload.pk)
    context = {
        "index": index,
        "form": form,
        "header_title": _("Import articles"),
        "breadcrumbs_items": _breadcrumbs(index, _("Import articles")),
    }
    return render(request, "articles/exchange/upload.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def preview(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Show what an upload would change, and take other options for it."""
    upload = _upload(request, upload_id)
    if upload is None:
        return _gone(request)
    sent = request.POST if request.method == "POST" else None
    form = OptionsForm(sent, instance=upload, may_publish=_may_publish(request, upload.index))
    if form.is_valid():
        form.save()
        return redirect("articles_import_preview", upload.pk)
    outcomes = preview_upload(upload)
    context = {
        "upload": upload,
        "form": form,
        **_grouped(outcomes),
        "sum": _sum(outcomes),
        "has_something_to_do": any(o.result not in {Result.UNCHANGED, Result.REFUSED} for o in outcomes),
        "fingerprint": fingerprint(outcomes),
        "header_title": _("What would change"),
        "breadcrumbs_items": _breadcrumbs(upload.index, _("What would change")),
    }
    return render(request, "articles/exchange/preview.html", context)


@require_POST
def confirm(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Import an upload, if that does what its preview said."""
    # A button that is pressed twice imports once.
    upload = _upload(request, upload_id, lock=True)
    if upload is None:
        return _gone(request)
    try:
        outcomes = import_upload(upload=upload, seen=request.POST.get("seen", ""))
    except OutdatedError:
        message = _(
            "Something has changed since you saw the preview. Nothing was imported; this is what would change now."
        )
        messages.warning(request, message)
        return redirect("articles_import_preview", upload.pk)
    messages.success(request, _("Imported: %(sum)s.") % {"sum": _sum(outcomes)})
    refused = [_error(outcome) for outcome in outcomes if outcome.error is not None]
    for error in refused[:MOST_TOLD]:
        messages.error(request, error)
    if more := len(refused[MOST_TOLD:]):
        messages.error(request, ngettext("%d more file was refused.", "%d more files were refused.", more) % more)
    return redirect("wagtailadmin_explore", upload.index_id)


def _grouped(outcomes: Sequence[Outcome]) -> dict[str, list[Preview]]:
    groups: dict[str, list[Preview]] = {result.value: [] for result in Result}
    for outcome in outcomes:
        differences = [difference_of(change) for change in outcome.changes]
        groups[outcome.result.value].append(Preview(outcome, differences))
    return groups


COUNTS: dict[Result, Callable[[int], str]] = {
    Result.CREATED: lambda count: ngettext("%d new", "%d new", count),
    Result.UPDATED: lambda count: ngettext("%d changed", "%d changed", count),
    Result.PUBLISHED: lambda count: ngettext("%d published as it is", "%d published as they are", count),
    Result.UNCHANGED: lambda count: ngettext("%d unchanged", "%d unchanged", count),
    Result.REFUSED: lambda count: ngettext("%d refused", "%d refused", count),
}


def _sum(outcomes: Sequence[Outcome]) -> str:
    counts = {result: sum(outcome.result == result for outcome in outcomes) for result in COUNTS}
    return ", ".join(COUNTS[result](count) % count for result, count in counts.items() if count)


def _error(outcome: Outcome) -> str:
    names = {"name": outcome.file.name, "line": outcome.error.line if outcome.error else 1}
    return f"{_('%(name)s, line %(line)d:') % names} {outcome.error.message if outcome.error else ''}"


def _upload(request: HttpRequest, upload_id: UUID, *, lock: bool = False) -> ImportUpload | None:
    uploads = uploads_of(_user(request), now=timezone.now())
    if lock:
        uploads = uploads.select_for_update()
    upload = uploads.filter(pk=upload_id).first()
    if upload is not None and not upload.index.permissions_for_user(request.user).can_add_subpage():
        raise PermissionDenied
    return upload


def _gone(request: HttpRequest) -> HttpResponse:
    message = _(
        "These files are no longer here: they were imported, replaced by others or left for an hour. Upload them again."
    )
    messages.error(request, message)
    return redirect("articles:index")


def _may_publish(request: HttpRequest, index: ArticleIndexPage) -> bool:
    return bool(index.permissions_for_user(request.user).can_publish_subpage())


def _breadcrumbs(index: ArticleIndexPage, label: str) -> list[dict[str, str]]:
    url = reverse("wagtailadmin_explore", args=[index.pk])
    return [{"url": url, "label": index.get_admin_display_title()}, {"url": "", "label": label}]


def _user(request: HttpRequest) -> User:
    # The admin lets nobody in without an account.
    return cast("User", request.user)
