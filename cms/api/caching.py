"""What caches may do with the API's answers."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from wagtail.models import Page

from cms.conditional import revalidated
from cms.page_cache.remembered import remembered
from cms.pipeline.models import PageChange

View = Callable[..., HttpResponse]


def public_answer(view: View) -> View:
    """Decorate an operation whose answer depends on more than pages: kept by its entity tag alone."""
    return _decorated(view, changed_at=lambda: None)


def public_answer_about_pages(view: View) -> View:
    """Decorate an operation whose answer depends on pages and on what they are made of: kept with a date."""
    return _decorated(view, changed_at=last_change_of_pages)


@remembered
def last_change_of_pages() -> datetime | None:
    """Return when readers last came to see anything else on any page; None where that is not known.

    One date for all pages: what a page shows depends on others, by its links, lists and categories. The outbox has a
    row for each change, whatever its kind; an expiry happens by itself.
    """
    now = timezone.now()
    over = Page.objects.live().filter(expire_at__lte=now).order_by().values("live").annotate(last=Max("expire_at"))
    dates = PageChange.objects.order_by().aggregate(recorded=Max("due_at"), expired=Max(over.values("last")[:1]))
    known = [date for date in dates.values() if date is not None]
    # A row that is to be tried again is due in the future.
    return min(max(known), now) if known else None


def _decorated(view: View, *, changed_at: Callable[[], datetime | None]) -> View:
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # Before the answer is made: a change that comes in between makes the date older, never the answer.
        known = changed_at()
        response = view(request, *args, **kwargs)
        return revalidated(request, response, last_modified=known) if response.status_code == 200 else response

    return answer
