"""How long new values for a correction are waited for: until a day that is told, and by post some days more.

A letter that came in time may be entered later than it came: so many business days nothing ends over it.
"""

from datetime import date, datetime, timedelta

from dsr.law.deadlines import leaving, local_day
from dsr.law.terms import Term, Unit, ends_on
from dsr.models import Proposal, SubjectRequest
from dsr.steps import maps

REMIND_AFTER, REMIND_BY_POST = timedelta(days=14), timedelta(days=7)  # a letter and its answer travel longer
AT_LEAST = timedelta(days=3)  # to answer the reminder
TO_ENTER = Term(5, Unit.BUSINESS_DAYS)


def last_day(subject_request: SubjectRequest, *, at: datetime) -> date:
    """The day that the person is told: before the answer is due; and the reminder always leaves some days."""
    calendar = maps.calendar(subject_request.controller)
    last = subject_request.due_on - timedelta(days=1)
    if subject_request.mailbox() is None:
        last = leaving(TO_ENTER.count, last, calendar)
    return max(last, local_day(at, calendar) + REMIND_AFTER + AT_LEAST)


def closes_on(proposal: Proposal) -> date:
    """The last day on which what came in time is taken."""
    if proposal.subject_request.mailbox() is not None:
        return proposal.last_day
    return ends_on(proposal.last_day, TO_ENTER, maps.calendar(proposal.subject_request.controller))


def over(proposal: Proposal, *, at: datetime) -> bool:
    """Whether nothing can come any more."""
    return closes_on(proposal) < local_day(at, maps.calendar(proposal.subject_request.controller))
