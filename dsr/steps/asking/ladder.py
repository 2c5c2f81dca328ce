"""The proof ladder: what a request needs, what its identifiers reach, and how what is needed moves.

It moves up by one member of staff, or where the mailbox was not seen for long (see unseen), and down by two alone, who
both say so. What does not reach it enters no plan. After the decision it says what opens the answer (see opening), and
two people alone can ask for less there, too.
"""

from datetime import datetime

from django.db import IntegrityError, transaction

from dsr.law.actors import PORTAL, Actor, ActorKind
from dsr.law.ladder import NEEDED, Rung, reaches
from dsr.law.rights import SEARCHED
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Letter
from dsr.models import Identity, Lowering, PlanItem, SubjectRequest
from dsr.steps import bell, permissions
from dsr.steps.asking import unseen
from dsr.steps.move import Conflict
from dsr.steps.post import outbox
from dsr.steps.recording import record

REASON = 300  # characters
TO_OPEN = ("opening:less-proposed", "opening:lowered")
NOTHING_PROPOSED = "Nobody has proposed that less proof is enough."
UNDECIDED = frozenset({State.RECEIVED, State.VERIFIED})
_UNANSWERED = UNDECIDED | {State.REFUSED, State.CANCELLED, State.LAPSED}
SAID = {
    Rung.MAILBOX: "a code to the e-mail address",
    Rung.SECOND: "a code to another address on file",
    Rung.APP: "a sign-in with the controller's app or site",
    Rung.STAFF: "a check by staff",
}


def enough(subject_request: SubjectRequest, identity: Identity) -> bool:
    """Whether this identifier is proven as surely as the request needs; only such ones enter its plan."""
    return identity.proven_at is not None and reaches(identity.rung, subject_request.proof_needed)


def reached(subject_request: SubjectRequest) -> bool:
    """Whether one of its identifiers is; what needs no more than the mailbox has its own rules (see review)."""
    if subject_request.proof_needed == Rung.MAILBOX or subject_request.right not in SEARCHED:
        return True
    return any(enough(subject_request, each) for each in subject_request.identities.filter(of_representative=False))


def waits(subject_request: SubjectRequest) -> bool:
    """Whether the mailbox is proven, and more is needed."""
    return subject_request.state == State.VERIFIED and not reached(subject_request)


def settled(subject_request: SubjectRequest) -> bool:
    """Whether it is reached, and nothing can raise by itself what is needed."""
    return reached(subject_request) and not unseen.unsettled(subject_request)


def why_not_yet(subject_request: SubjectRequest) -> str:
    """Why it cannot be accepted yet; empty when it can."""
    if reached(subject_request):
        return unseen.why_not_yet(subject_request)
    return f"Who asks is not proven surely enough: {SAID[Rung(subject_request.proof_needed)]} is needed."


def asked(subject_request: SubjectRequest) -> Rung:
    """What is asked for now: to search, and after the decision to open the answer."""
    return Rung(subject_request.proof_needed) if subject_request.state in UNDECIDED else subject_request.opened_by


def higher(subject_request: SubjectRequest) -> list[Rung]:
    """What more can be asked for."""
    return [rung for rung in NEEDED if not reaches(subject_request.proof_needed, rung)]


def lower(subject_request: SubjectRequest) -> list[Rung]:
    """What less could be enough."""
    now = asked(subject_request)
    return [rung for rung in NEEDED if rung != now and reaches(now, rung)]


def movable(subject_request: SubjectRequest) -> bool:
    """Whether what is needed can still move: nobody has decided, and the right is one that searches."""
    return subject_request.state in UNDECIDED and subject_request.right in SEARCHED


def lowerable(subject_request: SubjectRequest) -> bool:
    """Whether less can be proposed: before the decision, and while an answer is there or comes, to open that."""
    if movable(subject_request):
        return bool(lower(subject_request))
    answered = subject_request.state not in _UNANSWERED and subject_request.reduced_at is None
    return answered and subject_request.opened_by != Rung.MAILBOX


def require_more(subject_request: SubjectRequest, to: Rung, *, by: Actor, at: datetime) -> None:
    """Ask for more proof; a letter says so once the mailbox is proven. Raises Forbidden, Conflict."""
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    if not movable(subject_request) or to not in higher(subject_request):
        message = "This can only be asked for before the decision, and only where it is more than is needed now."
        raise Conflict(message)
    with transaction.atomic():
        _move(subject_request, to)
        record.write(subject_request, unseen.RAISED, by=by, at=at, needed=to)
        tell(subject_request, at=at)


def propose_less(subject_request: SubjectRequest, to: Rung, *, reason: str, by: Actor, at: datetime) -> Lowering:
    """Say why less proof is enough; nothing changes before a second person agrees. Raises Forbidden, Conflict."""
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    if by.kind is not ActorKind.STAFF or not lowerable(subject_request) or to not in lower(subject_request):
        message = "This can only be proposed where more than the mailbox is asked for, and only less than that."
        raise Conflict(message)
    if not reason.strip():
        message = "Say why less is enough: somebody else decides by it, and it stays in the record."
        raise Conflict(message)
    to_open = subject_request.state not in UNDECIDED
    lowering = Lowering(subject_request=subject_request, to=to, to_open=to_open)
    lowering.proposed_by_id, lowering.proposed_at = int(by.id), at
    lowering.seal_reason(reason.strip()[:REASON])
    try:
        with transaction.atomic():
            lowering.save(force_insert=True)
            secret = {"reason": reason.strip()[:REASON]}
            tag = TO_OPEN[0] if to_open else "proof:less-proposed"
            record.write(subject_request, tag, by=by, at=at, secret=secret, needed=to)
    except IntegrityError:
        message = "Somebody has proposed this already, and a second person has not decided yet."
        raise Conflict(message) from None
    return lowering


