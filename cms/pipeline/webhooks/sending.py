"""One HTTP request to a receiver that nobody here trusts: it may answer slowly, without end, or not in HTTP at all."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from django.utils.http import parse_http_date_safe

from cms.pipeline.webhooks.addresses import AddressError, Target, target_of
from cms.pipeline.webhooks.models import Fault

# For all of it, from the look-up of the name on. Well below the lease of a row.
MOST_SECONDS = 10.0
# More of an answer is not read. Only its status counts; the rest is taken so that the receiver is not cut off.
MOST_BYTES = 65_536
# A receiver may ask to be left alone, but not for longer than this.
LONGEST_RETRY_AFTER = timedelta(hours=1)
USER_AGENT = "Dreams-of-Milk-Webhooks/1"


@dataclass(frozen=True)
class Answer:
    """What a receiver said: its status, and how long it wants to be left alone."""

    status: int
    retry_after: timedelta


class NoAnswerError(Exception):
    """No request was made, or no answer came to it. `fault` is for editors, the text for whoever runs the site."""

    def __init__(self, fault: Fault, text: str) -> None:
        super().__init__(text)
        self.fault = fault


def post(*, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send a message and return what the receiver says. A redirect is an answer like any other: it is not followed.

    Raises:
        NoAnswerError: The address may not be connected to, nobody listens there, or there was no whole answer within
            `MOST_SECONDS`.
    """
    deadline = time.monotonic() + MOST_SECONDS
    try:
        target = target_of(url, seconds=MOST_SECONDS)
        connection = _connect(target, deadline=deadline)
        return _exchange(connection, target=target, body=body, headers=headers, deadline=deadline)
    except AddressError as error:
        raise NoAnswerError(error.fault, error.detail or str(error)) from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        if time.monotonic() >= deadline or isinstance(error, TimeoutError):
            raise NoAnswerError(Fault.TIMEOUT, f"There was no answer within {MOST_SECONDS} seconds.") from error
        raise NoAnswerError(_fault(error), f"{type(error).__name__}: {error}") from error


def _connect(target: Target, *, deadline: float) -> socket.socket:
    """Connect to the first of the checked addresses that takes it; no name is looked up again."""
    error: OSError = ConnectionError("no address")
    for tried, address in enumerate(target.addresses):
        seconds = (deadline - time.monotonic()) / (len(target.addresses) - tried)
        try:
            return socket.create_connection((str(address), target.port), timeout=max(seconds, 0.001))
        except OSError as refusal:
            error = refusal
    raise error


def _exchange(
    connection: socket.socket, *, target: Target, body: bytes, headers: Mapping[str, str], deadline: float
) -> Answer:
    # A time limit on a socket begins anew with each byte. This one ends the connection, whatever has arrived; through a
    # second handle, because TLS takes the first one over.
    with connection, connection.dup() as handle:
        timer = threading.Timer(max(deadline - time.monotonic(), 0), _cut, args=(handle,))
        timer.start()
        try:
            return _request(connection, target=target, body=body, headers=headers, deadline=deadline)
        finally:
            timer.cancel()
            timer.join()


def _request(
    connection: socket.socket, *, target: Target, body: bytes, headers: Mapping[str, str], deadline: float
) -> Answer:
    with closing(_client(connection, target=target)) as client:
        client.request("POST", target.path, body, {"User-Agent": USER_AGENT, **headers})
        response = client.getresponse()
        # To the library, headers that were cut off are headers that end.
        if time.monotonic() >= deadline:
            raise TimeoutError
        answer = Answer(status=response.status, retry_after=_retry_after(response.headers.get("Retry-After", "")))
        # The status has come; what is wrong with the rest changes nothing about it.
        with suppress(OSError, ValueError, http.client.HTTPException):
            response.read(MOST_BYTES)
        return answer


def _client(connection: socket.socket, *, target: Target) -> http.client.HTTPConnection:
    """Return an HTTP client on a connection that is there; it opens none by itself."""
    client: http.client.HTTPConnection
    if target.scheme == "https":
        context = ssl.create_default_context()
        client = http.client.HTTPSConnection(target.host, target.port, context=context)
        client.sock = context.wrap_socket(connection, server_hostname=target.host)
    else:
        client = http.client.HTTPConnection(target.host, target.port)
        client.sock = connection
    client.auto_open = 0
    return client


def _cut(handle: socket.socket) -> None:
    with suppress(OSError):
        handle.shutdown(socket.SHUT_RDWR)


def _retry_after(value: str) -> timedelta:
    """Read the header (RFC 9110, 10.2.3): seconds, or a date. What is neither asks for nothing."""
    if value.isascii() and value.isdigit():
        return min(timedelta(seconds=int(value[:9])), LONGEST_RETRY_AFTER)
    until = parse_http_date_safe(value)
    if until is None:
        return timedelta()
    return min(max(timedelta(seconds=until - timezone.now().timestamp()), timedelta()), LONGEST_RETRY_AFTER)


def _fault(error: Exception) -> Fault:
    if isinstance(error, ssl.SSLError):
        return Fault.TLS
    if isinstance(error, ConnectionRefusedError):
        return Fault.REFUSED
    if isinstance(error, ConnectionError | http.client.HTTPException):
        return Fault.BROKEN
    return Fault.OTHER
