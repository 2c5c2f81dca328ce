"""Sealed files: age (X25519), one identity per file, itself sealed by the ring. No plain byte touches the disk."""

import hashlib
import io
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pyrage import decrypt_io, encrypt_io, x25519
from typing_extensions import Buffer

from dsr.sealing.fields import Unsealable, seal, unseal
from dsr.sealing.keyring import Ring


@dataclass(frozen=True, slots=True)
class Sealed:
    """A finished sealed file. Forgetting `wrapped_key` destroys its content, backups included."""

    wrapped_key: str
    sha256: str  # of the plain content, hex
    size: int  # bytes of plain content


class _Counted(io.RawIOBase):
    """Passes bytes on, hashing and counting them."""

    def __init__(self, out: BinaryIO) -> None:
        self.out, self.digest, self.size = out, hashlib.sha256(), 0

    def writable(self) -> bool:
        return True

    def write(self, chunk: Buffer) -> int:
        piece = memoryview(chunk)
        self.out.write(piece)
        self.digest.update(piece)
        self.size += piece.nbytes
        return piece.nbytes


def write(path: Path, place: str, ring: Ring, fill: Callable[[BinaryIO], None]) -> Sealed:
    """Seal what `fill` writes into `path`: to a neighbour first, flushed, then renamed into place.

    What `fill` raises is raised, and nothing is left behind.
    """
    identity = x25519.Identity.generate()
    partial = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.partial")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with partial.open("xb") as file:
            counted = _encrypted(file, identity, fill)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        _sync_folder(path.parent)
    finally:
        partial.unlink(missing_ok=True)
    wrapped = seal(ring, str(identity).encode(), place)
    return Sealed(wrapped, counted.digest.hexdigest(), counted.size)


def _encrypted(file: BinaryIO, identity: x25519.Identity, fill: Callable[[BinaryIO], None]) -> _Counted:
    """Run age in a thread at the far end of a pipe, `fill` at the near end."""
    far, near = os.pipe()

    def encrypt() -> None:
        with os.fdopen(far, "rb") as source:
            encrypt_io(source, file, [identity.to_public()])

    with ThreadPoolExecutor(1, "age") as threads:
        encryption = threads.submit(encrypt)
        try:
            with os.fdopen(near, "wb") as sink:
                counted = _Counted(sink)
                fill(counted)  # type: ignore[arg-type]  # a writable RawIOBase is all that `fill` needs
        except BrokenPipeError:
            encryption.result()  # why nobody reads any more
            raise
        encryption.result()
    return counted


@contextmanager
def reading(path: Path, place: str, ring: Ring, wrapped_key: str) -> Iterator[BinaryIO]:
    """The plain content of a sealed file as a stream. Raises Unsealable when it was changed or cut short."""
    identity = x25519.Identity.from_str(unseal(ring, wrapped_key, place).decode())
    try:
        source = path.open("rb")
    except FileNotFoundError:
        raise Unsealable(place) from None
    far, near = os.pipe()

    def decrypt() -> None:
        with source, os.fdopen(near, "wb") as sink:
            decrypt_io(source, sink, [identity])

    with ThreadPoolExecutor(1, "age") as threads, os.fdopen(far, "rb") as stream:  # closed first, which ends the thread
        yield io.BufferedReader(_Checked(stream, threads.submit(decrypt), place), 1 << 16)


class _Checked(io.RawIOBase):
    """Reads a pipe; at its end the decryption must have ended well, else a cut file would pass for a whole one."""

    def __init__(self, stream: BinaryIO, decryption: Future[None], place: str) -> None:
        self.stream, self.decryption, self.place = stream, decryption, place

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        count = self.stream.readinto(buffer)  # type: ignore[attr-defined]
        if count == 0 and (failure := self.decryption.exception()):
            raise Unsealable(self.place) from failure
        return int(count)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


__all__ = ["Sealed", "Unsealable", "reading", "write"]
