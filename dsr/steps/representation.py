"""Representation: an agent asks with the person's own confirmation, a guardian after a check by staff."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor
from dsr.law.grounds import Ground
from dsr.law.rights import WORKED, Right
from dsr.law.states import State
from dsr.law.work import Asker, Letter
from dsr.models import Evidence, Identity, Representative, SubjectRequest
from dsr.steps import evidence, merging, notices, permissions, record, verification
from dsr.steps.move import Conflict, move
from dsr.steps.verification import Confirmation

NAME = 120  # characters
NOTE = 300
# What somebody can ask for another; the reports and the complaint are everybody's own.
REPRESENTED: frozenset[Right] = WORKED
_PROVES = {Asker.AGENT: Evidence.PERMISSION, Asker.GUARDIAN: Evidence.GUARDIANSHIP}


@dataclass(frozen=True, slots=True)
class Acting:
    """Who asks for somebody else, and the document that shows that they may."""

    asker: Asker
    name: str
    email: str
    document: bytes


def name(subject_request: SubjectRequest, acting: Acting, *, by: Actor, at: datetime) -> None:
    """Keep who asks, and their document. Call it within intake's transaction. Raises NotTaken."""
    representative = Representative(subject_request=subject_request, kind=acting.asker)
    representative.seal(acting.name, acting.email)
    representative.save(force_insert=True)
    if acting.asker is Asker.GUARDIAN:
        # Their own mailbox is proven by the code, and never searched by.
        mailbox = Identity(subject_request=subject_request, kind=IdentityKind.EMAIL, of_representative=True)
        mailbox.seal_value(acting.email)
        mailbox.save(force_insert=True)
    record.write(subject_request, "representative:named", by=by, at=at, asker=acting.asker)
    evidence.keep(subject_request, _PROVES[acting.asker], acting.document, by=by, at=at)


def of(subject_request: SubjectRequest) -> Representative | None:
    """Who asks for the person, if it is not the person."""
    return Representative.objects.filter(subject_request=subject_request).first()


def deny(subject_request: SubjectRequest, code: str, *, at: datetime) -> Confirmation:
    """The owner of the mailbox says no to a request that was made in their name: it is cancelled."""
    if subject_request.state != State.RECEIVED:
        return Confirmation.NONE
    with transaction.atomic():
        result = verification.spend(subject_request, code, at=at)
        if result is Confirmation.CONFIRMED:
            columns: dict[str, object] = {"answered_at": at}
            move(subject_request, State.CANCELLED, by=SUBJECT, at=at, event="request:denied", columns=columns)
            notices.queue(subject_request, Letter.CANCELLED, at=at)
    return result


def check(subject_request: SubjectRequest, *, note: str, by: Actor, at: datetime) -> None:
    """Staff saw what shows that a guardian may ask for this child: the child's identifiers are proven by that."""
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    with transaction.atomic():
        if subject_request.state != State.VERIFIED or not _unchecked(subject_request).update(**_noted(note, by, at)):
            message = "There is no guardian here who waits to be checked."
            raise Conflict(message)
        subject_request.identities.filter(of_representative=False, proven_at=None).update(proven_at=at)
        record.write(subject_request, "representative:checked", by=by, at=at)
        merging.follow_up(subject_request, at=at)


def reject(subject_request: SubjectRequest, *, note: str, by: Actor, at: datetime) -> None:
    """What was sent does not show that this guardian may ask: the request is refused (GDPR Art. 12(6))."""
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    with transaction.atomic():
        if not _unchecked(subject_request).update(**_noted(note, by, at)):
            message = "There is no guardian here who waits to be checked."
            raise Conflict(message)
        ground = Ground.IDENTITY_NOT_PROVEN
        columns: dict[str, object] = {"ground": ground, "answered_at": at}
        event = "representative:rejected"
        move(subject_request, State.REFUSED, by=by, at=at, event=event, columns=columns, ground=ground)
        notices.queue(subject_request, Letter.REFUSED, at=at)


def why_not_yet(subject_request: SubjectRequest) -> str:
    """Why a request that somebody makes for another cannot be accepted yet; empty when it can."""
    representative = of(subject_request)
    if representative is None:
        return ""
    if representative.kind == Asker.AGENT and representative.confirmed_at is None:
        return "The person has not confirmed yet that this agent may ask."
    if representative.kind == Asker.GUARDIAN and representative.checked_at is None:
        return "Check first whether this guardian may ask for the child."
    return ""


def _unchecked(subject_request: SubjectRequest) -> QuerySet[Representative]:
    return Representative.objects.filter(subject_request=subject_request, kind=Asker.GUARDIAN, checked_at=None)


def _noted(note: str, by: Actor, at: datetime) -> dict[str, object]:
    if not note.strip():
        message = "Write what you checked, and how: the document itself is destroyed with the decision."
        raise Conflict(message)
    return {"checked_at": at, "checked_by_id": int(by.id), "check_note": note.strip()[:NOTE]}
