"""Addresses on file: where no mailbox was proven, the account's own are told before anything leaves or goes.

Who writes a letter, or asks as a guardian, says where the answer goes. The systems know better whose account it is:
each e-mail address that the found rows carry gets a letter that names no data, and two business days in which its
owner can object. Before an erasure it goes out with the closing of the manifest, and once: with the package nobody is
told again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from dsr.connectors.contract import Batch
from dsr.datamap.schema import IdentityKind, SystemMap
from dsr.datamap.sharing import address_fields
from dsr.law.actors import Actor
from dsr.law.deadlines import closes_at, local_day
from dsr.law.identifiers import clean
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.terms import Term, Unit, ends_on
from dsr.law.work import Asker, Kind, Letter, NoticeState, Outcome
from dsr.models import Notice, Part, SubjectRequest
from dsr.models.notice import OPEN
from dsr.steps import maps
from dsr.steps.fulfilling import parts, sources
from dsr.steps.post import notices, outbox

WAIT = Term(2, Unit.BUSINESS_DAYS)
TO_ERASE = frozenset({State.SEARCHED, State.APPROVED})


@dataclass(frozen=True, slots=True)
class Alert:
    """The last of the letters to addresses on file: when it left, and the days that are waited; None: on its way.

    `undelivered` of all the `letters` failed, came back or are in doubt, and were not sent again: nobody may count on
    it that their owners know.
    """

    sent_on: date | None
    waits_until: date | None
    letters: int = 0
    undelivered: int = 0


def addresses(subject_request: SubjectRequest) -> list[str]:
    """Every e-mail address of the person that a found row carries. Call it before the Parts are forgotten."""
    systems = maps.controller(subject_request.controller).systems
    finds = subject_request.items.filter(kind=Kind.FIND).exclude(part=None).exclude(part__wrapped_key="")
    found: set[str] = set()
    for find in finds.select_related("part"):
        if find.part is not None and find.system in systems:
            found.update(_carried(systems[find.system], find.part))
    return sorted(found)


def to_warn(subject_request: SubjectRequest) -> list[str]:
    """Whom to tell when the manifest is closed: of an erasure that has something to erase, and no proven mailbox."""
    manifest = sources.first(subject_request)
    if manifest is None or not manifest.erases or subject_request.own_mailbox() is not None:
        return []
    return addresses(subject_request)


def to_tell(subject_request: SubjectRequest) -> list[str]:
    """Whom to tell when the package is made: nobody who was told before the erasure, or proved a mailbox."""
    if subject_request.own_mailbox() is not None:
        return []
    told = Notice.objects.filter(subject_request=subject_request, letter=Letter.ON_FILE).exists()
    return [] if told else addresses(subject_request)


def _carried(system: SystemMap, part: Part) -> Iterator[str]:
    for one in parts.found_in(part):
        if isinstance(one, Batch):
            yield from carried(system, one)


def carried(system: SystemMap, found: Batch) -> Iterator[str]:
    """Every e-mail address of the person that these rows carry."""
    own = address_fields(system.collections[found.collection], found.share)
    for name in set(own) & set(found.fields):
        place = found.fields.index(name)
        yield from _clean(row[place] for row in found.rows)


def _clean(cells: Iterable[object]) -> Iterator[str]:
    for cell in cells:
        try:
            yield clean(IdentityKind.EMAIL, str(cell or ""))
        except ValueError:
            continue  # no mail reaches it


def tell(subject_request: SubjectRequest, found: list[str], *, at: datetime) -> None:
    """Write to each of them. A report of a compromised account by its owner freezes the request (see reports)."""
    for address in found:
        notices.queue(subject_request, Letter.ON_FILE, at=at, to_address=address, **facts(subject_request, at=at))


def end(subject_request: SubjectRequest, letter: Letter, note: str, *, by: Actor, at: datetime, **said: Any) -> None:
    """It ends without its effect: who is not told yet never is, and who was hears that it is over, and not why.

    A letter that was tried, or is on its way, may have arrived. Call it in the transaction that ends the request.
    """
    back = notices.take_back(subject_request, [Letter.ON_FILE], note, by=by, at=at)
    told = subject_request.notices.filter(letter=Letter.ON_FILE)
    told = told.exclude(state__in=[NoticeState.FAILED, NoticeState.BOUNCED])
    tried = [notice for notice in back if notice.fence]
    said[outbox.TO_FILE] = True
    for address in sorted({notice.addressee() for notice in [*told, *tried]}):
        notices.queue(subject_request, letter, at=at, to_address=address, **said)


def facts(subject_request: SubjectRequest, *, at: datetime) -> dict[str, Any]:
    """What such a letter says."""
    today = local_day(at, maps.calendar(subject_request.controller))
    return {
        "wait_until": _until(subject_request, today),
        "objection": f"{settings.DSR_BASE_URL}/{subject_request.controller}/ask/compromised-account/",
        "erases": subject_request.right == Right.ERASURE and subject_request.state in TO_ERASE,
        "disabled": subject_request.items.filter(kind=Kind.STOP, outcome=Outcome.STOPPED).exists(),
        "guardian": subject_request.asker == Asker.GUARDIAN,
    }


def alert(subject_request: SubjectRequest) -> Alert | None:
    """What became of these letters; None where no address is on file. One that failed counts from when it did."""
    if subject_request.own_mailbox() is not None and subject_request.right != Right.RECTIFICATION:
        return None  # nobody is written to: see to_warn, to_tell
    written = list(letters(subject_request))
    if not written:
        return None
    if any(notice.state in OPEN for notice in written):
        return Alert(None, None)
    last = max(_settled_at(notice) for notice in written)
    sent_on = local_day(last, maps.calendar(subject_request.controller))
    repeated = {notice.again_of_id for notice in written}
    newest = [notice for notice in written if notice.pk not in repeated]
    undelivered = sum(notice.state != NoticeState.SENT for notice in newest)
    return Alert(sent_on, _until(subject_request, sent_on), len(newest), undelivered)


def letters(subject_request: SubjectRequest) -> QuerySet[Notice]:
    """Those to addresses on file."""
    return Notice.objects.filter(subject_request=subject_request, letter=Letter.ON_FILE)


def _settled_at(notice: Notice) -> datetime:
    """When it left; one that came back counts from when it did."""
    return notice.sent_at if notice.sent_at and notice.state == NoticeState.SENT else notice.not_before


def free_from(subject_request: SubjectRequest, told: Alert | None) -> datetime | None:
    """The moment from which its owner had the days to object; None: no address was told, or the letter waits still."""
    until = told.waits_until if told else None
    return closes_at(until, maps.calendar(subject_request.controller)) if until else None


def why_not_yet(told: Alert | None) -> str:
    """Why nobody approves its erasure yet; empty when somebody can."""
    if told and told.waits_until is None:
        return "The letter to the address on file is still on its way. Nobody approves before it has left."
    return ""


def waits(subject_request: SubjectRequest, *, at: datetime) -> datetime | None:
    """Until when its correction waits; a letter that is still on its way counts as if it left now. None: no longer."""
    told = alert(subject_request)
    if told is None:
        return None
    calendar = maps.calendar(subject_request.controller)
    ends = closes_at(told.waits_until or _until(subject_request, local_day(at, calendar)), calendar)
    return ends if at < ends else None


def opens_on(subject_request: SubjectRequest, *, at: datetime) -> date | None:
    """From which day who asks for somebody else sees or takes on the page what is ready; None: at once, or no page."""
    return page_opens_on(subject_request, waits(subject_request, at=at))


def page_opens_on(subject_request: SubjectRequest, until: datetime | None) -> date | None:
    """The same where it is known until when the request waits."""
    if until is None or subject_request.mailbox() is None:
        return None
    return local_day(until, maps.calendar(subject_request.controller))


def why_wait(subject_request: SubjectRequest, *, at: datetime) -> str:
    """Why the package cannot leave yet; empty when it can."""
    told = alert(subject_request)
    if told is None:
        return ""
    if told.waits_until is None:
        return "The letter to the address on file is still on its way. Nobody takes the package before it has left."
    if at < closes_at(told.waits_until, maps.calendar(subject_request.controller)):
        last = f"{told.waits_until:%-d %b %Y}"
        if told.undelivered:
            return f"The days to object are counted until the end of {last}. Take it after that."
        return f"The address on file was told, and its owner can object until the end of {last}. Take it after that."
    return ""


def _until(subject_request: SubjectRequest, day: date) -> date:
    return ends_on(day, WAIT, maps.calendar(subject_request.controller))
