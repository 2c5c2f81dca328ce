"""Delivery: the package is offered for a week, held for longer, and destroyed in time.

Who has proven the mailbox takes it with a fresh code (see grants): a web process opens none by a key of its own.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial
from itertools import chain
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from dsr.law.actors import PORTAL, SUBJECT, Actor
from dsr.law.deadlines import closes_at, local_day
from dsr.law.rights import Right
from dsr.law.states import CLOSED, State
from dsr.law.work import Letter
from dsr.models import Grant, Package, SubjectRequest, sealed
from dsr.sealing import files
from dsr.sealing.fields import Unsealable
from dsr.sealing.keyring import KeysMissing
from dsr.steps import maps
from dsr.steps.answering import on_file, packaging
from dsr.steps.deciding import blocking
from dsr.steps.move import Conflict, lock, move
from dsr.steps.post import notices
from dsr.steps.recording import record

log = logging.getLogger(__name__)

CHUNK = 1 << 16


class Standing(StrEnum):
    """Whether a package can be taken by who has the code, and why not."""

    OPEN = "open"
    FROZEN = "frozen"  # the account is: nothing is handed over
    WAITS = "waits"  # an address on file was told, and its owner can object
    OVER = "over"  # the offer has ended; it is held, and offered again when the person asks
    TAKEN = "taken"  # as often as one offer allows; the same
    DESTROYED = "destroyed"


AGAIN = frozenset({Standing.OVER, Standing.TAKEN})
ENDED = (State.REFUSED, State.CANCELLED)  # what was delivered in part goes with the request


@dataclass(frozen=True, slots=True)
class Stream:
    """A package on its way: name for the person, size in bytes, and the bytes."""

    name: str
    size: int
    chunks: Iterator[bytes]

    def __iter__(self) -> Iterator[bytes]:
        """The plain bytes, once."""
        return self.chunks

    def part(self, first: int, last: int) -> Iterator[bytes]:
        """The bytes from the first to the last, both counted: what lies before is opened and passed over."""
        at = 0
        for chunk in self.chunks:
            piece = chunk[max(0, first - at) : last + 1 - at]
            at += len(chunk)
            if piece:
                yield piece
            if at > last:
                return


def offer(subject_request: SubjectRequest, *, at: datetime) -> None:
    """Make the newest package available and tell the person. Call it within the move to packaged."""
    waits = on_file.waits(subject_request, at=at)
    package = begin(subject_request, at=at, waits=waits)
    kind, told = letter(subject_request, at=at)
    opens_on = on_file.page_opens_on(subject_request, waits)
    days: dict[str, Any] = {"expires_on": last_day(package), "held_on": asked_until(package)}
    notices.queue(subject_request, kind, at=at, size=package.size, opens_on=opens_on, **days, **told)


def begin(subject_request: SubjectRequest, *, at: datetime, waits: datetime | None) -> Package:
    """Make the newest package available, to be taken when it `waits` no longer; the letter is its caller's."""
    package = subject_request.packages.filter(offered_at=None).order_by("-version")[0]
    package.offered_at = at
    package.expires_at, package.held_until = _dates(subject_request, waits or at, at)
    package.save(update_fields=["offered_at", "expires_at", "held_until"])
    if package.version > 1:
        _replace(subject_request, package, at)
    record.write(subject_request, "package:offered", by=PORTAL, at=at, version=package.version, size=package.size)
    return package


def _replace(subject_request: SubjectRequest, package: Package, at: datetime) -> None:
    """The new version holds all that an older one held: that is destroyed, and its downloads are over."""
    older = subject_request.packages.filter(version__lt=package.version).exclude(wrapped_key="")
    pks = list(older.values_list("pk", flat=True))
    Package.objects.filter(pk__in=pks).update(wrapped_key="", others_sealed="")
    Grant.objects.filter(package__in=pks, ended_at=None).update(expires_at=at, ended_at=at, wrapped_for="")
    transaction.on_commit(partial(sealed.remove_files, pks))
    if pks:
        record.write(subject_request, "package:replaced", by=PORTAL, at=at, version=package.version)


