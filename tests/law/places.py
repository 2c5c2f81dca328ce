"""Calendars of the cast, and editions taken down from them."""

from datetime import date

from dsr.law.calendars import Calendar, Edition, take_down
from dsr.law.terms import Term, ends_on

GERMANY = Calendar("DE", "Europe/Berlin")
CHINA = Calendar("CN", "Asia/Shanghai")
ENGLAND = Calendar("GB", "Europe/London", "ENG")
UNITED_STATES = Calendar("US", "America/New_York")
CALIFORNIA = Calendar("US", "America/Los_Angeles", "CA")


def day(text: str) -> date:
    return date.fromisoformat(text)


def edition(calendar: Calendar, year: int = 2026) -> Edition:
    return take_down(calendar, year)


def end(starts_on: str, term: str, calendar: Calendar = GERMANY) -> str:
    """The last day of a term, as texts."""
    first = day(starts_on)
    return str(ends_on(first, Term.parse(term), take_down(calendar, first.year)))
