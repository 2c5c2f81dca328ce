"""Delivery: the package is offered, handed over only to who has proven the mailbox, and destroyed in time."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any

from django.conf import settings
from django.db import transaction

from dsr.law.actors import PORTAL, Actor, ActorKind
from dsr.law.deadlines import closes_at, local_day
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Letter
from dsr.models import Download, Package, SubjectRequest, sealed
from dsr.sealing import files
from dsr.sealing.fields import Unsealable
from dsr.sealing.keyring import Role
from dsr.steps import maps, permissions
from dsr.steps.answering import on_file, packaging
from dsr.steps.deciding import blocking
from dsr.steps.move import Conflict, move
from dsr.steps.post import notices
from dsr.steps.recording import record

log = logging.getLogger(__name__)

CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Stream:
    """A package on its way: name for the person, size in bytes, and the bytes."""

    name: str
    size: int
    chunks: Iterator[bytes]

    def __iter__(self) -> Iterator[bytes]:
        """The plain bytes, once."""
        return self.chunks


def offer(subject_request: SubjectRequest, *, at: datetime) -> None:
    """Make the newest package available and tell the person. Call it within the move to packaged."""
    package = subject_request.packages.filter(offered_at=None).order_by("-version")[0]
    calendar = maps.calendar(subject_request.controller)
    last = local_day(at, calendar) + timedelta(days=settings.DSR_PACKAGE_DAYS)
    package.offered_at, package.expires_at = at, closes_at(last, calendar)
    package.save(update_fields=["offered_at", "expires_at"])
    record.write(subject_request, "package:offered", by=PORTAL, at=at, version=package.version, size=package.size)
    kind, told = letter(subject_request, at=at)
    opens_on = on_file.opens_on(subject_request, at=at)
    notices.queue(subject_request, kind, at=at, size=package.size, expires_on=last, opens_on=opens_on, **told)


def letter(subject_request: SubjectRequest, *, at: datetime) -> tuple[Letter, dict[str, Any]]:
    """The letter that goes with its package, and what that says beside: an erasure's lists what became of what."""
    if subject_request.right != Right.ERASURE:
        return Letter.READY, {}
    return Letter.ERASED, packaging.told(subject_request, at=at)


def available(subject_request: SubjectRequest) -> Package | None:
    """The package that can be downloaded now, if any."""
    return subject_request.packages.exclude(offered_at=None).exclude(wrapped_key="").order_by("-version").first()


def last_day(package: Package) -> date | None:
    """The last local day on which it can be downloaded: its time is over with the midnight after it."""
    if package.expires_at is None:
        return None
    return local_day(package.expires_at - timedelta(microseconds=1), maps.calendar(package.subject_request.controller))


def offered_until(subject_request: SubjectRequest, *, at: datetime) -> date | None:
    """The last day of the package that can be downloaded now; None when there is none."""
    package = available(subject_request)
    over = package is None or package.expires_at is None or package.expires_at <= at
    return None if package is None or over else last_day(package)


def download(subject_request: SubjectRequest, *, by: Actor, at: datetime) -> Stream:
    """Open the package for the person who has proven the mailbox. Raises Forbidden, Conflict."""
    if by.kind is not ActorKind.SUBJECT or not subject_request.identities.exclude(proven_at=None).exists():
        message = "Only the person who proved the mailbox takes the package."
        raise permissions.Forbidden(message)
    if blocking.blocks_delivery(subject_request):
        message = "This account is frozen, so we hand nothing over for now. We look at it first."
        raise Conflict(message)
    package = available(subject_request)
    if package is None or (package.expires_at and package.expires_at <= at):
        message = "This package is not available any more. Ask for your data again."
        raise Conflict(message)
    if why := on_file.why_wait(subject_request, at=at):  # the mailbox is a guardian's
        raise Conflict(why)
    chunks = opened(package)
    with transaction.atomic():
        Download.objects.create(package=package, actor=str(by), at=at)
        _close(subject_request, package, "package:downloaded", by=by, at=at)
    return stream_of(package, chunks)


def stream_of(package: Package, chunks: Iterator[bytes]) -> Stream:
    """The opened package under the name it is saved by."""
    subject_request = package.subject_request
    return Stream(f"{subject_request.controller}-{subject_request.reference}.zip", package.size, chunks)


def opened(package: Package) -> Iterator[bytes]:
    """The plain bytes, the first of them read already: what does not open is not handed over."""
    chunks = _plain(package)
    try:
        first = next(chunks)
    except Unsealable:
        message = "This package cannot be opened. Write to us, and name your reference."
        raise Conflict(message) from None
    return chain([first], chunks)


def expire_next(*, at: datetime) -> bool:
    """Destroy one package whose time is over; whether there was one. A freeze stops its time (see holds)."""
    due = Package.objects.filter(~blocking.on_packages(), expires_at__lte=at).exclude(wrapped_key="")
    free = (one for one in due.select_related("subject_request") if not blocking.blocks_delivery(one.subject_request))
    package = next(free, None)
    if package is None:
        return False
    try:
        with transaction.atomic():
            if not due.filter(pk=package.pk).update(wrapped_key=""):
                return True  # another worker was faster, or it was frozen just now
            _close(package.subject_request, package, "package:expired", by=PORTAL, at=at)
    except Conflict:
        log.info("%s was downloaded just now", package.subject_request.reference)
        return True  # nothing was changed; the next turn looks again
    sealed.file_path(package.pk).unlink(missing_ok=True)
    return True


def _close(subject_request: SubjectRequest, package: Package, event: str, *, by: Actor, at: datetime) -> None:
    """The first download, or the end of the offer, delivers the request; later ones are Events alone."""
    subject_request.refresh_from_db(fields=["state"])  # another browser or worker may have been here just now
    if subject_request.state == State.PACKAGED:
        move(subject_request, State.DELIVERED, by=by, at=at, event=event, version=package.version)
    else:
        record.write(subject_request, event, by=by, at=at, version=package.version)


def _plain(package: Package) -> Iterator[bytes]:
    place = sealed.file_place(package.pk)
    with files.reading(sealed.file_path(package.pk), place, sealed.ring(Role.FILES), package.wrapped_key) as stream:
        while chunk := stream.read(CHUNK):
            yield chunk
