"""No request leaves for an address that is not public, whatever name it hides behind."""

import socket
import threading
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from pytest_django import Settings

from articles.models import ArticlePage
from cms.pipeline.models import Event
from cms.pipeline.webhooks.addresses import AddressError, is_public, target_of
from cms.pipeline.webhooks.models import Attempt, Endpoint, Fault
from cms.pipeline.worker import drain
from tests.pipeline.webhooks.test_announce import publish
from tests.services.receiver import Receiver

NOT_PUBLIC = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",  # carrier-grade NAT
    "127.0.0.1",
    "127.8.8.8",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.8",
    "192.0.0.9",
    "192.0.0.192",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.1.1",
    "192.175.48.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "233.252.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:192.0.0.8",
    "64:ff9b::7f00:1",  # NAT64 of 127.0.0.1
    "64:ff9b::a9fe:a9fe",  # NAT64 of 169.254.169.254
    "64:ff9b:1::7f00:1",
    "100::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",  # Teredo
    "2001:1::1",
    "2001:3::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",  # 6to4 of 127.0.0.1
    "2002:a00:1::",  # 6to4 of 10.0.0.1
    "2620:4f:8000::1",
    "3fff::1",
    "3fff:fff::1",
    "5f00::1",
    "fc00::1",
    "fe80::1",
    "fe80::1%lo",
    "fec0::1",
    "ff02::1",
]
PUBLIC = ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]


# As name servers know "bücher.example".
BOOKS = "xn--bcher-kva.example"


class NameServer:
    """Stands where the operating system asks for names; `answers` are given one after the other, the last for good."""

    def __init__(self) -> None:
        self.answers: list[list[str]] = []
        self.asked: list[str] = []
        self._really = socket.getaddrinfo

    def __call__(self, host: str, port: Any, *args: Any, **options: Any) -> Any:
        if host not in {"hooks.example.org", BOOKS}:
            return self._really(host, port, *args, **options)
        self.asked.append(host)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [self._really(address, port, *args, **options)[0] for address in answer]


@pytest.fixture
def name_server(monkeypatch: pytest.MonkeyPatch) -> NameServer:
    server = NameServer()
    monkeypatch.setattr(socket, "getaddrinfo", server)
    return server


@pytest.fixture
def listener(new_receiver: Callable[..., Receiver]) -> Receiver:
    """Somebody on this machine whom nobody may call."""
    return new_receiver()


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not is_public(ip_address(address))
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(AddressError, match="not lead to a public address"):
        target_of(f"https://{host}/hook", seconds=5)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_taken(address: str) -> None:
    assert is_public(ip_address(address))
    host = f"[{address}]" if ":" in address else address
    assert target_of(f"https://{host}/hook", seconds=5).addresses == (ip_address(address),)


@pytest.mark.parametrize(
    "host", ["localhost", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "LOCALHOST.", "[::ffff:7f00:1]"]
)
def test_a_name_is_judged_by_what_it_leads_to(host: str) -> None:
    with pytest.raises(AddressError, match="not lead to a public address"):
        target_of(f"https://{host}/", seconds=5)


def test_a_name_of_which_one_address_is_private_is_refused(name_server: NameServer) -> None:
    name_server.answers = [["1.1.1.1", "10.0.0.1"]]
    with pytest.raises(AddressError) as refusal:
        target_of("https://hooks.example.org/", seconds=5)
    # Where a name leads inside the operator's network is nobody's business who enters one.
    assert "10.0.0.1" not in str(refusal.value)
    assert "10.0.0.1" in refusal.value.detail


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks",
        "ftp://1.1.1.1/",
        "file:///etc/passwd",
        "https://",
        "https:///hook",
        "https://1.1.1.1:99999/",
        "https://1.1.1.1:port/",
        "https://[::1",
        "https://1.1.1.1/a b",
        "https://1.1.1.1/\r\nHost: other",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(AddressError, match="no address"):
        target_of(url, seconds=5)


def test_a_password_has_no_place_in_an_address() -> None:
    with pytest.raises(AddressError, match="user name and password"):
        target_of("https://user:password@1.1.1.1/", seconds=5)


def test_an_address_without_tls_is_for_allowed_networks_alone(settings: Settings) -> None:
    with pytest.raises(AddressError, match="https://"):
        target_of("http://1.1.1.1/", seconds=5)
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("1.1.1.0/24")]
    assert target_of("http://1.1.1.1/", seconds=5).port == 80


