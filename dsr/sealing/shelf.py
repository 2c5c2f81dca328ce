"""Where sealed files lie, by name: a folder here, or a bucket (dsr/connectors/object_store/shelf.py)."""

import errno
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol


class ShelfFailed(OSError):
    """The store does not answer, or refuses; as with a full disk, trying again may help. Names no file."""

    def __init__(self, why: str) -> None:
        super().__init__(errno.EIO, why)


class Spot(Protocol):
    """The place of one file."""

    def writing(self) -> AbstractContextManager[BinaryIO]:
        """Write it: with the end of the block it is there whole, after an error not at all. Raises OSError."""

    def reading(self) -> AbstractContextManager[tuple[BinaryIO, int]]:
        """Its bytes from the first on, and how many they are. Raises FileNotFoundError, OSError."""

    def remove(self) -> None:
        """Take it away; that nothing is there is no error. Raises OSError."""


class Shelf(Protocol):
    """All sealed files of an installation."""

    def spot(self, name: str) -> Spot:
        """The place of the file with this name."""

    def stale(self, before: datetime) -> Iterator[tuple[str, Callable[[], None]]]:
        """The names of what was written last before then, and of what a dead writer left half; and what removes it."""


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A file: written beside its place, flushed, then renamed into it."""

    path: Path

    @contextmanager
    def writing(self) -> Iterator[BinaryIO]:
        """Write it. Raises OSError."""
        partial = self.path.with_name(f"{self.path.name}.{os.getpid()}.{threading.get_ident()}.partial")
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with partial.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self.path)
            sync_folder(self.path.parent)
        finally:
            partial.unlink(missing_ok=True)

    @contextmanager
    def reading(self) -> Iterator[tuple[BinaryIO, int]]:
        """Its bytes, and how many. Raises FileNotFoundError, OSError."""
        with self.path.open("rb") as file:
            yield file, os.fstat(file.fileno()).st_size

    def remove(self) -> None:
        """Take it away. Raises OSError."""
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Folder:
    """Files in a folder, which has 256 others, so that none grows long."""

    root: Path

    def path(self, name: str) -> Path:
        """Where the file of this name lies."""
        return self.root / name[:2] / name

    def spot(self, name: str) -> OnDisk:
        """The place of the file with this name."""
        return OnDisk(self.path(name))

    def stale(self, before: datetime) -> Iterator[tuple[str, Callable[[], None]]]:
        """What was written last before then, whole or half."""
        for path in self.root.glob("*/*"):
            try:
                written = path.stat().st_mtime
            except FileNotFoundError:
                continue  # its writer has just put it in its place, or somebody took it away
            if written < before.timestamp():
                yield path.name, OnDisk(path).remove


def try_out(shelf: Shelf, size: int) -> None:
    """Write so many bytes, and take them away again. Raises OSError where that fails."""
    spot = shelf.spot(f"{uuid.uuid4()}.trial")
    with spot.writing() as out:
        out.write(bytes(size))
    spot.remove()


def sync_folder(folder: Path) -> None:
    """Flush the names in a folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
