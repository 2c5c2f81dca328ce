"""Telling staff of dates: reminders before them, a privacy officer just before, and the record of what was missed."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from dsr.law.calendars import Edition
from dsr.law.deadlines import business_days_left, local_day
from dsr.law.regimes import regimes
from dsr.law.work import Letter
from dsr.models import Deadline
from dsr.steps import maps
from dsr.steps.counting import misses, reckoning
from dsr.steps.post import team


def tell_next(*, at: datetime) -> bool:
    """Tell staff of one date that needs them; whether there was one. Two timetables at once tell it once."""
    days = {slug: local_day(at, maps.calendar(slug)) for slug in maps.controllers()}
    if not days:
        return False
    there = Q(pk=None)
    for slug, day in days.items():
        there |= Q(subject_request__controller=slug, attend_on__lte=day)
    found = Deadline.objects.filter(there, met_at=None, breached_at=None, attend_on__lte=max(days.values()))
    deadline = found.select_related("subject_request").order_by("attend_on").first()
    if deadline is None:
        return False
    _tell(deadline, days[deadline.subject_request.controller], at=at)
    return True


def _tell(deadline: Deadline, today: date, *, at: datetime) -> None:
    """The latest of what is due: who was asleep on the day of the reminder needs no older one."""
    edition = reckoning.edition_of(deadline.edition_id)
    with transaction.atomic():
        if today > deadline.due_on:
            _miss(deadline, at=at)
            return
        stages = reckoning.stages(deadline.due_on, edition)
        following = min(day for day in stages if day > today)
        escalates = today >= reckoning.days_before(deadline.due_on, reckoning.ESCALATE, edition)
        column = "escalated_at" if escalates else "reminded_at"
        if _as_read(deadline).update(**{column: at, "attend_on": following}) != 1:
            return
        letter = Letter.ESCALATION if escalates else Letter.REMINDER
        _write(deadline, letter, edition, today, at=at)


def _miss(deadline: Deadline, *, at: datetime) -> None:
    if not misses.note(deadline, missed_on=deadline.due_on, at=at, among=_as_read(deadline)):
        return
    edition = reckoning.edition_of(deadline.edition_id)
    _write(deadline, Letter.MISSED, edition, local_day(at, edition), at=at)


def _as_read(deadline: Deadline) -> QuerySet[Deadline]:
    """Its row while the day that was read still stands and nobody has met the date: of two processes one tells."""
    return Deadline.objects.filter(
        pk=deadline.pk, met_at=None, attend_on=deadline.attend_on, due_on=deadline.due_on, breached_at=None
    )


def _write(deadline: Deadline, letter: Letter, edition: Edition, today: date, *, at: datetime) -> None:
    subject_request = deadline.subject_request
    told = team.answerable(subject_request)
    if letter is not Letter.REMINDER:
        told += team.officers(subject_request)
    law = regimes().get(deadline.regime)
    team.tell(
        subject_request,
        letter,
        told,
        at=at,
        date=deadline.due_on,
        law=law.title if law else deadline.regime,
        duty=deadline.duty,
        days=max(0, business_days_left(today, deadline.due_on, edition)),
    )