def proposed(subject_request: SubjectRequest) -> Lowering | None:
    """What waits for a second person; what nobody agreed to before the decision says nothing of the opening."""
    to_open = subject_request.state not in UNDECIDED
    return subject_request.lowerings.filter(agreed_at=None, to_open=to_open).first()


def why_not_agree(subject_request: SubjectRequest, by: Actor) -> str:
    """Why this is not the second person; empty when it is."""
    waiting = proposed(subject_request)
    if waiting is None:
        return NOTHING_PROPOSED
    if str(waiting.proposed_by_id) == by.id:
        return "A second person has to agree: you proposed that less proof is enough."
    if subject_request.events.filter(tag="request:received", actor=str(by)).exists():
        return "A second person has to agree: you entered this request."
    return ""


def agree(subject_request: SubjectRequest, *, by: Actor, at: datetime) -> None:
    """A second person agrees that less proof is enough. Raises Forbidden, Conflict."""
    permissions.require(by, permissions.Duty.APPROVE, subject_request)
    if why := why_not_agree(subject_request, by):
        raise permissions.Forbidden(why)
    waiting = proposed(subject_request)
    if waiting is None or not lowerable(subject_request) or Rung(waiting.to) not in lower(subject_request):
        message = "What is needed has changed meanwhile. Look at it again."
        raise Conflict(message)
    with transaction.atomic():
        mine = Lowering.objects.filter(pk=waiting.pk, agreed_at=None)
        if not mine.update(agreed_by_id=int(by.id), agreed_at=at):
            message = "Somebody else has agreed meanwhile."
            raise Conflict(message)
        if waiting.to_open:
            _open_by(subject_request, Rung(waiting.to))
        else:
            _move(subject_request, Rung(waiting.to))
        tag = TO_OPEN[1] if waiting.to_open else "proof:lowered"
        record.write(subject_request, tag, by=by, at=at, needed=waiting.to)


def decline(subject_request: SubjectRequest, *, by: Actor, at: datetime) -> None:
    """Say no to it: what is needed stays, and another proposal can be made. Raises Forbidden, Conflict.

    Who proposed it can take it back so. The record keeps what was proposed, by whom and why.
    """
    permissions.require(by, permissions.Duty.APPROVE, subject_request)
    waiting = proposed(subject_request)
    with transaction.atomic():
        gone = Lowering.objects.filter(pk=waiting.pk, agreed_at=None).delete()[0] if waiting else 0
        if not gone:
            raise Conflict(NOTHING_PROPOSED)
        record.write(subject_request, "proof:less-declined", by=by, at=at)


def tell(subject_request: SubjectRequest, *, at: datetime) -> None:
    """Write that more is needed, once the mailbox is proven, and have a worker look for other addresses on file.

    Where the map asks when the mailbox was last seen, the worker looks for that. Call it in the transaction that makes
    it so.
    """
    if subject_request.own_mailbox() is None:
        return
    more = waits(subject_request)
    if more:
        outbox.queue(subject_request, Letter.PROOF, at=at)
    if more or unseen.asked(subject_request) is not None:
        _look(subject_request, at=at)


def _look(subject_request: SubjectRequest, *, at: datetime) -> None:
    """Have a worker look; again where it was seen lately enough, so that no address was looked for."""
    looks = subject_request.items.filter(kind=Kind.ADDRESSES)
    if not looks.exists():
        PlanItem.objects.create(subject_request=subject_request, kind=Kind.ADDRESSES, not_before=at, created_at=at)
    elif not subject_request.others_sealed:
        fresh = {"state": ItemState.READY, "outcome": "", "finished_at": None, "not_before": at}
        looks.filter(state=ItemState.DONE).update(**fresh)
    bell.ring_after_commit()


def raise_unseen(subject_request: SubjectRequest, months: int, *, at: datetime) -> None:
    """The mailbox was last seen longer ago than the map allows. Call it in the transaction of the look, row locked."""
    _move(subject_request, Rung.SECOND)
    record.write(subject_request, unseen.RAISED, by=PORTAL, at=at, needed=Rung.SECOND, unseen_months=months)
    if waits(subject_request):  # else an account that is known surely is searched by, and the mailbox is not
        outbox.queue(subject_request, Letter.PROOF, at=at)


def _move(subject_request: SubjectRequest, to: Rung) -> None:
    """What is needed to search. Raises Conflict."""
    _set(subject_request, "proof_needed", to, UNDECIDED)


def _open_by(subject_request: SubjectRequest, to: Rung) -> None:
    """What opens the answer; no plan grows by it. Raises Conflict."""
    _set(subject_request, "proof_to_open", to, frozenset(State) - _UNANSWERED)


def _set(subject_request: SubjectRequest, column: str, to: Rung, states: frozenset[State]) -> None:
    """Where it still is what we know, in one of these states. Raises Conflict."""
    known = {column: getattr(subject_request, column)}
    here = SubjectRequest.objects.filter(pk=subject_request.pk, state__in=states, **known)
    if not here.update(**{column: to}):
        message = "Somebody else has changed this request meanwhile. Look at it again."
        raise Conflict(message)
    setattr(subject_request, column, to)
