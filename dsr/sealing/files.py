"""Sealed files: age (X25519), one identity per file, itself sealed by the ring. No plain byte is stored anywhere."""

import hashlib
import io
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pyrage import DecryptError, EncryptError, decrypt, decrypt_io, encrypt, encrypt_io, x25519
from typing_extensions import Buffer

from dsr.sealing.fields import Unsealable, seal, unseal
from dsr.sealing.keyring import Ring
from dsr.sealing.shelf import OnDisk, Spot

SHORT = 1 << 18  # bytes


@dataclass(frozen=True, slots=True)
class Sealed:
    """A finished sealed file. Forgetting `wrapped_key` destroys its content, backups included."""

    wrapped_key: str
    sha256: str  # of the plain content, hex
    size: int  # bytes of plain content


class _Counted(io.RawIOBase):
    """Hashes and counts what is written. It keeps what is short; anything longer goes on, from the first byte."""

    def __init__(self, further: Callable[[], BinaryIO]) -> None:
        self.further, self.digest, self.size = further, hashlib.sha256(), 0
        self.out: BinaryIO = io.BytesIO()

    def writable(self) -> bool:
        return True

    def write(self, chunk: Buffer) -> int:
        piece = memoryview(chunk)
        if isinstance(self.out, io.BytesIO) and self.size + piece.nbytes > SHORT:
            short, self.out = self.out, self.further()
            self.out.write(short.getbuffer())
        self.out.write(piece)
        self.digest.update(piece)
        self.size += piece.nbytes
        return piece.nbytes


def write(where: Spot | Path, place: str, ring: Ring, fill: Callable[[BinaryIO], None]) -> Sealed:
    """Seal what `fill` writes: with its end the file is there whole.

    What `fill` raises is raised, and nothing is left behind.
    """
    identity = x25519.Identity.generate()
    with _spot(where).writing() as file:
        counted = _encrypted(file, identity, fill)
    wrapped = seal(ring, str(identity).encode(), place)
    return Sealed(wrapped, counted.digest.hexdigest(), counted.size)


def _spot(where: Spot | Path) -> Spot:
    return OnDisk(where) if isinstance(where, Path) else where


def _encrypted(file: BinaryIO, identity: x25519.Identity, fill: Callable[[BinaryIO], None]) -> _Counted:
    """What is short is sealed in one piece, for a thread costs more; the rest flows through one."""
    recipient = identity.to_public()
    with ExitStack() as stack:
        counted = _Counted(lambda: stack.enter_context(_flowing(file, recipient)))
        fill(counted)  # type: ignore[arg-type]  # a writable RawIOBase is all that `fill` needs
        if isinstance(counted.out, io.BytesIO):
            file.write(encrypt(counted.out.getvalue(), [recipient]))
    return counted


class _Recalled(io.RawIOBase):
    """A file for age, which tells of every failure as its own; this one recalls what the system said."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.failure: OSError | None = None

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def write(self, chunk: Buffer) -> int:
        with self._recalling():
            return self.file.write(chunk)

    def read(self, size: int = -1) -> bytes:
        with self._recalling():
            return self.file.read(size)

    @contextmanager
    def _recalling(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.failure = error
            raise


@contextmanager
def _flowing(file: BinaryIO, recipient: x25519.Recipient) -> Iterator[BinaryIO]:
    """Age in a thread at the far end of a pipe; what it met is raised at the end, or where nobody reads any more."""
    far, near = os.pipe()
    recalled = _Recalled(file)

    def flow() -> None:
        with os.fdopen(far, "rb") as source:
            try:
                encrypt_io(source, recalled, [recipient])
            except EncryptError as error:
                raise (recalled.failure or error) from None  # a full disk is no fault of age

    with ThreadPoolExecutor(1, "age") as threads:
        encryption = threads.submit(flow)
        try:
            with os.fdopen(near, "wb") as sink:
                yield sink
        except BrokenPipeError:
            encryption.result()  # why nobody reads any more
            raise
        encryption.result()


def key_of(place: str, ring: Ring, wrapped_key: str) -> str:
    """The key of one file, as `opened_with` takes it. Raises Unsealable."""
    return unseal(ring, wrapped_key, place).decode()


@contextmanager
def reading(where: Spot | Path, place: str, ring: Ring, wrapped_key: str) -> Iterator[BinaryIO]:
    """The plain content of a sealed file as a stream. Raises Unsealable when it was changed or cut short."""
    with opened_with(key_of(place, ring, wrapped_key), where, place) as stream:
        yield stream


@contextmanager
def opened_with(key: str, where: Spot | Path, place: str) -> Iterator[BinaryIO]:
    """The same for whoever has the file's own key, and no ring. Raises Unsealable."""
    identity = x25519.Identity.from_str(key)
    with ExitStack() as stack:
        try:
            source, size = stack.enter_context(_spot(where).reading())
        except FileNotFoundError:
            raise Unsealable(place) from None
        if size <= SHORT:
            yield io.BytesIO(_decrypted(source.read(), identity, place))
        else:
            yield stack.enter_context(_flown(source, identity, place))


def _decrypted(content: bytes, identity: x25519.Identity, place: str) -> bytes:
    try:
        return bytes(decrypt(content, [identity]))
    except DecryptError as error:
        raise Unsealable(place) from error


@contextmanager
def _flown(source: BinaryIO, identity: x25519.Identity, place: str) -> Iterator[BinaryIO]:
    """The other way round: age at the near end, whoever reads at the far end."""
    far, near = os.pipe()
    recalled = _Recalled(source)

    def flow() -> None:
        with os.fdopen(near, "wb") as sink:
            try:
                decrypt_io(recalled, sink, [identity])
            except (DecryptError, OSError) as error:  # age tells of both as either
                raise (recalled.failure or Unsealable(place)) from error

    with ThreadPoolExecutor(1, "age") as threads, os.fdopen(far, "rb") as stream:  # closed first, which ends the thread
        yield io.BufferedReader(_Checked(stream, threads.submit(flow)), 1 << 16)


class _Checked(io.RawIOBase):
    """Reads a pipe; at its end the decryption must have ended well, else a cut file would pass for a whole one."""

    def __init__(self, stream: io.BufferedReader, decryption: Future[None]) -> None:
        self.stream, self.decryption = stream, decryption

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        count = self.stream.readinto(buffer)
        if count == 0:
            self.decryption.result()  # its failure, if it failed
        return count


__all__ = ["Sealed", "Unsealable", "key_of", "opened_with", "reading", "write"]
