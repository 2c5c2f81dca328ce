"""Review: staff take a request, accept it, refuse it with a ground, or answer it by a letter."""

from datetime import datetime

from django.db import transaction

from dsr.law.actors import Actor, ActorKind
from dsr.law.grounds import GROUNDS, Ground
from dsr.law.rights import SEARCHED
from dsr.law.states import State
from dsr.law.work import Letter
from dsr.models import SubjectRequest
from dsr.steps import ledger, notices, parts, permissions, record, search
from dsr.steps.move import Conflict, move


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
    """Accept a verified request; what searches is planned in the same transaction."""
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    accepted_by: dict[str, object] = {"accepted_by_id": int(by.id)} if by.kind is ActorKind.STAFF else {}
    if accepted_by and subject_request.owner_id is None:
        accepted_by["owner_id"] = int(by.id)  # who decides answers for it, unless somebody else had taken it
    with transaction.atomic():
        move(subject_request, State.ACCEPTED, by=by, at=at, event="request:accepted", columns=accepted_by)
        if subject_request.right in SEARCHED:
            search.plan(subject_request, at=at)
        notices.queue(subject_request, Letter.ACCEPTED, at=at)


def refuse(subject_request: SubjectRequest, *, ground: Ground, by: Actor, at: datetime) -> None:
    """Refuse the request as a whole, with the ground and the ways to complain (GDPR Art. 12(4))."""
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    with transaction.atomic():
        columns: dict[str, object] = {"ground": ground, "answered_at": at}
        move(
            subject_request,
            State.REFUSED,
            by=by,
            at=at,
            event="request:refused",
            columns=columns,
            ground=ground,
            citation=GROUNDS[ground].citation,
        )
        ledger.call_off(subject_request)
        parts.forget(subject_request)
        notices.queue(subject_request, Letter.REFUSED, at=at)


def answer(subject_request: SubjectRequest, *, text: str, by: Actor, at: datetime) -> None:
    """Answer by a letter what does not run through the ledger. Raises Conflict for what does."""
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    if subject_request.right in SEARCHED:
        message = "This request is answered by a package, not by a letter."
        raise Conflict(message)
    if not text.strip():
        message = "Write the answer first: an empty letter answers nothing."
        raise Conflict(message)
    subject_request.seal_answer(text.strip())
    columns: dict[str, object] = {"answer_sealed": subject_request.answer_sealed, "answered_at": at}
    with transaction.atomic():
        move(subject_request, State.DELIVERED, by=by, at=at, event="request:answered", columns=columns)
        notices.queue(subject_request, Letter.ANSWER, at=at)
