"""What caches may do with the API's answers."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

from cms.conditional import revalidated
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
