"""Corrections on the desk: each proposed value beside the old one, accepted or declined, once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from dsr.desk import people
from dsr.desk.due import Chip
from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.models import Proposal, SubjectRequest
from dsr.steps.answering import on_file
from dsr.steps.answering.on_file import Alert
from dsr.steps.fulfilling import correctable, rectification, writing_down
from dsr.steps.fulfilling.correctable import Line
from dsr.steps.permissions import Duty, may

CHIPS = {
    "proposed": Chip("To decide", "soon"),
    "accepted": Chip("Accepted", "busy"),
    "declined": Chip("Declined", "quiet"),
    "corrected": Chip("Corrected, read back", "good"),
    "changed-meanwhile": Chip("Changed meanwhile, left as it is", "soon"),
    "failed": Chip("Not corrected", "overdue"),
}


@dataclass(frozen=True, slots=True)
class Overview:
    """What the request's page says of it, without a value."""

    until: date | None
    reminded_at: datetime | None
    over_at: datetime | None
    total: int
    open: int
    statement: bool
    may_view: bool
    on_paper: bool
    to_write_down: bool
    told: Alert | None  # the addresses on file, before anything is changed


@dataclass(frozen=True, slots=True)
class Card:
    """One value with its decision; `words` are those just typed."""

    line: Line
    chip: Chip
    open: bool
    decider: str
    words: str
    may_accept: bool
    may_decline: bool


def card(subject_request: SubjectRequest, by: Actor) -> Overview | None:
    """None for other rights, and before the person was asked."""
    proposal = Proposal.objects.filter(subject_request=subject_request).first()
    if proposal is None or subject_request.right != Right.RECTIFICATION:
        return None
    open_ = subject_request.corrections.filter(decision="").count() if deciding(subject_request) else 0
    said = bool(subject_request.statement_sealed)
    unanswered = said and not subject_request.answer_sealed and deciding(subject_request)
    writable = writing_down.awaited(subject_request, at=timezone.now()) is not None
    return Overview(
        until=proposal.last_day if rectification.awaited(subject_request) else None,
        reminded_at=proposal.reminded_at,
        over_at=proposal.over_at,
        total=subject_request.corrections.count(),
        open=open_ + unanswered,
        statement=said,
        may_view=may(by, Duty.VIEW, subject_request),
        on_paper=subject_request.mailbox() is None,
        to_write_down=writable and may(by, Duty.REVIEW, subject_request),
        told=on_file.alert(subject_request),
    )


def deciding(subject_request: SubjectRequest) -> bool:
    """Whether values can be decided about now."""
    return subject_request.state == State.SEARCHED


def cards(subject_request: SubjectRequest, typed: Mapping[str, str], by: Actor) -> list[Card]:
    """Every value that was proposed; `typed` are words by correction."""
    another = not rectification.why_not_by(subject_request, by)
    reviews = another and may(by, Duty.REVIEW, subject_request)
    second = another and rectification.may_accept(subject_request, by)
    open_ = deciding(subject_request)
    return [
        Card(
            line=line,
            chip=CHIPS[line.state],
            open=open_ and line.row.decision == "",
            decider=people.name_of(line.row.decided_by),
            words=typed.get(str(line.row.pk), ""),
            may_accept=second if line.identifying else reviews,
            may_decline=reviews,
        )
        for line in correctable.lines(subject_request)
    ]
