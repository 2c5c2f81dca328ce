"""A document as the last resort: staff ask for it where nothing else can prove who asks, and look at it once.

Off unless the controller's file turns it on, and out of reach while a sign-in or an address on file works (GDPR
Art. 12(6); EDPB Guidelines 01/2022, paras 73-79). With staff's yes or no its row and its file are gone; the note stays.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from dsr.law.actors import SUBJECT, Actor
from dsr.law.ladder import Rung, reaches
from dsr.law.work import Asker, Letter
from dsr.models import Evidence, SubjectRequest
from dsr.steps import maps, permissions
from dsr.steps.asking import assertions, evidence, ladder, pickup, second
from dsr.steps.move import Conflict, lock
from dsr.steps.post import outbox
from dsr.steps.recording import record

NOTE = 300  # characters
ASKED, CHECKED, REJECTED = "document:asked", "document:checked", "document:rejected"


def why_not(subject_request: SubjectRequest) -> str:
    """Why nobody asks for a document here; empty when somebody can."""
    facts = maps.controller(subject_request.controller).controller
    if not facts.proof.documents:
        return f"{facts.name} asks nobody for a document."
    if subject_request.asker != Asker.PERSON or not ladder.waits(subject_request):
        return "Only where the mailbox is proven, and more proof is needed, can a document be asked for."
    if not second.looked(subject_request):
        return "The portal still looks for another address on file. Come back in a moment."
    if subject_request.others_sealed and reaches(Rung.SECOND, subject_request.proof_needed):
        return "Another address is on file, and a code can go there: nobody is asked for a document."
    return ""


def ask(subject_request: SubjectRequest, *, reason: str, by: Actor, at: datetime) -> None:
    """Open the way for one document. Where there is an app, staff say why a sign-in there does not work. Once."""
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    if why := why_not(subject_request) or ("It was asked for already." if asked(subject_request) else ""):
        raise Conflict(why)
    if not reason.strip():
        app = assertions.offered(maps.controller(subject_request.controller).controller)
        said = "Write why the person cannot sign in" if app else "Write why nothing else can prove who asks"
        message = f"{said}: a document is the last resort."
        raise Conflict(message)
    with transaction.atomic():
        record.write(subject_request, ASKED, by=by, at=at, secret={"reason": reason.strip()[:NOTE]})
        outbox.queue(subject_request, Letter.PROOF, at=at, document=True)


def asked(subject_request: SubjectRequest) -> bool:
    """Whether staff asked for one."""
    return subject_request.events.filter(tag=ASKED).exists()


def wanted(subject_request: SubjectRequest) -> bool:
    """Whether the person can hand one in now."""
    return asked(subject_request) and not why_not(subject_request) and not _lying(subject_request)


def hand_in(subject_request: SubjectRequest, content: bytes, *, at: datetime) -> str:
    """Seal what the person sends; what comes back is the pickup code, to be shown once; empty where none is asked for.

    Raises NotTaken, Conflict.
    The row is held meanwhile: no decision comes between, after which nobody would destroy it, and no second document.
    """
    with transaction.atomic():
        _hold(subject_request)
        if not wanted(subject_request):
            message = _("Nobody asked for a document here.")
            raise Conflict(message)
        evidence.keep(subject_request, Evidence.IDENTITY, content, by=SUBJECT, at=at)
        return pickup.give(subject_request, at=at) if pickup.awaited(subject_request) else ""


def to_check(subject_request: SubjectRequest) -> bool:
    """Whether one lies here, and staff have not said what it shows."""
    return ladder.waits(subject_request) and _lying(subject_request)


def check(subject_request: SubjectRequest, *, note: str, by: Actor, at: datetime) -> None:
    """It shows that the person is who they say. Whoever says so never accepts the request. Raises Forbidden."""
    with transaction.atomic():
        _decide(subject_request, CHECKED, note, by, at)
        own = subject_request.identities.filter(of_representative=False).exclude(proven_at=None)
        own.update(rung=Rung.STAFF)
        pickup.count(subject_request, at=at)


def reject(subject_request: SubjectRequest, *, note: str, by: Actor, at: datetime) -> None:
    """It does not show it. Another one can be handed in, or the request is refused. Raises Forbidden, Conflict."""
    with transaction.atomic():
        _decide(subject_request, REJECTED, note, by, at)
        pickup.withdraw(subject_request)
        outbox.queue(subject_request, Letter.PROOF, at=at, document=True, rejected=True)


def rejected(subject_request: SubjectRequest) -> bool:
    """Whether the last one that was looked at did not show it."""
    return subject_request.events.filter(tag=REJECTED).exists()


def _decide(subject_request: SubjectRequest, event: str, note: str, by: Actor, at: datetime) -> None:
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    _hold(subject_request)  # a colleague may say the opposite at this moment
    if not to_check(subject_request):
        message = "There is no document here to look at."
        raise Conflict(message)
    if not note.strip():
        message = "Write what you saw: the document itself is destroyed with your decision."
        raise Conflict(message)
    record.write(subject_request, event, by=by, at=at, secret={"reason": note.strip()[:NOTE]})
    evidence.destroy(subject_request, at=at)


def _hold(subject_request: SubjectRequest) -> None:
    """Hold its row, and know it as it is now. Call it in a transaction."""
    lock(subject_request)
    subject_request.refresh_from_db()


def _lying(subject_request: SubjectRequest) -> bool:
    return Evidence.objects.filter(subject_request=subject_request, kind=Evidence.IDENTITY).exists()