def dates(subject_request: SubjectRequest, *, at: datetime) -> tuple[datetime, datetime]:
    """When an offer of now ends, which begins when it can be taken, and until when the package is held: no shorter."""
    return _dates(subject_request, on_file.waits(subject_request, at=at) or at, at)


def _dates(subject_request: SubjectRequest, opens: datetime, at: datetime) -> tuple[datetime, datetime]:
    calendar = maps.calendar(subject_request.controller)
    offered = local_day(opens, calendar) + timedelta(days=settings.DSR_OFFER_DAYS)
    held = local_day(at, calendar) + timedelta(days=settings.DSR_PACKAGE_DAYS)
    return closes_at(min(offered, held), calendar), closes_at(held, calendar)


def offer_again(subject_request: SubjectRequest, *, at: datetime) -> None:
    """The person asks for it once more while it is held: its days and its downloads begin anew. Raises Conflict."""
    package = newest(subject_request)
    if package is None or (stands := standing(package, at=at)) not in AGAIN:
        message = "There is nothing to offer again."
        raise Conflict(message)
    ends = min(dates(subject_request, at=at)[0], package.held_until or at)
    with transaction.atomic():
        lock(subject_request)
        same = Package.objects.filter(pk=package.pk, expires_at=package.expires_at, taken=package.taken)
        if same.filter(held_until__gt=at).exclude(wrapped_key="").update(expires_at=ends, taken=0):
            tag, version = "package:offered-again", package.version
            record.write(subject_request, tag, by=SUBJECT, at=at, version=version, because=stands)


def letter(subject_request: SubjectRequest, *, at: datetime) -> tuple[Letter, dict[str, Any]]:
    """The letter that goes with its package, and what that says beside: an erasure's lists what became of what."""
    if subject_request.right != Right.ERASURE:
        return Letter.READY, {}
    return Letter.ERASED, packaging.told(subject_request, at=at)


def available(subject_request: SubjectRequest) -> Package | None:
    """The package that can be downloaded now, if any."""
    return subject_request.packages.exclude(offered_at=None).exclude(wrapped_key="").order_by("-version").first()


def newest(subject_request: SubjectRequest) -> Package | None:
    """The last one that was offered, also when it is destroyed by now."""
    return subject_request.packages.exclude(offered_at=None).order_by("-version").first()


def standing(package: Package, *, at: datetime) -> Standing:
    """Whether it can be taken now. What keeps it back for everybody comes before what the person can mend."""
    over = package.held_until and package.held_until <= at
    if over or package.wrapped_key == "" or package.expires_at is None or package.subject_request.state in ENDED:
        return Standing.DESTROYED
    if blocking.blocks_delivery(package.subject_request):
        return Standing.FROZEN
    if on_file.why_wait(package.subject_request, at=at):  # the mailbox is a guardian's
        return Standing.WAITS
    if package.expires_at <= at:
        return Standing.OVER
    return Standing.TAKEN if package.taken >= settings.DSR_PACKAGE_DOWNLOADS else Standing.OPEN


def last_day(package: Package) -> date | None:
    """The last local day on which it can be downloaded: its time is over with the midnight after it."""
    return _day_before(package, package.expires_at)


def held_day(package: Package) -> date | None:
    """The last local day on which it can be asked for again: then it is destroyed."""
    return _day_before(package, package.held_until)


def asked_until(package: Package) -> date | None:
    """The same, where it lies behind the end of the offer."""
    last, held = last_day(package), held_day(package)
    return held if last and held and held > last else None


def _day_before(package: Package, moment: datetime | None) -> date | None:
    calendar = maps.calendar(package.subject_request.controller)
    return local_day(moment - timedelta(microseconds=1), calendar) if moment else None


def offered_until(subject_request: SubjectRequest, *, at: datetime) -> date | None:
    """The last day of the package that can be downloaded now; None when there is none."""
    package = available(subject_request)
    over = package is None or package.expires_at is None or package.expires_at <= at
    return None if package is None or over else last_day(package)


def stream_of(package: Package, chunks: Iterator[bytes]) -> Stream:
    """The opened package under the name it is saved by."""
    return Stream(name_of(package), package.size, chunks)


