"""Answers that readers' programs keep and ask for again: sent anew only when they have changed."""

from datetime import datetime
from hashlib import sha256

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, quote_etag

# Whoever keeps a copy asks each time whether it is still right: what was taken down must not be shown from a copy.
REVALIDATED = "public, max-age=0, must-revalidate"


def revalidated(request: HttpRequest, response: HttpResponse, *, last_modified: datetime | None = None) -> HttpResponse:
    """Return `response` with what copies of it are compared by, or 304 for a copy that is still right.

    `last_modified` is the time of the last change of anything that the answer shows, or no longer shows.
    """
    response["Cache-Control"] = REVALIDATED
    response["ETag"] = etag = quote_etag(sha256(response.content).hexdigest()[:32])
    timestamp = None
    if last_modified is not None:
        timestamp = int(last_modified.timestamp())
        response["Last-Modified"] = http_date(timestamp)
    answer = get_conditional_response(request, etag=etag, last_modified=timestamp, response=response)
    return answer or response