def test_an_allowed_network_holds_in_both_ways_of_writing_it(settings: Settings) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("10.0.5.0/24")]
    for host in ("10.0.5.7", "[::ffff:10.0.5.7]"):
        assert target_of(f"http://{host}:8000/", seconds=5).port == 8000
    with pytest.raises(AddressError):
        target_of("http://10.0.6.7/", seconds=5)


def test_a_name_that_nobody_knows_is_said_to_be_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody_knows(*_args: Any, **_options: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody_knows)
    with pytest.raises(AddressError, match=r"There is no hooks\.example\.org"):
        target_of("https://hooks.example.org/", seconds=5)


def test_a_name_server_that_hangs_is_waited_for_no_longer_than_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: release.wait() and [])
    try:
        with pytest.raises(AddressError, match="No name server"):
            target_of("https://hooks.example.org/", seconds=0.05)
    finally:
        release.set()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433"])
def test_an_address_that_is_not_allowed_gets_no_packet(
    host: str, article: ArticlePage, endpoint: Endpoint, listener: Receiver, settings: Settings
) -> None:
    Endpoint.objects.filter(pk=endpoint.pk).update(url=f"http://{host}:{listener.port}/hook")
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("10.0.0.0/8")]
    publish(article)
    drain()
    assert listener.connections == 0
    attempt = Attempt.objects.latest("pk")
    assert (attempt.status, attempt.fault) == (None, Fault.ADDRESS)
    assert "not a public address" in attempt.error
    event = Event.objects.get(attempts=1)
    assert event.finished_at is None


def test_a_name_that_was_public_when_it_was_saved_is_judged_anew(
    article: ArticlePage, endpoint: Endpoint, listener: Receiver, settings: Settings, name_server: NameServer
) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = []
    name_server.answers = [["1.1.1.1"], ["127.0.0.1"]]
    url = f"https://hooks.example.org:{listener.port}/hook"
    assert target_of(url, seconds=5)
    Endpoint.objects.filter(pk=endpoint.pk).update(url=url)
    publish(article)
    drain()
    assert listener.connections == 0
    assert "not a public address" in Attempt.objects.latest("pk").error


def test_what_was_checked_is_what_is_connected_to(
    article: ArticlePage,
    endpoint: Endpoint,
    receiver: Receiver,
    settings: Settings,
    name_server: NameServer,
) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("127.0.0.1/32")]
    # The second answer is for whoever asks again; nobody does.
    name_server.answers = [["127.0.0.1"], ["127.0.0.2"]]
    Endpoint.objects.filter(pk=endpoint.pk).update(url=f"http://hooks.example.org:{receiver.port}/hook?x=1")
    publish(article)
    drain()
    assert name_server.asked == ["hooks.example.org"]
    [request] = receiver.requests
    assert request.headers["host"] == f"hooks.example.org:{receiver.port}"
    assert request.path == "/hook?x=1"


@pytest.mark.parametrize("entered", ["bücher.example", "BÜCHER.example.", "bu\u0308cher.example", BOOKS])
def test_a_name_in_any_script_is_called_as_name_servers_know_it(
    entered: str,
    article: ArticlePage,
    endpoint: Endpoint,
    receiver: Receiver,
    name_server: NameServer,
) -> None:
    name_server.answers = [["127.0.0.1"]]
    Endpoint.objects.filter(pk=endpoint.pk).update(url=f"http://{entered}:{receiver.port}/häken?x=ü")
    publish(article)
    drain()
    assert name_server.asked == [BOOKS]
    [request] = receiver.requests
    assert request.headers["host"] == f"{BOOKS}:{receiver.port}"
    assert request.path == "/h%C3%A4ken?x=%C3%BC"


@pytest.mark.parametrize("host", ["straße.example", "ü..example", f"{'ü' * 64}.example", "\u202eü.example"])
def test_a_name_of_which_name_servers_would_know_another_is_refused(host: str) -> None:
    with pytest.raises(AddressError, match="xn--"):
        target_of(f"https://{host}/", seconds=5)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(
    status: int, article: ArticlePage, receiver: Receiver, new_receiver: Callable[..., Receiver]
) -> None:
    inside = new_receiver()
    receiver.script = [lambda handler: handler.answer(status, Location=inside.url)]
    publish(article)
    drain()
    assert inside.connections == 0
    attempt = Attempt.objects.latest("pk")
    assert attempt.status == status
    assert "Redirects are not followed" in Event.objects.get(attempts=1).last_error
