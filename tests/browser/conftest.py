"""A demo of its own on a free port, and browsers for the person and for staff."""

import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import TimeoutError as TooLate

from tests.steps.errands.scene import PAPER
from tests.tree import ROOT

PATIENCE = 120.0  # seconds; what never happens is told then, also beside other work
# Nobody is given one of these by chance, as the ports above them: the demo takes its own seconds after it is chosen.
PORTS = range(20_000, 32_000)
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def free_port() -> int:
    """One on which nobody listens."""
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    raise AssertionError("every port is taken")


class Demo:
    """`manage.py demo`, as a newcomer starts it; but PixPlus has a paper archive, too, which only people can search."""

    def __init__(self, var: Path) -> None:
        """Start it, and wait for its first page."""
        self.port = free_port()
        self.sessions: dict[str, list[Any]] = {}  # cookies of the staff who have signed in
        self.var, self.url = var, f"http://127.0.0.1:{self.port}"
        self.environ = {k: v for k, v in os.environ.items() if not k.startswith(("DSR_", "JOYPIX_", "PIXPLUS_"))}
        shutil.copytree(ROOT / "controllers", var / "controllers", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        (var / "controllers/pixplus/systems/paper-archive.yaml").write_text(PAPER.lstrip(), "utf-8")
        self.environ |= {"DSR_VAR": str(var), "DSR_CONTROLLERS": str(var / "controllers")}
        command = [sys.executable, "manage.py", "demo", "--port", str(self.port)]
        self.log = (var / "log").open("wb")
        self.process = subprocess.Popen(
            command, env=self.environ, stdout=self.log, stderr=self.log, start_new_session=True
        )
        with httpx.Client(timeout=PATIENCE) as newcomer:  # one for all tries: each reads the trusted certificates
            self.await_(lambda: self._answers(newcomer), "the first page")

    def _answers(self, newcomer: httpx.Client) -> bool:
        assert self.process.poll() is None, (self.var / "log").read_text()
        try:
            return newcomer.get(f"{self.url}/joypix/").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def await_(self, done: Callable[[], object], what: str) -> None:
        """Wait until something is so."""
        until = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < until, f"{what}: not after {PATIENCE} s; {(self.var / 'log').read_text()[-2000:]}"
            threading.Event().wait(0.1)

    def code(self, address: str, reference: str, says: str = "") -> str:
        """The newest code mailed to an address about a request, in a letter that says this."""
        found: list[str] = []

        def arrived() -> bool:
            for path in sorted((self.var / "demo" / "mail").glob("*.eml"), reverse=True):
                text = path.read_text()
                if (
                    address in text
                    and reference in text
                    and says in text
                    and (code := re.search(r"^\s+([2-9A-Z]{4} [2-9A-Z]{4})\s*$", text, re.MULTILINE))
                ):
                    found.append(code[1])
                    return True
            return False

        self.await_(arrived, f"a code for {address}")
        return found[0]

    def password(self, who: str) -> str:
        """What the demo printed."""
        passwords: dict[str, str] = json.loads((self.var / "demo" / "staff.json").read_text())
        return passwords[who]

    def staff_code(self, who: str) -> str:
        """What `make code` prints."""
        environ = self.environ | {"DSR_DEMO": "1"}
        told = subprocess.run(
            [sys.executable, "manage.py", "code", who], env=environ, capture_output=True, text=True, check=True
        )
        found = re.search(r"\b\d{6}\b", told.stdout)
        assert found, told.stdout
        return found[0]

    def state(self, reference: str) -> str:
        """Where a request stands."""
        with closing(sqlite3.connect(self.var / "portal.sqlite3", timeout=20)) as connection:
            row = connection.execute("SELECT state FROM dsr_subjectrequest WHERE reference = ?", [reference]).fetchone()
        return str(row[0])

    def pass_grace(self, reference: str) -> None:
        """The days in which the person can cancel go by."""
        own = "(SELECT id FROM dsr_subjectrequest WHERE reference = ?)"
        items = f"UPDATE dsr_planitem SET not_before = created_at WHERE until IS NULL AND subject_request_id = {own}"
        grace = f"UPDATE dsr_subjectrequest SET erase_after = received_at WHERE id = {own}"
        with closing(sqlite3.connect(self.var / "portal.sqlite3", timeout=20)) as connection, connection:
            for statement in (items, grace):
                connection.execute(statement, [reference])

    def stop(self) -> int:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(PATIENCE)
        self.log.close()
        return code


@pytest.fixture(scope="package")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A running demo; Ctrl-C ends it, and ends it well. Its workers look for work all the time, so it ends soon."""
    running = Demo(tmp_path_factory.mktemp("demo"))
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's Chromium. Pages need no script, so forms work as they are.

    It ends with its module: while it runs, its event loop keeps Django's tables from other tests in this process.
    """
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


class Walker:
    """A person at a browser. Every page is checked for barriers, and for anything the browser complains of.

    Staff give their second factor again whenever a page asks: on a slow machine a code grows old between two tests.
    """

    def __init__(self, page: Page) -> None:
        """Listen to the console from the first page on."""
        self.page = page
        self.staff: tuple[Demo, str] | None = None  # who works here, and where
        self.complaints: list[str] = []
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def looks(self) -> None:
        """No barrier that axe-core knows, no violation of the content security policy."""
        found = Axe().run(self.page)
        assert found.violations_count == 0, f"{self.page.url}\n{found.generate_report()}"
        assert self.complaints == [], self.page.url

    def press(self, name: str | re.Pattern[str]) -> None:
        """Press a button or follow a link by its name, then look."""
        button = self.page.get_by_role("button", name=name, exact=True)
        target = button if button.count() else self.page.get_by_role("link", name=name, exact=True)
        try:
            target.first.click()
        except TooLate as why:
            raise AssertionError(f"no {name!r} on {self.page.url}:\n{self.page.inner_text('body')}") from why
        self.page.wait_for_load_state()
        if self.staff and self.page.locator("#id_step_up_code").count():
            self._step_up(*self.staff)
        self.looks()

    def _step_up(self, demo: Demo, who: str) -> None:
        self.complaints.pop()  # the page that asks is a 403
        self.looks()
        self.fill("One-time code", demo.staff_code(who))
        self.page.get_by_role("button", name="Go on").click()
        self.page.wait_for_load_state()
        demo.sessions[who] = list(self.page.context.cookies())  # under a new key

    def choose(self, label: str) -> None:
        """Choose one of several, by its label."""
        self.page.get_by_label(label).first.check()

    def fill(self, label: str, value: str) -> None:
        """Type into the field with this label."""
        self.page.get_by_label(label).first.fill(value)


HEARS = """addEventListener("securitypolicyviolation", (it) => told(
    [it.documentURI, it.effectiveDirective, it.blockedURI, it.sample].join(" ")), true)"""


@pytest.fixture
def violations() -> list[str]:
    """What broke a content security policy, on whichever page of the test's browsers, so far."""
    return []


@pytest.fixture
def walker(chromium: Browser, violations: list[str]) -> Iterator[Callable[[], Walker]]:
    """Open a browser of somebody's own. Scripts are allowed on the desk only because axe needs them everywhere.

    No page of the whole test breaks its content security policy, whether anybody looks at it or not (ASVS V3.4.3).
    """
    contexts: list[BrowserContext] = []

    def told(heard: str) -> None:
        violations.append(heard)

    def opened() -> Walker:
        contexts.append(chromium.new_context(accept_downloads=True))
        contexts[-1].set_default_timeout(PATIENCE * 1000)
        contexts[-1].expose_function("told", told)
        contexts[-1].add_init_script(HEARS)
        return Walker(contexts[-1].new_page())

    yield opened
    for context in contexts:
        context.close()
    assert violations == []
