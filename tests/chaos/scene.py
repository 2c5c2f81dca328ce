"""One portal under fire, seen from outside: its folder, its database, its targets, its workers."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg

from dsr.sealing import keyring
from tests.chaos import people, targets
from tests.tree import ROOT

HERE = Path(__file__).parent
OWN = ("DSR_", "DJANGO_", "CHAOS_", "REEF_")  # variables that a run must not inherit
POINTS = (
    *("claimed", "claiming", "effect-sql-due", "effect-sql-done", "rehearsing", "rehearsed"),
    *("part-sql-due", "part-sql-done", "effect-http-due", "effect-http-done", "polled"),
    *("sealing", "sealed", "finishing", "waiting", "recording", "finished", "advanced", "moving", "signing"),
)
POST_POINTS = ("mailed",)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a run has come to."""

    violations: list[str]
    figures: dict[str, int]


class Scene:
    """A folder with keys, maps and systems; `database` is an address of PostgreSQL, or '' for SQLite."""

    def __init__(self, folder: Path, *, database: str = "", broker: str = "", lease: float = 3) -> None:
        """Look at a folder that `laid_out` has made."""
        self.folder, self.database = folder, database
        self.many = int((folder / "people").read_text("ascii"))
        self.told = {"DSR_LEASE_SECONDS": str(lease)} | ({"DSR_BROKER_URL": broker} if broker else {})

    @staticmethod
    def laid_out(folder: Path, people_there: int) -> Path:
        """Keys, maps, the shop, and the folder of the named points, in an empty folder."""
        keyring.make(folder / "keys")
        (folder / "keys" / "django.txt").write_text("a key for tests only, of no use elsewhere", "ascii")
        (folder / "armed" / "taken").mkdir(parents=True)
        (folder / "people").write_text(str(people_there), "ascii")
        shutil.copytree(HERE / "controllers", folder / "controllers")
        people.seed(folder / "shop.sqlite3", people_there)
        return folder

    def filed(self) -> None:
        """The portal's tables, and a request of each person."""
        self.act("make", str(self.many))

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """What a process of this portal is told."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
        own = {
            "DSR_VAR": str(self.folder),
            "DSR_CONTROLLERS": str(self.folder / "controllers"),
            "DSR_MAIL_HOST": "127.0.0.1",
            "CHAOS_ARMED": str(self.folder / "armed"),
            "CHAOS_STALE": str(self.folder / "stale"),
            "REEF_SHOP_URL": f"sqlite:///{self.folder / 'shop.sqlite3'}",
            "REEF_COURIER_TOKEN": targets.TOKEN,
            "REEF_COURIER_URL": "http://127.0.0.1:9",
        }
        own |= {"DSR_DATABASE_URL": self.database} if self.database else {}
        return clean | own | self.told | dict(more or {})

    def act(self, name: str, *arguments: str) -> str:
        """Do one of `portal`'s acts; what it prints."""
        command = [sys.executable, "-m", "tests.chaos.portal", name, *arguments]
        told = self.environment()
        return subprocess.run(command, env=told, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout

    def started(self, module: str, *arguments: str, **more: str) -> subprocess.Popen[bytes]:
        """A process of its own group; what it says goes to a log."""
        command = [sys.executable, "-W", "ignore::UserWarning", "-m", f"tests.chaos.{module}", *arguments]
        with (self.folder / f"{module}.log").open("ab") as log:
            return subprocess.Popen(
                command, env=self.environment(more), cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )

    @contextmanager
    def targets(self, seed: str, share: float) -> Iterator[None]:
        """The courier and the mail server, which fail in a share of the calls."""
        command = [sys.executable, "-m", "tests.chaos.targets", str(self.folder), seed, str(share), str(self.many)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            try:
                courier, post = json.loads(process.stdout.readline()) if process.stdout else (0, 0)
                self.told |= {"REEF_COURIER_URL": f"http://127.0.0.1:{courier}", "DSR_MAIL_PORT": str(post)}
                yield
            finally:
                process.kill()

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What stands in the portal's tables. Raises OperationalError while they cannot be read."""
        if self.database:
            with psycopg.connect(self.database, connect_timeout=5) as connection:
                return connection.execute(statement.encode()).fetchall()
        with closing(sqlite3.connect(self.folder / "portal.sqlite3", timeout=20)) as portal:
            return portal.execute(statement).fetchall()

    def asked(self, statement: str) -> int:
        """One number; 0 while the database is down."""
        try:
            return int(self.rows(statement)[0][0] or 0)
        except (psycopg.OperationalError, sqlite3.OperationalError):
            return 0

    def left(self) -> int:
        """How much is not over: requests without their answer, items, letters. Never 0 while nobody knows."""
        open_ = "SELECT count(*) FROM dsr_subjectrequest WHERE state <> 'packaged'"
        items = "SELECT count(*) FROM dsr_planitem WHERE state <> 'done'"
        letters = "SELECT count(*) FROM dsr_notice WHERE state IN ('queued', 'sending')"
        try:
            return sum(int(self.rows(each)[0][0]) for each in (open_, items, letters))
        except (psycopg.OperationalError, sqlite3.OperationalError):
            return -1

    def arm(self, point: str, deed: str) -> None:
        """Lay out what the first process at a point does."""
        half = self.folder / "armed" / f".{point}"
        half.write_text(deed, "ascii")
        half.rename(self.folder / "armed" / point)

    def disarm(self, point: str) -> bool:
        """Take it back; False when somebody was there already."""
        try:
            (self.folder / "armed" / point).unlink()
        except FileNotFoundError:
            return False
        return True

    def taken(self, point: str) -> list[int]:
        """Which processes have done what was laid out at a point, whoever did it last at the end."""
        paths = (self.folder / "armed" / "taken").glob(f"{point}.*")
        return [int(path.suffix[1:]) for path in sorted(paths, key=lambda path: path.stat().st_mtime_ns)]

    def lies(self, point: str) -> bool:
        """Whether what was laid out there still waits for somebody."""
        return (self.folder / "armed" / point).exists()

    def judged(self) -> Judged:
        """What is wrong, and figures beside it."""
        found = json.loads(self.act("judge", str(self.folder), str(self.many)))
        return Judged(found["violations"], found["figures"])


class Crew:
    """Workers of one scene, each a group of processes; who was killed is replaced."""

    def __init__(self, scene: Scene, *, workers: int, pool: int, sabotage: str = "") -> None:
        """Start so many workers with so many processes each, and one that sends letters."""
        self.scene, self.pool, self.sabotage = scene, pool, sabotage
        self.members = [self._hired("work") for _ in range(workers)]
        self.poster = self._hired("post")

    def _hired(self, kind: str) -> subprocess.Popen[bytes]:
        return self.scene.started("worker", kind, str(self.pool), CHAOS_SABOTAGE=self.sabotage)

    def relieve(self) -> None:
        """Put new workers in the place of those that ended."""
        for place, process in enumerate(self.members):
            if process.poll() is not None:
                self.members[place] = self._hired("work")
        if self.poster.poll() is not None:
            self.poster = self._hired("post")

    def at_rest(self, seconds: float) -> bool:
        """Wait until nothing is left to do; False when it takes longer. Who ends meanwhile is replaced."""

        def over() -> bool:
            self.relieve()
            return self.scene.left() == 0

        return awaited(over, seconds)

    def hands(self) -> list[int]:
        """The processes of the pools that work on items."""
        return [child for process in self.members for child in pool_of(process.pid)]

    def kill_one(self, process: subprocess.Popen[bytes]) -> None:
        """A whole worker at once, and another in its place."""
        end(process)
        self.relieve()

    def close(self) -> None:
        """End every worker, awake or not."""
        for process in (*self.members, self.poster):
            end(process)


@contextmanager
def crew(scene: Scene, *, workers: int = 1, pool: int = 2, sabotage: str = "") -> Iterator[Crew]:
    """Workers, until the block ends."""
    hired = Crew(scene, workers=workers, pool=pool, sabotage=sabotage)
    try:
        yield hired
    finally:
        hired.close()


@contextmanager
def desk(scene: Scene) -> Iterator[None]:
    """Staff at work, until the block ends."""
    process = scene.started("portal", "staff", str(scene.folder / "sent-back.jsonl"))
    try:
        yield
    finally:
        end(process)


def pool_of(worker: int) -> list[int]:
    """The children of a worker's main process that do its work."""
    try:
        return [child.pid for child in psutil.Process(worker).children()]
    except psutil.NoSuchProcess:
        return []


def strike(pid: int, blow: signal.Signals) -> bool:
    """Signal a process; False when it was gone."""
    try:
        os.kill(pid, blow)
    except ProcessLookupError:
        return False
    return True


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a whole group of processes, and wait for the first of them."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def awaited(done: Callable[[], bool], seconds: float) -> bool:
    """Wait until something is so; False when it takes longer."""
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            return False
        threading.Event().wait(0.05)
    return True
