"""The one way a request changes its state: check, conditional UPDATE, one Event, in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from django.db import transaction
from django.db.models import F

from dsr.law.actors import Actor
from dsr.law.ladder import Rung
from dsr.law.rights import Right
from dsr.law.states import CLOSED, State, allowed
from dsr.law.work import ItemState, Kind
from dsr.models import SubjectRequest
from dsr.steps import bell
from dsr.steps.asking import evidence
from dsr.steps.counting import clock
from dsr.steps.recording import record

FORGOTTEN = (Kind.PREVIEW, Kind.ADDRESSES)  # items by which nothing was decided
_ENDED = CLOSED - {State.DELIVERED}  # without an answer that could be opened
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
    _check(subject_request, [to])
    columns = {**(columns or {}), "state": to, **({"closed_at": at} if to in CLOSED else {})}
    # Where more than the mailbox opens the answer, a code may have to go to another address on file.
    if to in DECIDED and (to in _ENDED or subject_request.opened_by is Rung.MAILBOX):
        columns["others_sealed"] = ""
    with transaction.atomic(savepoint=False):  # who catches a Conflict has the whole transaction undone
        _changed(subject_request, columns)
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


def pass_through(
    subject_request: SubjectRequest, steps: Sequence[tuple[State, str]], *, by: Actor, at: datetime
) -> None:
    """Move through several states at once, with an Event for each; none of them decides or ends it. Raises Conflict."""
    states = [state for state, _ in steps]
    _check(subject_request, states)
    with transaction.atomic(savepoint=False):
        _changed(subject_request, {"state": states[-1]})
        record.write_moves(subject_request, steps, by=by, at=at)
    subject_request.state = states[-1]
    bell.ring_after_commit()


def _check(subject_request: SubjectRequest, states: Sequence[State]) -> None:
    """Whether its right knows this way. Raises Conflict."""
    for old, new in pairwise((State(subject_request.state), *states)):
        if not allowed(Right(subject_request.right), old, new):
            message = f"A request that is {old.replace('-', ' ')} cannot become {new.replace('-', ' ')}."
            raise Conflict(message)


def _changed(subject_request: SubjectRequest, columns: Mapping[str, object]) -> None:
    """Write where it is still in the state that we know. Raises Conflict."""
    rows = SubjectRequest.objects.filter(pk=subject_request.pk, state=subject_request.state).update(**columns)
    if rows != 1:
        message = "Somebody else has changed this request meanwhile. Look at it again."
        raise Conflict(message)


def _forget_preview(subject_request: SubjectRequest) -> None:
    """Its numbers have done their work; one that runs just now is fenced off."""
    subject_request.items.filter(kind__in=FORGOTTEN).update(state=ItemState.DONE, counts={}, fence=F("fence") + 1)
