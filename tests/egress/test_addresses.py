"""Which addresses may be reached: what a name leads to is looked at once, and that is what is connected to."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dsr.egress.addresses import Private, networks, resolved
from dsr.egress.client import Egress, NoAnswer, Refused, Timeouts
from tests.connectors.service import Service, running

Lookup = Callable[..., list[tuple[object, ...]]]


def leading_to(*addresses: str) -> Lookup:
    """A name service that answers so."""

    def lookup(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET6 if ":" in one else socket.AF_INET, 1, 6, "", (one, port)) for one in addresses]

    return lookup


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::1", "fec0::1", "feff::1",
        "64:ff9b:1::7f00:1", "64:ff9b:1:fffe::a00:1", "::127.0.0.1", "::93.184.215.14", "::ffff:0:127.0.0.1",
        "192.0.0.192", "::ffff:192.0.0.192", "64:ff9b::c000:c0", "2002:c000:c0::1", "5f00::1", "3fff::1",
    ],
)  # fmt: skip
def test_what_is_not_of_the_internet_is_private(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", leading_to(address))
    with pytest.raises(Private):
        resolved("pay.example", 443, ())


def test_one_private_address_among_others_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", leading_to("93.184.215.14", "10.0.0.1"))
    with pytest.raises(Private):
        resolved("pay.example", 443, ())


def test_the_internet_and_what_the_settings_name_may_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    global_ones = ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e")
    found = (*global_ones, "10.0.0.1", "fd00::1", "::ffff:10.0.0.2", "64:ff9b:1::a00:1")
    monkeypatch.setattr(socket, "getaddrinfo", leading_to(*found))
    assert resolved("pay.example", 443, networks(["10.0.0.0/8", "fd00::/8", "64:ff9b:1::/48"])) == list(found)


@pytest.fixture
def service() -> Iterator[Service]:
    with running() as made:
        made.fault = lambda handler: handler.send(200, b'{"ok": true}')
        yield made


def test_a_name_that_answers_anew_leads_nowhere_else(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    true_lookup = socket.getaddrinfo

    def rebinding(host: str, port: int, *rest: Any, **more: Any) -> object:
        asked.append(host)
        if host == "pay.example":
            # The first answer is allowed and nobody listens there; every later one is the service itself.
            address = "127.0.0.2" if asked.count(host) == 1 else "127.0.0.1"
            return leading_to(address)(host, port)
        return true_lookup(host, port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    base = f"http://pay.example:{service.server_address[1]}"
    egress = Egress([base], private=["127.0.0.2/32"])
    with pytest.raises(NoAnswer):
        egress.send("GET", base)
    assert asked.count("pay.example") == 1
    with pytest.raises(Refused, match="private"):
        egress.send("GET", base)
    egress.close()
    assert service.calls == []


def test_the_next_address_is_tried_when_the_first_does_not_answer(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    true_lookup = socket.getaddrinfo

    def lookup(host: str, port: int, *rest: Any, **more: Any) -> object:
        if host == "pay.example":
            return leading_to("127.0.0.2", "127.0.0.1")(host, port)
        return true_lookup(host, port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    base = f"http://pay.example:{service.server_address[1]}"
    egress = Egress([base], private=["127.0.0.0/8"])
    assert egress.send("GET", base).status == 200
    egress.close()


def test_a_name_service_that_does_not_answer_is_left_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def slow(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        over.wait(60)
        return leading_to("127.0.0.1")(host, port)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    egress = Egress(["http://pay.example"], timeouts=Timeouts(connect=60, read=60, total=0.4), private=["127.0.0.0/8"])
    started = time.monotonic()
    with pytest.raises(NoAnswer, match="in time"):
        egress.send("GET", "http://pay.example/")
    assert time.monotonic() - started < 30
    over.set()
    egress.close()


def test_a_name_service_may_take_longer_than_a_connection(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    true_lookup = socket.getaddrinfo

    def second_server(host: str, port: int, *rest: Any, **more: Any) -> object:
        if host == "pay.example":
            threading.Event().wait(0.7)
            return leading_to("127.0.0.1")(host, port)
        return true_lookup(host, port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", second_server)
    base = f"http://pay.example:{service.server_address[1]}"
    egress = Egress([base], timeouts=Timeouts(connect=0.5, read=60, total=60), private=["127.0.0.0/8"])
    assert egress.send("GET", base).status == 200
    egress.close()


def test_a_name_that_nobody_knows_is_asked_for_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> object:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    egress = Egress(["http://nobody.invalid"])
    with pytest.raises(NoAnswer):
        egress.send("GET", "http://nobody.invalid/")
    egress.close()
