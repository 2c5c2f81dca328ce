"""The one way a request changes its state: check, conditional UPDATE, one Event, in one transaction."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import CLOSED, State, allowed
from dsr.law.work import ItemState, Kind
from dsr.models import SubjectRequest
from dsr.steps import bell
from dsr.steps.asking import evidence
from dsr.steps.counting import clock
from dsr.steps.recording import record

DECIDED = CLOSED | {State.ACCEPTED}  # what showed that somebody may ask has done its work


class Conflict(Exception):
    """The request is not (any more) where this act needs it; the message is for the person acting."""


def lock(subject_request: SubjectRequest) -> None:
    """Hold its row until the transaction ends, before its items and its letters; who only refers to it goes on."""
    list(SubjectRequest.objects.select_for_update(no_key=True).filter(pk=subject_request.pk))


def move(
    subject_request: SubjectRequest,
    to: State,
    *,
    by: Actor,
    at: datetime,
    event: str,
    columns: dict[str, object] | None = None,
    secret: Mapping[str, object] | None = None,
    **details: object,
) -> None:
    """Move to a state and write the Event; `columns` are set in the same UPDATE. Raises Conflict."""
    old = State(subject_request.state)
    if not allowed(Right(subject_request.right), old, to):
        message = f"A request that is {old.replace('-', ' ')} cannot become {to.replace('-', ' ')}."
        raise Conflict(message)
    columns = {**(columns or {}), "state": to, **({"closed_at": at} if to in CLOSED else {})}
    with transaction.atomic(savepoint=False):  # who catches a Conflict has the whole transaction undone
        rows = SubjectRequest.objects.filter(pk=subject_request.pk, state=old).update(**columns)
        if rows != 1:
            message = "Somebody else has changed this request meanwhile. Look at it again."
            raise Conflict(message)
        record.write(subject_request, event, by=by, at=at, secret=secret, moved_to=to, **details)
        answered_at = columns.get("answered_at")  # a package that nobody can reach yet answers nothing
        if to in CLOSED or answered_at:
            clock.met(subject_request, at=at, done_at=answered_at if isinstance(answered_at, datetime) else at)
        if to in DECIDED:
            evidence.destroy(subject_request, at=at)
        if to in CLOSED:
            _forget_preview(subject_request)
    for name, value in columns.items():
        setattr(subject_request, name, value)
    bell.ring_after_commit()


def _forget_preview(subject_request: SubjectRequest) -> None:
    """Its numbers have done their work; one that runs just now is fenced off."""
    subject_request.items.filter(kind=Kind.PREVIEW).update(state=ItemState.DONE, counts={}, fence=F("fence") + 1)