def name_of(package: Package) -> str:
    """The name under which it is saved: whose answer it is, and to which request."""
    return f"{package.subject_request.controller}-{package.subject_request.reference}.zip"


def opened(package: Package) -> Iterator[bytes]:
    """The plain bytes, by the key of a worker or of the desk. Raises Conflict."""
    place = sealed.file_place(package.pk)
    spot = sealed.file_spot(package.pk)
    return begun(lambda: files.reading(spot, place, package.ring(), package.wrapped_key))


def opened_with(package: Package, key: str) -> Iterator[bytes]:
    """The plain bytes, by the package's own key. Raises Conflict."""
    place, spot = sealed.file_place(package.pk), sealed.file_spot(package.pk)
    return begun(lambda: files.opened_with(key, spot, place))


def begun(reading: Callable[[], AbstractContextManager[BinaryIO]]) -> Iterator[bytes]:
    """The first bytes are read already: what does not open is not handed over. Raises Conflict."""
    chunks = _plain(reading)
    try:
        first = next(chunks)
    except KeysMissing:
        message = "This process was not given the key to packages (packages.json), so it opens none."
        raise Conflict(message) from None
    except Unsealable:
        message = "This package cannot be opened. Write to us, and name your reference."
        raise Conflict(message) from None
    except OSError:
        message = "We cannot reach the place where this package lies. Try again in a few minutes."
        raise Conflict(message) from None
    return chain([first], chunks)


def end_offer_next(*, at: datetime) -> bool:
    """End one offer that nobody took: the request is delivered, the package held on; whether there was one."""
    ended = Package.objects.filter(~blocking.on_packages(), expires_at__lte=at, held_until__gt=at)
    due = ended.filter(subject_request__state=State.PACKAGED).exclude(wrapped_key="")
    package = _free(due)
    if package is not None:
        try:
            with transaction.atomic():
                lock(package.subject_request)
                if due.filter(pk=package.pk).exists():
                    close(package, "package:offer-ended", by=PORTAL, at=at)
        except Conflict:
            log.info("%s was downloaded just now", package.subject_request.reference)
    return package is not None


def expire_next(*, at: datetime) -> bool:
    """Destroy one package whose time or request is over; whether there was one. A freeze stops that (see holds)."""
    over = Q(held_until__lte=at) | Q(subject_request__state__in=ENDED)
    due = Package.objects.filter(~blocking.on_packages(), over).exclude(wrapped_key="")
    package = _free(due)
    if package is None:
        return False
    try:
        with transaction.atomic():
            lock(package.subject_request)
            if not due.filter(pk=package.pk).update(wrapped_key="", others_sealed=""):
                return True  # another worker was faster, or it was frozen just now
            package.grants.exclude(wrapped_for="").update(wrapped_for="", ended_at=at)
            close(package, "package:expired", by=PORTAL, at=at)
            over_too = SubjectRequest.objects.filter(pk=package.subject_request_id, state__in=CLOSED)
            over_too.exclude(others_sealed="").update(others_sealed="")  # no code opens anything any more
    except Conflict:
        log.info("%s was downloaded just now", package.subject_request.reference)
        return True  # nothing was changed; the next turn looks again
    sealed.remove_files([package.pk])
    return True


def _free(due: QuerySet[Package]) -> Package | None:
    """The first whose request is not frozen by an identifier of another spelling either."""
    found = due.select_related("subject_request")
    return next((one for one in found if not blocking.blocks_delivery(one.subject_request)), None)


def close(package: Package, event: str, *, by: Actor, at: datetime) -> None:
    """The first download, or the end of the offer, delivers the request; later ones are Events alone."""
    subject_request = package.subject_request
    subject_request.refresh_from_db(fields=["state"])  # another browser or worker may have been here just now
    if subject_request.state == State.PACKAGED:
        move(subject_request, State.DELIVERED, by=by, at=at, event=event, version=package.version)
    else:
        record.write(subject_request, event, by=by, at=at, version=package.version)


def _plain(reading: Callable[[], AbstractContextManager[BinaryIO]]) -> Iterator[bytes]:
    with reading() as stream:
        while chunk := stream.read(CHUNK):
            yield chunk
