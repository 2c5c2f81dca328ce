"""Writing down: staff enter what a person without a mailbox wrote or said should be corrected.

It is taken as the person's own sending is: once, if it came until the same day, checked by the same types. Who entered
it never decides about it (see rectification).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from dsr.law.actors import Actor
from dsr.law.deadlines import local_day
from dsr.law.work import Channel
from dsr.models import Proposal, SubjectRequest
from dsr.steps import maps, permissions
from dsr.steps.fulfilling import rectification, window
from dsr.steps.move import Conflict
from dsr.steps.post import notices, outbox

OVER = "Nothing can be entered any more: it was entered already, or the time in which the person could write is over."


@dataclass(frozen=True, slots=True)
class Came:
    """How the words came, and on which local day."""

    channel: Channel
    on: date


def awaited(subject_request: SubjectRequest, *, at: datetime) -> Proposal | None:
    """Until when staff can enter what the person writes; None where nothing is waited for, or the person has a page."""
    proposal = rectification.awaited(subject_request) if subject_request.mailbox() is None else None
    return proposal if proposal and not window.over(proposal, at=at) else None


def enter(
    subject_request: SubjectRequest,
    values: Mapping[tuple[str, str], str],
    *,
    statement: str,
    came: Came,
    by: Actor,
    at: datetime,
) -> None:
    """Take what the person wrote, by place and field, and what is to be added, once. Raises Forbidden, Conflict."""
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    if subject_request.mailbox() is not None:
        message = "This person enters new values on a page of their own."
        raise permissions.Forbidden(message)
    if (proposal := awaited(subject_request, at=at)) is None:
        raise Conflict(OVER)
    _check(proposal, came, at)
    how = f"{came.channel.value}, {came.on.isoformat()}"
    with transaction.atomic():
        rectification.propose(subject_request, values, statement=statement, at=at, by=by, came=how, on=came.on)
        # What has not left yet would ask for what is here.
        notices.take_back(subject_request, notices.ASKING, "Taken back: what it asks for came before.", by=by, at=at)


def _check(proposal: Proposal, came: Came, at: datetime) -> None:
    """It came on paper or by word, after the request, until the last day and not in the future."""
    subject_request = proposal.subject_request
    calendar = maps.calendar(subject_request.controller)
    message = ""
    if came.channel not in outbox.ON_PAPER:
        message = "Choose how it came: by letter, by telephone or in person."
    elif came.on > local_day(at, calendar):
        message = "The day on which it came cannot lie in the future."
    elif came.on < local_day(subject_request.received_at, calendar):
        message = "It cannot have come before the request."
    elif came.on > proposal.last_day:
        message = f"It came too late: the day until which the person could write, {proposal.last_day}, is over."
    if message:
        raise Conflict(message)
