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
    """Payments change at once (some are kept), tasks by a job that takes two polls."""

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
    _body: dict[str, Any]

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Write the Date header."""
        return super().date_time_string(self.now if timestamp is None else timestamp)

    def do_GET(self) -> None:
        self._serve({})

    def do_POST(self) -> None:
        self._serve(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def do_PATCH(self) -> None:
        self.do_POST()

    def do_DELETE(self) -> None:
        self._serve({})

    def log_message(self, *_: object) -> None:
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

    def _serve(self, body: dict[str, Any]) -> None:
        self.server.calls.append((self.command, self.path))
        self._body = body
        if self.server.fault is not None:
            self.server.fault(self)
        else:
            self.serve_truly()

    def serve_truly(self) -> None:
        """Answer as a service does that is whole."""
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self.send(401, b'{"error": "who?"}')
            return
        address = urlsplit(self.path)
        status, answer = self._answer(address.path.strip("/").split("/"), parse_qs(address.query), self._body)
        self.send(status, json.dumps(answer).encode())

    def _answer(self, path: list[str], query: dict[str, list[str]], body: dict[str, Any]) -> tuple[int, object]:
        match (self.command, *path):
            case "GET", table, "list":
                return 200, self._page(self.server.tables[table], query)
            case "POST", table, "erasures":
                return self._once(table, lambda: self._erased(table, body["ids"]))
            case "PATCH", table, "values":
                return self._once(table, lambda: self._corrected(table, body["changes"]))
            case "POST", table, "stops":
                return self._once(table, lambda: self._stopped(table, body["ids"], body["set"]))
            case "GET", "tasks", "deletions", job:
                return 200, self._poll(job)
            case _:
                return 404, {"error": "nothing here"}

    def _once(self, table: str, effect: Callable[[], dict[str, Any]]) -> tuple[int, object]:
        """Answer a key again as before; tasks take their time."""
        key = self.headers["Idempotency-Key"]
        if key not in self.server.answered:
            if table == "tasks":
                self.server.jobs[f"job-{key}"] = [2, effect]
                self.server.answered[key] = {"status": "started", "job": f"job-{key}", "retry_after": 0}
            else:
                self.server.answered[key] = effect()
        answer = self.server.answered[key]
        return (202 if answer["status"] == "started" else 200), answer

    def _page(self, table: dict[str, dict[str, Any]], query: dict[str, list[str]]) -> dict[str, Any]:
        start = int(query.pop("cursor", ["0"])[0])
        ((field, values),) = query.items()
        found = [row for row in table.values() if str(row[field]) in values]
        following = str(start + PAGE) if start + PAGE < len(found) else None
        return {"items": found[start : start + PAGE], "next": following}

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

    def _corrected(self, table: str, changes: list[dict[str, Any]]) -> dict[str, Any]:
        rows, outcomes = self.server.tables[table], []
        for change in changes:
            row, field = rows.get(str(change["id"])), change["field"]
            if row is None:
                outcomes.append("absent")
            elif row[field] in (change["before"], change["after"]):
                row[field] = change["after"]
                outcomes.append("done")
            else:
                outcomes.append("changed")
        return {"status": "done", "outcomes": outcomes}

    def _stopped(self, table: str, ids: list[str], new: dict[str, Any]) -> dict[str, Any]:
        rows = [self.server.tables[table][one] for one in ids if one in self.server.tables[table]]
        meant = [row for row in rows if any(row[field] != value for field, value in new.items())]
        for row in meant:
            row.update(new)
        return {"status": "done", "changed": len(meant), "unchanged": len(ids) - len(meant)}

    def _poll(self, job: str) -> dict[str, Any]:
        left, effect = self.server.jobs[job]
        if left:
            self.server.jobs[job][0] -= 1
            return {"status": "running", "retry_after": 0}
        outcome: dict[str, Any] = effect()
        return outcome
