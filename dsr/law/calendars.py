"""Whose working days count, and where the day ends (Reg. 1182/71 Arts 2 and 3)."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays


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


def working_day(calendar: Calendar, day: date) -> bool:
    """Neither weekend nor public holiday nor an own closing day; a Saturday made up for counts."""
    book = _holidays(calendar.country, calendar.subdivision, day.year)
    return book.is_working_day(day) and day not in calendar.closed_on


@lru_cache(maxsize=256)
def _holidays(country: str, subdivision: str | None, year: int) -> holidays.HolidayBase:
    # The neighbours are loaded too, for a day may be moved across New Year. It never grows afterwards
    # (expand): a year that one thread is still filling would look free of holidays to another.
    return holidays.country_holidays(country, subdiv=subdivision, years=(year - 1, year, year + 1), expand=False)
