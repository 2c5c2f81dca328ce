"""A BagIt folder (RFC 8493) written as a ZIP into a stream that cannot seek back."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import BinaryIO

from dsr.package import zipping
from dsr.package.zipping import Sink, Zip

FIRST = "index.html"  # in the ZIP's directory, though it is written after all that it tells of
SEAL = "package.jws"  # about the tag manifest, so that cannot list it; RFC 8493 §2.2.1 lets a tag file be unlisted
Sealing = Callable[[str], str]  # from the tag manifest's SHA-256 to the seal

_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(slots=True)
class Hashed:
    """Writes through, counting and hashing."""

    out: Sink
    size: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def write(self, content: bytes) -> int:
        """Pass on; `out` takes everything, as a buffered stream does."""
        self.out.write(content)
        self.digest.update(content)
        self.size += len(content)
        return len(content)


class Waiting:
    """One file that is written while another one is, and follows it."""

    def __init__(self, path: str, member: zipping.Waiting) -> None:
        self.path, self.member = path, member
        self.content = Hashed(member.content)

    @property
    def held(self) -> int:
        """Packed bytes that it holds by now."""
        return self.member.held


@dataclass(frozen=True, slots=True)
class Listed:
    """What is kept of a file that is written."""

    size: int
    sha256: str


class Bag:
    """One folder; its payload lies under data/, everything else is a tag file."""

    def __init__(self, out: BinaryIO, folder: str, at: datetime) -> None:
        """`folder` also names the bag; `at` dates every member."""
        if not _FOLDER.fullmatch(folder):
            message = "a package's folder takes letters, digits and hyphens only"
            raise ValueError(message)
        self.whole = Hashed(out)
        self.payload: dict[str, Listed] = {}
        self._tags: dict[str, Listed] = {}
        self._folder = folder
        self._at = at.astimezone(UTC)
        self._zip = Zip(self.whole, self._at)

    @contextmanager
    def member(self, path: str, *, packed: bool = False) -> Iterator[Hashed]:
        """One file, written piece by piece; only one is open at a time. What is `packed` is not deflated once more."""
        with self._zip.member(f"{self._folder}/{path}", packed=packed, first=path == FIRST) as stream:
            hashed = Hashed(stream)
            yield hashed
        self._list(path, hashed)

    def waiting(self, path: str) -> Waiting:
        """A file that can be written while another one is open; it is there once it `follow`s."""
        return Waiting(path, zipping.Waiting(self._zip, f"{self._folder}/{path}"))

    def follow(self, waiting: Waiting) -> None:
        """Put a file there that was waiting."""
        self._zip.follow(waiting.member)
        self._list(waiting.path, waiting.content)

    def put(self, path: str, content: bytes) -> None:
        """One small file at once."""
        with self.member(path) as stream:
            stream.write(content)

    def stream(self, path: str, pieces: Iterable[bytes]) -> None:
        """One file, in pieces that are made as it is written."""
        with self.member(path) as stream:
            for piece in pieces:
                stream.write(piece)

    def close(self, sealing: Sealing | None = None, **facts: str) -> None:
        """Write BagIt's own files, the seal over them, and end the ZIP."""
        if not self.payload:
            self._zip.folder(f"{self._folder}/data")  # no bag is without (RFC 8493, section 2)
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
        tags = _digests(self._tags)
        self.put("tagmanifest-sha256.txt", tags)
        if sealing:
            self.put(SEAL, sealing(hashlib.sha256(tags).hexdigest()).encode())
        self._zip.close()

    def _list(self, path: str, written: Hashed) -> None:
        members = self.payload if path.startswith("data/") else self._tags
        members[path] = Listed(written.size, written.digest.hexdigest())


def _digests(members: dict[str, Listed]) -> bytes:
    return "".join(f"{written.sha256}  {path}\n" for path, written in members.items()).encode()
