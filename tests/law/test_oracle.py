"""An independent count, numpy's, agrees on 10,000 receipts in each of six calendars (M2)."""

import random
from datetime import date, timedelta

import holidays
import numpy as np
import pytest

from dsr.law.calendars import Calendar, take_down
from dsr.law.terms import Term, Unit, ends_on

PLACES = [("DE", None), ("FR", None), ("GB", "ENG"), ("US", None), ("BR", None), ("CN", None)]
YEARS = range(2020, 2030)


@pytest.mark.parametrize(("country", "subdivision"), PLACES)
def test_numpy_agrees_on_10000_receipts(country: str, subdivision: str | None) -> None:
    chance = random.Random(1182)
    # For the library knows the days that China made up for, year by year, until 2026.
    received = [date(2021, 1, 1) + timedelta(days=chance.randrange(6 * 365)) for _ in range(10_000)]
    counts = [chance.randrange(1, 31) for _ in received]
    calendar = Calendar(country, "UTC", subdivision)
    ours = [
        ends_on(each, Term(count, Unit.BUSINESS_DAYS), take_down(calendar, each.year))
        for each, count in zip(received, counts, strict=True)
    ]
    # numpy knows no working Saturdays: all weekdays are open to it, and closed days are listed.
    theirs = np.busday_offset(
        np.array(received, "datetime64[D]"),
        counts,
        roll="backward",
        weekmask="1111111",
        holidays=np.array(closed_days(country, subdivision), "datetime64[D]"),
    )
    assert ours == theirs.tolist()


def closed_days(country: str, subdivision: str | None) -> list[date]:
    """Weekends and holidays as the library lists them, without asking it for working days."""
    book = holidays.country_holidays(country, subdiv=subdivision, years=YEARS)
    first, last = date(YEARS[0], 1, 1), date(YEARS[-1], 12, 31)
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    worked = book.weekend_workdays
    return [day for day in every if day not in worked and (day in book or day.weekday() >= 5)]
