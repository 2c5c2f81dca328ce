"""Delivery: the package is offered, handed over only to who has proven the mailbox, and destroyed in time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from dsr.law.actors import PORTAL, Actor, ActorKind
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Letter
from dsr.models import Download, Package, SubjectRequest, sealed
from dsr.sealing import files
from dsr.sealing.keyring import Role
from dsr.steps import notices, packaging, permissions, record
from dsr.steps.move import Conflict, move

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
    package.offered_at, package.expires_at = at, at + timedelta(days=settings.DSR_PACKAGE_DAYS)
    package.save(update_fields=["offered_at", "expires_at"])
    record.write(subject_request, "package:offered", by=PORTAL, at=at, version=package.version, size=package.size)
    letter = Letter.ERASED if subject_request.right == Right.ERASURE else Letter.READY
    expires = package.expires_at.strftime("%A %-d %B %Y")
    told = packaging.told(subject_request, at=at) if letter is Letter.ERASED else {}
    notices.queue(subject_request, letter, at=at, size=package.size, expires_on=expires, **told)


def available(subject_request: SubjectRequest) -> Package | None:
    """The package that can be downloaded now, if any."""
    return subject_request.packages.exclude(offered_at=None).exclude(wrapped_key="").order_by("-version").first()


def download(subject_request: SubjectRequest, *, by: Actor, at: datetime) -> Stream:
    """Open the package for the person who has proven the mailbox. Raises Forbidden, Conflict."""
    if by.kind is not ActorKind.SUBJECT or not subject_request.identities.exclude(proven_at=None).exists():
        message = "Only the person who proved the mailbox takes the package."
        raise permissions.Forbidden(message)
    package = available(subject_request)
    if package is None or (package.expires_at and package.expires_at <= at):
        message = "This package is not available any more. Ask for your data again."
        raise Conflict(message)
    with transaction.atomic():
        Download.objects.create(package=package, actor=str(by), at=at)
        if subject_request.state == State.PACKAGED:
            move(
                subject_request,
                State.DELIVERED,
                by=by,
                at=at,
                event="package:downloaded",
                version=package.version,
            )
        else:
            record.write(subject_request, "package:downloaded", by=by, at=at, version=package.version)
    name = f"{subject_request.controller}-{subject_request.reference}.zip"
    return Stream(name, package.size, _plain(package))


def expire_next(*, at: datetime) -> bool:
    """Destroy one package whose time is over; whether there was one."""
    package = (
        Package.objects.filter(expires_at__lte=at).exclude(wrapped_key="").select_related("subject_request").first()
    )
    if package is None:
        return False
    subject_request = package.subject_request
    with transaction.atomic():
        Package.objects.filter(pk=package.pk).update(wrapped_key="")
        if subject_request.state == State.PACKAGED:
            move(
                subject_request,
                State.DELIVERED,
                by=PORTAL,
                at=at,
                event="package:expired",
                version=package.version,
            )
        else:
            record.write(subject_request, "package:expired", by=PORTAL, at=at, version=package.version)
    sealed.file_path(package.pk).unlink(missing_ok=True)
    return True


def _plain(package: Package) -> Iterator[bytes]:
    place = sealed.file_place(package.pk)
    with files.reading(sealed.file_path(package.pk), place, sealed.ring(Role.FILES), package.wrapped_key) as stream:
        while chunk := stream.read(CHUNK):
            yield chunk
