"""Vouching: who wrote on paper and has no mailbox is proven by a second member of staff, who says how."""

from datetime import datetime

from django.db import transaction

from dsr.law.actors import Actor
from dsr.law.ladder import Rung
from dsr.law.states import State
from dsr.models import SubjectRequest
from dsr.steps import permissions
from dsr.steps.asking import verification
from dsr.steps.move import Conflict, move
from dsr.steps.recording import record

NOTE = 300  # characters
VOUCHED = "identity:vouched"
CHECKED = ("identity:checked", "postal:checked")  # with the note: identifiers, or a name and an address alone


def possible(subject_request: SubjectRequest) -> bool:
    """Whether identifiers wait for a check by staff: only where no code can go to a mailbox."""
    return subject_request.state == State.RECEIVED and subject_request.mailbox() is None


def entered_by(subject_request: SubjectRequest) -> str:
    """Who entered it, as the record names them."""
    event = subject_request.events.filter(tag="request:received").first()
    return event.actor if event else ""


def vouch(subject_request: SubjectRequest, *, note: str, by: Actor, at: datetime) -> None:
    """The identifiers are this person's: checked by staff, with a note how. Never by who entered the request.

    Where only a name and a postal address were given, these were checked, and the record says so: nothing is proven.
    """
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    if entered_by(subject_request) == str(by):
        message = "A second person has to check: you entered this request."
        raise permissions.Forbidden(message)
    if not possible(subject_request):
        message = "The person proves this request with the code from the mail."
        raise Conflict(message)
    if not note.strip():
        message = "Write how you checked that the identifiers are this person's."
        raise Conflict(message)
    kinds = sorted(subject_request.identities.values_list("kind", flat=True))
    if not kinds and not subject_request.postal().strip():
        message = "There is nothing here that could be checked: no identifier, and no name with a postal address."
        raise Conflict(message)
    checked = CHECKED[0 if kinds else 1]
    with transaction.atomic():
        move(subject_request, State.VERIFIED, by=by, at=at, event=VOUCHED)
        subject_request.identities.filter(proven_at=None).update(proven_at=at, rung=Rung.STAFF)
        record.write(subject_request, checked, by=by, at=at, secret={"reason": note.strip()[:NOTE]}, kinds=kinds)
        verification.proven(subject_request, at=at)
