"""The grace: days between the approval of an erasure and its begin, in which the person can still cancel.

Who reads of it on paper has more of them, for the letter and the word that comes back travel by post. The law's date
for the answer does not wait for the post: at least WORK business days before it are left to erase, to put the answer
together and to post it, so then the grace is shorter, though never than the controller's `grace_days`. Only the law's
date shortens it, our own promise only where no law sets one: to be late by our own promise harms a person less than
an erasure that could not be cancelled, and it is shown as missed.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dsr.datamap.schema import Controller
from dsr.law.clocks import Duty
from dsr.law.deadlines import closes_at, leaving
from dsr.law.regimes import HOUSE
from dsr.models import SubjectRequest
from dsr.steps import maps
from dsr.steps.answering import on_file

BY_POST = 14  # days, unless the controller's file says otherwise
WORK = 5  # business days


@dataclass(frozen=True, slots=True)
class Grace:
    """When it is over; and the date for the sake of which it is shorter than the post takes, if it is."""

    ends_at: datetime
    shortened_for: date | None = None


def of(subject_request: SubjectRequest, told: on_file.Alert | None, *, at: datetime) -> Grace:
    """The grace of an erasure that is approved now. The days of the addresses on file are over with it as well."""
    facts = maps.controller(subject_request.controller).controller
    normal = at + timedelta(days=facts.grace_days)
    objected = max(normal, on_file.free_from(subject_request, told) or normal)
    if subject_request.mailbox() is not None:
        return Grace(objected)  # a guardian's mailbox is not the person's: the days on file count there as well
    wished = at + timedelta(days=by_post(facts))
    due_on = _due_on(subject_request)
    latest = closes_at(leaving(WORK, due_on, maps.calendar(facts.slug)), maps.calendar(facts.slug))
    ends_at = max(objected, min(wished, latest))
    return Grace(ends_at, due_on if ends_at < wished else None)


def by_post(facts: Controller) -> int:
    """The days of somebody without a mailbox."""
    said = facts.grace_days_by_post
    return max(BY_POST, facts.grace_days) if said is None else said


def _due_on(subject_request: SubjectRequest) -> date:
    """The law's earliest date for the answer; the promise where no law sets one."""
    answers = subject_request.deadlines.filter(duty=Duty.ANSWER).exclude(regime=HOUSE)
    return min(answers.values_list("due_on", flat=True), default=subject_request.due_on)
