"""Signing in with a code in a real browser: one's requests, who looked, where one is signed in; and what it hears."""

from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection

import psutil
import pytest

from tests.browser.conftest import Demo, Walker

pytestmark = [pytest.mark.browser, pytest.mark.processes]
ZOE = "zoe@example.com"


def test_zoe_signs_in_with_a_code_and_ends_all_sessions(demo: Demo, walker: Callable[[], Walker]) -> None:
    zoe = walker()
    answer = zoe.page.goto(f"{demo.url}/joypix/")
    assert answer is not None
    assert answer.header_value("referrer-policy") == "no-referrer"
    zoe.press("Your requests")
    zoe.fill("E-mail address", ZOE)
    zoe.press("Send me a code")  # a form of ours is taken, though no page tells where it comes from
    zoe.fill("Code", demo.code(ZOE, "/joypix/sign-in/"))
    zoe.press("Sign in")
    assert zoe.page.url == f"{demo.url}/joypix/mine/"
    assert "Nothing was asked here with this address" in zoe.page.content()
    zoe.press("Who looked at your data here")
    zoe.press("Where you are signed in")
    assert "This one" in zoe.page.content()
    zoe.press("End all, this one too")
    zoe.page.goto(f"{demo.url}/joypix/mine/")
    assert zoe.page.url == f"{demo.url}/joypix/sign-in/"


def test_what_breaks_the_policy_is_heard_on_every_page(
    demo: Demo, walker: Callable[[], Walker], violations: list[str]
) -> None:
    mallory = walker()
    for page in ("/joypix/", "/desk/login/"):
        mallory.page.goto(f"{demo.url}{page}")
        mallory.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=color:red>x</p>')")
        mallory.page.evaluate("new Promise((done) => setTimeout(done))")  # it is told in a task of its own
    assert {heard.split()[1] for heard in violations} == {"style-src-attr"}
    assert len(violations) == len({"/joypix/", "/desk/login/"})
    violations.clear()


def test_the_running_server_refuses_ten_gigabytes_unread(demo: Demo) -> None:
    def memory() -> int:
        return sum(each.memory_info().rss for each in psutil.Process(demo.process.pid).children(recursive=True))

    before = memory()
    connection = HTTPConnection("127.0.0.1", demo.port)
    connection.putrequest("POST", "/joypix/sign-in/")
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", str(10 << 30))
    connection.endheaders()
    with suppress(BrokenPipeError, ConnectionResetError):  # it hangs up
        for _ in range(256):
            connection.send(b"x" * (1 << 20))
    with suppress(ConnectionResetError):
        assert connection.getresponse().status == 413
    connection.close()
    assert memory() - before < 100 << 20
