"""A mailbox that was not seen for long may be somebody else's by now: then a second channel is needed (A11).

The map names the moment (`proof.unseen`), and a worker reads it once the mailbox is proven, before anybody accepts.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from dsr.datamap.ladder import Unseen
from dsr.datamap.schema import IdentityKind
from dsr.law import moments
from dsr.law.actors import PORTAL
from dsr.law.deadlines import local_day
from dsr.law.ladder import Rung, reaches
from dsr.law.retention import add_period
from dsr.law.rights import SEARCHED
from dsr.law.states import State
from dsr.law.work import Asker, ItemState, Kind
from dsr.models import SubjectRequest
from dsr.steps import maps

RAISED = "proof:raised"


def asked(subject_request: SubjectRequest) -> Unseen | None:
    """What its map says, where that can still raise what is needed; None where it cannot.

    Once raised by it, never again: what two people then lower stays so.
    """
    told = maps.controller(subject_request.controller).controller.proof.unseen
    if told is None or subject_request.state != State.VERIFIED or subject_request.right not in SEARCHED:
        return None
    if subject_request.asker == Asker.GUARDIAN or reaches(subject_request.proof_needed, Rung.SECOND):
        return None
    # An account that the app vouched for may be another's than the mailbox, which enters the plan beside it.
    mailboxes = subject_request.identities.filter(kind=IdentityKind.EMAIL, of_representative=False)
    if all(reaches(each.rung, Rung.SECOND) for each in mailboxes.exclude(proven_at=None)):
        return None
    raised = subject_request.events.filter(tag=RAISED, actor=str(PORTAL)).exists()
    return None if raised else told


def unsettled(subject_request: SubjectRequest) -> bool:
    """Whether what it needs may still rise: nobody has looked yet."""
    return asked(subject_request) is not None and not _looks(subject_request, done=True)


def why_not_yet(subject_request: SubjectRequest) -> str:
    """Why it cannot be accepted yet; empty when it can, or was proven before the map asked for a look."""
    if unsettled(subject_request) and _looks(subject_request, done=False):
        return "A worker first looks when this mailbox was last seen. What it waits for stands under 'Work'."
    return ""


def _looks(subject_request: SubjectRequest, *, done: bool) -> bool:
    looks = subject_request.items.filter(kind=Kind.ADDRESSES)
    return (looks.filter(state=ItemState.DONE) if done else looks.exclude(state=ItemState.DONE)).exists()


def too_long(subject_request: SubjectRequest, months: int, last: date | datetime, zone: str) -> bool:
    """Whether the last moment lies more than so many months before the receipt, by the days of the controller.

    `zone`: of moments that the system writes without one; UTC where nobody has said.
    """
    calendar = maps.calendar(subject_request.controller)
    if isinstance(last, datetime):
        if last.tzinfo is None and zone:
            last = last.replace(tzinfo=ZoneInfo(zone))
        last = local_day(moments.instant(last), calendar)
    return last < add_period(local_day(subject_request.received_at, calendar), months=-months)
