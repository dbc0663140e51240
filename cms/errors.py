"""The pages for what goes wrong. Each says what to do next; the server error needs nothing that may be broken."""

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from cms.api.problems import problem


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    advice = _advice(exception)
    detail = advice or _("This request could not be understood. Check the address.")
    return _error(request, template="400.html", status=400, detail=detail, advice=advice)


def _advice(exception: Exception) -> str:
    """Say which limit a form went over, and what became of it; empty for anything else."""
    if isinstance(exception, TooManyFilesSent):
        return _("At most %(count)d files can be sent at once. Send fewer, or one zip file.") % {
            "count": settings.DATA_UPLOAD_MAX_NUMBER_FILES
        }
    if isinstance(exception, TooManyFieldsSent):
        return _(
            "This form has more than %(count)s fields. Nothing of it was saved: go back, and divide what you wrote."
        ) % {"count": intcomma(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS)}
    if isinstance(exception, RequestDataTooBig):
        return _("This form has more than %(size)s of text. Nothing of it was saved: go back, and shorten it.") % {
            "size": filesizeformat(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        }
    return ""


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
