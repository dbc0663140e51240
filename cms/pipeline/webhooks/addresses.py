"""Which addresses webhooks may go to: public ones, and those in the networks that the operator allows.

Somebody who may enter an address must not reach through it what only this machine can reach. So it is not the name that
is checked but what it resolves to, and what was checked is what is connected to: a name that answers otherwise the next
time gains nothing.
"""

import queue
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from unicodedata import normalize
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.encoding import iri_to_uri
from django.utils.translation import gettext as _

from cms.pipeline.webhooks.models import Fault

Address = IPv4Address | IPv6Address

PORTS = {"http": 80, "https": 443}
# RFC 4291: all that is routed on the public internet lies in here.
GLOBAL_UNICAST = ip_network("2000::/3")
# What lies in the public ranges and is no ordinary host there. What Python holds for public differs from version to
# version.
# https://www.iana.org/assignments/iana-ipv4-special-registry and https://www.iana.org/assignments/iana-ipv6-special-registry
SPECIAL_NETWORKS = tuple(
    ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocols of the IETF
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # multicast tunnels
        "192.88.99.0/24",  # relays of 6to4
        "192.175.48.0/24",  # AS112
        "2001::/23",  # protocols of the IETF, Teredo and ORCHID among them
        "2001:db8::/32",  # documentation
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
# RFC 6052: networks with IPv6 alone reach IPv4 through these.
NAT64 = ip_network("64:ff9b::/96")


class AddressError(Exception):
    """Nothing may be sent there, or nothing can; the text says why and what to change.

    Args:
        detail: What is the operator's business alone, such as where a name leads inside their network.
    """

    def __init__(self, text: str, *, fault: Fault = Fault.ADDRESS, detail: str = "") -> None:
        super().__init__(text)
        self.fault = fault
        self.detail = detail


class NoNameServerError(AddressError):
    """Nobody says where it leads at this moment."""


@dataclass(frozen=True)
class Target:
    """Where a request goes: `addresses` are those of `host` that were checked, `path` has the query with it."""

    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[Address, ...]


def target_of(url: str, *, seconds: float) -> Target:
    """Resolve an address and check all it resolves to.

    Args:
        seconds: How long the name server may take.

    Raises:
        AddressError: Requests may not go there, or there is no such name.
        NoNameServerError: The name server did not answer in time.
    """
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise AddressError(_("This is no address. Enter one like https://example.org/hook.")) from error
    if scheme not in PORTS or not host or any(character.isspace() for character in url):
        raise AddressError(_("This is no address. Enter one like https://example.org/hook."))
    if "@" in parts.netloc:
        raise AddressError(_("Leave user name and password out of the address: the signature says who is calling."))
    host = _ascii(host)
    port = port or PORTS[scheme]
    addresses = _resolve(host, port, seconds=seconds)
    _check(addresses, scheme=scheme)
    path = iri_to_uri(f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}")
    return Target(scheme=scheme, host=host, port=port, path=path, addresses=addresses)


def is_allowed_by_operator(address: Address) -> bool:
    candidates = (address, _reached_by(address))
    return any(candidate in network for network in settings.WEBHOOK_ALLOWED_NETWORKS for candidate in candidates)


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the public internet.

    What leads to another address is judged by that. Of the rest, private and shared networks, this machine, the local
    link, groups of receivers and whatever is kept for other uses are not public.
    """
    reached = _reached_by(address)
    if isinstance(reached, IPv6Address) and reached not in GLOBAL_UNICAST:
        return False
    if any(reached in network for network in SPECIAL_NETWORKS):
        return False
    return reached.is_global and not reached.is_multicast and not reached.is_reserved


def _reached_by(address: Address) -> Address:
    """Return where packets to an address arrive in the end: some IPv6 addresses hold one of IPv4."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _check(addresses: tuple[Address, ...], *, scheme: str) -> None:
    for address in addresses:
        if is_allowed_by_operator(address):
            continue
        if not is_public(address):
            raise AddressError(
                _("This does not lead to a public address. Enter one that does, or ask whoever runs the site to add "
                  "its network to WEBHOOK_ALLOWED_NETWORKS."),
                detail=f"{address} is not a public address.",
            )  # fmt: skip
        if scheme != "https":
            raise AddressError(_("On its way everybody could read it. Enter an address that begins with https://."))


def _ascii(host: str) -> str:
    """Return a name in any script as name servers know it."""
    if host.isascii():
        return host
    with suppress(UnicodeError):
        encoded = host.encode("idna")
        # Python follows RFC 3490, to which some names are others than to newer rules: "straße" is "strasse". Nothing
        # is sent to a name that nobody entered.
        if encoded.decode("idna") == normalize("NFKC", host):
            return encoded.decode("ascii")
    raise AddressError(_("Enter this name as name servers know it: in Latin letters, beginning with xn--."))


def _resolve(host: str, port: int, *, seconds: float) -> tuple[Address, ...]:
    # The system's own look-up cannot be given a time limit, so another thread waits for it.
    answers: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, ValueError) as error:
            answers.put(error)
        else:
            answers.put([str(address[0]) for *_kind, address in found])

    threading.Thread(target=look_up, name=f"look-up of {host}", daemon=True).start()
    try:
        answer = answers.get(timeout=max(seconds, 0))
    except queue.Empty:
        text = _("No name server tells where %(host)s is. Try again later.") % {"host": host}
        raise NoNameServerError(text, fault=Fault.NAME) from None
    if isinstance(answer, Exception):
        text = _("There is no %(host)s. Check the name.") % {"host": host}
        raise AddressError(text, fault=Fault.NAME, detail=f"{host}: {answer}") from answer
    return tuple(ip_address(address) for address in dict.fromkeys(answer))
