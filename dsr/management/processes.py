"""Running the portal's processes together: all start, all stop, and none outlives the others."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dsr.connectors.settings import referred
from dsr.steps import maps

GRACE = 6.0  # seconds between the request to stop and SIGKILL


class PortTaken(Exception):
    """Somebody listens there already."""


def require_free(host: str, port: int) -> None:
    """Raise PortTaken when nothing new can listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or error
            message = f"Port {port} on {host} is taken ({why}). Choose another one: PORT=8001 make demo"
            raise PortTaken(message) from None


def web(host: str, port: int) -> list[str]:
    """The web server: one process with threads for views."""
    options = ["--interface", "wsgi", "--host", host, "--port", str(port), "--workers", "1"]
    threads = ["--blocking-threads", str(2 * (os.cpu_count() or 1)), "--log-level", "error"]
    return [sys.executable, "-m", "granian", *options, *threads, "dsr.wsgi:application"]


def worker(concurrency: int = 3) -> list[str]:
    """The Celery worker that does the ledger's work: more processes than one slow system may hold (Pace.at_once)."""
    return _celery("--queues", "dsr", "--pool", "prefork", "--concurrency", str(concurrency))


def poster() -> list[str]:
    """The Celery worker that sends letters and nothing else, so no slow system holds them back."""
    return _celery("--queues", "dsr.post", "--pool", "solo")


def _celery(*own: str) -> list[str]:
    options = [*own, "--loglevel", "WARNING"]
    alone = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    # Celery warns against root with a warning of its own making; which user runs it is the operator's choice.
    python = [sys.executable, "-W", "ignore::UserWarning"]
    return [*python, "-m", "celery", "--quiet", "-A", "dsr.celery", "worker", *options, *alone]


def without_secrets() -> dict[str, str]:
    """Our environment without what the maps' systems refer to, which is for workers; the portal's own begins DSR_."""
    systems = (system for one in maps.controllers().values() for system in one.systems.values())
    theirs = {name for system in systems for name in referred(system) if not name.startswith("DSR_")}
    return {name: value for name, value in os.environ.items() if name not in theirs}


@dataclass(frozen=True, slots=True)
class Ready:
    """What to say once somebody listens at host and port."""

    host: str
    port: int
    say: Callable[[], None]

    def reached(self) -> bool:
        """Whether a connection is taken."""
        with socket.socket() as probe:
            probe.settimeout(0.2)
            return probe.connect_ex((self.host, self.port)) == 0


def run(ready: Ready, beside: Sequence[subprocess.Popen[bytes]] = ()) -> int:
    """Run the portal until a process of it, or one `beside`, ends or somebody asks to stop. The exit code."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    # Each in a session of its own: Ctrl-C reaches this process alone, which then stops them in order.
    running = [subprocess.Popen(web(ready.host, ready.port), start_new_session=True, env=without_secrets())]
    running += [subprocess.Popen(command, start_new_session=True) for command in (worker(), poster())]
    everybody = [*running, *beside]
    said = False
    try:
        while not stopping.wait(0.1) and all(process.poll() is None for process in everybody):
            if not said and ready.reached():
                ready.say()
                said = True
    finally:
        ended = [process.returncode for process in everybody if process.poll() is not None]
        for process in everybody:
            if process.poll() is not None and not stopping.is_set():
                why = f"This process ended with {process.returncode}, so everything stops: {process.args!r}"
                sys.stderr.write(f"{why}\n")
        end(running)
    return 0 if stopping.is_set() else next(iter(ended), 1) or 1


def end(running: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ask every process to stop, then make it."""
    for process in running:
        if process.poll() is None:
            process.terminate()
    until = time.monotonic() + GRACE
    for process in running:
        try:
            process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
