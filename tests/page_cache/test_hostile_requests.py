"""What no browser sends, over a socket to the real server: it fails nothing, and leaves nothing wrong for others."""

import gzip
import socket
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPResponse
from typing import Any, NamedTuple

import brotli
import pytest

from tests.page_cache.newsroom import Newsroom
from tests.page_cache.surfaces import SUBJECT, shown

pytestmark = pytest.mark.parametrize("newsroom", ["files"], indirect=True)

PATH = f"/articles/{SUBJECT.lower()}/"
# So often each is sent, over connections of its own, that both processes get it in all likelihood.
TIMES = 4


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Stream:
    """A connection as `HTTPResponse` reads it, one answer after the other."""

    def __init__(self, connection: socket.socket) -> None:
        self._file = connection.makefile("rb")

    def makefile(self, _mode: str) -> "Stream":
        return self

    def close(self) -> None:
        """Stay open for the next answer."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def exchange(newsroom: Newsroom, sent: bytes, *, answers: int = 1, method: str = "GET") -> list[Answer]:
    """Send bytes as they are, and read answers; one that the server refuses by hanging up has status 0."""
    with socket.create_connection(("127.0.0.1", newsroom.site.port), timeout=10) as connection:
        # The server may hang up before it has heard everything.
        with suppress(OSError):
            connection.sendall(sent)
        stream = Stream(connection)
        return [_read(stream, method) for _answer in range(answers)]


def _read(stream: Stream, method: str) -> Answer:
    response = HTTPResponse(stream, method=method)  # type: ignore[arg-type]
    try:
        response.begin()
        body = response.read()
    except OSError:
        return Answer(0, {}, b"")
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)


def request(
    newsroom: Newsroom, *headers: str, target: str = PATH, method: str = "GET", host: str | None = None
) -> bytes:
    host = f"127.0.0.1:{newsroom.site.port}" if host is None else host
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")


def decoded(answer: Answer) -> bytes:
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress}.get(answer.headers.get("content-encoding", ""), bytes)
    return bytes(unpack(answer.body))


@pytest.fixture(scope="module")
def page(newsroom: Newsroom, _article: None) -> Iterator[Answer]:
    """The page as everybody should get it, before and after all this and in both processes."""
    assert newsroom.wrong(shown(SUBJECT)) == {}
    (answer,) = exchange(newsroom, request(newsroom))
    assert answer.status == 200
    yield answer
    assert newsroom.wrong(shown(SUBJECT)) == {}
    assert newsroom.site.web.is_running()


@pytest.fixture(autouse=True)
def _others_get_the_page_as_ever(newsroom: Newsroom, page: Answer) -> Iterator[None]:
    yield
    for _time in range(TIMES):
        (answer,) = exchange(newsroom, request(newsroom))
        assert (answer.status, answer.body) == (200, page.body)
        assert answer.headers.keys() == page.headers.keys()


@pytest.mark.parametrize(
    "target",
    [
        "/%61rticles/%63olostrum/",
        "/articles%2Fcolostrum/",
        f"{PATH}?",
        f"{PATH}?&&",
        f"{PATH}?utm_source=a&utm_source=b",
        f"{PATH}?fbclid=%00",
        f"{PATH}?page=%00",
        f"{PATH}?page=1&page=2",
        f"{PATH}?b=1&a=2",
        f"{PATH}?a=2&b=1",
        f"{PATH}?%ff=%ff",
        f"{PATH}?=&=&==",
        f"{PATH}?" + "a" * 5_000,
        f"{PATH}?" + "&".join(f"a{number}=1" for number in range(500)),
        f"http://evil.example{PATH}",
        f"http://127.0.0.1{PATH}",
    ],
)
def test_an_odd_address_of_the_page_leads_to_the_page(newsroom: Newsroom, page: Answer, target: str) -> None:
    for _time in range(TIMES):
        (answer,) = exchange(newsroom, request(newsroom, target=target))
        assert answer.status == 200
        assert answer.body == page.body


@pytest.mark.parametrize(
    "header",
    [
        "Accept-Encoding: ,,,",
        "Accept-Encoding: br;q=0.001",
        "Accept-Encoding: gzip;q=1;q=0, br;q=abc",
        "Accept-Encoding: GZIP",
        "Accept-Encoding: *;q=0",
        "Accept-Encoding: identity;q=0",
        "Accept-Encoding: br;q=nan, gzip;q=-1",
        "Accept-Encoding: " + "gzip, " * 2_000,
        "Accept-Encoding: \xff\xfe",
        "Accept: application/json",
        "Accept-Language: xx-\xff",
        "Range: bytes=0-10",
        "Range: bytes=x",
        "If-None-Match: unquoted",
        'If-None-Match: "cut',
        "If-None-Match: ,,",
        "If-None-Match: W/*",
        "If-None-Match: \xff",
        "If-Modified-Since: yesterday",
        "If-Modified-Since: Fri, 99 Abc 2026 99:99:99 GMT",
        "If-Match: *",
        "Cookie: =",
        "Cookie: ;;;",
        "Cookie: a=\xff",
        "Cookie: session",
        "Cookie: session=\xff",
        "Cookie: " + "a=b; " * 2_000,
        "Authorization: Basic \xff",
        "Origin: null",
        "Origin: https://evil.example",
        "X-Forwarded-Host: evil.example",
        "X-Forwarded-Proto: https",
        "X-HTTP-Method-Override: DELETE",
        "X-Original-URL: /admin/",
        "X-Used-Parameters: page",
        "Cache-Control: no-store",
        "Connection: X-Forwarded-For",
        "Expect: 100-continue",
        "TE: trailers",
        "Upgrade: websocket",
        "Content-Length: 0",
    ],
)
def test_an_odd_header_changes_nothing_of_the_page(newsroom: Newsroom, page: Answer, header: str) -> None:
    for _time in range(TIMES):
        (answer,) = exchange(newsroom, request(newsroom, header))
        assert answer.status == 200
        assert decoded(answer) == page.body


@pytest.mark.parametrize(
    "tags", ["{}", "W/{}", '"a", {}', '{}, "b"', '"a",W/{} ,"b"', "*", " * ", '"' + "x" * 5_000 + '", {}']
)
def test_who_has_the_page_is_told_so_however_they_say_it(newsroom: Newsroom, page: Answer, tags: str) -> None:
    for method in ("GET", "HEAD"):
        header = f"If-None-Match: {tags.format(page.headers['etag'])}"
        (answer,) = exchange(newsroom, request(newsroom, header, method=method), method=method)
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", page.headers["etag"])


def test_head_has_the_headers_of_the_page_and_no_body(newsroom: Newsroom, page: Answer) -> None:
    (answer,) = exchange(newsroom, request(newsroom, method="HEAD"), method="HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-length"] == str(len(page.body))


@pytest.mark.parametrize(
    "sent",
    [
        b"GET " + PATH.encode() + b" HTTP/1.1\r\n\r\n",
        b"GET " + PATH.encode() + b" HTTP/1.0\r\n\r\n",
        b"GET " + PATH.encode() + b" HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET " + PATH.encode() + b"\0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET " + PATH.encode() + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: a\0b\r\n\r\n",
        b"GET  HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"get " + PATH.encode() + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"BREW " + PATH.encode() + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"TRACE " + PATH.encode() + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET * HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET evil.example HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(500)) + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"y" * 500_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_what_is_no_proper_request_is_refused(newsroom: Newsroom, page: Answer, sent: bytes) -> None:
    (answer,) = exchange(newsroom, sent)
    assert answer.status < 500
    assert b"evil.example" not in answer.body


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "127.0.0.1:1", "127.0.0.1.evil.example", "[::1", "127.0.0.1:x", "a" * 3_000, "\xff", "@"],
)
def test_a_foreign_host_is_refused_and_leaves_nothing(newsroom: Newsroom, page: Answer, host: str) -> None:
    for _time in range(TIMES):
        (answer,) = exchange(newsroom, request(newsroom, host=host))
        assert answer.status == 400 or (host == "127.0.0.1:1" and answer.body == page.body)
        assert "s-maxage" not in answer.headers.get("cache-control", "")


@pytest.mark.parametrize(
    "target",
    [
        f"/{PATH}",
        f"//evil.example{PATH}",
        "//evil.example",
        f"{PATH}../",
        f"{PATH}%2e%2e/",
        f"{PATH};a=b",
        f"{PATH}%00",
        "/articles/%00/",
        "/articles/tags/%00/",
        "/articles/categories/%ff/",
        "/%c0%ae%c0%ae/",
        "/%E0%A4%A/",
        "/%",
        "/\\evil.example/",
        "/api/articles/%00/",
        "/api/articles/?category=%00",
        "/api/pages/find/?path=%00",
        "/search/?q=%00",
        "/feeds/articles.atom/",
        "/sitemap.xml?page=%00",
        "/articles/?page=" + "9" * 500,
        "/articles/?page=%00",
    ],
)
def test_an_address_that_leads_nowhere_is_answered_in_words(newsroom: Newsroom, page: Answer, target: str) -> None:
    for _time in range(TIMES):
        (answer,) = exchange(newsroom, request(newsroom, target=target))
        assert 200 <= answer.status < 500
        assert not answer.headers.get("location", "").startswith("//")
        assert b'href="//evil' not in answer.body


def test_what_a_request_carries_is_not_taken_for_the_next_one(newsroom: Newsroom, page: Answer) -> None:
    smuggled = request(newsroom, target="/healthz")
    first = request(newsroom, f"Content-Length: {len(smuggled)}") + smuggled
    both = exchange(newsroom, first + request(newsroom), answers=2)
    assert [answer.body for answer in both] == [page.body, page.body]
    chunked = request(newsroom, "Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n\r\n"
    both = exchange(newsroom, chunked + request(newsroom), answers=2)
    assert [answer.body for answer in both] == [page.body, page.body]


def test_many_requests_on_one_connection_get_their_own_answers(newsroom: Newsroom, page: Answer) -> None:
    targets = [PATH, "/articles/", "/api/articles/", PATH, "/nowhere/", PATH] * 5
    alone = {target: exchange(newsroom, request(newsroom, target=target))[0].body for target in targets}
    sent = b"".join(request(newsroom, target=target) for target in targets)
    together = exchange(newsroom, sent, answers=len(targets))
    assert [answer.body for answer in together] == [alone[target] for target in targets]
