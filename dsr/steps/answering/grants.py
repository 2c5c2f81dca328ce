"""Grants: one download of a package, for one code and one browser; a worker opens it, and no web process can.

The page makes a pair of keys and keeps neither half: the public one stands in the grant, the secret one in the cookie
of the browser in which the code was typed. A worker opens the package's key with the ring that it has, and wraps it
for the public half. So a copy of the database, and a web process without the ring, open no package.

A grant counts once, with its first byte. Within its hour the same browser may go on where a download broke off.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F

from dsr.law.actors import SUBJECT
from dsr.models import Download, Grant, Package, Proof, SubjectRequest, sealed
from dsr.sealing import files, keyring, pairs
from dsr.sealing.fields import Unsealable
from dsr.sealing.keyring import KeysMissing, Role
from dsr.steps import bell
from dsr.steps.answering import channels, delivery, opening
from dsr.steps.answering.delivery import Standing
from dsr.steps.asking import verification
from dsr.steps.asking.verification import Confirmation
from dsr.steps.frames import tell
from dsr.steps.move import Conflict, lock
from dsr.steps.recording import record

log = logging.getLogger(__name__)

TOKEN = "dsg_"  # how a token for a program begins
LASTS = timedelta(hours=1)  # until the first byte, and from then again
SLOW = timedelta(seconds=20)  # a worker needs one or two
OPENINGS = 24  # of one grant, for each opens the file from its beginning, however small the part


class Stage(StrEnum):
    """How far a grant is."""

    ASKED = "asked"
    SLOW = "slow"  # no worker has come to it yet
    READY = "ready"
    USED = "used"  # by a program, which gets it whole once
    OVER = "over"  # its hour has passed, or whoever had it has left
    TELLS = "tells"  # other addresses on file are told first
    BROKEN = "broken"  # the package does not open: a person has to look


@dataclass(frozen=True, slots=True)
class Given:
    """A new grant, and the secret half of its pair, which is kept nowhere else."""

    grant: Grant
    secret: str


def give(
    subject_request: SubjectRequest, code: str, *, at: datetime, purpose: str = Grant.PAGE, sessions: Sequence[str] = ()
) -> tuple[Confirmation, Given | None]:
    """Spend the code for one download of the package on offer. Raises Conflict when none can be taken now.

    `purpose`: for the page, in this browser, or for a program, with a token. The one never does the other's work.
    `sessions`: of this browser; where the request needed more than the mailbox, one of them shows it (see opening).
    """
    package = _on_offer(subject_request, at)
    if not opening.shown(subject_request, sessions, at=at):
        raise Conflict(opening.MORE)
    with transaction.atomic():
        outcome, proof = verification.spend_download(subject_request, code, at=at)
        if proof is None:
            return outcome, None
        secret, public = pairs.pair()
        expires_at = at + LASTS
        addresses = channels.others(package)
        grant = Grant.objects.create(
            package=package,
            proof=proof,
            public_key=public,
            asked_at=at,
            expires_at=expires_at,
            purpose=purpose,
            tells_until=at + channels.WAIT if addresses else None,
        )
        channels.tell(grant, addresses, at=at)
        record.write(subject_request, "package:granted", by=SUBJECT, at=at, version=package.version)
        bell.ring_after_commit()
    return outcome, Given(grant, secret)


def _on_offer(subject_request: SubjectRequest, at: datetime) -> Package:
    package = delivery.newest(subject_request)
    if package is None or delivery.standing(package, at=at) is not Standing.OPEN:
        message = "This package cannot be taken now."
        raise Conflict(message)
    return package


def rewrap_next(*, at: datetime) -> bool:
    """Wrap the key of one package for the grant that waits for it; whether there was one. A worker's work."""
    waiting = Grant.objects.filter(ready_at=None, ended_at=None)
    proven = waiting.filter(
        proof__purpose=Proof.DOWNLOAD,
        proof__spent_at__isnull=False,
        proof__identity__subject_request=F("package__subject_request"),
    )
    able = {Role.FILES, Role.PACKAGES} - keyring.lacking(settings.DSR_KEYS)  # others wait for who has the key
    found = proven.filter(expires_at__gt=at, package__key_role__in=able).select_related("package__subject_request")
    grant = found.order_by("asked_at").first()
    if grant is None:
        return False
    wrapped = _wrapped(grant.package, grant.public_key)
    with transaction.atomic():
        lock(grant.package.subject_request)  # who freezes or destroys it comes before or after, never between
        stands = delivery.standing(Package.objects.get(pk=grant.package_id), at=at)
        done: dict[str, object] = {"ended_at": at}  # before its time: it is broken
        if stands is not Standing.OPEN:
            done = _over(at)
        elif wrapped:
            done = {"wrapped_for": wrapped, "ready_at": at}
        waiting.filter(pk=grant.pk).update(**done)
    return True


