"""The small shop at a service that erases in its own time, and calls back when it is done."""

import json
from dataclasses import dataclass, field
from http.client import HTTPConnection
from urllib.parse import urlsplit

from tests.connectors.scripted import Call, Reply

SYSTEM = """
slug: shop
title: Shop
connector: {kind: http, settings: {base_url: "${ACME_SERVICE_URL}", private: 127.0.0.0/8, token: "${ACME_TOKEN}"}}
collections:
  people:
    title: People
    key: [id]
    found_by: {email: [email]}
    purposes: [selling]
    source: provided
    retention: account
    settings:
      list: GET /people?email={email}
      read: GET /people/{id}
      erase: POST /jobs
      erase_body: '{"id": "{id}", "notify": "{callback}"}'
      done: "200"
      job: job
      poll: GET /jobs/{job}
      state: state
      states: RUNNING=running, FINISHED=done
      poll_in: "3600"
    fields:
      id: {category: user.unique_id}
      email: {category: user.contact.email}
"""


@dataclass
class Slow:
    """Sam's row, and the job that takes it away."""

    here: bool = True
    state: str = "RUNNING"
    hasty: bool = False  # is done, and calls, before it has said that it began
    notify: str = ""
    busy: int = 0  # seconds in which it wants to be left alone
    polls: int = 0
    told: list[tuple[int, dict[str, str]]] = field(default_factory=list)

    def answer(self, call: Call) -> Reply:
        """As its map says."""
        if call.path == "/jobs":
            self.notify = json.loads(call.body)["notify"]
            if self.hasty:
                self.finish()
                self.call()
            return Reply(202, {"job": "j1"})
        if call.path.startswith("/jobs/"):
            self.polls += 1
            if self.busy:
                return Reply(503, headers={"Retry-After": str(self.busy)})
            return Reply(200, {"state": self.state})
        row = {"id": 1, "email": "sam@example.com"}
        if call.path == "/people":
            return Reply(200, [row] if self.here else [])
        return Reply(200, row) if self.here else Reply(404)

    def finish(self) -> None:
        """Sam is erased."""
        self.here, self.state = False, "FINISHED"

    def call(self) -> None:
        """Over a real line, with a body that nobody asked for."""
        parts = urlsplit(self.notify)
        line = HTTPConnection(parts.netloc, timeout=20)
        line.request("POST", parts.path, b'{"state": "erased"}', {"Content-Type": "application/json"})
        answer = line.getresponse()
        answer.read()
        self.told.append((answer.status, dict(answer.headers)))
        line.close()
