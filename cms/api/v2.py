"""/api/v2/: Wagtail's own API, for front ends that are made for it. It reads only, and what anybody may read.

Whoever asks is nobody: sessions and passwords for restricted pages count for nothing here, so that every answer is the
same for everybody and may be kept by caches.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from rest_framework.fields import Field
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from wagtail.api.v2.filters import FieldsFilter, OrderingFilter, SearchFilter
from wagtail.api.v2.router import WagtailAPIRouter
from wagtail.api.v2.serializers import (
    BaseSerializer,
    PageParentField,
    PageSerializer,
    TagsField,
    get_serializer_class,
)
from wagtail.api.v2.utils import BadRequestError
from wagtail.api.v2.views import BaseAPIViewSet, PagesAPIViewSet
from wagtail.contrib.redirects.api import RedirectsAPIViewSet, RedirectSerializer
from wagtail.documents.api.v2.views import DocumentsAPIViewSet
from wagtail.images import get_image_model
from wagtail.images.api.v2.views import ImagesAPIViewSet
from wagtail.images.models import SourceImageIOError
from wagtail.models import Page, Site
from wagtail.query import PageQuerySet

from cms.api.addresses import absolute, url_of
from cms.conditional import revalidated
from cms.media import shown_to_everybody
from cms.page_cache.remembered import unchanged_since
from cms.visibility import public_pages, public_redirects

# Readers get what an image was made into, never the original. Pages show it in this size too.
IMAGE_SIZE = "width-1440"
# Readers' questions have an engine of their own, and there is no form but JSON.
NOT_ASKED = {"search", "search_operator", "format"}
# As it is stored, rich text names pages that readers may not see. The settings make it the default.
FORMAT = "html"
LAST_OFFSET = 1_000_000
LONGEST_VALUE = 1_000  # characters
DEEPEST_FIELDS = 5  # brackets within brackets


# --- What holds for all of it ----------------------------------------------------------------------------------------


class PublicAnswers(BaseAPIViewSet):
    """Refuse what cannot be asked, and tell caches what they may do with the answer."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    renderer_classes = [JSONRenderer]
    filter_backends = [FieldsFilter, OrderingFilter]
    known_query_parameters = BaseAPIViewSet.known_query_parameters - NOT_ASKED
    # Whether `unchanged_since` holds for the answer.
    depends_on_pages_alone = False

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        check_parameters(request.GET)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        # Before the answer is made: see `cms.api.caching`.
        changed_at = unchanged_since() if self.depends_on_pages_alone else None
        response = super().dispatch(request, *args, **kwargs)
        if response.status_code == 200:
            response.add_post_render_callback(lambda made: revalidated(request, made, last_modified=changed_at))
        return response

    def filter_queryset(self, queryset: Any) -> Any:
        found = super().filter_queryset(queryset)
        # Of things that are alike, none comes twice or never on the way through the pages of a list.
        return found.order_by(*found.query.order_by, "pk")

    def find_object(self, queryset: Any, request: Any) -> Any:
        if not request.GET.get("id", "0").isdecimal():
            raise BadRequestError(_("id must be a number."))
        return super().find_object(queryset, request)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, ValidationError):  # a date that is none, for instance
            exc = BadRequestError(" ".join(exc.messages))
        return super().handle_exception(exc)


def check_parameters(parameters: Any) -> None:
    """Raise `BadRequestError` for what would fail further down, where it is told less well or not at all."""
    if "search" in parameters:
        raise BadRequestError(_("This API does not search: ask /api/search/?q= instead."))
    for name, values in parameters.lists():
        if "\0" in name or any("\0" in value for value in values):
            raise BadRequestError(_("No parameter may have a NUL character."))
        if any(len(value) > LONGEST_VALUE for value in values):
            raise BadRequestError(_("A parameter may have %(most)s characters at most.") % {"most": LONGEST_VALUE})
    if parameters.get("rich_text_format", FORMAT) != FORMAT:
        raise BadRequestError(_("Rich text comes as %(format)s only.") % {"format": FORMAT})
    if parameters.get("fields", "").count("(") > DEEPEST_FIELDS:
        raise BadRequestError(_("fields may have %(most)s brackets at most.") % {"most": DEEPEST_FIELDS})
    offset = parameters.get("offset", "0")
    if offset.isdecimal() and int(offset) > LAST_OFFSET:
        raise BadRequestError(_("offset may be %(most)s at most.") % {"most": LAST_OFFSET})


class NamesOfTags(TagsField):
    """Tags that were fetched for all items together."""

    def to_representation(self, value: Any) -> list[str]:
        return sorted(tag.name for tag in value.all())


