"""A worker dies in the middle of a correction: the value is written once, and what came of it is said rightly."""

import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.test_kills import Scene, clean_environment

pytestmark = pytest.mark.processes


class Correcting(Scene):
    """Sam's nickname is about to be corrected."""

    kind = "correct"

    def __init__(self, approved: Path, folder: Path) -> None:
        super().__init__(approved, "joypix", folder)
        self.system = "app-database"

    def delivered(self) -> bool:
        """Whether it has run to its answer."""
        return self.rows("SELECT state FROM dsr_subjectrequest") == [("delivered",)]

    def written(self) -> list[tuple[str, ...]]:
        """Every write of the value, as the live system counted it."""
        path = self.folder / "systems" / "joypix" / "database.sqlite3"
        with closing(sqlite3.connect(path, timeout=20)) as live:
            return live.execute("SELECT nickname FROM written").fetchall()


@pytest.fixture(scope="module")
def approved(tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A portal on disk in which the new value is accepted."""
    folder = tmp_path_factory.mktemp("corrections")
    (folder / "joypix").mkdir()
    shutil.copy(tables, folder / "joypix")
    command = [sys.executable, "-m", "tests.approved_corrections", str(folder / "joypix")]
    subprocess.run(command, check=True, env=clean_environment())
    return folder


@pytest.fixture
def scene(approved: Path, tmp_path: Path) -> Iterator[Correcting]:
    """A portal of one's own."""
    made = Correcting(approved, tmp_path / "portal")
    yield made
    made.close()


@pytest.mark.parametrize("point", ["after_effect", "before_commit"])
def test_a_worker_killed_while_correcting_writes_once_and_says_what_is_so(scene: Correcting, point: str) -> None:
    process = scene.worker(point)
    scene.await_(lambda: process.poll() is not None, f"the kill {point}")
    assert process.returncode == -signal.SIGKILL
    assert scene.written() == [("Samira",)]
    assert scene.rows("SELECT outcome FROM dsr_correction") == [("",)]
    scene.worker()
    scene.await_(scene.delivered, "the answer")
    assert scene.written() == [("Samira",)]
    assert scene.rows("SELECT outcome FROM dsr_correction") == [("corrected",)]
    assert scene.rows("SELECT tag FROM dsr_event WHERE tag = 'item:corrected'") == [("item:corrected",)]
