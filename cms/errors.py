"""The pages for what goes wrong. Each says what to do next; the server error needs nothing that may be broken."""

from django.conf import settings
from django.core.exceptions import TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.utils.translation import gettext as _

from cms.api.problems import problem


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    detail = _("This request could not be understood. Check the address.")
    advice = ""
    if isinstance(exception, TooManyFilesSent):
        limit = settings.DATA_UPLOAD_MAX_NUMBER_FILES
        detail = advice = _("At most %(count)d files can be sent at once. Send fewer, or one zip file.") % {
            "count": limit
        }
    return _error(request, template="400.html", status=400, detail=detail, advice=advice)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, template="403.html", status=403, detail=_("You may not see this."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token is missing or does not fit (settings.CSRF_FAILURE_VIEW); Django logs the reason."""
    detail = _("The form could not be checked. Reload its page and send it again.")
    return _error(request, template="403_csrf.html", status=403, detail=detail)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, template="404.html", status=404, detail=_("There is nothing at this address."))


def server_error(request: HttpRequest) -> HttpResponse:
    if _is_for_a_program(request):
        return problem(status=500, detail=_("Something went wrong here. It has been written down."))
    # Without the request no context processor runs, and none can fail.
    return HttpResponse(loader.render_to_string("500.html"), status=500)


def _error(request: HttpRequest, *, template: str, status: int, detail: str, advice: str = "") -> HttpResponse:
    if _is_for_a_program(request):
        return problem(status=status, detail=detail)
    # Among members' pages an error, too, must not tell a passer-by what the site is about.
    base = "base_private.html" if request.path.startswith(settings.PRIVATE_PATHS) else "base.html"
    return render(request, template, {"base": base, "has_search_box": True, "advice": advice}, status=status)


def _is_for_a_program(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")
