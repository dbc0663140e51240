"""Uploaded images and documents over HTTP, under the one visibility rule."""

from typing import Any

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import SuspiciousFileOperation
from django.db.models import CharField, Exists, Model, QuerySet
from django.db.models.functions import Cast
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe
from django.views.static import serve as serve_file
from wagtail.documents import get_document_model
from wagtail.documents.models import AbstractDocument
from wagtail.documents.views.serve import serve as send_document
from wagtail.images import get_image_model
from wagtail.models import Collection, CollectionViewRestriction, Page, ReferenceIndex

from cms.previews import links as previews
from cms.visibility import beginning, is_over, public_pages

# Every number of so many digits fits the database's 64 bits; Python itself refuses to read a much longer one.
LONGEST_ID = 18


@require_safe
def serve(request: HttpRequest, name: str) -> HttpResponseBase:
    """Send one file of the image library.

    Anyone gets a rendition that a public page uses, and whoever has opened a restricted page or a shared preview gets
    those of that page; whoever works in the admin gets everything, originals included.
    Raises `Http404` for all else, so that the answer does not tell whether a file exists.
    """
    if "\0" in name or not _may_see(request, name=name):
        raise Http404
    try:
        response = serve_file(request, name, document_root=str(settings.MEDIA_ROOT))
    except (OSError, SuspiciousFileOperation) as error:
        # A name too long for the file system, or one that leads out of the folder.
        raise Http404 from error
    response["Cache-Control"] = "private, max-age=600"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@require_safe
def serve_document(request: HttpRequest, document_id: str, filename: str) -> HttpResponseBase:
    """Send a document as Wagtail does, and say what Wagtail leaves open: no cache that others use may keep it.

    A CDN would keep it by the ending of its name. Readers' own programs ask each time whether they may still show what
    a public page uses; nothing else is kept by anybody.
    Raises `Http404` for a number that no document has, however long it is.
    """
    if len(document_id) > LONGEST_ID:
        raise Http404
    response: HttpResponseBase = send_document(request, document_id, filename)
    page_ids = page_ids_using(get_document_model(), int(document_id))
    is_public = public_pages().filter(pk__in=page_ids).exists()
    response["Cache-Control"] = "private, no-cache" if is_public else "private, no-store"
    if response.get("Content-Encoding") == "None":
        # What Wagtail says of a file that is in none.
        del response["Content-Encoding"]
    return response


def refuse_document_of_hidden_page(document: AbstractDocument, request: HttpRequest) -> None:
    """Raise `Http404` for a document, unless a page or preview that whoever asks may see uses it, or they work here."""
    if _works_here(request) or previews.shows(request, document):
        return
    if not _may_see_page(request, page_ids=page_ids_using(type(document), document.pk)):
        raise Http404


def _may_see(request: HttpRequest, *, name: str) -> bool:
    if _works_here(request):
        return True
    renditions = get_image_model().get_rendition_model().objects
    rendition = renditions.filter(file=name).select_related("image").only("image__id").first()
    if rendition is None:
        return False
    if previews.shows(request, rendition.image):
        return True
    return _may_see_page(request, page_ids=page_ids_using(get_image_model(), rendition.image_id))


def _may_see_page(request: HttpRequest, *, page_ids: list[int]) -> bool:
    return public_pages().filter(pk__in=page_ids).exists() or _is_let_in(request, page_ids=page_ids)


def _works_here(request: HttpRequest) -> bool:
    return request.user.has_perm("wagtailadmin.access_admin")


def _is_let_in(request: HttpRequest, *, page_ids: list[int]) -> bool:
    """Tell whether this visitor has opened one of these pages: knows its password, or is in its group."""
    return any(
        not is_over(page) and all(restriction.accept_request(request) for restriction in page.get_view_restrictions())
        for page in Page.objects.live().filter(pk__in=page_ids)
    )


def shown_to_everybody(model: type[Model]) -> "QuerySet[Any]":
    """Return the images or documents that a public page uses, without those in a private collection."""
    in_private = Collection.objects.filter(
        Exists(CollectionViewRestriction.objects.filter(collection__path=beginning("collection__path")))
    )
    # The index of references has all ids as text, since other models have ids that are no numbers.
    uses = ReferenceIndex.objects.filter(
        to_content_type=ContentType.objects.get_for_model(model),
        base_content_type=ContentType.objects.get_for_model(Page),
        object_id__in=public_pages().order_by().values(as_text=Cast("pk", CharField())),
    )
    shown = model._default_manager.annotate(as_text=Cast("pk", CharField())).filter(
        as_text__in=uses.values("to_object_id")
    )
    return shown.exclude(collection__in=in_private)


def page_ids_using(model: type, object_id: int) -> list[int]:
    """Return the pages that use this image or document, whoever may see them."""
    references = ReferenceIndex.objects.filter(
        to_content_type=ContentType.objects.get_for_model(model),
        to_object_id=str(object_id),
        base_content_type=ContentType.objects.get_for_model(Page),
    )
    return [int(page_id) for page_id in references.values_list("object_id", flat=True)]