class WithTags:
    """What serializers have besides."""

    def build_property_field(self, field_name: str, model_class: Any) -> Any:
        field, options = super().build_property_field(field_name, model_class)  # type: ignore[misc]
        return (NamesOfTags if field is TagsField else field), options


class WholeObject(Field):
    """A field whose value is made from the whole object."""

    def get_attribute(self, instance: Any) -> Any:
        return instance


# --- Pages -----------------------------------------------------------------------------------------------------------


class HtmlUrl(WholeObject):
    def to_representation(self, page: Page) -> str:
        return url_of(page, self.context["request"])


class Parent(PageParentField):
    def to_representation(self, page: Page) -> dict[str, Any]:
        about = ["type", "detail_url", "html_url"]
        serializer = get_serializer_class(type(page), ["id", *about, "title"], about, base=PublicPageSerializer)
        shown: dict[str, Any] = serializer(context=self.context).to_representation(page)
        return shown


class PublicPageSerializer(WithTags, PageSerializer):
    html_url = HtmlUrl(read_only=True)
    parent = Parent(read_only=True)


class PublicPages(PublicAnswers, PagesAPIViewSet):
    base_serializer_class = PublicPageSerializer
    # Which page one is an alias of is for editors to know: that page may be hidden.
    meta_fields = [name for name in PagesAPIViewSet.meta_fields if name != "alias_of"]
    filter_backends = [each for each in PagesAPIViewSet.filter_backends if each is not SearchFilter]
    known_query_parameters = PagesAPIViewSet.known_query_parameters - {*NOT_ASKED, "site"}
    # Each takes queries of its own: /api/articles/ lists bodies.
    detail_only_fields = [*PagesAPIViewSet.detail_only_fields, "body", "sections"]
    depends_on_pages_alone = True

    def get_queryset(self) -> "QuerySet[Any]":
        pages: QuerySet[Any] = super().get_queryset().select_related("locale")
        return pages.prefetch_related("tags") if "tags" in self.get_body_fields_names(pages.model) else pages

    def get_root_page(self) -> Page:
        site: Site | None = Site.find_for_request(self.request)
        if site is None:
            raise Http404
        return site.root_page

    def get_base_queryset(self) -> PageQuerySet:
        return public_pages().descendant_of(self.get_root_page(), inclusive=True)


# --- Images and documents --------------------------------------------------------------------------------------------


class ImageUrl(WholeObject):
    def to_representation(self, image: Any) -> str | None:
        try:
            return absolute(image.get_rendition(IMAGE_SIZE).url)
        except SourceImageIOError:
            return None  # Its file is gone.


class PublicImageSerializer(WithTags, BaseSerializer):
    download_url = ImageUrl(read_only=True)


class PublicImages(PublicAnswers, ImagesAPIViewSet):
    base_serializer_class = PublicImageSerializer

    def get_queryset(self) -> "QuerySet[Any]":
        images = shown_to_everybody(get_image_model()).order_by("id")
        return images.prefetch_related("tags").prefetch_renditions(IMAGE_SIZE)  # type: ignore[attr-defined]


class DocumentUrl(WholeObject):
    def to_representation(self, document: Any) -> str:
        return absolute(document.url)


class PublicDocumentSerializer(WithTags, BaseSerializer):
    download_url = DocumentUrl(read_only=True)


class PublicDocuments(PublicAnswers, DocumentsAPIViewSet):
    base_serializer_class = PublicDocumentSerializer

    def get_queryset(self) -> "QuerySet[Any]":
        return shown_to_everybody(self.model).order_by("id").prefetch_related("tags")


# --- Redirects -------------------------------------------------------------------------------------------------------


class Location(WholeObject):
    def to_representation(self, redirect: Any) -> str | None:
        return absolute(redirect.link) if redirect.link else None


class PublicRedirectSerializer(RedirectSerializer):
    location = Location(read_only=True)


class PublicRedirects(PublicAnswers, RedirectsAPIViewSet):
    base_serializer_class = PublicRedirectSerializer

    def get_queryset(self) -> "QuerySet[Any]":
        return public_redirects(Site.find_for_request(self.request)).order_by("id")

    def find_object(self, queryset: Any, request: Any) -> Any:
        found = super().find_object(queryset, request)
        return found if found is not None and queryset.filter(pk=found.pk).exists() else None


router = WagtailAPIRouter("wagtailapi")
for name, endpoint in {
    "pages": PublicPages,
    "images": PublicImages,
    "documents": PublicDocuments,
    "redirects": PublicRedirects,
}.items():
    router.register_endpoint(name, endpoint)
