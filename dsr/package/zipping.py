"""A ZIP written once from its beginning to its end, into a stream that neither seeks nor tells its place.

zipfile deflates by zlib, and keeps an object for each member. Here isal deflates, a member that is short is written in
one piece, and of each only the bytes of its entry in the directory are kept.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from struct import Struct, pack
from typing import Protocol

from isal import isal_zlib

SHORT = 1 << 16  # bytes: what is shorter has its size before its content
BLOCK = 0xFFFF  # bytes of one block of deflate that is stored
LEVEL = 1  # of 3; the others take longer, and save little

_LOCAL = Struct("<4s5H3L2H")
_CENTRAL = Struct("<4s6H3L5H2L")
_STORED, _DEFLATED = 0, 8
_FOLLOWS = 0x08  # sizes stand behind the content
_PLAIN, _LARGE = 20, 45  # versions that a reader needs
_UNIX = 3 << 8
_FILE, _FOLDER = 0o100644 << 16, 0o40755 << 16 | 0x10
_MOST, _MANY = 0xFFFF_FFFF, 0xFFFF  # at these, numbers stand in ZIP64's fields


class Sink(Protocol):
    """Takes all that it is given, as a buffered stream does."""

    def write(self, content: bytes, /) -> int:
        """Pass on."""


class _Packing(Protocol):
    def compress(self, piece: bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


class _Blocks:
    """Deflate that leaves everything as it is, for pictures and videos, which are packed already.

    Method 0 would not do: who reads the ZIP as a stream could not tell where such a member ends.
    """

    def compress(self, piece: bytes) -> bytes:
        view = memoryview(piece)
        blocks = (view[at : at + BLOCK] for at in range(0, len(view), BLOCK))
        return b"".join(part for each in blocks for part in (pack("<BHH", 0, len(each), len(each) ^ BLOCK), each))

    def flush(self) -> bytes:
        return pack("<BHH", 1, 0, BLOCK)


class _Member(Protocol):
    def local(self, name: bytes, version: int, flags: int, method: int, sums: tuple[int, int, int]) -> None: ...

    def pass_on(self, content: bytes) -> None: ...


class Content:
    """What is written into one member. It is held while it is short."""

    def __init__(self, out: _Member, name: bytes, *, packed: bool = False) -> None:
        """`packed` content is not deflated once more."""
        self.size, self.crc, self.taken = 0, 0, 0
        self._out, self._name, self._packed = out, name, packed
        self._held = bytearray()
        self._packing: _Packing | None = None

    def write(self, piece: bytes) -> int:
        """Take all of it."""
        self.crc = isal_zlib.crc32(piece, self.crc)
        self.size += len(piece)
        if self._packing:
            self._pass(self._packing.compress(piece))
        else:
            self._held += piece
            if self.size > SHORT:
                self._begin()
        return len(piece)

    def _begin(self) -> None:
        """It is long: its sizes will follow it."""
        self._packing = _Blocks() if self._packed else isal_zlib.compressobj(LEVEL, wbits=-15)
        self._out.local(self._name, _PLAIN, _FOLLOWS, _DEFLATED, (0, 0, 0))
        self._pass(self._packing.compress(bytes(self._held)))
        self._held.clear()

    def _pass(self, packed: bytes) -> None:
        if packed:
            self._out.pass_on(packed)
            self.taken += len(packed)

    @property
    def sums(self) -> tuple[int, int, int]:
        """CRC, packed size and size."""
        return self.crc, self.taken, self.size

    def end(self) -> tuple[int, int, int]:
        """Write what is left: version, flags and method for the directory."""
        if self._packing:
            self._pass(self._packing.flush())
            # Java's reader of streams takes them for wide where it has read more than this, and nowhere else.
            large = max(self.taken, self.size) > _MOST
            self._out.pass_on(pack("<4sLQQ" if large else "<4s3L", b"PK\7\10", self.crc, self.taken, self.size))
            return _LARGE if large else _PLAIN, _FOLLOWS, _DEFLATED
        content = bytes(self._held)
        deflated = content if self._packed else isal_zlib.compress(content, LEVEL, wbits=-15)
        method, shorter = (_DEFLATED, deflated) if len(deflated) < len(content) else (_STORED, content)
        self._out.local(self._name, _PLAIN, 0, method, (self.crc, len(shorter), self.size))
        self._pass(shorter)
        return _PLAIN, 0, method


class Waiting:
    """A member that is written while another one is, and follows it; all that it takes is held, packed."""

    def __init__(self, whole: "Zip", name: str) -> None:
        """Of this ZIP."""
        self.name, self.held = name, 0
        self.content = Content(self, name.encode("ascii"))
        self._whole = whole
        self._pieces: list[bytes] = []

    def local(self, name: bytes, version: int, flags: int, method: int, sums: tuple[int, int, int]) -> None:
        """The header before it."""
        self.pass_on(self._whole.header(name, version, flags, method, sums))

    def pass_on(self, content: bytes) -> None:
        """Hold it."""
        self._pieces.append(content)
        self.held += len(content)

    def pieces(self) -> Iterator[bytes]:
        """All of it, once."""
        for at, piece in enumerate(self._pieces):
            yield piece
            self._pieces[at] = b""


class Zip:
    """The whole. Members follow each other; one of them may stand first in the directory wherever it was written."""

    def __init__(self, out: Sink, at: datetime) -> None:
        """`at` dates every member."""
        self._out, self._place, self._count = out, 0, 0
        self._directory, self._first = bytearray(), b""
        self._stamp = (
            at.hour << 11 | at.minute << 5 | at.second // 2,
            at.year - 1980 << 9 | at.month << 5 | at.day,
        )

    @contextmanager
    def member(self, name: str, *, packed: bool = False, first: bool = False) -> Iterator[Content]:
        """One file; only one is written at a time. `packed`: see Content; `first`: in the directory."""
        content, offset = Content(self, name.encode("ascii"), packed=packed), self._place
        yield content
        entry = self._entry(name, content.end(), content.sums, offset)
        if first:
            self._first = entry
        else:
            self._directory += entry

    def follow(self, waiting: Waiting) -> None:
        """Write what waited."""
        end, offset = waiting.content.end(), self._place
        for piece in waiting.pieces():
            self.pass_on(piece)
        self._directory += self._entry(waiting.name, end, waiting.content.sums, offset)

    def folder(self, name: str) -> None:
        """A folder, for one that would not be there without: nothing lies in it."""
        offset = self._place
        self.local(f"{name}/".encode("ascii"), _PLAIN, 0, _STORED, (0, 0, 0))
        self._directory += self._entry(f"{name}/", (_PLAIN, 0, _STORED), (0, 0, 0), offset, _FOLDER)

    def close(self) -> None:
        """Write the directory, and where it stands."""
        place, directory, count = self._place, self._first + self._directory, self._count
        self.pass_on(directory)
        if place >= _MOST or len(directory) >= _MOST or count >= _MANY:
            whole = (count, count, len(directory), place)
            self.pass_on(pack("<4sQHHLL4Q", b"PK\6\6", 44, _UNIX | _LARGE, _LARGE, 0, 0, *whole))
            self.pass_on(pack("<4sLQL", b"PK\6\7", 0, place + len(directory), 1))
        counts = min(count, _MANY)
        sizes = min(len(directory), _MOST), min(place, _MOST)
        self.pass_on(pack("<4s4HLLH", b"PK\5\6", 0, 0, counts, counts, *sizes, 0))

    def local(self, name: bytes, version: int, flags: int, method: int, sums: tuple[int, int, int]) -> None:
        """The header before a member; `sums` are its CRC, packed size and size."""
        self.pass_on(self.header(name, version, flags, method, sums))

    def header(self, name: bytes, version: int, flags: int, method: int, sums: tuple[int, int, int]) -> bytes:
        """The same, not written yet."""
        return _LOCAL.pack(b"PK\3\4", version, flags, method, *self._stamp, *sums, len(name), 0) + name

    def pass_on(self, content: bytes) -> None:
        """Write through, counting."""
        self._out.write(content)
        self._place += len(content)

    def _entry(
        self, name: str, kind: tuple[int, int, int], sums: tuple[int, int, int], offset: int, mode: int = _FILE
    ) -> bytes:
        """What the directory says of a member; numbers that are too large follow in ZIP64's field."""
        self._count += 1
        crc, taken, size = sums
        large = [number for number in (size, taken, offset) if number >= _MOST]
        extra = pack(f"<HH{len(large)}Q", 1, 8 * len(large), *large) if large else b""
        version, flags, method = kind
        numbers = crc, min(taken, _MOST), min(size, _MOST), len(name), len(extra), 0, 0, 0, mode, min(offset, _MOST)
        version = _LARGE if large else version
        return (
            _CENTRAL.pack(b"PK\1\2", _UNIX | _LARGE, version, flags, method, *self._stamp, *numbers)
            + name.encode("ascii")
            + extra
        )
