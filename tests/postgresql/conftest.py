"""Portals whose own tables stand on PostgreSQL. They are acted on in processes of their own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from controllers import sample_services
from dsr.sealing import keyring
from tests.tree import ROOT

TOKEN = "token-for-tables"
PATIENCE = 240.0  # seconds; what never happens is told then, also beside other work
_numbers = count(1)


class Portal:
    """One portal: a database, a folder with keys, and the sample systems it searches."""

    def __init__(self, address: str, folder: Path, systems: dict[str, str], template: str = "template1") -> None:
        """Make a new database from the template."""
        self.folder, self.systems = folder, systems
        self.name = f"portal_{next(_numbers)}"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {self.name} TEMPLATE {template}")
        self.address = address.replace("/postgres?", f"/{self.name}?")
        self.processes: list[subprocess.Popen[bytes]] = []

    @property
    def patient(self) -> dict[str, str]:
        """The same database, for many acts at once: who waits for a lock waits as long as the machine takes."""
        limits = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
        return {"DSR_DATABASE_URL": self.address + "&options=" + "%20".join(f"-c%20{one}%3D120s" for one in limits)}

    def environment(self, **more: str) -> dict[str, str]:
        """What a process of this portal is told."""
        own = ("DSR_", "JOYPIX_", "PIXPLUS_", "DJANGO_")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        told = {"DSR_VAR": str(self.folder), "DSR_DATABASE_URL": self.address, "DSR_DEMO": "1"}
        return clean | self.systems | told | {"DSR_LEASE_SECONDS": "4"} | more

    def manage(self, *arguments: str, **more: str) -> str:
        """Run a command; what it says, on either stream. Its failure is the test's."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env=self.environment(**more),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def act(self, name: str, *arguments: str, **more: str) -> Any:  # noqa: ANN401 — whatever the act tells, as JSON
        """Do one of `acts` in a process of its own; what it found."""
        command = [sys.executable, "-m", "tests.postgresql.acts", name, *arguments]
        done = subprocess.run(command, env=self.environment(**more), stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)

    def worker(self, **more: str) -> subprocess.Popen[bytes]:
        """Start a worker."""
        command = [sys.executable, "-m", "tests.postgresql.worker"]
        self.processes.append(subprocess.Popen(command, env=self.environment(**more), start_new_session=True))
        return self.processes[-1]

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What stands in the tables, or what the database answers to an attempt to change it."""
        with psycopg.connect(self.address) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def letters(self) -> list[Path]:
        """Every letter that was sent."""
        return sorted((self.folder / "demo" / "mail").glob("*.eml"))

    def await_(self, done: Callable[[], bool], what: str) -> None:
        """Wait until something is so."""
        until = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < until, f"{what} did not happen"
            threading.Event().wait(0.1)

    def close(self) -> None:
        """End every worker."""
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the keys of every portal here."""
    folder = tmp_path_factory.mktemp("keys") / "keys"
    keyring.make(folder)
    (folder / "django.txt").write_text("a key for tests only, of no use elsewhere", encoding="ascii")
    return folder


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sample systems as they were seeded today."""
    folder = tmp_path_factory.mktemp("untouched") / "systems"
    sample_services.seed(folder, seed=7, anchor=datetime.now(UTC).date(), people=20, heavy=50)
    return folder


@pytest.fixture(scope="session")
def migrated(postgresql: str, keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Portal:
    """Tables that the portal has made from nothing, and that every test leaves as they are."""
    folder = tmp_path_factory.mktemp("migrated")
    shutil.copytree(keys, folder / "keys")
    made = Portal(postgresql, folder, {})
    made.manage("migrate", "--verbosity", "0")
    return made


@pytest.fixture
def portal(postgresql: str, migrated: Portal, keys: Path, untouched: Path, tmp_path: Path) -> Iterator[Portal]:
    """A portal of one's own, with its systems listening."""
    folder = tmp_path / "portal"
    shutil.copytree(untouched, folder / "systems")
    shutil.copytree(keys, folder / "keys")
    with sample_services.server(folder / "systems", 0, TOKEN) as services:
        thread = threading.Thread(target=services.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        systems = sample_services.environment(folder / "systems", services.base_url, TOKEN)
        made = Portal(postgresql, folder, systems, migrated.name)
        yield made
        made.close()
        services.shutdown()
        thread.join()
