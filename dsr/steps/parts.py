"""Sealed Parts on disk: written while records stream in, read as a stream."""

import hashlib
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from dsr.connectors.contract import Found
from dsr.models import Part, PlanItem, sealed
from dsr.package.part import Tally, pack, unpack
from dsr.sealing import files
from dsr.sealing.keyring import Role


def write_found(item: PlanItem, found: Iterator[Found]) -> tuple[Part, Tally]:
    """Seal everything found; the Part is not saved yet."""
    tally = Tally()

    def fill(out: BinaryIO) -> None:
        out.writelines(pack(found, tally))

    part = _written(item, fill)
    part.counts = tally.rows
    return part, tally


def write_lines(item: PlanItem, lines: Iterator[bytes]) -> Part:
    """Seal lines of text, such as a manifest; the Part is not saved yet."""

    def fill(out: BinaryIO) -> None:
        out.writelines(lines)

    return _written(item, fill)


def _written(item: PlanItem, fill: Callable[[BinaryIO], None]) -> Part:
    part = Part(id=uuid.uuid4(), subject_request=item.subject_request, system=item.system)
    done = files.write(sealed.file_path(part.pk), sealed.file_place(part.pk), sealed.ring(Role.FILES), fill)
    part.wrapped_key, part.sha256, part.size = done.wrapped_key, done.sha256, done.size
    return part


@contextmanager
def reading(part: Part) -> Iterator[BinaryIO]:
    """The plain content as a stream. Raises Unsealable when it was changed."""
    place = sealed.file_place(part.pk)
    with files.reading(sealed.file_path(part.pk), place, sealed.ring(Role.FILES), part.wrapped_key) as stream:
        yield stream


def found_in(part: Part) -> Iterator[Found]:
    """The records of a find item's Part."""
    with reading(part) as stream:
        yield from unpack(stream)


def digest_of(part: Part) -> str:
    """SHA-256 of the plain content as it lies on disk now."""
    digest = hashlib.sha256()
    with reading(part) as stream:
        while chunk := stream.read(1 << 16):
            digest.update(chunk)
    return digest.hexdigest()
