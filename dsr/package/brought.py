"""A package that somebody brings to be checked: a ZIP, or the folder that it was unpacked into.

Anybody may bring one, also one that was made to harm whoever checks it. So each name, method and size is looked at
before anything is read, and contents are only ever streamed.
"""

import os
import re
import struct
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, BinaryIO, NoReturn
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

MOST = 1 << 38  # bytes of all files together
ENTRIES = 500_000
DIRECTORY = 1 << 28  # bytes of what tells of them, which is read at once
LINE = 512  # characters of one line in a list, and of a name

# What systems put into folders that people look into.
_LEFT_BY_SYSTEMS = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_ENCRYPTED = 0x1
_END, _END64, _PLACE = b"PK\5\6", b"PK\6\6", b"PK\6\7"  # of a ZIP, and of a large one with where that stands
_METHODS = frozenset({ZIP_STORED, ZIP_DEFLATED})
_NAME = re.compile(r"([A-Za-z0-9_-][A-Za-z0-9._-]*)(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")  # we write no others
# All that zipfile says of a ZIP that is bent: it knows no single error for it.
_BENT = (BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError, OverflowError)


class Fault(StrEnum):
    """What is wrong with a package."""

    NO_PACKAGE = "is no package that can be read"
    TOO_MUCH = "has more in it than anybody packed"
    NAME = "is not a name that a package has"
    METHOD = "is packed in a way that we do not use"
    TWICE = "stands there twice"
    FOLDERS = "is not exactly one folder"
    MISSING = "is missing"
    UNLISTED = "is not listed"
    MISLISTED = "is listed where it does not belong"
    NO_LIST = "has a line that is no digest and name"
    TOO_LONG = "is too long"
    UNREADABLE = "cannot be read"
    CHANGED = "is not what was packed"
    NOT_OURS = "does not show that it is from us"
    SHAPE = "is not of the published shape"


class Broken(Exception):
    """A package is not what was packed; the message names the file, and what is wrong with it."""

    def __init__(self, fault: Fault, file: str = "", why: object = "") -> None:
        """`file` is as it may be shown; without one it is the whole."""
        super().__init__(f"{file or 'the package'} {fault}{f': {why!s:.200}' if why else ''}")
        self.fault, self.file = fault, file


@dataclass(frozen=True, slots=True)
class Brought:
    """Its files by the names that they have in its folder, with their sizes; each is read as a stream."""

    sizes: Mapping[str, int]
    opening: Callable[[str], IO[bytes]]

    @contextmanager
    def reading(self, name: str) -> Iterator[IO[bytes]]:
        """The content of one, and no more than its size. Raises Broken, also where reading it fails."""
        try:
            with self.opening(name) as stream:
                yield stream
        except _BENT as error:
            raise Broken(Fault.UNREADABLE, name, error) from error

    def whole(self, name: str, most: int) -> bytes:
        """All of a small one. Raises Broken."""
        if self.sizes.get(name, 0) > most:
            raise Broken(Fault.TOO_LONG, name)
        with self.reading(name) as stream:
            return stream.read(most)


@contextmanager
def zipped(file: BinaryIO, *, most: int = MOST, directory: int = DIRECTORY) -> Iterator[Brought]:
    """What lies in a ZIP; `most` are the bytes that all files may have together. Raises Broken."""
    try:
        if _directory(file) > directory:
            raise Broken(Fault.TOO_MUCH)
        archive = ZipFile(file)
    except _BENT as error:
        raise Broken(Fault.NO_PACKAGE, why=error) from error
    with archive:
        yield of(archive, most=most)


def of(archive: ZipFile, *, most: int = MOST) -> Brought:
    """What lies in a ZIP that is open. Raises Broken."""
    entries = archive.infolist()
    _require_bounds(len(entries), sum(entry.file_size for entry in entries), most)
    if sum(entry.compress_size for entry in entries) > archive.start_dir:  # they lie upon each other
        raise Broken(Fault.TOO_MUCH)
    if min((entry.header_offset for entry in entries), default=0):
        raise Broken(Fault.NO_PACKAGE, why="something stands before it")
    for entry in entries:
        _require_ours(entry)
    _require_once(entry.filename for entry in entries)
    if len({entry.filename.partition("/")[0] for entry in entries}) != 1:
        raise Broken(Fault.FOLDERS)
    members = {entry.filename.partition("/")[2]: entry for entry in entries if not entry.is_dir()}
    return Brought({name: entry.file_size for name, entry in members.items()}, lambda name: archive.open(members[name]))


def unpacked(folder: Path, *, most: int = MOST) -> Brought:
    """What lies in a folder: the package's own, or the one around it that some systems make. Raises Broken."""
    try:
        inner = [each for each in folder.iterdir() if each.name not in _LEFT_BY_SYSTEMS]
        if len(inner) == 1 and inner[0].is_dir() and not inner[0].is_symlink():
            folder = inner[0]
        sizes = dict(_walked(folder))
    except OSError as error:
        raise Broken(Fault.NO_PACKAGE, why=error.strerror) from error
    _require_bounds(len(sizes), sum(sizes.values()), most)
    _require_once(sizes)
    return Brought(sizes, lambda name: (folder / name).open("rb"))


def _walked(folder: Path) -> Iterator[tuple[str, int]]:
    """Name and size of each file; links and devices are none of ours."""
    for place, folders, names in os.walk(folder, onerror=_refuse):
        linked = [name for name in folders if Path(place, name).is_symlink()]
        for path in (Path(place, name) for name in sorted((*linked, *names))):
            name = path.relative_to(folder).as_posix()
            if path.name in _LEFT_BY_SYSTEMS:
                continue
            if not _NAME.fullmatch(name):
                raise Broken(Fault.NAME, ascii(name[:LINE]))
            if path.is_symlink() or not path.is_file():
                raise Broken(Fault.METHOD, name)
            yield name, path.stat().st_size


def _refuse(error: OSError) -> NoReturn:
    raise error


def _directory(file: BinaryIO) -> int:
    """The bytes of a ZIP's directory as its end tells them. Raises Broken where nothing of a ZIP ends there."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 98))
    end = file.read(98).rjust(98, b"\0")
    if end[76:80] != _END or end[96:] != b"\0\0":
        raise Broken(Fault.NO_PACKAGE, why="its end is missing, or something stands behind it")
    told: int = struct.unpack_from("<L", end, 88)[0]
    if end[56:60] == _PLACE:
        if end[:4] != _END64 or struct.unpack_from("<Q", end, 64)[0] != size - 98:
            raise Broken(Fault.NO_PACKAGE, why="its end is not where it tells")
        told = struct.unpack_from("<Q", end, 40)[0]
    return told


def _require_bounds(count: int, size: int, most: int) -> None:
    if count > ENTRIES or size > most:
        raise Broken(Fault.TOO_MUCH)


def _require_ours(entry: ZipInfo) -> None:
    name = entry.filename.removesuffix("/") if not entry.file_size else entry.filename
    if not _NAME.fullmatch(name):
        raise Broken(Fault.NAME, ascii(entry.filename[:LINE]))
    if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
        raise Broken(Fault.METHOD, entry.filename[:LINE])


def _require_once(names: Iterable[str]) -> None:
    """Where capital letters do not count, the one would lie upon the other."""
    times = Counter(name.lower() for name in names)
    if twice := next((name for name, count in times.items() if count > 1), ""):
        raise Broken(Fault.TWICE, twice[:LINE])
