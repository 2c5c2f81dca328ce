"""A small real service on loopback that speaks the protocol of HTTP services, and fails as told."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "only-for-tests"
PAGE = 40
Answer = tuple[int, object]  # status and body


class Service(ThreadingHTTPServer):
    """Payments erased at once (some are kept), tasks erased by a job that takes two polls."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.tables: dict[str, dict[str, dict[str, Any]]] = {"payments": {}, "tasks": {}}
        self.kept: set[str] = set()
        self.answered: dict[str, dict[str, Any]] = {}
        self.jobs: dict[str, list[Any]] = {}
        self.calls: list[tuple[str, str]] = []
        self.fault: Callable[[Handler], None] | None = None

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep silent: it was told to break off, or its client went away."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def running() -> Iterator[Service]:
    """The service, until the block ends."""
    service = Service()
    thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield service
    finally:
        service.shutdown()
        thread.join()
        service.server_close()


class Handler(BaseHTTPRequestHandler):
    """One exchange."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # header and body go out at once
    server: Service
    now: float | None = None  # what its clock says, unless it is right

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Write the Date header."""
        return super().date_time_string(self.now if timestamp is None else timestamp)

    def do_GET(self) -> None:
        self._serve({})

    def do_POST(self) -> None:
        self._serve(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  named by http.server
        """Keep silent."""

    def send(self, status: int, content: bytes, kind: str = "application/json", **headers: str) -> None:
        """Answer with these bytes."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def reset(self) -> None:
        """Break the connection off."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _serve(self, body: dict[str, list[str]]) -> None:
        self.server.calls.append((self.command, self.path))
        if self.server.fault is not None:
            self.server.fault(self)
            return
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self.send(401, b'{"error": "who?"}')
            return
        address = urlsplit(self.path)
        status, answer = self._answer(address.path.strip("/").split("/"), parse_qs(address.query), body)
        self.send(status, json.dumps(answer).encode())

    def _answer(self, path: list[str], query: dict[str, list[str]], body: dict[str, list[str]]) -> tuple[int, object]:
        match (self.command, *path):
            case "GET", table, "list":
                return 200, self._page(self.server.tables[table], query)
            case "POST", table, "erasures":
                key = self.headers["Idempotency-Key"]
                if key not in self.server.answered:
                    self.server.answered[key] = self._erase(table, body["ids"], key)
                answer = self.server.answered[key]
                return (202 if answer["status"] == "started" else 200), answer
            case "GET", "tasks", "deletions", job:
                return 200, self._poll(job)
            case _:
                return 404, {"error": "nothing here"}

    def _page(self, table: dict[str, dict[str, Any]], query: dict[str, list[str]]) -> dict[str, Any]:
        start = int(query.pop("cursor", ["0"])[0])
        ((field, values),) = query.items()
        found = [row for row in table.values() if str(row[field]) in values]
        following = str(start + PAGE) if start + PAGE < len(found) else None
        return {"items": found[start : start + PAGE], "next": following}

    def _erase(self, table: str, ids: list[str], key: str) -> dict[str, Any]:
        if table == "tasks":
            self.server.jobs[f"job-{key}"] = [2, ids]
            return {"status": "started", "job": f"job-{key}", "retry_after": 0}
        return self._erased(table, ids)

    def _erased(self, table: str, ids: list[str]) -> dict[str, Any]:
        rows = self.server.tables[table]
        kept = [{"id": one, "until": "2029-03-01", "reason": "tax law"} for one in ids if one in self.server.kept]
        gone = [one for one in ids if one in rows and one not in self.server.kept]
        for one in gone:
            del rows[one]
        return {
            "status": "done",
            "erased": len(gone),
            "kept": kept,
            "absent": len(ids) - len(gone) - len(kept),
        }

    def _poll(self, job: str) -> dict[str, Any]:
        left, ids = self.server.jobs[job]
        if left:
            self.server.jobs[job][0] -= 1
            return {"status": "running", "retry_after": 0}
        return self._erased("tasks", ids)
