"""Counting business days: the day of receipt does not count, the last hour of the last day does."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dsr.law.calendars import Calendar, working_day

_DAY = timedelta(days=1)


def due_on(received_at: datetime, days: int, calendar: Calendar) -> date:
    """The last of `days` business days after the local day of receipt (Reg. 1182/71 Art. 3(1))."""
    if days < 1:
        raise ValueError(f"a deadline needs at least one day, not {days}")
    day = local_day(received_at, calendar)
    left = days
    while left:
        day += _DAY
        left -= working_day(calendar, day)
    return day


def local_day(moment: datetime, calendar: Calendar) -> date:
    """The date on the wall calendar of the entity at that moment."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone has no local day")
    return moment.astimezone(ZoneInfo(calendar.zone)).date()


def in_words(moment: datetime, calendar: Calendar) -> str:
    """'Tuesday 24 November 2026, 16:45 (America/Los_Angeles, UTC-08:00)': no reader has to guess the zone."""
    local = moment.astimezone(ZoneInfo(calendar.zone))
    offset = f"{local:%z}"
    return f"{local:%A %-d %B %Y, %H:%M} ({calendar.zone}, UTC{offset[:3]}:{offset[3:]})"


def business_days_left(on: date, due: date, calendar: Calendar) -> int:
    """Business days after `on`, up to and with `due`; 0 on the last day, below 0 when it is over."""
    first, last = min(on, due), max(on, due)
    days = sum(working_day(calendar, first + _DAY * n) for n in range(1, (last - first).days + 1))
    if on > due:
        # A weekend after the due date is late as well, though no business day has passed.
        return -max(days, 1)
    return days


def closes_at(due: date, calendar: Calendar) -> datetime:
    """The moment at which the local day `due` is over, in UTC: what happens before it is in time."""
    # Where clocks change at midnight, fold 0 picks the first instant of the new day in both directions.
    return datetime.combine(due + _DAY, time(), ZoneInfo(calendar.zone)).astimezone(UTC)
