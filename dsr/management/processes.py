"""Running the portal's processes together: all start, all stop, and none outlives the others."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence

GRACE = 6.0  # seconds between the request to stop and SIGKILL


class PortTaken(Exception):
    """Somebody listens there already."""


def require_free(host: str, port: int) -> None:
    """Raise PortTaken when nothing new can listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            message = f"Port {port} on {host} is taken ({error.strerror}). Choose another one: PORT=8001 make demo"
            raise PortTaken(message) from None


def web(host: str, port: int) -> list[str]:
    """The web server: one process with threads for views."""
    options = ["--interface", "wsgi", "--host", host, "--port", str(port), "--workers", "1"]
    threads = ["--blocking-threads", str(2 * (os.cpu_count() or 1)), "--log-level", "error"]
    return [sys.executable, "-m", "granian", *options, *threads, "dsr.wsgi:application"]


def worker(concurrency: int = 2) -> list[str]:
    """The Celery worker, which sweeps the ledger by itself."""
    options = ["--pool", "prefork", "--concurrency", str(concurrency), "--loglevel", "WARNING", "--quiet"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    # Celery warns against root with a warning of its own making; which user runs it is the operator's choice.
    python = [sys.executable, "-W", "ignore::UserWarning"]
    return [
        *python,
        "-m",
        "celery",
        "--quiet",
        "-A",
        "dsr.celery",
        "worker",
        *[o for o in options if o != "--quiet"],
        *quiet,
    ]


def run(commands: Sequence[Sequence[str]], beside: Sequence[subprocess.Popen[bytes]] = ()) -> int:
    """Run all commands until one of them, or one `beside`, ends or somebody asks to stop. The exit code."""
    stopping = False

    def stop(number: int, frame: object) -> None:  # noqa: ARG001 — the signature of a signal handler
        nonlocal stopping
        stopping = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    # Each in a session of its own: Ctrl-C reaches this process alone, which then stops them in order.
    running = [subprocess.Popen(list(command), start_new_session=True) for command in commands]
    try:
        while not stopping and all(process.poll() is None for process in [*running, *beside]):
            time.sleep(0.1)
    finally:
        failed = [process.returncode for process in [*running, *beside] if process.poll() is not None]
        end(running)
    return 0 if stopping else next(iter(failed), 1) or 1


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
