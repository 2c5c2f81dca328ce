"""Review: staff take a request, accept it, refuse it with a ground, or answer it by a letter."""

from datetime import datetime

from django.db import transaction
from django.db.models import prefetch_related_objects

from dsr.law.actors import Actor, ActorKind
from dsr.law.grounds import GROUNDS, Ground, grounds_for
from dsr.law.rights import SEARCHED, WORKED, Right
from dsr.law.states import State
from dsr.law.work import Letter
from dsr.models import PlanItem, SubjectRequest
from dsr.steps import ledger, maps, permissions
from dsr.steps.answering import on_file
from dsr.steps.asking import cancellation, documents, ladder, reports, representation, vouching
from dsr.steps.deciding import blocking, holds, merging
from dsr.steps.fulfilling import parts, search, stopping
from dsr.steps.move import Conflict, move
from dsr.steps.post import grounds, notices
from dsr.steps.recording import record

WORDS = 2_000  # characters
_CHECKED = {  # nobody alone opens an account to who says that it is theirs, or for a document
    vouching.VOUCHED: "A second person has to accept: you checked who asks.",
    documents.CHECKED: "A second person has to accept: you checked the document.",
}
HANDS = ("request:taken", "request:accepted", "request:handed-over")  # Events of the first person's acts


def take(subject_request: SubjectRequest, *, by: Actor, at: datetime) -> None:
    """Become the owner of a request that has none. Raises Conflict when somebody else was faster."""
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    with transaction.atomic():
        rows = SubjectRequest.objects.filter(pk=subject_request.pk, owner=None).update(owner_id=int(by.id))
        if rows != 1:
            message = "This request has an owner already."
            raise Conflict(message)
        record.write(subject_request, "request:taken", by=by, at=at)
    subject_request.owner_id = int(by.id)


def accept(subject_request: SubjectRequest, *, by: Actor, at: datetime) -> None:
    """Accept a verified request; what searches is planned in the same transaction. Raises Forbidden, Conflict."""
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    if why := _unproven(subject_request):
        raise Conflict(why)
    if why := why_not_by(subject_request, by):
        raise permissions.Forbidden(why)
    columns: dict[str, object] = {"accepted_by_id": int(by.id)} if by.kind is ActorKind.STAFF else {}
    if columns and subject_request.owner_id is None:
        columns["owner_id"] = int(by.id)  # who decides answers for it, unless somebody else had taken it
    if subject_request.right in SEARCHED:
        columns["map_version"] = maps.controller(subject_request.controller).version
        columns["of_staff"] = permissions.of_staff(subject_request)
    with transaction.atomic():
        move(subject_request, State.ACCEPTED, by=by, at=at, event="request:accepted", columns=columns)
        _still(subject_request)
        prefetch_related_objects([subject_request], "identities")  # who it is about is asked five times from here on
        stops: list[PlanItem] = []
        if subject_request.right in SEARCHED:
            stops = stopping.first(subject_request, at=at)
            search.plan(subject_request, at=at, behind=stops)
        disabled = bool(stops) and stopping.disables(subject_request)
        notices.queue(subject_request, Letter.ACCEPTED, at=at, disabled=disabled)
        holds.tell(subject_request, at=at)


def _still(subject_request: SubjectRequest) -> None:
    """Asked again once the row is ours: somebody may have merged it a moment ago, or asked for more proof."""
    subject_request.refresh_from_db(fields=["proof_needed"])
    if why := not_yet(subject_request):
        raise Conflict(why)


def not_yet(subject_request: SubjectRequest) -> str:
    """Why this request cannot be accepted or answered yet; empty when it can."""
    original = merging.original(subject_request)
    if original is not None:
        return f"This request is answered with {original.reference}, which it repeats."
    return _unproven(subject_request)


def _unproven(subject_request: SubjectRequest) -> str:
    return representation.why_not_yet(subject_request) or ladder.why_not_yet(subject_request)


def why_not_by(subject_request: SubjectRequest, by: Actor) -> str:
    """Why it is for somebody else to accept it; empty when this member of staff can."""
    if why := representation.why_not_by(subject_request, by):
        return why
    done = subject_request.events.filter(tag__in=list(_CHECKED), actor=str(by)).values_list("tag", flat=True)
    return next((_CHECKED[tag] for tag in done), "")


