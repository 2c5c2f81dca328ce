"""How long new values for a correction are waited for: until a day that is told, and by post some days more.

A letter that came in time may be entered later than it came: five business days nothing ends over it. Where nothing
comes, the answer is still to be in time: by post both times are cut to what the answer's date leaves, though never to
less than AT_LEAST_BY_POST for the person and TO_ENTER_AT_LEAST for staff. Who was asked late is then answered late:
a right that nobody had the time to use harms more than a day that is shown as missed.

A freeze takes the person's days, so its release begins them anew, as those of a package; what was over before stays so.
"""

from datetime import date, datetime, timedelta
from typing import Any

from dsr.law.actors import PORTAL
from dsr.law.deadlines import local_day
from dsr.law.states import State
from dsr.law.terms import Term, Unit, ends_on
from dsr.law.work import Letter
from dsr.models import Proposal, SubjectRequest
from dsr.steps import maps
from dsr.steps.answering import on_file
from dsr.steps.deciding import blocking
from dsr.steps.fulfilling import correctable, unposted
from dsr.steps.post import notices
from dsr.steps.recording import record

TO_ENTER_AT_LEAST = Term(2, Unit.BUSINESS_DAYS)
# Posting, which this module needs, counts by the same days.
REMIND_AFTER, REMIND_BY_POST, TO_ENTER = unposted.REMIND_AFTER, unposted.REMIND_BY_POST, unposted.TO_ENTER
OPEN, last_day = unposted.OPEN, unposted.last_day


def closes_on(proposal: Proposal) -> date:
    """The last day on which what came in time is taken: by post some days later, and before the answer is due.

    Nobody could enter anything during a freeze, so the days for that begin with its release.
    """
    own = proposal.subject_request
    if own.mailbox() is not None:
        return proposal.last_day
    calendar = maps.calendar(own.controller)
    released = blocking.unfrozen_at(own)
    begins = max(proposal.last_day, local_day(released, calendar)) if released else proposal.last_day
    in_time = own.due_on - timedelta(days=1)
    return min(ends_on(begins, TO_ENTER, calendar), max(in_time, ends_on(begins, TO_ENTER_AT_LEAST, calendar)))


def over(proposal: Proposal, *, at: datetime) -> bool:
    """Whether nothing can come any more."""
    return closes_on(proposal) < local_day(at, maps.calendar(proposal.subject_request.controller))


def renew(subject_request: SubjectRequest, *, at: datetime) -> bool:
    """The last freeze is released: the person has the whole time anew, and is asked anew; whether that is so.

    It is not where nothing is waited for, or the day was over before it was frozen. Call it in that transaction.
    """
    waiting = Proposal.objects.filter(OPEN, subject_request=subject_request, subject_request__state=State.SEARCHED)
    proposal, calendar = waiting.first(), maps.calendar(subject_request.controller)
    if proposal is None or proposal.last_day < local_day(blocking.frozen_since(subject_request, at=at), calendar):
        return False
    last = max(proposal.last_day, last_day(subject_request, at=at))
    if waiting.update(asked_at=at, last_day=last, reminded_at=None) != 1:
        return False
    note = "Taken back: another one names the new day."
    notices.take_back(subject_request, notices.ASKING, note, by=PORTAL, at=at)
    record.write(subject_request, "correction:renewed", by=PORTAL, at=at, last_day=last.isoformat())
    proposal.last_day = last
    notices.queue(subject_request, Letter.CORRECTABLE, at=at, anew=True, **told(proposal, at=at))
    return True


def told(proposal: Proposal, *, at: datetime) -> dict[str, Any]:
    """What a letter that asks for the new values says; on paper it lists the fields, for there is no page."""
    own = proposal.subject_request
    fields = correctable.named(own) if own.mailbox() is None else []
    return {"last_day": proposal.last_day, "fields": fields, "opens_on": on_file.opens_on(own, at=at)}
