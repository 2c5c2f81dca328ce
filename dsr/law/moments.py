"""Moments as systems write them; what could be read in two ways is not read at all."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

_DAY = re.compile(r"\d{4}-(?:\d{2}-\d{2}|W\d{2})|(?:19|20)\d{6}(?:\D|$)")  # else a number of seconds is a day of 1704
_UTC = re.compile(r"\s*\b(?:UTC|GMT)$")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Of 1990 to 2100, in seconds and in thousandths of them: a number of the one kind is never one of the other.
_SECONDS = (631_152_000, 4_102_444_800)
_THOUSANDTHS = tuple(1000 * second for second in _SECONDS)


def read(value: object) -> date | datetime | None:
    """The moment that a value names: a date, ISO 8601, or the time since 1970 as a number. None: nobody can say."""
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        return _text(value.strip())
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _number(value)
    return None


def blank(value: object) -> bool:
    """Whether nothing is written there: no moment yet, rather than one that cannot be read."""
    return value is None or (isinstance(value, str) and not value.strip())


def instant(moment: date | datetime) -> datetime:
    """It, or the first moment of the day, in UTC where it names no zone."""
    if not isinstance(moment, datetime):
        return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _text(text: str) -> date | datetime | None:
    for reader in (date.fromisoformat, datetime.fromisoformat) if _DAY.match(text) else ():
        try:
            return reader(_UTC.sub("+00:00", text))
        except ValueError:
            continue
    return None


def _number(value: float | Decimal) -> datetime | None:
    if isinstance(value, Decimal) and value.is_nan():
        return None  # which has no order
    if _SECONDS[0] <= value <= _SECONDS[1]:
        return _EPOCH + timedelta(seconds=float(value))
    if _THOUSANDTHS[0] <= value <= _THOUSANDTHS[1]:
        return _EPOCH + timedelta(milliseconds=float(value))
    return None
