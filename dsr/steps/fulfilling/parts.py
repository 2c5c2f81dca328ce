"""Sealed Parts on disk: written while records stream in, read as a stream."""

import hashlib
import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import BinaryIO

from django.db import transaction
from django.db.models import QuerySet

from dsr.connectors.contract import Found
from dsr.law.states import CLOSED, State
from dsr.law.work import Kind
from dsr.models import Evidence, Package, Part, PlanItem, SubjectRequest, sealed
from dsr.package.part import Tally, pack, unpack
from dsr.sealing import files
from dsr.sealing.keyring import Role

log = logging.getLogger(__name__)

ORPHANED = timedelta(hours=1)


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
    done = files.write(sealed.file_spot(part.pk), sealed.file_place(part.pk), sealed.ring(Role.FILES), fill)
    part.wrapped_key, part.sha256, part.size = done.wrapped_key, done.sha256, done.size
    return part


@contextmanager
def reading(part: Part) -> Iterator[BinaryIO]:
    """The plain content as a stream. Raises Unsealable when it was changed."""
    place = sealed.file_place(part.pk)
    with files.reading(sealed.file_spot(part.pk), place, sealed.ring(Role.FILES), part.wrapped_key) as stream:
        yield stream


def found_in(part: Part) -> Iterator[Found]:
    """The records of a find item's Part, with cells that every system can take."""
    with reading(part) as stream:
        yield from unpack(stream)


def as_found(part: Part) -> Iterator[Found]:
    """The same with every cell as it was found, for a copy."""
    with reading(part) as stream:
        yield from unpack(stream, exact=True)


def digest_of(part: Part) -> str:
    """SHA-256 of the plain content as it lies on disk now."""
    digest = hashlib.sha256()
    with reading(part) as stream:
        while chunk := stream.read(1 << 16):
            digest.update(chunk)
    return digest.hexdigest()


def forget(subject_request: SubjectRequest) -> None:
    """Destroy what find items brought: keys in this transaction, files after it.

    Once a request is answered its package is the only copy here; an erasure leaves none. Manifests stay: they
    hold keys of rows, and deferred work needs them.
    """
    _forget(Part.objects.filter(subject_request=subject_request))


def drop(part: Part) -> None:
    """Destroy one Part that a newer one of the same item replaces."""
    _destroy([part.pk])


def tidy(*, at: datetime) -> int:
    """Destroy what late items brought to answered requests, and files without a row; how many files."""
    over = [*CLOSED, State.PACKAGED]
    _forget(Part.objects.filter(subject_request__state__in=over))
    known = {
        *Part.objects.exclude(wrapped_key="").values_list("pk", flat=True),
        *Package.objects.exclude(wrapped_key="").values_list("pk", flat=True),
        *Evidence.objects.exclude(wrapped_key="").values_list("pk", flat=True),
    }
    old = sealed.shelf().stale(at - ORPHANED)  # younger: a worker may be about to write its row
    orphans = [remove for name, remove in old if _owner(name) not in known]
    return sum(map(_removed, orphans))


def _removed(remove: Callable[[], None]) -> bool:
    """Whether it is gone: one file that the store keeps does not keep the others."""
    try:
        remove()
    except OSError as error:
        log.warning("a file without a row stays for now: %s", error.strerror)
        return False
    return True


def _forget(found: QuerySet[Part]) -> None:
    keyed = found.filter(item__kind=Kind.FIND).exclude(wrapped_key="")
    _destroy(list(keyed.values_list("pk", flat=True)))


def _destroy(pks: list[uuid.UUID]) -> None:
    Part.objects.filter(pk__in=pks).update(wrapped_key="")

    transaction.on_commit(partial(sealed.remove_files, pks))


def _owner(name: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(name.partition(".")[0])
    except ValueError:
        return None
