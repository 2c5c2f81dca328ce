"""How long a retention rule keeps a row: periods in hours, days, months and years (J9, P7)."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta, tzinfo

from dsr.law import moments


def add_period(start: date | datetime, *, hours: int = 0, days: int = 0, months: int = 0, years: int = 0) -> date:
    """The last day of the period; where a date does not exist, the last one of its month."""
    moment = start if isinstance(start, datetime) else None
    try:
        day = _later_month(moment.date() if moment else start, years * 12 + months) + timedelta(days=days)
        if moment is None:
            return day + timedelta(days=-(-hours // 24))  # without a time of day, hours count as whole days
        moment = moment.replace(year=day.year, month=day.month, day=day.day)
        return _later_hour(moment, hours).date()
    except OverflowError:
        return date.max


def kept_until(
    since: object,
    *,
    zone: tzinfo | None = None,
    hours: int = 0,
    days: int = 0,
    months: int = 0,
    years: int = 0,
) -> date:
    """The last day on which a row is kept; from the next day on nothing keeps it. `since` as systems write moments.

    The day is one of the controller's own calendar, in its `zone`: 20:00 in UTC is the next day in Shanghai already.
    """
    start = moments.read(since)
    if start is None:
        raise ValueError("the date on which the retention period starts cannot be read")
    if zone is not None and isinstance(start, datetime) and start.tzinfo is not None:
        try:
            start = start.astimezone(zone)
        except OverflowError:
            return date.max
    return add_period(start, hours=hours, days=days, months=months, years=years)


def _later_month(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        raise OverflowError
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _later_hour(moment: datetime, hours: int) -> datetime:
    if moment.tzinfo is None:
        return moment + timedelta(hours=hours)
    # Hours pass by the clock of the world, not by one that jumps in spring.
    return (moment.astimezone(UTC) + timedelta(hours=hours)).astimezone(moment.tzinfo)
