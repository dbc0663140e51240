"""What the page cache learns from an answer: whether it may be kept."""

import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware, get_token
from django.test import RequestFactory
from pytest_django import Settings

from cms.page_cache.front import Front
from cms.page_cache.generation import get_generation
from cms.page_cache.headers import may_be_kept, uses_parameters

pytestmark = pytest.mark.django_db

View = Callable[[HttpRequest], HttpResponseBase]


class Asked:
    """A page cache before one view, which counts how often it is asked."""

    def __init__(self, view: View) -> None:
        get_generation().renew()
        self.view = view
        self.times = 0
        self.status = ""
        self.headers: dict[str, str] = {}
        self.front = Front(self._application, most_bytes=1_000_000)

    def get(self, path: str = "/made-up/", **environ: Any) -> bytes:
        environ = {"SERVER_NAME": "127.0.0.1", "HTTP_HOST": "127.0.0.1", **environ}
        return b"".join(self.front(RequestFactory().get(path, **environ).environ, self._start))

    def _start(self, status: str, headers: list[tuple[str, str]], *_failure: Any) -> None:
        self.status, self.headers = status, dict(headers)

    def _application(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.times += 1
        response = self.view(WSGIRequest(environ))
        cookies = [("Set-Cookie", morsel.output(header="")) for morsel in response.cookies.values()]
        start_response(f"{response.status_code} {response.reason_phrase}", [*response.items(), *cookies])
        return response


def page(_request: HttpRequest) -> HttpResponse:
    response = HttpResponse("A page.")
    may_be_kept(response)
    return response


def with_header(name: str, value: str) -> View:
    def view(request: HttpRequest) -> HttpResponse:
        response = page(request)
        response[name] = value
        return response

    return view


def with_status(status: int) -> View:
    def view(request: HttpRequest) -> HttpResponse:
        response = page(request)
        response.status_code = status
        return response

    return view


def with_cookie(request: HttpRequest) -> HttpResponse:
    response = page(request)
    response.set_cookie("colour", "terracotta")
    return response


def with_token(request: HttpRequest) -> Any:
    def form(request: HttpRequest) -> HttpResponse:
        response = HttpResponse(get_token(request))
        may_be_kept(response)
        return response

    return CsrfViewMiddleware(form)(request)


def stream(_request: HttpRequest) -> StreamingHttpResponse:
    response = StreamingHttpResponse([b"A ", b"stream."])
    may_be_kept(response)
    return response


def json(_request: HttpRequest) -> JsonResponse:
    response = JsonResponse({"articles": ["milk"] * 300})
    may_be_kept(response, parameters=["page"])
    return response


@pytest.mark.parametrize(
    "view",
    [
        page,
        json,
        with_header("Vary", "Cookie"),
        with_header("Vary", "Accept-Encoding, Cookie"),
        with_header("Vary", "origin"),
        with_header("Cache-Control", "max-age=600, public"),
    ],
)
def test_it_keeps_what_says_so(view: View) -> None:
    asked = Asked(view)
    assert asked.get() == asked.get()
    assert asked.times == 1


@pytest.mark.parametrize(
    "view",
    [
        lambda _request: HttpResponse("says nothing"),
        with_header("Cache-Control", "max-age=600"),
        with_header("Cache-Control", "public"),
        with_header("Cache-Control", "public, max-age=600, no-store"),
        with_header("Cache-Control", "private, public, max-age=600"),
        with_header("Vary", "Accept-Language"),
        with_header("Vary", "*"),
        with_header("Content-Encoding", "gzip"),
        with_status(201),
        with_status(204),
        with_status(301),
        with_status(404),
        with_status(500),
        with_cookie,
        with_token,
        stream,
    ],
)
def test_it_keeps_nothing_else(view: View) -> None:
    asked = Asked(view)
    asked.get()
    asked.get()
    assert asked.times == 2
    assert len(asked.front._kept._entries) == 0


def test_what_is_not_kept_comes_as_it_is() -> None:
    asked = Asked(stream)
    assert asked.get() == b"A stream."
    asked = Asked(with_status(418))
    assert asked.get(QUERY_STRING="utm_source=letter") == b"A page."
    assert asked.status == "418 I'm a Teapot"


def test_only_declared_parameters_are_kept() -> None:
    asked = Asked(json)
    for address in ("/made-up/?page=2", "/made-up/?page=2", "/made-up/?other=2", "/made-up/?other=2"):
        asked.get(address)
        assert "X-Used-Parameters" not in asked.headers
    assert asked.times == 3


def test_the_order_of_parameters_does_not_matter() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        response = HttpResponse(request.GET.urlencode())
        may_be_kept(response)
        uses_parameters(response, "page", "tag")
        return response

    asked = Asked(view)
    assert asked.get("/made-up/?tag=milk&page=2") == asked.get("/made-up/?page=2&tag=milk") == b"page=2&tag=milk"
    assert asked.times == 1


def for_origin(request: HttpRequest) -> HttpResponse:
    response = page(request)
    response["Vary"] = "Origin"
    if request.headers.get("Origin") == "https://front.example":
        response["Access-Control-Allow-Origin"] = "https://front.example"
    return response


def test_each_front_end_that_is_let_in_has_an_answer_of_its_own() -> None:
    asked = Asked(for_origin)
    for _ in range(2):
        asked.get(HTTP_ORIGIN="https://front.example")
        assert asked.headers["Access-Control-Allow-Origin"] == "https://front.example"
        assert "Origin" in asked.headers["Vary"].title()
        asked.get()
        assert "Access-Control-Allow-Origin" not in asked.headers
    assert asked.times == 2
    for _ in range(2):
        asked.get(HTTP_ORIGIN="https://made-up.example")
        assert "Access-Control-Allow-Origin" not in asked.headers
    assert asked.times == 4


@pytest.mark.parametrize("path", ["/personals/1/", "/admin/", "/static/x.css", "/media/x.png", "/preview/abc/"])
def test_private_addresses_and_files_are_never_kept_whatever_they_say(path: str) -> None:
    asked = Asked(page)
    asked.get(path)
    asked.get(path)
    assert asked.times == 2


def test_an_answer_that_changed_while_it_was_made_is_not_served_again() -> None:
    def published_meanwhile(request: HttpRequest) -> HttpResponse:
        get_generation().renew()
        return page(request)

    asked = Asked(published_meanwhile)
    asked.get()
    asked.get()
    assert asked.times == 2


def test_an_answer_is_sent_although_it_cannot_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(page)

    def full(*_arguments: Any) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(asked.front._store, "put", full)
    assert asked.get() == b"A page."
    assert asked.status == "200 OK"


@pytest.mark.parametrize(
    ("environ", "is_kept"),
    [
        ({"HTTP_HOST": "127.0.0.1"}, True),
        ({"HTTP_HOST": "127.0.0.1:80"}, True),
        ({"HTTP_HOST": "127.0.0.1:8000"}, True),
        ({"HTTP_HOST": "127.0.0.1:81"}, False),
        ({"HTTP_HOST": "evil.example"}, False),
        ({"HTTP_HOST": "127.0.0.1.evil.example"}, False),
        ({"HTTP_HOST": ""}, False),
        ({"HTTP_HOST": "127.0.0.1\0"}, False),
        ({"PATH_INFO": "/" + "a" * 3_000}, False),
        ({"QUERY_STRING": "page=" + "1" * 3_000}, False),
    ],
)
def test_only_the_sites_own_addresses_are_kept(settings: Settings, environ: dict[str, str], is_kept: bool) -> None:
    # A pattern lets foreign names in; what is kept must not have them in it.
    settings.ALLOWED_HOSTS = ["127.0.0.1", "*"]
    asked = Asked(page)
    asked.get(**environ)
    asked.get(**environ)
    assert asked.times == (1 if is_kept else 2)


def test_nobody_else_is_sent_what_a_forged_header_made() -> None:
    asked = Asked(lambda request: may_be(HttpResponse(request.build_absolute_uri())))
    forged = {"HTTP_X_FORWARDED_HOST": "evil.example", "HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_PORT": "1"}
    assert asked.get(**forged) == asked.get() == b"http://127.0.0.1/made-up/"


def may_be(response: HttpResponse) -> HttpResponse:
    may_be_kept(response)
    return response


def test_behind_a_proxy_each_scheme_has_its_own_page(settings: Settings) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    asked = Asked(lambda request: may_be(HttpResponse(request.build_absolute_uri())))
    for _ in range(2):
        assert asked.get(HTTP_X_FORWARDED_PROTO="https") == b"https://127.0.0.1/made-up/"
        assert asked.get(HTTP_X_FORWARDED_PROTO="http, https") == b"http://127.0.0.1/made-up/"
        assert asked.get() == b"http://127.0.0.1/made-up/"
    # Without the header and with "http" are one and the same.
    assert asked.times == 2


def test_a_page_ends_after_an_hour_whatever_happens() -> None:
    import time_machine

    with time_machine.travel(time.time(), tick=False) as clock:
        asked = Asked(page)
        asked.get()
        clock.shift(3_599)
        asked.get()
        assert asked.times == 1
        clock.shift(1)
        asked.get()
        assert asked.times == 2
