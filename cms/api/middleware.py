"""What holds at every address under /api/, whichever room or library answers there."""

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from cms.api.limits import spend
from cms.api.problems import CONTENT_TYPE, problem

PREFIX = "/api/"


class ApiAnswers:
    """Count requests, answer HEAD wherever GET is answered, and tell of every error in a problem document."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(PREFIX):
            return self.get_response(request)
        allowance = spend(request)
        if allowance is None:
            return self._answer(request)
        if not allowance.is_spent:
            response = self._answer(request)
        else:
            response = problem(status=429, detail=_("You have asked too often. Please wait, and then ask again."))
            response["Retry-After"] = str(allowance.seconds)
        for name, value in allowance.headers().items():
            response[name] = value
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        is_head = request.method == "HEAD"
        if is_head:
            request.method = "GET"
        response = self.get_response(request)
        if response.status_code >= 400:
            response = _as_problem(response)
        if is_head:
            request.method = "HEAD"
            response["Content-Length"] = str(len(response.content))
            response.content = b""
        return response


def _as_problem(response: HttpResponse) -> HttpResponse:
    """Return an error as a problem document, with the headers that say more about it."""
    response.headers.setdefault("Cache-Control", "no-store")
    if response.headers.get("Content-Type") == CONTENT_TYPE:
        return response
    answer = problem(status=response.status_code, detail=_detail(response))
    for name in ("Allow", "Cache-Control", "Retry-After"):
        if name in response.headers:
            answer[name] = response.headers[name]
    return answer


def _detail(response: HttpResponse) -> str:
    if response.status_code == 405:
        return _("This address is for reading: use GET or HEAD.")
    # Wagtail's API and its library have a sentence of their own.
    if response.headers.get("Content-Type", "").startswith("application/json"):
        body = json.loads(response.content)
        if isinstance(body, dict) and (said := body.get("message") or body.get("detail")):
            return str(said)
    return _("This request could not be answered. Check the address and its parameters.")
