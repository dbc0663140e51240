"""Browsing through the page cache within the test's own process: Django's test client with the front before it."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client
from django.test.client import ClientHandler

from cms.page_cache.front import Front, StartResponse

MOST_BYTES = 4 * 1024 * 1024


class FrontHandler(ClientHandler):
    """Counts in `rendered` how often Django itself was asked."""

    def __init__(self, *, most_bytes: int = MOST_BYTES) -> None:
        super().__init__(enforce_csrf_checks=False)
        self.rendered = 0
        self.front = Front(self._django, most_bytes=most_bytes)

    def __call__(self, environ: dict[str, Any]) -> Any:
        started: list[Any] = []
        environ = {**environ, "HTTP_HOST": environ.get("HTTP_HOST", environ["SERVER_NAME"])}
        body = self.front(environ, lambda *status_and_headers: started.append(status_and_headers))
        response = HttpResponse(b"".join(body), status=int(started[0][0].split()[0]))
        del response["Content-Type"]
        for name, value in started[0][1]:
            if name == "Set-Cookie":
                response.cookies.load(value)
            else:
                response.headers[name] = value
        response.wsgi_request = HttpRequest()  # type: ignore[attr-defined]
        return response

    def _django(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        self.rendered += 1
        response: HttpResponseBase = super().__call__(environ)
        cookies = [("Set-Cookie", morsel.output(header="")) for morsel in response.cookies.values()]
        start_response(f"{response.status_code} {response.reason_phrase}", [*response.items(), *cookies])
        # The handler above has closed it; to close it again would end the test's database connection.
        response.close = lambda: None  # type: ignore[method-assign]
        return response


class Browser(Client):
    """A reader's browser; `rendered` tells how many of its requests went through to Django."""

    handler: FrontHandler

    def __init__(self, *, handler: FrontHandler, **defaults: Any) -> None:
        super().__init__(SERVER_NAME="127.0.0.1", **defaults)
        self.handler = handler

    @property
    def rendered(self) -> int:
        return self.handler.rendered
