"""The sample payment institution and RunningHub on HTTP, with the faults that tests ask for."""

import hmac
import json
import sqlite3
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from controllers.sample_state import LIMIT, STOPPABLE, Json, KeyReused, Page, State

_BODY = 1024 * 1024  # bytes
_FIRST_ERROR = 400
Reply = tuple[int, Json]


class Services(ThreadingHTTPServer):
    """Both services behind one port of the loopback."""

    daemon_threads = True

    def __init__(self, state: State, token: str, port: int = 0) -> None:
        """Listen at once; ValueError without a token, for nobody would be turned away."""
        if not token:
            raise ValueError("the sample services need a token")
        super().__init__(("127.0.0.1", port), _Handler)
        self.state = state
        self._token = token.encode()
        self._faults: dict[str, list[Json]] = {}
        self._lock = threading.Lock()

    @property
    def base_url(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def knows(self, authorization: str) -> bool:
        """Whether the header carries the token."""
        return hmac.compare_digest(authorization.encode(), b"Bearer " + self._token)

    def add_fault(self, fault: Json) -> None:
        """Spoil the next `times` answers of a service."""
        with self._lock:
            waiting = self._faults.setdefault(str(fault["service"]), [])
            waiting += [fault] * int(str(fault.get("times", 1)))

    def take_fault(self, service: str) -> Json | None:
        """The fault that the next answer of the service has to show."""
        with self._lock:
            waiting = self._faults.get(service)
            return waiting.pop(0) if waiting else None


class _BadQuestion(ValueError):
    """The caller asked for something that makes no sense; the text says what."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Services
    timeout = 60
    _controls: ClassVar[frozenset[str]] = frozenset({"journal", "faults", "clock"})

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > _BODY:
            self.close_connection = True
            self._reply(413, {"error": "a body of a stated, moderate length is needed"})
            return
        self._serve(self.rfile.read(int(length)))

    def log_message(self, *_: object) -> None:
        """Keep silent: addresses hold ids of people."""

    def _serve(self, body: bytes) -> None:
        if not self.server.knows(self.headers.get("Authorization", "")):
            self._reply(401, {"error": "unknown or missing token"})
            return
        address = urlsplit(self.path)
        path = address.path.strip("/").split("/")
        fault = None if path[0] in self._controls else self.server.take_fault(path[0])
        if fault and not fault.get("after_effect"):
            self._fail(fault)
            return
        try:
            status, answer = self._answer(path, parse_qs(address.query), body)
        except KeyReused as error:
            status, answer = 409, {"error": str(error)}
        except _BadQuestion as error:
            status, answer = 400, {"error": str(error)}
        except sqlite3.OperationalError:
            status, answer = 503, {"error": "busy", "retry_after": 1}
        if fault:
            self._fail(fault)
        else:
            self._reply(status, answer)

    def _answer(self, path: list[str], query: dict[str, list[str]], body: bytes) -> Reply:
        match (self.command, *path):
            case "GET", "payment", "payments":
                return 200, self._page("payments", "id" if "id" in query else "customer_id", query)
            case "POST", "payment", "erasures":
                return 200, self.server.state.erase_payments(*self._order(body))
            case _, "runninghub", *below:
                return self._runninghub(below, query, body)
            case _:
                return self._control(path, body)

    def _runninghub(self, path: list[str], query: dict[str, list[str]], body: bytes) -> Reply:
        match (self.command, *path):
            case "GET", "tasks":
                return 200, self._page("tasks", "task_id", query)
            case "POST", "deletions":
                return 202, self.server.state.delete_tasks(*self._order(body))
            case "POST", "stops":
                return 202, self.server.state.stop_tasks(_stopped(body), *self._order(body))
            case "GET", "deletions" | "stops", job:
                found = self.server.state.job(job)
                return (200, found) if found else (404, {"error": "there is no such job"})
            case _:
                return 404, {"error": "there is nothing here"}

    def _control(self, path: list[str], body: bytes) -> Reply:
        """What tests read and turn; no real service has it."""
        match (self.command, *path):
            case "GET", "journal":
                return 200, self.server.state.journal()
            case "POST", "faults":
                self.server.add_fault(_parsed(body))
                return 200, {"status": "set"}
            case "POST", "clock":
                self.server.state.set_today(date.fromisoformat(str(_parsed(body).get("on"))))
                return 200, {"status": "set"}
            case _:
                return 404, {"error": "there is nothing here"}

    def _page(self, table: str, field: str, query: dict[str, list[str]]) -> Json:
        values = query.get(field, [])
        if not 1 <= len(values) <= LIMIT:
            raise _BadQuestion(f"1 to {LIMIT} times {field} is needed")
        return self.server.state.page(Page(table, field, values, query.get("cursor", [""])[0]))

    def _order(self, body: bytes) -> tuple[list[str], str | None]:
        ids = _parsed(body).get("ids")
        if not isinstance(ids, list) or not ids or not all(isinstance(one, str) for one in ids):
            raise _BadQuestion("'ids' is a list of one text or more")
        return ids, self.headers.get("Idempotency-Key")

    def _fail(self, fault: Json) -> None:
        answer: Json = {"error": "a fault, as ordered"}
        if "retry_after" in fault:
            answer["retry_after"] = fault["retry_after"]
        self._reply(int(str(fault.get("status", 503))), answer)

    def _reply(self, status: int, answer: Json) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if status >= _FIRST_ERROR and "retry_after" in answer:
            self.send_header("Retry-After", str(answer["retry_after"]))
        self.end_headers()
        self.wfile.write(content)


def _stopped(body: bytes) -> str:
    """The one field that an order turns off."""
    match _parsed(body).get("set"):
        case dict() as new if len(new) == 1 and set(new.values()) == {"off"} and set(new) <= STOPPABLE:
            return str(next(iter(new)))
    raise _BadQuestion(f"'set' turns one of these off: {', '.join(sorted(STOPPABLE))}")


def _parsed(body: bytes) -> Json:
    try:
        parsed = json.loads(body)
    except ValueError as error:
        raise _BadQuestion("the body is not JSON") from error
    if not isinstance(parsed, dict):
        raise _BadQuestion("the body is not an object")
    return parsed
