"""A letter on paper asks for new values: until staff have posted it nobody is answered for being silent.

A letter that lay on a desk leaves nobody their days, so they begin with its posting. Printed late it names the day that
a posting on that day gives; the letter may then name an earlier day than the one that counts, never a later.
"""

from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import translation

from dsr.law.actors import Actor
from dsr.law.deadlines import leaving, local_day
from dsr.law.states import State
from dsr.law.terms import Term, Unit
from dsr.law.work import Letter, NoticeState
from dsr.models import Notice, Proposal, SubjectRequest
from dsr.steps import maps
from dsr.steps.post import wording
from dsr.steps.recording import record

REMIND_AFTER, REMIND_BY_POST = timedelta(days=14), timedelta(days=7)  # a letter and its answer travel longer
AT_LEAST = REMIND_AFTER + timedelta(days=3)  # to answer the reminder
AT_LEAST_BY_POST = REMIND_BY_POST + timedelta(days=7)  # the reminder travels, and so does what it brings back
TO_ENTER = Term(5, Unit.BUSINESS_DAYS)
OPEN = Q(sent_at=None, over_at=None)
MOVED = "correction:moved"


def last_day(subject_request: SubjectRequest, *, at: datetime) -> date:
    """The day that the person is told: before the answer is due; and the reminder always leaves some days."""
    calendar = maps.calendar(subject_request.controller)
    last, today = subject_request.due_on - timedelta(days=1), local_day(at, calendar)
    if subject_request.mailbox() is not None:
        return max(last, today + AT_LEAST)
    return max(leaving(TO_ENTER.count, last, calendar), today + AT_LEAST_BY_POST)


def asked() -> Exists:
    """Of Proposal: that the letter that asks still waits to be posted."""
    return Exists(_waiting().filter(subject_request=OuterRef("subject_request")))


def _waiting() -> QuerySet[Notice]:
    return Notice.objects.filter(letter=Letter.CORRECTABLE, state=NoticeState.TO_POST)


def posted(subject_request: SubjectRequest, *, by: Actor, at: datetime) -> None:
    """The letter is in the post: whoever reads it has the time from now. Call it in that transaction."""
    waiting = Proposal.objects.filter(OPEN, subject_request=subject_request, subject_request__state=State.SEARCHED)
    last = last_day(subject_request, at=at)
    waiting.update(asked_at=at)
    if waiting.filter(last_day__lt=last).update(last_day=last):
        record.write(subject_request, MOVED, by=by, at=at, last_day=last.isoformat())


def named(notice: Notice, *, at: datetime) -> dict[str, str]:
    """The day that a letter which is printed now has to name, in words, instead of the one it was written with."""
    own = notice.subject_request
    proposal = Proposal.objects.filter(OPEN, subject_request=own).first()
    if notice.letter != Letter.CORRECTABLE or proposal is None:
        return {}
    with translation.override(notice.language):
        return {"last_day": wording.day(max(proposal.last_day, last_day(own, at=at)))}
