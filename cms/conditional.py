"""Answers that readers' programs keep and ask for again: sent anew only when they have changed."""

from datetime import datetime
from hashlib import sha256

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, quote_etag

from cms.page_cache.headers import MAY_BE_KEPT


def revalidated(request: HttpRequest, response: HttpResponse, *, last_modified: datetime | None = None) -> HttpResponse:
    """Let every cache keep an answer that is the same for everybody, and ask each time whether it still holds.

    Args:
        last_modified: The time of the last change of anything that the answer shows, or no longer shows, if that is
            known. The entity tag is exact; this date has whole seconds, and is for those who have nothing better.

    Returns:
        `response`, or 304 for a copy that is still right.
    """
    response["Cache-Control"] = MAY_BE_KEPT
    response["ETag"] = etag = quote_etag(sha256(response.content).hexdigest()[:32])
    timestamp = None
    if last_modified is not None:
        timestamp = int(last_modified.timestamp())
        response["Last-Modified"] = http_date(timestamp)
    return get_conditional_response(request, etag=etag, last_modified=timestamp, response=response) or response
