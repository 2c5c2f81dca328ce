"""Small sample systems, made once, and the services that run on a copy of them."""

import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from controllers import sample_services, sample_state
from controllers.sample_http import Services

ANCHOR = date(2026, 11, 21)
TOKEN = "a-token-for-tests"


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sample systems of thirty people, for reading only."""
    folder = tmp_path_factory.mktemp("samples") / "systems"
    sample_services.seed(folder, seed=7, anchor=ANCHOR, people=30, heavy=300)
    return folder


@pytest.fixture
def samples(seeded: Path, tmp_path: Path) -> Path:
    """A copy of them, to be changed."""
    return Path(shutil.copytree(seeded, tmp_path / "systems"))


@dataclass
class Caller:
    """Asks the services as a connector would."""

    services: Services
    folder: Path
    token: str = TOKEN

    @staticmethod
    def jobs_end(patch: pytest.MonkeyPatch, *, at_once: bool) -> None:
        """What RunningHub began is over at once, or for hours not; no test waits for its clock."""
        patch.setattr(sample_state, "JOB_SECONDS", 0.0 if at_once else 36_000.0)

    def get(self, path: str) -> tuple[int, Any]:
        return self._ask("GET", path)

    def post(self, path: str, body: object, key: str | None = None) -> tuple[int, Any]:
        return self._ask("POST", path, json.dumps(body), {"Idempotency-Key": key} if key else {})

    def effects(self) -> list[Any]:
        """What the services have done, each effect once."""
        return [one["ids"] for one in self.get("/journal")[1]["items"]]

    def _ask(
        self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        connection = HTTPConnection(urlsplit(self.services.base_url).netloc, timeout=120)
        known = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        connection.request(method, path, body, known)
        answer = connection.getresponse()
        told = answer.status, json.loads(answer.read())
        connection.close()
        return told


@pytest.fixture
def caller(samples: Path) -> Iterator[Caller]:
    """Running services, and somebody who knows their token."""
    with sample_services.server(samples, token=TOKEN) as services:
        thread = threading.Thread(target=services.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Caller(services, samples)
        services.shutdown()
        thread.join()
