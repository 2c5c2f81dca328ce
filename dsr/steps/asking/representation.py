"""Representation: an agent asks with the person's own confirmation, a guardian after a check by staff."""

import re
from dataclasses import dataclass
from datetime import datetime
from unicodedata import category, normalize

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor
from dsr.law.grounds import Ground
from dsr.law.ladder import Rung
from dsr.law.rights import WORKED, Right
from dsr.law.states import State
from dsr.law.work import Asker, Letter
from dsr.models import Evidence, Identity, Representative, SubjectRequest
from dsr.steps import permissions
from dsr.steps.asking import evidence, pickup, verification
from dsr.steps.asking.verification import Confirmation
from dsr.steps.deciding import merging
from dsr.steps.move import Conflict, move
from dsr.steps.post import notices
from dsr.steps.recording import record

NAME = 60  # characters
NOTE = 300
# What somebody can ask for another; the reports and the complaint are everybody's own.
REPRESENTED: frozenset[Right] = WORKED
# What a mail program makes a link of: we write the name to an address that anybody could have typed.
_LINK = re.compile(r"[/\\:@]|www\.|[.。](\w{2}|\d)", re.IGNORECASE)
_BREAKS = frozenset({"Cc", "Zl", "Zp"})
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
    if problem := problem_of_name(acting.name):
        raise evidence.NotTaken(problem)
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


def problem_of_name(typed: str) -> str:
    """Why this cannot stand in a letter as a name; empty when it can."""
    folded = normalize("NFKC", typed)
    if max(len(typed), len(folded)) > NAME:
        return _("This name is too long. At most {most} characters fit.").format(most=NAME)
    if _LINK.search(folded) or any(category(letter) in _BREAKS for letter in typed):
        return _("Enter a name only: no web address, e-mail address or colon. Leave a space after each dot.")
    return ""


def of(subject_request: SubjectRequest) -> Representative | None:
    """Who asks for the person, if it is not the person."""
    if subject_request.asker == Asker.PERSON:
        return None
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
        subject_request.identities.filter(of_representative=False, proven_at=None).update(proven_at=at, rung=Rung.STAFF)
        pickup.count(subject_request, at=at)
        record.write(subject_request, "representative:checked", by=by, at=at)
        # No clock starts anew: the document came with the request, and the guardian waits for us.
        merging.follow_up(subject_request, at=at)
        _tell_child(subject_request, at)


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


def why_not_by(subject_request: SubjectRequest, by: Actor) -> str:
    """Why this member of staff cannot accept it: nobody alone opens somebody's data to a guardian."""
    representative = of(subject_request)
    if representative is not None and str(representative.checked_by_id) == by.id:
        return "A second person has to accept: you checked this guardian."
    return ""


def _tell_child(subject_request: SubjectRequest, at: datetime) -> None:
    """Who owns the mailbox that was named learns who asks, and can object."""
    guardian = Representative.objects.get(subject_request=subject_request).name()
    objection = f"{settings.DSR_BASE_URL}/{subject_request.controller}/ask/complaint/"
    notices.queue(
        subject_request, Letter.GUARDIAN_ASKS, at=at, to_other="child", guardian=guardian, objection=objection
    )


def _unchecked(subject_request: SubjectRequest) -> QuerySet[Representative]:
    return Representative.objects.filter(subject_request=subject_request, kind=Asker.GUARDIAN, checked_at=None)


def _noted(note: str, by: Actor, at: datetime) -> dict[str, object]:
    if not note.strip():
        message = "Write what you checked, and how: the document itself is destroyed with the decision."
        raise Conflict(message)
    return {"checked_at": at, "checked_by_id": int(by.id), "check_note": note.strip()[:NOTE]}