def _wrapped(package: Package, public_key: str) -> str:
    """The package's key for who has the secret half; empty when it does not open."""
    try:
        return pairs.wrap(files.key_of(sealed.file_place(package.pk), package.ring(), package.wrapped_key), public_key)
    except (Unsealable, KeysMissing) as error:
        tell(log, "no download of package", package.pk, error)
        return ""


def _over(at: datetime) -> dict[str, object]:
    """It ends now, and nothing is left that could be unwrapped."""
    return {"expires_at": at, "ended_at": at, "wrapped_for": ""}


def end_next(*, at: datetime) -> bool:
    """Forget what was wrapped for grants whose hour is over; whether there were any."""
    over = Grant.objects.filter(ended_at=None, expires_at__lte=at)
    return over.exists() and bool(over.update(ended_at=at, wrapped_for=""))  # who only looks takes no lock


def leave(pks: list[str], *, at: datetime) -> None:
    """Who leaves the device leaves no grant open in it."""
    Grant.objects.filter(pk__in=pks, ended_at=None).update(**_over(at))


def end(subject_request: SubjectRequest, *, at: datetime) -> None:
    """None of its downloads is open any more."""
    Grant.objects.filter(package__subject_request=subject_request, ended_at=None).update(**_over(at))


def stage(grant: Grant, *, at: datetime) -> Stage:
    """How far it is; what keeps the package itself back is asked of delivery."""
    if grant.ready_at is None and grant.ended_at is not None and grant.ended_at < grant.expires_at:
        return Stage.BROKEN
    if grant.ended_at is not None or grant.expires_at <= at:
        return Stage.OVER
    if grant.ready_at is not None:
        return Stage.TELLS if channels.waits(grant, at=at) else Stage.READY
    return Stage.SLOW if at >= grant.asked_at + SLOW else Stage.ASKED


def fits(grant: Grant, secret: str) -> bool:
    """Whether this browser is the one that got it."""
    return pairs.fits(secret, grant.public_key)


def why_not(grant: Grant, *, at: datetime) -> Standing | Stage | None:
    """Why no byte leaves now; None when it does. What was begun may be finished when the offer has ended meanwhile."""
    if (now := stage(grant, at=at)) is not Stage.READY:
        return now
    stands = delivery.standing(grant.package, at=at)
    begun = grant.first_used_at is not None and stands in delivery.AGAIN
    return None if begun or stands is Standing.OPEN else stands


def token_of(given: Given) -> str:
    """What a program sends: which grant, and the secret half of its pair."""
    return f"{TOKEN}{given.grant.pk.hex}.{given.secret}"


def of_token(token: str) -> tuple[Grant, str] | None:
    """The grant that this token was made for, and its secret; None: no token of a program."""
    pk, _, secret = token.removeprefix(TOKEN).partition(".")
    try:
        found = Grant.objects.filter(pk=UUID(hex=pk), purpose=Grant.PROGRAM)
    except ValueError:
        return None
    grant = found.select_related("package__subject_request").first()
    return (grant, secret) if grant and token.startswith(TOKEN) and fits(grant, secret) else None


def use(grant: Grant, secret: str, *, at: datetime, goes_on: bool = True) -> delivery.Stream:
    """The package, for who has the secret; the first time counts, however many come at once. Raises Conflict.

    `goes_on`: that it asks for what lies behind the first byte. A program gets it from there only once.
    """
    _require(grant, at)
    try:
        key = pairs.unwrap(grant.wrapped_for, secret)
    except Unsealable:
        message = "This download is of another browser."
        raise Conflict(message) from None
    chunks = delivery.opened_with(grant.package, key)
    with transaction.atomic():
        lock(grant.package.subject_request)
        grant.refresh_from_db()
        _require(grant, at)
        if grant.purpose == Grant.PROGRAM and grant.first_used_at is not None and not goes_on:
            raise Conflict(Stage.USED)
        _count(grant, at)
    return delivery.stream_of(grant.package, chunks)


def _require(grant: Grant, at: datetime) -> None:
    if why := why_not(grant, at=at):
        raise Conflict(why)


def _count(grant: Grant, at: datetime) -> None:
    """The first use is a download, and one of those that the offer allows. Raises Conflict."""
    if not Grant.objects.filter(pk=grant.pk, openings__lt=OPENINGS).update(openings=F("openings") + 1):
        raise Conflict(Stage.OVER)
    first = Grant.objects.filter(pk=grant.pk, first_used_at=None, ended_at=None)
    if grant.first_used_at is not None:
        return  # it goes on where it broke off
    if not first.update(first_used_at=at, expires_at=at + LASTS):
        raise Conflict(Stage.OVER)  # who had it has left just now
    left = Package.objects.filter(pk=grant.package_id, taken__lt=settings.DSR_PACKAGE_DOWNLOADS, expires_at__gt=at)
    if not left.exclude(wrapped_key="").update(taken=F("taken") + 1):
        raise Conflict(Standing.TAKEN)
    Download.objects.create(package=grant.package, actor=str(SUBJECT), at=at)
    delivery.close(grant.package, "package:downloaded", by=SUBJECT, at=at)
