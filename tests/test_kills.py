"""A worker may die or sleep at any point: nothing is lost, nothing is done twice (DESIGN: the ledger).

Real processes, a real SQLite file, real HTTP services. That the loss of a guard is seen is shown by tests/chaos.
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from controllers import sample_services

pytestmark = pytest.mark.processes
TOKEN = "token-for-kills"
PATIENCE = 300.0  # seconds; what never happens is told then, also beside other work
LEASE = "2"
ITEMS = "SELECT kind, system, state, note FROM dsr_planitem"
TARGETS = {"joypix": "payment-institution", "pixplus": "runninghub"}


@pytest.fixture(scope="module")
def approved(tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Portals on disk in which Sam's erasure is approved and about to run; one folder per controller."""
    folder = tmp_path_factory.mktemp("approved")
    for controller in TARGETS:
        (folder / controller).mkdir()
        shutil.copy(tables, folder / controller)
    subprocess.run([sys.executable, "-m", "tests.approved_erasures", str(folder)], check=True, env=clean_environment())
    return folder


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("DSR_", "JOYPIX_", "PIXPLUS_"))}


class Scene:
    """One portal and its systems, with workers that can be started, killed and woken."""

    kind = "erase"  # of the item that is aimed at

    def __init__(self, approved: Path, controller: str, folder: Path) -> None:
        """Copy everything, so that each test has a world of its own."""
        self.controller, self.folder = controller, folder
        self.system = TARGETS[controller]
        shutil.copytree(approved / controller, folder, dirs_exist_ok=True)
        self.services = sample_services.server(folder / "systems", 0, TOKEN)
        self.thread = threading.Thread(target=self.services.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()
        self.workers: list[subprocess.Popen[bytes]] = []

    def worker(self, fire_at: str = "") -> subprocess.Popen[bytes]:
        """Start a worker, which fires at most once in the scene."""
        environment = clean_environment() | {
            **sample_services.environment(self.folder / "systems", self.services.base_url, TOKEN),
            "DSR_VAR": str(self.folder),
            "DSR_LEASE_SECONDS": LEASE,
            "DSR_MAIL_PORT": "9",
            "FIRE_AT": fire_at,
            "FIRE_KIND": self.kind,
            "FIRE_SYSTEM": self.system,
            "FIRE_MARK": str(self.folder / "fired"),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.worker_under_fire"], env=environment, start_new_session=True
        )
        self.workers.append(process)
        return process

    def rows(self, statement: str) -> list[tuple[str, ...]]:
        """What stands in the portal's tables."""
        with closing(sqlite3.connect(self.folder / "portal.sqlite3", timeout=20)) as connection:
            return connection.execute(statement).fetchall()

    def await_(self, done: Callable[[], bool], what: str) -> None:
        """Wait until something is so."""
        until = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < until, f"{what} did not happen: {self.rows(ITEMS)}"
            threading.Event().wait(0.05)

    def packaged(self) -> bool:
        """Whether the erasure has run to its answer."""
        return self.rows("SELECT state FROM dsr_subjectrequest") == [("packaged",)]

    def fired(self) -> bool:
        """Whether the named point was reached."""
        return (self.folder / "fired").exists()

    def violations(self) -> list[str]:
        """Everything that was lost or done twice."""
        found = []
        journal = httpx.get(f"{self.services.base_url}/journal", headers={"Authorization": f"Bearer {TOKEN}"}).json()
        effects = Counter(json.dumps([entry["service"], *sorted(entry["ids"])]) for entry in journal["items"])
        found += [f"done {count} times at the service: {ids}" for ids, count in effects.items() if count > 1]
        if not effects:
            found.append("never done at the service")
        once = "SELECT tag, json_extract(details, '$.item'), json_extract(details, '$.until'), count(*) FROM dsr_event "
        tags = "WHERE tag IN ('item:erased', 'item:kept', 'package:released', 'request:carried-out') "
        found += [f"recorded twice: {row}" for row in self.rows(once + tags + "GROUP BY 1, 2, 3 HAVING count(*) > 1")]
        deferred = "SELECT system, until, source_id, count(*) FROM dsr_planitem WHERE until IS NOT NULL GROUP BY 1, 2"
        found += [f"deferred twice: {row}" for row in self.rows(deferred) if int(row[3]) > 1]
        if open_ := self.rows("SELECT kind, system, state FROM dsr_planitem WHERE state != 'done' AND until IS NULL"):
            found.append(f"left undone: {open_}")
        if len(self.rows("SELECT id FROM dsr_package")) != 1:
            found.append("not exactly one package")
        return found

    def close(self) -> None:
        """End every worker, awake or not."""
        for process in self.workers:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.services.shutdown()
        self.thread.join()
        self.services.server_close()


@pytest.fixture
def scene(approved: Path, tmp_path: Path) -> Iterator[Callable[[str], Scene]]:
    """Make a scene for a controller."""
    scenes: list[Scene] = []

    def made(controller: str) -> Scene:
        scenes.append(Scene(approved, controller, tmp_path / "portal"))
        return scenes[-1]

    yield made
    for each in scenes:
        each.close()


def killed_once(place: Scene, point: str) -> None:
    """A worker dies at the point; another one comes."""
    process = place.worker(point)
    place.await_(lambda: process.poll() is not None, f"the kill {point}")
    assert process.returncode == -signal.SIGKILL
    place.worker()
    place.await_(place.packaged, "the end of the erasure")


def asleep_once(place: Scene) -> None:
    """A worker sleeps beyond its lease after the effect; another one takes over; then the first one wakes up."""
    sleeper = place.worker("stop_after_effect")
    place.await_(place.fired, "the stop")
    place.worker()
    place.await_(place.packaged, "the end of the erasure")
    before = place.rows("SELECT count(*) FROM dsr_event")
    os.killpg(sleeper.pid, signal.SIGCONT)
    # Long enough for the sleeper to write what it has in hand, were it allowed to.
    until = time.monotonic() + 3 * float(LEASE)
    while time.monotonic() < until and place.rows("SELECT count(*) FROM dsr_event") == before:
        threading.Event().wait(0.1)


@pytest.mark.parametrize("point", ["after_claim", "after_effect", "before_commit"])
@pytest.mark.parametrize("controller", ["joypix", "pixplus"])
def test_a_killed_worker_loses_nothing_and_doubles_nothing(
    scene: Callable[[str], Scene], controller: str, point: str
) -> None:
    place = scene(controller)
    killed_once(place, point)
    assert place.violations() == []


def test_a_worker_that_wakes_up_after_its_lease_writes_nothing(scene: Callable[[str], Scene]) -> None:
    place = scene("joypix")
    asleep_once(place)
    assert place.violations() == []
