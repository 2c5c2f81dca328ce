"""Scenes that many tests begin with: each is walked once in a process, and every test begins with a copy of it.

Taken down is what a scene changes: our tables, sealed files, the sample systems, letters that were sent. It lies in the
tables before the test's transaction begins, and is taken away after that was rolled back.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection, transaction

from dsr.models import SubjectRequest

if TYPE_CHECKING:
    from tests.conftest import World

Walk = Callable[["World"], SubjectRequest]


@dataclass(frozen=True)
class Taken:
    """What stood when a scene was walked."""

    key: UUID  # of the request
    at: datetime
    tables: sqlite3.Connection
    folder: Path
    letters: list[EmailMessage]

    @property
    def systems(self) -> Path:
        """The sample systems as they were then."""
        return self.folder / "systems"

    def put_back(self) -> None:
        """Letters, and sealed files, whatever the test before made of them."""
        mail.outbox[:] = self.letters
        _copy(self.folder / "files", _files())


@dataclass(frozen=True)
class Stage:
    """What a test begins with: nothing, or a scene."""

    walk: Walk | None = None
    taken: Taken | None = None

    def again(self, walk: Walk) -> SubjectRequest | None:
        """The request of this scene, if it is the one that the test begins with."""
        return SubjectRequest.objects.get(pk=self.taken.key) if self.taken and self.walk is walk else None


def scene(*needs: str) -> Callable[[Walk], object]:
    """Make a fixture of a walk that begins with nothing; `needs` are fixtures that it is walked under.

    The first scene among the fixtures of a test is copied, another one is walked after it.
    """

    def made(walk: Walk) -> object:
        def begun(stage: Stage, world: "World") -> SubjectRequest:
            return stage.again(walk) or walk(world)

        begun.__doc__, begun.scene = walk.__doc__, (walk, needs)  # type: ignore[attr-defined]  # read by `asked_for`
        return pytest.fixture(name=walk.__name__)(begun)

    return made


def asked_for(request: pytest.FixtureRequest) -> tuple[Walk, tuple[str, ...]] | None:
    """The first scene among the fixtures of a test, and what it is walked under."""
    known = request.node._fixtureinfo.name2fixturedefs  # noqa: SLF001 — pytest tells nowhere else what a test will ask for
    found = (getattr(known[name][-1].func, "scene", None) for name in request.fixturenames if name in known)
    return next(filter(None, found), None)


def take(walk: Walk, world: "World", folder: Path) -> Taken:
    """Walk a scene, and take down what then stands; our tables are left as they were."""
    before = _copy_of_tables()
    known = set(_names(_files()))
    with transaction.atomic():
        made = walk(world)
        connection.run_on_commit.clear()  # as in a test, whose transaction never ends
    tables = _copy_of_tables()
    before.backup(connection.connection)
    before.close()
    shutil.copytree(world.systems.folder, folder / "systems")
    _copy(_files(), folder / "files", without=known)
    return Taken(made.pk, world.at, tables, folder, list(mail.outbox))


@contextmanager
def standing(taken: Taken) -> Iterator[None]:
    """The tables of a scene, and afterwards those that were there before."""
    before = _copy_of_tables()
    taken.tables.backup(connection.connection)
    yield
    before.backup(connection.connection)
    before.close()


def _copy_of_tables() -> sqlite3.Connection:
    connection.ensure_connection()
    copy = sqlite3.connect(":memory:")
    connection.connection.backup(copy)
    return copy


def _files() -> Path:
    return Path(settings.DSR_VAR) / "files"


def _names(folder: Path) -> Iterator[str]:
    for top, _, names in os.walk(folder):
        yield from (os.path.relpath(Path(top) / name, folder) for name in names)


def _copy(source: Path, target: Path, without: Container[str] = ()) -> None:
    """Every file there, at the same place here, as it is there."""
    for name in _names(source):
        if name not in without:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, target / name)
