"""A receiver that answers slowly, without end, wrongly or with a bad certificate costs a bounded time, no more."""

import datetime as dt
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils import timezone

from articles.models import ArticlePage
from cms.pipeline.models import LEASE_SECONDS, Event
from cms.pipeline.webhooks import sending
from cms.pipeline.webhooks.models import Attempt, Endpoint, Fault
from cms.pipeline.webhooks.sending import NoAnswerError, post
from cms.pipeline.worker import drain
from tests.pipeline.webhooks.test_announce import publish
from tests.services.receiver import Handler, Receiver

LIMIT = 0.4  # seconds, in place of the ten that a receiver has
LONGEST = 15  # seconds, on a machine that does much else; what drips here would take minutes


@pytest.fixture
def short_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "MOST_SECONDS", LIMIT)


def send(receiver: Receiver) -> sending.Answer:
    return post(url=receiver.url, body=b"{}", headers={})


def seconds_of(act: Callable[[], object]) -> float:
    started = time.monotonic()
    act()
    return time.monotonic() - started


def drip(*, before: bytes) -> Callable[[Handler], None]:
    """Say `before` at once, and then a byte at a time without an end."""

    def reply(handler: Handler) -> None:
        handler.wfile.write(before)
        for _byte in range(10_000):
            handler.wfile.write(b"x")
            time.sleep(LIMIT / 20)

    return reply


def say(answer: bytes) -> Callable[[Handler], None]:
    def reply(handler: Handler) -> None:
        handler.wfile.write(answer)

    return reply


def certificate(folder: Path, *, days: int) -> tuple[Path, ssl.SSLContext]:
    """Make a certificate for 127.0.0.1 that nobody has signed but itself; return its file, and what a server needs."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "receiver")])
    now = timezone.now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=30))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "receiver.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return file, context


def test_the_limit_lies_well_below_the_lease() -> None:
    assert sending.MOST_SECONDS == 10
    assert sending.MOST_SECONDS * 2 < LEASE_SECONDS


@pytest.mark.usefixtures("short_limit")
@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: "])
def test_a_receiver_that_drips_before_its_status_is_whole_gives_no_answer(before: bytes, receiver: Receiver) -> None:
    receiver.always = drip(before=before)

    def wait_for_it() -> None:
        with pytest.raises(NoAnswerError, match="no answer within"):
            send(receiver)

    assert LIMIT * 0.9 < seconds_of(wait_for_it) < LONGEST


@pytest.mark.usefixtures("short_limit")
def test_a_receiver_that_says_continue_without_end_gives_no_answer(receiver: Receiver) -> None:
    def go_on(handler: Handler) -> None:
        for _time in range(10_000):
            handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            time.sleep(LIMIT / 20)

    receiver.always = go_on
    with pytest.raises(NoAnswerError, match="no answer within"):
        send(receiver)


@pytest.mark.usefixtures("short_limit")
def test_a_body_that_drips_is_not_waited_for(receiver: Receiver) -> None:
    receiver.always = drip(before=b"HTTP/1.1 202 Accepted\r\nContent-Length: 9999\r\n\r\n")
    assert seconds_of(lambda: send(receiver)) < LONGEST
    assert send(receiver).status == 202


def test_a_body_without_end_is_not_read_to_its_end(receiver: Receiver) -> None:
    written: list[int] = []

    def pour(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        written.extend(handler.wfile.write(b"x" * 100_000) for _time in range(1000))

    receiver.always = pour
    assert send(receiver).status == 200
    # What fits between the two into the buffers of this machine may be on its way; a hundred megabytes are not.
    receiver.stop()
    assert sum(written) < 50_000_000


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x00\xff\xfe" * 100,
        b"HTTP/1.1 twohundred OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"x" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
        b"",
    ],
)
def test_what_is_not_http_is_a_failure(answer: bytes, receiver: Receiver) -> None:
    receiver.always = say(answer)
    with pytest.raises(NoAnswerError) as failure:
        send(receiver)
    assert failure.value.fault == Fault.BROKEN


@pytest.mark.parametrize("answer", [b"HTTP/1.1 -99 x\r\n\r\n", b"HTTP/1.1 99999 x\r\n\r\n", b"GARBAGE \x00\r\n"])
def test_a_garbled_answer_is_written_down_and_tried_again(
    answer: bytes, article: ArticlePage, receiver: Receiver
) -> None:
    receiver.script = [say(answer)]
    publish(article)
    drain()
    event = Event.objects.get(attempts=1)
    assert (event.finished_at, event.dead_at) == (None, None)
    assert Attempt.objects.filter(event=event, status=None).exclude(fault="").count() == 1


def test_a_certificate_of_a_known_authority_is_taken(
    new_receiver: Callable[..., Receiver],
    allow_this_machine: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file, context = certificate(tmp_path, days=30)
    receiver = new_receiver(tls=context)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    assert send(receiver).status == 204
    assert receiver.requests[0].headers["host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize("fault", ["unknown authority", "out of date", "another name"])
def test_a_certificate_that_does_not_hold_gets_no_message(
    fault: str,
    new_receiver: Callable[..., Receiver],
    allow_this_machine: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file, context = certificate(tmp_path, days=-1 if fault == "out of date" else 30)
    receiver = new_receiver(tls=context)
    if fault != "unknown authority":
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
    host = "localhost" if fault == "another name" else "127.0.0.1"
    with pytest.raises(NoAnswerError, match="certificate verify failed") as failure:
        post(url=f"https://{host}:{receiver.port}/hook", body=b"{}", headers={})
    assert failure.value.fault == Fault.TLS
    assert receiver.requests == []


def test_a_receiver_without_tls_at_an_https_address_is_a_failure(receiver: Receiver) -> None:
    with pytest.raises(NoAnswerError):
        post(url=receiver.url.replace("http:", "https:"), body=b"{}", headers={})
    assert receiver.requests == []


@pytest.mark.usefixtures("short_limit")
def test_a_handshake_that_never_ends_is_cut_off(receiver: Receiver, new_receiver: Callable[..., Receiver]) -> None:
    def drip_handshake(connection: socket.socket) -> None:
        with connection:
            # The beginning of a long TLS record, and then a byte at a time.
            connection.sendall(b"\x16\x03\x03\x40\x00")
            for _byte in range(10_000):
                try:
                    connection.sendall(b"\x02")
                except OSError:
                    return
                time.sleep(LIMIT / 20)

    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=lambda: drip_handshake(door.accept()[0]))
        thread.start()
        url = f"https://127.0.0.1:{door.getsockname()[1]}/"

        def wait_for_it() -> None:
            with pytest.raises(NoAnswerError, match="no answer within"):
                post(url=url, body=b"{}", headers={})

        assert seconds_of(wait_for_it) < LONGEST
        thread.join()


def test_an_error_of_any_text_can_be_kept(article: ArticlePage, endpoint: Endpoint, receiver: Receiver) -> None:
    receiver.script = [say(b"HTTP/1.1 \0" + b"x" * 60_000 + b"\r\n\r\n")]
    publish(article)
    drain()
    assert Attempt.objects.latest("pk").error
