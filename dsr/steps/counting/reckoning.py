"""Reckoning: the dates of a deadline from the columns that decide them, for one row or for a million."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from django.conf import settings

from dsr.law.calendars import Calendar, Edition, take_down, working_day
from dsr.law.deadlines import local_day
from dsr.law.terms import Span, Term, ends_on, merged, read_spans
from dsr.models import CalendarEdition, Deadline

_DAY = timedelta(days=1)
ESCALATE = 1  # business days before the last one: a privacy officer can still do something


@dataclass(frozen=True, slots=True)
class Basis:
    """What decides the dates of a deadline, in the words of its columns; `term` is the one in force."""

    edition: str
    receipt_on: date
    starts_on: date
    term: str
    paused: str
    pausing_from: date | None
    pausing_to: date | None


@dataclass(frozen=True, slots=True)
class Dates:
    """What follows from it."""

    due_on: date
    unpaused_on: date
    provisional: bool
    attend_on: date


def dates(basis: Basis, *, at: datetime) -> Dates:
    """Count. A pause that is open counts as if it ended today, and never beyond the day it ends by itself."""
    edition = edition_of(basis.edition)
    term = Term.parse(basis.term)
    paused = read_spans(basis.paused)
    span = running(basis.pausing_from, basis.pausing_to, local_day(at, edition))
    due_on = ends_on(basis.starts_on, term, edition, merged((*paused, span)) if span else paused)
    return Dates(
        due_on,
        ends_on(basis.receipt_on, term, edition),
        edition.provisional(due_on),
        # Nobody is reminded of a date that moves with every day; a date that was passed before still is missed.
        due_on + _DAY if span else stages(due_on, edition)[0],
    )


def running(first: date | None, last: date | None, today: date) -> Span | None:
    """The days of the open pause so far."""
    if first is None:
        return None
    return Span(first, max(first, min(today, last) if last else today))


def stages(due_on: date, edition: Edition) -> list[date]:
    """The days on which staff are told: reminders, escalation, and the day after the last one. In order."""
    before = {*settings.DSR_REMIND_DAYS, ESCALATE}
    return [*(days_before(due_on, days, edition) for days in sorted(before, reverse=True)), due_on + _DAY]


def days_before(day: date, count: int, edition: Edition) -> date:
    """So many business days earlier."""
    while count:
        day -= _DAY
        count -= working_day(edition, day)
    return day


def reckon(deadline: Deadline, *, at: datetime) -> None:
    """Set the dates of one deadline from its columns; save afterwards. What was missed stays missed."""
    found = dates(basis_of(deadline), at=at)
    deadline.due_on, deadline.unpaused_on, deadline.provisional = found.due_on, found.unpaused_on, found.provisional
    deadline.attend_on = None if deadline.breached_at else found.attend_on


def basis_of(deadline: Deadline) -> Basis:
    """What decides its dates."""
    return Basis(
        deadline.edition_id,
        deadline.receipt_on,
        deadline.starts_on,
        deadline.extended_term if deadline.extended and deadline.extended_term else deadline.term,
        deadline.paused,
        deadline.pausing_from,
        deadline.pausing_to,
    )


@lru_cache(maxsize=256)
def edition_of(version: str) -> Edition:
    """The working days kept under this version; they never change."""
    return Edition.from_json(CalendarEdition.objects.get(pk=version).content)


def keep(calendar: Calendar, year: int, *, at: datetime) -> Edition:
    """Take the working days down as they are known now, and keep them once."""
    edition = take_down(calendar, year)
    if not CalendarEdition.objects.filter(pk=edition.version).exists():
        kept = CalendarEdition(version=edition.version, content=edition.to_json(), taken_at=at)
        CalendarEdition.objects.bulk_create([kept], ignore_conflicts=True)  # another process may be as fast
    return edition
