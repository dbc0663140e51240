"""/api/preview/: a draft for another front end, to whoever has a link to it."""

import datetime as dt
from typing import Annotated, TypeVar, cast
from urllib.parse import urlencode, urljoin

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from ninja import Router
from ninja.errors import HttpError
from pydantic import BaseModel, Field

from articles.schemas import ImageSizeSchema
from cms.api.addresses import with_addresses
from cms.api.problems import PROBLEMS
from cms.previews.links import PARAMETER, link_of
from home.schemas import PageSchema, page_schema

Told = TypeVar("Told")

router = Router(tags=["preview"])


class RevisionSchema(BaseModel):
    id: int
    saved_at: dt.datetime


class PreviewSchema(BaseModel):
    """A page as an editor saved it once, whatever readers see of it now."""

    page: Annotated[
        PageSchema, Field(description="The addresses of its images and documents work as long as the link.")
    ]
    revision: Annotated[RevisionSchema, Field(description="What was saved, and when. Later changes are not in it.")]
    expires_at: Annotated[dt.datetime, Field(description="Until then the link works, unless it is revoked before.")]


@router.get("/{token}/", response={200: PreviewSchema} | PROBLEMS, summary="Get a draft", url_name="preview")
def preview(request: HttpRequest, token: str) -> PreviewSchema:
    """Answer with the revision that an editor's link names; `token` is what stands behind `/preview/` in the link.

    No answer may be kept. Pages that show one should not be kept either, nor found by search engines.
    """
    link = link_of(token)
    if link is None:
        # One answer for whatever is wrong: it tells nobody what there was.
        raise HttpError(
            404, _("This link does not work: it has run out, was revoked, or is not complete. Ask for a new one.")
        )
    page = page_schema(link.shared_page(), request)
    return PreviewSchema(
        page=_with_files_opened(page, token=token),
        revision=RevisionSchema(id=link.revision_id, saved_at=link.saved_at),
        expires_at=link.expires_at,
    )


def _with_files_opened(told: Told, *, token: str) -> Told:
    """Return what is told of a page with addresses of files that anybody can open while the link works.

    The files of a draft are not public, and a browser shows no cookie of this site to pages of another.
    """
    made: object = told
    match told:
        case ImageSizeSchema():
            made = told.model_copy(update={"url": _opened(told.url, token=token)})
        case BaseModel():
            members = {name: _with_files_opened(getattr(told, name), token=token) for name in type(told).model_fields}
            made = told.model_copy(update=members)
        case list():
            made = [_with_files_opened(each, token=token) for each in told]
        case str():
            made = with_addresses(told, change=lambda address: _opened(address, token=token))
    return cast("Told", made)


def _opened(address: str, *, token: str) -> str:
    is_file = address.startswith((urljoin(settings.SITE_URL, settings.MEDIA_URL), _address_of_documents()))
    return f"{address}?{urlencode({PARAMETER: token})}" if is_file else address


def _address_of_documents() -> str:
    # All of them begin as that of any one does.
    return urljoin(settings.SITE_URL, reverse("wagtaildocs_serve", args=[0, ""]).removesuffix("0/"))
