"""Whose working days count, and where the day ends (Reg. 1182/71 Arts 2 and 3)."""

import json
from collections.abc import Container
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

# The place that counts Saturdays: there every day is a business day but Sundays and these holidays (Cal. Civ.
# Code §§ 7, 9). A holiday or closing day of the controller's own place does not make that law wait.
SATURDAYS_COUNT_IN = ("US", "CA")
_SUNDAY = 6
_SIGNS = 12  # of a version
_LOOKS_BACK = 5  # years: a country that made up for holidays in them is expected to do so again


@dataclass(frozen=True, slots=True)
class Calendar:
    """Country and subdivision by ISO 3166, zone by IANA, and own closing days besides."""

    country: str
    zone: str
    subdivision: str | None = None
    closed_on: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        """A calendar nobody can count by is refused where it is made, not on the day it is needed."""
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"'{self.zone}' is not a time zone, such as 'Europe/Berlin'") from None
        try:
            holidays.country_holidays(self.country, subdiv=self.subdivision)
        except NotImplementedError as unknown:
            raise ValueError(str(unknown)) from None


@dataclass(frozen=True, slots=True)
class Edition:
    """The working days of a calendar as they were known on one day: what is counted by it never changes."""

    country: str
    subdivision: str | None
    zone: str
    weekend: frozenset[int]  # Monday is 0
    holidays: frozenset[date]  # own closing days included
    made_up: frozenset[date]  # weekend days that are worked to make up for a holiday
    saturday_holidays: frozenset[date]  # of the place that counts Saturdays
    first: date
    last: date  # from the day after it only weekends are known, so a date can only come too early
    provisional_from: date | None
    library: str
    version: str  # of the days alone: another library that knows the same days makes the same version

    def provisional(self, day: date) -> bool:
        """Whether the holidays around that day are not published yet, so that it must be counted again."""
        return day > self.last or (self.provisional_from is not None and day >= self.provisional_from)

    def to_json(self) -> str:
        """The text that is kept; the same edition always gives the same text."""
        return json.dumps(_fields(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Edition":
        """The edition that was kept, without asking any library."""
        kept = json.loads(text)
        days = {name: frozenset(map(date.fromisoformat, kept[name])) for name in _SETS}
        ends = {name: date.fromisoformat(kept[name]) for name in ("first", "last")}
        unknown = kept["provisional_from"]
        kept["weekend"] = frozenset(kept["weekend"])
        kept["provisional_from"] = date.fromisoformat(unknown) if unknown else None
        return cls(**kept | days | ends)


_SETS = ("holidays", "made_up", "saturday_holidays")
Book = Calendar | Edition


def working_day(book: Book, day: date, *, saturdays: bool = False) -> bool:
    """Neither weekend nor public holiday nor an own closing day; a Saturday made up for counts.

    With `saturdays`, a business day as California means it: every day but Sundays and its holidays.
    """
    if saturdays:
        return day.weekday() != _SUNDAY and day not in _saturday_holidays(book, day)
    if isinstance(book, Edition):
        return day not in book.holidays and (day.weekday() not in book.weekend or day in book.made_up)
    known = _holidays(book.country, book.subdivision, day.year)
    return known.is_working_day(day) and day not in book.closed_on


@lru_cache(maxsize=64)
def take_down(calendar: Calendar, year: int) -> Edition:
    """What is known today of the working days from the year before to the second year after."""
    first, last = date(year - 1, 1, 1), date(year + 2, 12, 31)
    every = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    weekend = frozenset(_holidays(calendar.country, calendar.subdivision, year).weekend)
    worked = frozenset(day for day in every if working_day(calendar, day))
    edition = Edition(
        country=calendar.country,
        subdivision=calendar.subdivision,
        zone=calendar.zone,
        weekend=weekend,
        # What the library holds to be free on a weekday, and the controller on any day.
        holidays=frozenset(
            day for day in every if day not in worked and (day.weekday() not in weekend or day in calendar.closed_on)
        ),
        made_up=frozenset(day for day in worked if day.weekday() in weekend),
        saturday_holidays=frozenset(day for day in every if day in _saturday_holidays(calendar, day)),
        first=first,
        last=last,
        provisional_from=_unknown_from(calendar, first, last),
        library=f"holidays {version('holidays')}",
        version="",
    )
    return replace(edition, version=sha256(_days_in(edition).encode()).hexdigest()[:_SIGNS])


def _days_in(edition: Edition) -> str:
    return json.dumps({**_fields(edition), "library": "", "version": ""}, sort_keys=True)


def _fields(edition: Edition) -> dict[str, object]:
    """The fields as JSON has them."""
    plain: dict[str, object] = {}
    for each in fields(Edition):
        value = getattr(edition, each.name)
        if isinstance(value, frozenset):
            plain[each.name] = [str(one) if isinstance(one, date) else one for one in sorted(value)]
        else:
            plain[each.name] = str(value) if isinstance(value, date) else value
    return plain


def _unknown_from(calendar: Calendar, first: date, last: date) -> date | None:
    """The first year in which the state has still to name the days it makes up, or the moon the feasts."""
    years = range(first.year - _LOOKS_BACK, last.year + 1)
    # In English, for the mark of an estimate is a word.
    known = holidays.country_holidays(calendar.country, subdiv=calendar.subdivision, years=years, language="en_US")
    made_up = [day.year for day in known.weekend_workdays if day.year in years]
    unknown = {max(made_up) + 1} if made_up else set()
    unknown |= {day.year for day, name in known.items() if "estimated" in name and day >= first}
    earliest = min(unknown, default=last.year + 1)
    return max(first, date(earliest, 1, 1)) if earliest <= last.year else None


def _saturday_holidays(book: Book, day: date) -> Container[date]:
    if isinstance(book, Edition):
        return book.saturday_holidays
    # Days kept for a holiday on a weekend are left out: which of them that law knows was not read, and the
    # earlier date is safe.
    return _holidays(*SATURDAYS_COUNT_IN, day.year, observed=False)


@lru_cache(maxsize=256)
def _holidays(country: str, subdivision: str | None, year: int, *, observed: bool = True) -> holidays.HolidayBase:
    # The neighbours are loaded too, for a day may be moved across New Year. It never grows afterwards
    # (expand): a year that one thread is still filling would look free of holidays to another.
    years = (year - 1, year, year + 1)
    return holidays.country_holidays(country, subdiv=subdivision, years=years, observed=observed, expand=False)
