"""Errors of the JSON API as problem documents (RFC 9457, application/problem+json)."""

import logging
from http import HTTPStatus
from typing import Annotated, Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from pydantic import BaseModel, Field

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
# What pydantic puts before the sentence of a validator.
PREFIX = "Value error, "


class FieldErrorSchema(BaseModel):
    field: str
    message: str


class ProblemSchema(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: Annotated[str, Field(description="A sentence for whoever wrote the request.")]
    errors: Annotated[list[FieldErrorSchema], Field(description="The parameters that have to change.")] = []


# What every operation may answer besides; `cms.api.openapi` says that these are problem documents.
PROBLEMS: dict[Any, Any] = {404: ProblemSchema, 422: ProblemSchema, 429: ProblemSchema}


def problem(*, status: int, detail: str, **more: Any) -> HttpResponse:
    """Return a problem document.

    `detail` is a sentence for whoever wrote the request; `more` are the members that this kind of problem adds.
    """
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)


def register_problem_handlers(api: NinjaAPI) -> None:
    @api.exception_handler(ValidationError)
    def _invalid(_request: HttpRequest, error: ValidationError) -> HttpResponse:
        errors = [{"field": str(item["loc"][-1]), "message": item["msg"].removeprefix(PREFIX)} for item in error.errors]
        return problem(status=422, detail=_("Some parameters are not valid; see errors."), errors=errors)

    @api.exception_handler(Http404)
    def _missing(_request: HttpRequest, _error: Http404) -> HttpResponse:
        return problem(status=404, detail=_("There is nothing at this address."))

    @api.exception_handler(HttpError)
    def _refused(_request: HttpRequest, error: HttpError) -> HttpResponse:
        return problem(status=error.status_code, detail=str(error))

    @api.exception_handler(Exception)
    def _failed(_request: HttpRequest, _error: Exception) -> HttpResponse:
        logger.exception("The API failed")
        return problem(status=500, detail=_("Something went wrong here. It has been written down; please try later."))
