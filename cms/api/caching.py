"""What caches may do with the API's answers."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse

from cms.conditional import revalidated
from cms.page_cache.headers import uses_parameters
from cms.page_cache.remembered import unchanged_since

View = Callable[..., HttpResponse]


def public_answer(view: View) -> View:
    """Decorate an operation whose answer depends on more than pages: kept by its entity tag alone."""
    return _decorated(view, changed_at=lambda: None)


def public_answer_about_pages(view: View) -> View:
    """Decorate an operation whose answer depends on pages and on what they are made of: kept with a date."""
    return _decorated(view, changed_at=unchanged_since)


def _decorated(view: View, *, changed_at: Callable[[], datetime | None]) -> View:
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # Before the answer is made: a change that comes in between makes the date older, never the answer.
        known = changed_at()
        response = view(request, *args, **kwargs)
        return revalidated(request, response, last_modified=known) if response.status_code == 200 else response

    return answer


def uses_as_spelled(request: HttpRequest, response: HttpResponse, **values: str | int | None) -> None:
    """Let the page cache keep an answer by those parameters whose value is spelled as everybody spells it.

    Other spellings of the same ("02", "%32") could be made up without end. An operation therefore calls this with
    values that there are only so many of, and only when its answer holds something: of categories that do not exist
    and pages behind the last one there are any number too.

    Args:
        values: Name of a parameter -> the value that it stands for; None or "" where it is not to be kept.
    """
    pairs = set(request.META.get("QUERY_STRING", "").split("&"))
    spelled = (name for name, value in values.items() if value and pairs & _spellings(name, str(value)))
    uses_parameters(response, *spelled)


def _spellings(name: str, value: str) -> set[str]:
    # The slashes of a path are written as they are, or as programs write them.
    return {f"{name}={quote(value)}", f"{name}={quote(value, safe='')}"}
