"""Terms of time and how they are counted: months by Regulation 1182/71, days, and business days."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from dsr.law.calendars import Book, working_day
from dsr.law.retention import add_period

_DAY = timedelta(days=1)


class Unit(StrEnum):
    """What a term counts. What a business day is belongs to the law that speaks of it."""

    MONTHS = "months"  # end on the same date; no working day there: on the next one (Reg. 1182/71 Art. 3)
    DAYS = "days"  # every day counts, and the last may be a Sunday: the earlier date is safe
    BUSINESS_DAYS = "business-days"
    BUSINESS_DAYS_WITH_SATURDAYS = "business-days-with-saturdays"  # Cal. Civ. Code §§ 7, 9


@dataclass(frozen=True, slots=True)
class Term:
    """A length of time, such as '1 month'; its text stands in tables and is read again."""

    count: int
    unit: Unit

    def __post_init__(self) -> None:
        """A term of nothing would be over before it began."""
        if self.count < 1:
            raise ValueError(f"a term needs at least one day, not {self.count}")

    def __str__(self) -> str:
        """'1 month', '45 days', '15 business-days', '10 business-days-with-saturdays'."""
        unit = re.sub(r"(month|day)s", r"\1", self.unit, count=1) if self.count == 1 else self.unit
        return f"{self.count} {unit}"

    @classmethod
    def parse(cls, text: str) -> "Term":
        """The term of such a text, written in no other way. Raises ValueError."""
        number = text.partition(" ")[0]
        if re.fullmatch("[1-9][0-9]{0,3}", number):
            for unit in Unit:
                if str(term := cls(int(number), unit)) == text:
                    return term
        units = ", ".join(Unit)
        raise ValueError(f"'{text}' is no term; write a number and one of {units}")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Days in a row, both ends included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        """A span does not end before it begins."""
        if self.last < self.first:
            raise ValueError(f"a span cannot end on {self.last}, before its first day {self.first}")

    def __contains__(self, day: date) -> bool:
        """Whether the day lies in it."""
        return self.first <= day <= self.last


def spell(spans: Iterable[Span]) -> str:
    """'2026-03-02/2026-03-05 2026-04-01/2026-04-03': in order, and what touches is one."""
    return " ".join(f"{span.first}/{span.last}" for span in merged(spans))


def read_spans(text: str) -> tuple[Span, ...]:
    """The spans of such a text. Raises ValueError."""
    ends = (part.partition("/") for part in text.split())
    return merged(Span(date.fromisoformat(first), date.fromisoformat(last)) for first, _, last in ends)


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same days in as few spans as there can be, in order: a day that is paused twice is one day."""
    whole: list[Span] = []
    for span in sorted(spans):
        if whole and span.first <= whole[-1].last + _DAY:
            whole[-1] = Span(whole[-1].first, max(whole[-1].last, span.last))
        else:
            whole.append(span)
    return tuple(whole)


def ends_on(starts_on: date, term: Term, edition: Book, paused: Iterable[Span] = ()) -> date:
    """The last day of the term. The day it starts on does not count, nor do paused days."""
    spans = merged(paused)
    if term.unit is Unit.DAYS:
        return _after(starts_on, term.count, spans)
    if term.unit is Unit.MONTHS:
        return _month_end(starts_on, term.count, edition, spans)
    saturdays = term.unit is Unit.BUSINESS_DAYS_WITH_SATURDAYS
    day, left = starts_on, term.count
    while left:
        day += _DAY
        left -= working_day(edition, day, saturdays=saturdays) and not _within(day, spans)
    return day


def _after(starts_on: date, days: int, paused: Sequence[Span]) -> date:
    """So many days later, each paused day moving the end by one."""
    end = starts_on + _DAY * days
    for span in paused:
        first = max(span.first, starts_on + _DAY)
        if first <= min(span.last, end):
            end += _DAY * ((span.last - first).days + 1)
    return end


def _month_end(starts_on: date, months: int, edition: Book, paused: Sequence[Span]) -> date:
    """The same date so many months later, or the last of the month; then on to a day that counts (Art. 3(2)-(4))."""
    end = _after(starts_on, (add_period(starts_on, months=months) - starts_on).days, paused)
    while _within(end, paused) or not working_day(edition, end):
        end += _DAY
    return end


def _within(day: date, spans: Sequence[Span]) -> bool:
    return any(day in span for span in spans)
