"""The due date as a chip: words and tone, never colour alone."""

from dataclasses import dataclass
from datetime import datetime

from dsr.law.clocks import Duty
from dsr.law.deadlines import business_days_left, local_day
from dsr.law.states import State
from dsr.models import SubjectRequest
from dsr.steps import maps

SOON = 3  # business days


@dataclass(frozen=True, slots=True)
class Chip:
    """A few words, and how they look."""

    words: str
    tone: str


def chip(subject_request: SubjectRequest, now: datetime) -> Chip | None:
    """How the request stands against its SLA; None where there is nothing to be late for."""
    calendar = maps.calendar(subject_request.controller)
    if subject_request.state in {State.CANCELLED, State.LAPSED}:
        return None
    missed = {row.duty for row in subject_request.deadlines.all() if row.breached_at}
    if subject_request.answered_at is not None:
        in_time = (
            Duty.ANSWER not in missed and local_day(subject_request.answered_at, calendar) <= subject_request.due_on
        )
        return Chip("Answered in time", "good") if in_time else Chip("Answered late", "overdue")
    left = business_days_left(local_day(now, calendar), subject_request.due_on, calendar)
    if left < 0:
        return Chip(f"Overdue by {_days(-left)}", "overdue")
    running = _running(subject_request, left)
    # A date that moved on, by more time or a proof, hides none that was missed before.
    return Chip(f"{running.words}; a date was missed", "overdue") if missed else running


def _running(subject_request: SubjectRequest, left: int) -> Chip:
    if any(row.pausing_from for row in subject_request.deadlines.all()):
        return Chip("Stands still: we wait for the person", "busy")
    asked = any(pause.ended_at is None for pause in subject_request.pauses.all())
    words = f"{_days(left)} left" if left else "Due today"
    return Chip(f"{words}, question open" if asked else words, "soon" if left <= SOON else "track")


def _days(number: int) -> str:
    return f"{number} business day{'' if number == 1 else 's'}"
