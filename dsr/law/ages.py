"""Whether live data obeys a retention rule: from which moment on a row would be over its age."""

from calendar import monthrange
from datetime import datetime, timedelta


def oldest_allowed(now: datetime, *, hours: int = 0, days: int = 0, months: int = 0, years: int = 0) -> datetime:
    """The moment before which a period that began is over; where a date does not exist, the last one of its month."""
    month = now.year * 12 + now.month - 1 - (years * 12 + months)
    year, place = divmod(month, 12)
    if year < 1:
        return datetime.min.replace(tzinfo=now.tzinfo)
    day = min(now.day, monthrange(year, place + 1)[1])
    return now.replace(year=year, month=place + 1, day=day) - timedelta(days=days, hours=hours)
