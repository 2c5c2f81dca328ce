"""Dates that were missed: recorded with the date itself, told to the person, and never taken back."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from dsr.law.actors import PORTAL
from dsr.law.clocks import Duty
from dsr.law.deadlines import local_day
from dsr.law.regimes import HOUSE, regimes
from dsr.law.work import Letter
from dsr.models import Deadline, SubjectRequest
from dsr.steps.counting import reckoning
from dsr.steps.post import outbox
from dsr.steps.recording import record


def note(deadline: Deadline, *, missed_on: date, at: datetime, among: QuerySet[Deadline] | None = None) -> bool:
    """Record a miss once, and write to the person; whether it was this call that did. Call it in a transaction.

    `among` are the rows as the caller has read them: when another process was faster, nothing happens.
    """
    rows = Deadline.objects.all() if among is None else among
    mine = rows.filter(pk=deadline.pk, breached_at=None)
    if mine.update(breached_at=at, missed_on=missed_on, attend_on=None) != 1:
        return False
    deadline.breached_at, deadline.missed_on, deadline.attend_on = at, missed_on, None
    subject_request = deadline.subject_request
    day = missed_on.isoformat()
    record.write(
        subject_request, "deadline:missed", by=PORTAL, at=at, regime=deadline.regime, duty=deadline.duty, due_on=day
    )
    if deadline.duty == Duty.ANSWER:
        outbox.queue(subject_request, Letter.LATE, at=at, **_told([deadline], subject_request))
    return True


def note_if_over(deadline: Deadline, *, at: datetime) -> bool:
    """Record a date that is over before anything moves it: a later date must not hide that this one was missed."""
    stands_still = deadline.pausing_from is not None
    if stands_still or local_day(at, reckoning.edition_of(deadline.edition_id)) <= deadline.due_on:
        return False
    return note(deadline, missed_on=deadline.due_on, at=at)


def told(subject_request: SubjectRequest) -> dict[str, Any]:
    """What the letter says of every date for the answer that was missed so far."""
    missed = subject_request.deadlines.filter(duty=Duty.ANSWER).exclude(missed_on=None)
    return _told(missed.order_by("missed_on", "pk"), subject_request)


def _told(deadlines: Iterable[Deadline], subject_request: SubjectRequest) -> dict[str, Any]:
    missed = [
        {"promise": row.regime == HOUSE, "law": _title(row.regime), "date": row.missed_on or row.due_on}
        for row in deadlines
    ]
    return {"missed": missed, "over": subject_request.closed or subject_request.answered_at is not None}


def _title(regime: str) -> str:
    law = regimes().get(regime)
    return law.title if law else regime
