"""Which addresses a name may lead to: those of the internet, and private ones that the settings name."""

import contextlib
import ipaddress
import queue
import socket
import threading
from collections.abc import Iterable

import httpcore

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: the last four bytes are an address of the older kind
# Some of Python's tables call them global, yet each stays within a network, or leads to an older address.
_NOT_GLOBAL = (
    ipaddress.IPv6Network("::/96"),  # RFC 4291, 2.5.5.1: compatible with the older kind
    ipaddress.IPv6Network("::ffff:0:0:0/96"),  # RFC 2765: translated from the older kind
    ipaddress.IPv6Network("64:ff9b:1::/48"),  # RFC 8215: translated within a network
    ipaddress.IPv6Network("fec0::/10"),  # RFC 3879: of one site
    ipaddress.IPv6Network("5f00::/16"),  # RFC 9602: segments of a network's own routes
    ipaddress.IPv6Network("3fff::/20"),  # RFC 9637: for documentation
    ipaddress.IPv4Network("192.0.0.0/24"),  # RFC 6890, 2.2.2: of protocols; one cloud tells its machines secrets there
)


class Private(Exception):
    """A name leads to an address that is not of the internet, and was not allowed."""


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Read networks such as 10.0.0.0/8 or fd00::/8. ValueError: one is none."""
    try:
        return tuple(ipaddress.ip_network(text) for text in texts)
    except ValueError:
        raise ValueError("a private network must be written like 10.0.0.0/8") from None


def resolved(host: str, port: int, private: tuple[Network, ...], seconds: float | None = None) -> list[str]:
    """The addresses of a host, asked once and within `seconds`.

    Raises Private as soon as one of them may not be reached, httpcore.ConnectTimeout, httpcore.ConnectError.
    """
    addresses = list(dict.fromkeys(_looked_up(host, port, seconds)))
    if not addresses or not all(may_be_reached(address, private) for address in addresses):
        raise Private
    return addresses


def _looked_up(host: str, port: int, seconds: float | None) -> list[str]:
    """Ask the name service, for so long. Raises httpcore.ConnectTimeout, httpcore.ConnectError."""
    # The question cannot be interrupted; so a thread asks, and when time is up it is left to its own end.
    answers = queue.SimpleQueue[list[str] | None]()

    def ask() -> None:
        found = None
        try:
            with contextlib.suppress(OSError, UnicodeError):
                found = [str(sockaddr[0]) for *_, sockaddr in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        finally:  # whatever else goes wrong there, nobody waits for it
            answers.put(found)

    threading.Thread(target=ask, name="egress-name", daemon=True).start()
    try:
        found = answers.get(timeout=seconds)
    except queue.Empty:
        raise httpcore.ConnectTimeout("the name was not looked up in time") from None
    if found is None:
        raise httpcore.ConnectError("the name is not known")
    return found


def may_be_reached(text: str, private: tuple[Network, ...]) -> bool:
    """Whether an address is of the internet, or of one of these networks."""
    address = ipaddress.ip_address(text.partition("%")[0])  # behind the sign stands an interface of this machine
    meant = _meant(address)
    if any(one.version == network.version and one in network for one in (address, meant) for network in private):
        return True
    if any(one in network for one in (address, meant) for network in _NOT_GLOBAL):
        return False
    return all(one.is_global and not one.is_multicast for one in (address, meant))


def _meant(address: Address) -> Address:
    """The older address that a newer one stands for, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour or address
