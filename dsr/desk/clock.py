"""The card of the clock: every date with the law behind it, what moved it, and whether it was kept."""

from dataclasses import dataclass
from datetime import date, datetime

from dsr.desk import people
from dsr.desk.due import Chip
from dsr.law.clocks import Duty, ExtensionReason, Pause
from dsr.law.deadlines import local_day
from dsr.law.regimes import HOUSE, Key, regimes
from dsr.law.rights import Right
from dsr.law.terms import Span, Term, Unit, read_spans
from dsr.models import ClockPause, Deadline, Extension, SubjectRequest
from dsr.steps.counting import reckoning

REASONS = {
    Pause.INFORMATION_REQUIRED: "what is asked for is not clear",
    Pause.IDENTITY_REQUIRED: "there is reasonable doubt who asks",
}
LONGER = {ExtensionReason.COMPLEXITY: "the request is complex", ExtensionReason.NUMBER: "there are many requests"}
_DUTIES = {Duty.ANSWER: "answer", Duty.CONFIRM: "confirm the receipt"}
_UNITS = {
    Unit.MONTHS: ("month", "months"),
    Unit.DAYS: ("day", "days"),
    Unit.BUSINESS_DAYS: ("business day", "business days"),
    Unit.BUSINESS_DAYS_WITH_SATURDAYS: ("business day (Saturdays count)", "business days (Saturdays count)"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One date."""

    deadline: Deadline
    title: str
    duty: str
    term: str
    citation: str
    paused: tuple[Span, ...]
    by_receipt: date | None  # where it would end without pauses, counted from receipt
    chip: Chip


@dataclass(frozen=True, slots=True)
class Question:
    """A question and what came of it; its words only for whom may see personal data."""

    pause: ClockPause
    reason: str
    asked_by: str
    words: str
    answer: str


@dataclass(frozen=True, slots=True)
class Card:
    """The clock of one request."""

    rows: list[Row]
    questions: list[Question]
    extension: Extension | None
    longer: str


def card(subject_request: SubjectRequest, now: datetime, *, shown: bool) -> Card:
    """As it stands; `shown` is whether this staff member sees personal data."""
    rows = subject_request.deadlines.order_by("due_on", "id")
    pauses = subject_request.pauses.select_related("asked_by")
    extension = Extension.objects.filter(subject_request=subject_request).select_related("by").first()
    return Card(
        [_row(row, subject_request, now) for row in rows],
        [_question(pause, shown=shown) for pause in pauses],
        extension,
        LONGER[ExtensionReason(extension.reason)] if extension else "",
    )


def promised(subject_request: SubjectRequest) -> str:
    """The promise's term, such as '15 business days'; empty where the date comes from elsewhere, or was moved."""
    own = subject_request.deadlines.filter(regime=HOUSE, duty=Duty.ANSWER, due_on=subject_request.due_on).first()
    if own is None or own.due_on != own.unpaused_on:
        return ""
    return _term(own.extended_term if own.extended else own.term)


def _row(deadline: Deadline, subject_request: SubjectRequest, now: datetime) -> Row:
    law = regimes().get(deadline.regime)
    found = law.row(Key(deadline.duty), Right(subject_request.right)) if law else None
    return Row(
        deadline,
        law.title if law else deadline.regime,
        _DUTIES[Duty(deadline.duty)],
        _term(deadline.extended_term if deadline.extended else deadline.term),
        found.citation if found else "",
        read_spans(deadline.paused),
        deadline.unpaused_on if deadline.unpaused_on != deadline.due_on else None,
        _chip(deadline, subject_request, now),
    )


def _chip(deadline: Deadline, subject_request: SubjectRequest, now: datetime) -> Chip:
    if deadline.breached_at:
        return Chip("Missed; done later", "overdue") if deadline.met_at else Chip("Missed", "overdue")
    if deadline.met_at:
        unanswered = subject_request.closed and subject_request.answered_at is None and deadline.duty == Duty.ANSWER
        return Chip("Not needed any more", "quiet") if unanswered else Chip("Kept", "good")
    if local_day(now, reckoning.edition_of(deadline.edition_id)) > deadline.due_on:
        return Chip("Over", "overdue")  # the timetable records it within the minute
    if deadline.pausing_from:
        return Chip("Stands still", "busy")
    return Chip("Runs", "track")


def _question(pause: ClockPause, *, shown: bool) -> Question:
    return Question(
        pause,
        REASONS[Pause(pause.reason)],
        people.name_of(pause.asked_by),
        pause.question() if shown else "",
        pause.answer() if shown else "",
    )


def _term(text: str) -> str:
    term = Term.parse(text)
    one, many = _UNITS[term.unit]
    return f"{term.count} {one if term.count == 1 else many}"
