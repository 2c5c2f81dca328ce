"""Addresses on file: before a package leaves by hand, the account that was found is told at its own addresses.

Who writes a letter says where the answer goes. The systems know better whose account it is: each e-mail address that
the found rows carry gets a letter that names no data, and two business days in which its owner can object.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings

from dsr.connectors.contract import Batch
from dsr.datamap.schema import IdentityKind, SystemMap
from dsr.law.deadlines import closes_at, local_day
from dsr.law.identifiers import clean
from dsr.law.terms import Term, Unit, ends_on
from dsr.law.work import Kind, Letter
from dsr.models import Notice, Part, SubjectRequest
from dsr.models.notice import OPEN
from dsr.steps import maps
from dsr.steps.fulfilling import parts
from dsr.steps.post import notices

WAIT = Term(2, Unit.BUSINESS_DAYS)


@dataclass(frozen=True, slots=True)
class Alert:
    """The last of the letters to addresses on file: when it left, and the days that are waited; None: on its way."""

    sent_on: date | None
    waits_until: date | None


def addresses(subject_request: SubjectRequest) -> list[str]:
    """Every e-mail address by which a found row is found. Call it before the Parts are forgotten."""
    systems = maps.controller(subject_request.controller).systems
    finds = subject_request.items.filter(kind=Kind.FIND).exclude(part=None).exclude(part__wrapped_key="")
    found: set[str] = set()
    for find in finds.select_related("part"):
        if find.part is not None and find.system in systems:
            found.update(_carried(systems[find.system], find.part))
    return sorted(found)


def _carried(system: SystemMap, part: Part) -> Iterator[str]:
    for one in parts.found_in(part):
        if not isinstance(one, Batch):
            continue
        own = system.collections[one.collection].found_by.get(IdentityKind.EMAIL, ())
        for name in set(own) & set(one.fields):
            place = one.fields.index(name)
            yield from _clean(row[place] for row in one.rows)


def _clean(cells: Iterable[object]) -> Iterator[str]:
    for cell in cells:
        try:
            yield clean(IdentityKind.EMAIL, str(cell or ""))
        except ValueError:
            continue  # no mail reaches it


def tell(subject_request: SubjectRequest, found: list[str], *, at: datetime) -> None:
    """Write to each of them. A report of a compromised account by its owner freezes the package (see reports)."""
    objection = f"{settings.DSR_BASE_URL}/{subject_request.controller}/ask/compromised-account/"
    today = local_day(at, maps.calendar(subject_request.controller))
    until = _until(subject_request, today)
    for address in found:
        notices.queue(subject_request, Letter.ON_FILE, at=at, to_address=address, wait_until=until, objection=objection)


def alert(subject_request: SubjectRequest) -> Alert | None:
    """What became of these letters; None where no address is on file. One that failed counts from when it was due."""
    written = list(Notice.objects.filter(subject_request=subject_request, letter=Letter.ON_FILE))
    if not written:
        return None
    if any(notice.state in OPEN for notice in written):
        return Alert(None, None)
    last = max(notice.sent_at or notice.created_at for notice in written)
    sent_on = local_day(last, maps.calendar(subject_request.controller))
    return Alert(sent_on, _until(subject_request, sent_on))


def why_wait(subject_request: SubjectRequest, *, at: datetime) -> str:
    """Why the package cannot leave yet; empty when it can."""
    told = alert(subject_request)
    if told is None:
        return ""
    if told.waits_until is None:
        return "The letter to the address on file is still on its way. Nobody takes the package before it has left."
    if at < closes_at(told.waits_until, maps.calendar(subject_request.controller)):
        last = told.waits_until.isoformat()
        return f"The address on file was told, and its owner can object until the end of {last}. Take it after that."
    return ""


def _until(subject_request: SubjectRequest, day: date) -> date:
    return ends_on(day, WAIT, maps.calendar(subject_request.controller))
