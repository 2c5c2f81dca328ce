"""A BagIt folder (RFC 8493) written as a ZIP into a stream that cannot seek back."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO, BinaryIO, cast
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_MODE = 0o100644 << 16


@dataclass(slots=True)
class Hashed:
    """Writes through, counting and hashing; has no position, so that zipfile streams."""

    out: IO[bytes]
    size: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def write(self, content: bytes) -> int:
        """Pass on; `out` takes everything, as a buffered stream does."""
        self.out.write(content)
        self.digest.update(content)
        self.size += len(content)
        return len(content)

    def flush(self) -> None:
        """Pass on."""
        self.out.flush()


class Bag:
    """One folder; its payload lies under data/, everything else is a tag file."""

    def __init__(self, out: BinaryIO, folder: str, at: datetime) -> None:
        """`folder` also names the bag; `at` dates every member."""
        if not _FOLDER.fullmatch(folder):
            message = "a package's folder takes letters, digits and hyphens only"
            raise ValueError(message)
        self.whole = Hashed(out)
        self.payload: dict[str, Hashed] = {}
        self._tags: dict[str, Hashed] = {}
        self._folder = folder
        self._at = at.astimezone(UTC)
        # Of a stream that cannot tell its position, zipfile needs write and flush alone.
        self._zip = ZipFile(cast("BinaryIO", self.whole), "w", ZIP_DEFLATED)

    @contextmanager
    def member(self, path: str) -> Iterator[Hashed]:
        """One file, written piece by piece; only one is open at a time."""
        entry = ZipInfo(f"{self._folder}/{path}", self._at.timetuple()[:6])
        entry.compress_type = ZIP_DEFLATED
        entry.external_attr = _MODE
        with self._zip.open(entry, "w", force_zip64=True) as stream:
            hashed = Hashed(stream)
            yield hashed
        members = self.payload if path.startswith("data/") else self._tags
        members[path] = hashed

    def put(self, path: str, content: bytes) -> None:
        """One small file at once."""
        with self.member(path) as stream:
            stream.write(content)

    def close(self, **facts: str) -> None:
        """Write BagIt's own files and end the ZIP."""
        octets = sum(written.size for written in self.payload.values())
        about = {
            "Bagging-Date": f"{self._at:%Y-%m-%d}",
            "External-Identifier": self._folder,
            "Payload-Oxum": f"{octets}.{len(self.payload)}",
            **{name.replace("_", "-"): " ".join(text.split()) for name, text in facts.items()},
        }
        self.put("bagit.txt", b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
        self.put("bag-info.txt", "".join(f"{name}: {text}\n" for name, text in about.items()).encode())
        self.put("manifest-sha256.txt", _digests(self.payload))
        self.put("tagmanifest-sha256.txt", _digests(self._tags))
        self._zip.close()


def _digests(members: dict[str, Hashed]) -> bytes:
    return "".join(f"{written.digest.hexdigest()}  {path}\n" for path, written in members.items()).encode()
