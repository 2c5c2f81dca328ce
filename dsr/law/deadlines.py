"""Counting business days: the day of receipt does not count, the last hour of the last day does."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dsr.law.calendars import Book, working_day
from dsr.law.terms import Term, Unit, ends_on

_DAY = timedelta(days=1)


def due_on(received_at: datetime, days: int, book: Book) -> date:
    """The last of `days` business days after the local day of receipt (Reg. 1182/71 Art. 3(1))."""
    return ends_on(local_day(received_at, book), Term(days, Unit.BUSINESS_DAYS), book)


def local_day(moment: datetime, book: Book) -> date:
    """The date on the wall calendar of the entity at that moment."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone has no local day")
    return moment.astimezone(ZoneInfo(book.zone)).date()


def in_words(moment: datetime, book: Book) -> str:
    """'Tuesday 24 November 2026, 16:45 (America/Los_Angeles, UTC-08:00)': no reader has to guess the zone."""
    local = moment.astimezone(ZoneInfo(book.zone))
    offset = f"{local:%z}"
    return f"{local:%A %-d %B %Y, %H:%M} ({book.zone}, UTC{offset[:3]}:{offset[3:]})"


def business_days_left(on: date, due: date, book: Book) -> int:
    """Business days after `on`, up to and with `due`; 0 on the last day, below 0 when it is over."""
    first, last = min(on, due), max(on, due)
    days = sum(working_day(book, first + _DAY * n) for n in range(1, (last - first).days + 1))
    if on > due:
        # A weekend after the due date is late as well, though no business day has passed.
        return -max(days, 1)
    return days


def leaving(days: int, due: date, book: Book) -> date:
    """The last day after which so many business days are left, up to and with `due`."""
    day = due
    while days:
        days -= working_day(book, day)
        day -= _DAY
    return day


def closes_at(due: date, book: Book) -> datetime:
    """The moment at which the local day `due` is over, in UTC: what happens before it is in time."""
    # Where clocks change at midnight, fold 0 picks the first instant of the new day in both directions.
    return datetime.combine(due + _DAY, time(), ZoneInfo(book.zone)).astimezone(UTC)
