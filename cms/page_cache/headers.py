"""How an answer says that it may be kept: the page cache learns it from here, browsers from the same header.

Outside, nothing may outlive a change, so browsers are told to ask again each time, which an ETag makes cheap. The page
cache needs no other word: it asks again, too, by looking at the generation on each request.
"""

from collections.abc import Iterable

from django.http.response import HttpResponseBase

MAY_BE_KEPT = "public, max-age=0, must-revalidate"
# For the page cache alone, which takes it away again.
USED_PARAMETERS = "X-Used-Parameters"
PRIVATE = frozenset({"private", "no-store", "no-cache"})


def may_be_kept(response: HttpResponseBase, *, parameters: Iterable[str] = ()) -> None:
    """Say of an answer that it is the same for everybody who is not signed in, until something is published.

    It goes into the page cache if it has status 200, sets no cookie and is no stream. An answer that calls itself
    private already stays so.

    Args:
        parameters: The query parameters that the answer depends on. An address with any other is not kept.
    """
    if directives_of(response) & PRIVATE:
        return
    response["Cache-Control"] = MAY_BE_KEPT
    uses_parameters(response, *parameters)


def uses_parameters(response: HttpResponseBase, *names: str) -> None:
    """Name query parameters that an answer depends on, besides those named before."""
    used = [*response.get(USED_PARAMETERS, "").split(), *names]
    if used:
        response[USED_PARAMETERS] = " ".join(dict.fromkeys(used))


def directives_of(response: HttpResponseBase) -> set[str]:
    """Return the names of the directives of `Cache-Control`."""
    return directives(response.get("Cache-Control", ""))


def directives(cache_control: str) -> set[str]:
    return {directive.partition("=")[0].strip().lower() for directive in cache_control.split(",")} - {""}
