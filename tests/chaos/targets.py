"""What the controller's systems and the mail server do, in a process of their own: `python -m tests.chaos.targets`.

FOLDER SEED SHARE PEOPLE: the courier fails in one of FAULTS ways in a SHARE of its calls, drawn by SEED. It writes
each effect into FOLDER/effects.jsonl before it answers; the mail server each letter into FOLDER/letters.jsonl.
"""

import json
import random
import socket
import socketserver
import struct
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "token-under-fire"
TOO_LONG = 1.3  # seconds: the map waits for one
BEFORE = ("refused", "busy", "broken", "reset", "slow", "failed-with-200", "page", "half-a-truth")
AFTER = ("broken-after", "late", "half", "reset-after", "told-nothing")
FAULTS = BEFORE + AFTER
Json = dict[str, Any]


class Courier(ThreadingHTTPServer):
    """Parcels go at once; labels by a job that is over at the second look."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, journal: Path, seed: str, share: float, people: int) -> None:
        super().__init__(("127.0.0.1", 0), Desk)
        self.journal, self.seed, self.share = journal, seed, share
        self.calls, self.lock, self.always = count(), threading.Lock(), ""
        self.rows = {
            table: {
                f"{table[0]}{n}": {"id": f"{table[0]}{n}", "customer_id": str(n), "street": f"{n} Quay"}
                for n in range(people)
            }
            for table in ("parcels", "labels")
        }
        self.answers: dict[str, tuple[list[str], Json]] = {}
        self.jobs: dict[str, int] = {}

    def fault(self) -> str:
        """What the next call meets; '' is nothing."""
        chance = random.Random(f"{self.seed}:{next(self.calls)}")
        return self.always or (chance.choice(FAULTS) if chance.random() < self.share else "")

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep silent: it was told to break off, or its client was killed."""

    def erase(self, table: str, key: str, ids: list[str]) -> tuple[int, Json]:
        """Once per key; who asks again is answered as before. Another key is another order, and carried out."""
        with self.lock:
            known = self.answers.get(key)
            if known is not None and known[0] != ids:
                self._written({"reused": key})
                return 409, {"error": "this key was for other rows"}
            if known is None:
                self._written({"table": table, "key": key, "ids": ids})
                gone = [one for one in ids if self.rows[table].pop(one, None)]
                done = {"status": "done", "erased": len(gone), "absent": len(ids) - len(gone), "kept": []}
                known = self.answers[key] = (ids, done)
                self.jobs[key] = 1
        if table == "labels":
            return 202, {"status": "started", "job": key, "retry_after": 0}
        return 200, known[1]

    def look(self, job: str) -> tuple[int, Json]:
        """How a job stands."""
        with self.lock:
            if job not in self.jobs:
                return 404, {"error": "no such job"}
            self.jobs[job] -= 1
            running = self.jobs[job] >= 0
        return 200, {"status": "running", "retry_after": 0} if running else self.answers[job][1]

    def _written(self, entry: Json) -> None:
        with self.journal.open("a") as lines:
            lines.write(json.dumps(entry) + "\n")


class Desk(BaseHTTPRequestHandler):
    """One connection to the courier."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Courier

    def do_GET(self) -> None:
        self._serve({})

    def do_POST(self) -> None:
        self._serve(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def log_message(self, *_: object) -> None:
        """Keep silent."""

    def _serve(self, body: Json) -> None:
        fault = self.server.fault()
        if fault in BEFORE and self._spoiled(fault):
            return
        status, answer = self._answer(body)
        self._after(fault, status, answer)

    def _answer(self, body: Json) -> tuple[int, Json]:
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return 401, {"error": "who?"}
        address = urlsplit(self.path)
        match (self.command, *address.path.strip("/").split("/")):
            case "GET", ("parcels" | "labels") as table:
                ((field, values),) = parse_qs(address.query).items()
                rows = list(self.server.rows[table].values())
                return 200, {"items": [row for row in rows if row[field] in values], "next": None}
            case "POST", ("parcels" | "labels") as table, "erasures":
                return self.server.erase(table, self.headers["Idempotency-Key"], body["ids"])
            case "GET", "labels", "erasures", job:
                return self.server.look(job)
        return 404, {"error": "nothing here"}

    def _spoiled(self, fault: str) -> bool:
        """Fail before anything has happened; False: only late, and then all is well."""
        match fault:
            case "refused":
                self._send(503, b'{"error": "closed"}')
            case "busy":
                self._send(429, b'{"error": "slowly"}', retry_after="1")
            case "broken":
                self._send(500, b"<html>oops")
            case "reset":
                self._reset()
            case "failed-with-200":
                self._send(200, b'{"status": "failed", "error": "we could not"}')
            case "page":
                self._send(200, b"<html>Welcome!</html>", kind="text/html")
            case "half-a-truth":
                self._send(200, b'{"items": [{"id": "l')
            case _:
                threading.Event().wait(0.1)
                return False
        return True

    def _after(self, fault: str, status: int, answer: Json) -> None:
        """Answer; or fail after it has happened."""
        content = json.dumps(answer).encode()
        match fault:
            case "broken-after":
                self._send(500, b'{"error": "something broke"}')
            case "late":
                threading.Event().wait(TOO_LONG)
                self._send(status, content)
            case "half":
                self._send(status, content[: len(content) // 2], length=len(content))
                self.close_connection = True
            case "reset-after":
                self._reset()
            case "told-nothing":
                self._send(200, b"{}")
            case _:
                self._send(status, content)

    def _send(
        self, status: int, content: bytes, *, kind: str = "application/json", retry_after: str = "", length: int = 0
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if retry_after:
            self.send_header("Retry-After", retry_after)
        self.send_header("Content-Length", str(length or len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()


class Post(socketserver.ThreadingTCPServer):
    """A mail server that takes everything, but for a share that shall come again."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, journal: Path, seed: str, share: float) -> None:
        super().__init__(("127.0.0.1", 0), Counter)
        self.journal, self.lock = journal, threading.Lock()
        self.chance, self.share = random.Random(f"post {seed}"), share

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep silent: its client was killed."""


class Counter(socketserver.StreamRequestHandler):
    """One connection to the mail server (RFC 5321)."""

    server: Post

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            match line[:4].upper():
                case b"QUIT":
                    return
                case b"DATA":
                    self._taken()
                case b"RCPT" if self.server.chance.random() < self.server.share:
                    self.wfile.write(b"451 later\r\n")
                case _:
                    self.wfile.write(b"250 so be it\r\n")

    def _taken(self) -> None:
        self.wfile.write(b"354 go on\r\n")
        lines = list(self._letter())
        if lines and lines[-1] == b".\r\n":
            name = next(line for line in lines if line.lower().startswith(b"message-id:"))
            with self.server.lock, self.server.journal.open("a") as journal:
                journal.write(json.dumps(name.partition(b":")[2].strip().decode()) + "\n")
            self.wfile.write(b"250 taken\r\n")

    def _letter(self) -> Iterator[bytes]:
        for line in self.rfile:
            yield line
            if line == b".\r\n":
                return


def main(folder: Path, seed: str, share: float, people: int) -> None:
    """Serve until the process is killed; print both ports once they are taken."""
    courier = Courier(folder / "effects.jsonl", seed, share, people)
    post = Post(folder / "letters.jsonl", seed, share)
    threading.Thread(target=post.serve_forever, daemon=True).start()
    print(json.dumps([courier.server_address[1], post.server_address[1]]), flush=True)  # noqa: T201 — for who started it
    courier.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), int(sys.argv[4]))