def refuse(
    subject_request: SubjectRequest,
    *,
    ground: Ground,
    words: str = "",
    evidence: str = "",
    by: Actor,
    at: datetime,
) -> None:
    """Refuse the request as a whole, with the ground and the ways to complain (GDPR Art. 12(4)).

    An approved one can be refused until its effects have begun: whoever reads an address on file may have objected.
    `words` are for the person, beside the ground; `evidence` is for the record, where the ground must be shown.
    Raises Forbidden, Conflict.
    """
    _check_refusal(subject_request, ground, words, evidence, by)
    with transaction.atomic():
        columns: dict[str, object] = {"ground": ground, "answered_at": at}
        if words.strip():
            columns["refusal_sealed"] = subject_request.sealed_refusal(words.strip())
        _call_off(subject_request)
        move(
            subject_request,
            State.REFUSED,
            by=by,
            at=at,
            event="request:refused",
            columns=columns,
            secret={"words": words.strip()} if words.strip() else None,
            ground=ground,
            citation=grounds.cited(subject_request, ground),
        )
        if evidence.strip():
            record.write(subject_request, "refusal:shown", by=by, at=at, secret={"reason": evidence.strip()})
        resumed = stopping.plan_resume(subject_request, at=at)
        parts.forget(subject_request)
        note = "Taken back: the request was refused."
        notices.take_back(subject_request, notices.CALLED_OFF, note, by=by, at=at)
        notices.queue(subject_request, Letter.REFUSED, at=at, resumed=resumed)
        on_file.end(subject_request, Letter.REFUSED, note, by=by, at=at, resumed=resumed)


def _call_off(subject_request: SubjectRequest) -> None:
    """Called off first: an item that is claimed from here on is not there any more. Raises Conflict once it began."""
    ledger.call_off(subject_request)
    if subject_request.state == State.APPROVED and not cancellation.possible(subject_request):
        message = "What was approved has begun, and cannot be refused any more."
        raise Conflict(message)


def _check_refusal(subject_request: SubjectRequest, ground: Ground, words: str, evidence: str, by: Actor) -> None:
    """The ground holds for this right; one that must be shown is shown, and by a second person."""
    facts = GROUNDS[ground]
    duty = permissions.Duty.APPROVE if facts.second_person else permissions.Duty.REVIEW
    permissions.require(by, duty, subject_request)
    message = ""
    if ground not in grounds_for(Right(subject_request.right), part=False):
        message = "This ground does not hold for such a request."
    elif max(len(words), len(evidence)) > WORDS:
        message = f"Your words are too long: at most {WORDS} characters fit."
    elif facts.evidence and not evidence.strip():
        message = (
            f"Write what shows it: with this ground it is for us to show ({grounds.cited(subject_request, ground)})."
        )
    elif facts.second_person:
        message = why_not_second(subject_request, by)
    if message:
        raise Conflict(message)


def why_not_second(subject_request: SubjectRequest, by: Actor) -> str:
    """Why this is not the second person, where a ground needs two; empty when it is.

    Whoever had the request in hand once stays a first person, also after handing it over.
    """
    if subject_request.owner_id is None:
        return "Somebody takes the request first and proposes it; a second person refuses it on this ground."
    if str(subject_request.owner_id) == by.id:
        return "A second person has to refuse it on this ground: you are the owner of this request."
    if subject_request.events.filter(tag__in=HANDS, actor=str(by)).exists():
        return "A second person has to refuse it on this ground: you took, accepted or handed over this request."
    return ""


def answer(subject_request: SubjectRequest, *, text: str, freeze: str = "", by: Actor, at: datetime) -> None:
    """Answer by a letter what does not run through the ledger. Raises Conflict for what does.

    `freeze`: what becomes of a freeze when a report of a compromised account is answered, 'release' or 'keep'.
    """
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    if why := not_yet(subject_request):
        raise Conflict(why)
    if subject_request.right in WORKED:
        message = "This request is answered by its own walk, not by a letter."
        raise Conflict(message)
    if blocking.withholds_answer(subject_request):
        message = "This account is frozen: nothing about it is answered until the freeze is released."
        raise Conflict(message)
    if not text.strip():
        message = "Write the answer first: an empty letter answers nothing."
        raise Conflict(message)
    subject_request.seal_answer(text.strip())
    columns: dict[str, object] = {"answer_sealed": subject_request.answer_sealed, "answered_at": at}
    with transaction.atomic():
        reports.settle(subject_request, freeze, by=by, at=at)
        move(subject_request, State.DELIVERED, by=by, at=at, event="request:answered", columns=columns)
        _still(subject_request)
        notices.queue(subject_request, Letter.ANSWER, at=at)
