"""The one HTTP client: it reaches what is allowed, takes what is bounded, and says nothing of people."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from dsr.egress.client import Egress, NoAnswer, Refused, Timeouts
from tests.connectors.service import Handler, Service, running

LOOPBACK = "127.0.0.0/8"


@pytest.fixture
def service() -> Iterator[Service]:
    with running() as made:
        made.fault = lambda handler: handler.send(200, b'{"ok": true}')
        yield made


@pytest.fixture
def egress(service: Service) -> Iterator[Egress]:
    made = Egress([service.url], timeouts=Timeouts(60, 60, 60), max_bytes=1_000, private=[LOOPBACK])
    yield made
    made.close()


def test_an_allowed_address_answers(egress: Egress, service: Service) -> None:
    answer = egress.send("GET", f"{service.url}/a", params=[("q", "a b&c"), ("q", "ü")])
    assert (answer.status, answer.content_type, answer.body) == (200, "application/json", b'{"ok": true}')
    assert service.calls == [("GET", "/a?q=a+b%26c&q=%C3%BC")]


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:{port}/",
        "http://127.0.0.1:1/",
        "http://127.0.0.1/",
        "http://localhost:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f000001:{port}/",
        "http://0177.0.0.1:{port}/",
        "http://127.1:{port}/",
        "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:{port}@evil.example/",
        "http://sam:pw@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}.evil.example/",
        "file:///etc/passwd",
        "ftp://127.0.0.1:{port}/",
        "//127.0.0.1:{port}/",
        "",
        "http://",
        "http://127.0.0.1:{port}\r\nX: y/",
    ],
)
def test_every_other_address_is_refused_before_anything_is_sent(egress: Egress, service: Service, url: str) -> None:
    with pytest.raises(Refused):
        egress.send("GET", url.format(port=service.server_address[1]))
    assert service.calls == []


def test_a_redirect_is_an_answer_and_is_not_followed(egress: Egress, service: Service) -> None:
    service.fault = lambda handler: handler.send(302, b"", Location=f"{service.url}/elsewhere")
    assert egress.send("GET", f"{service.url}/a").status == 302
    assert service.calls == [("GET", "/a")]


def test_an_answer_is_taken_up_to_its_cap(egress: Egress, service: Service) -> None:
    service.fault = lambda handler: handler.send(200, b"x" * 1_001)
    with pytest.raises(Refused, match="larger"):
        egress.send("GET", service.url)


def test_a_value_that_cannot_be_written_is_refused(egress: Egress, service: Service) -> None:
    for wrong in (
        {"params": [("q", "\ud800")]},
        {"headers": {"X-Key": "a\r\nb"}},
        {"headers": {"X-Key": "ü"}},
    ):
        with pytest.raises(Refused):
            egress.send("GET", service.url, **wrong)
    assert service.calls == []


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry_After": "7"}, 7.0),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": "-5"}, None),
        ({"Retry_After": "99999999999"}, 86_400.0),
        ({"Retry_After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"Retry_After": "Wed, 21 Oct 99999999999999999999 07:28:00 GMT"}, None),
        ({"Retry_After": "Wed, 21 Oct 2015 07:28:00 +99999999999999"}, None),
    ],
)
@pytest.mark.parametrize("status", [429, 500, 503])
def test_later_means_later(
    egress: Egress, service: Service, status: int, headers: dict[str, str], seconds: float | None
) -> None:
    service.fault = lambda handler: handler.send(status, b"", **headers)
    with pytest.raises(NoAnswer) as failed:
        egress.send("GET", service.url)
    assert failed.value.retry_in == seconds


def test_a_date_to_come_back_is_read_by_the_services_own_clock(egress: Egress, service: Service) -> None:
    def busy(handler: Handler) -> None:
        handler.now = 1_445_412_480.0
        handler.send(503, b"", Retry_After="Wed, 21 Oct 2015 07:30:00 GMT")

    service.fault = busy
    with pytest.raises(NoAnswer) as failed:
        egress.send("GET", service.url)
    assert failed.value.retry_in == 120.0


@pytest.mark.parametrize("drip", [b"H", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"])
def test_whoever_drips_is_left_at_the_deadline(drip: bytes) -> None:
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drop_by_drop() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(drip)
                while not over.wait(0.05):
                    connection.sendall(b"T")

        dripping = threading.Thread(target=drop_by_drop)
        dripping.start()
        egress = Egress(
            [f"http://127.0.0.1:{server.getsockname()[1]}"],
            timeouts=Timeouts(connect=60, read=60, total=0.4),
            private=[LOOPBACK],
        )
        started = time.monotonic()
        with pytest.raises(NoAnswer, match="in time"):
            egress.send("GET", f"http://127.0.0.1:{server.getsockname()[1]}/")
        assert time.monotonic() - started < 30
        over.set()
        dripping.join()
        egress.close()


def test_proxies_of_the_environment_are_not_asked(
    egress: Egress, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert egress.send("GET", service.url).status == 200


@pytest.mark.parametrize("base", ["", "pay.example", "ftp://pay.example", "https://me:pw@pay.example", "http://"])
def test_an_allow_list_holds_whole_addresses_only(base: str) -> None:
    with pytest.raises(ValueError, match="address"):
        Egress([base])


@pytest.mark.parametrize("private", [[], ["10.0.0.0/8"], ["127.0.0.2/32"], ["::1/128"]])
def test_a_private_address_that_was_not_allowed_is_refused(service: Service, private: list[str]) -> None:
    egress = Egress([service.url], private=private)
    with pytest.raises(Refused, match="private"):
        egress.send("GET", service.url)
    egress.close()
    assert service.calls == []


def test_a_name_that_leads_home_is_refused(service: Service) -> None:
    at_home = f"http://localhost:{service.server_address[1]}"
    egress = Egress([at_home])
    with pytest.raises(Refused, match="private"):
        egress.send("GET", at_home)
    egress.close()
    assert service.calls == []


def test_a_network_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="must be written like"):
        Egress(["https://pay.example"], private=["localhost"])
