"""When values are the same though systems spell them differently: by these rows meet, and rules know their rows.

A column may say true where a map says 'True', 1.00 for '1', and 'paid' with the spaces that fill a fixed width.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from dsr.law import moments

_TRUTH = {"true": True, "false": False}
_WHOLE = re.compile(r"-?[0-9]+\.0+")
_MOST_BYTES = 8  # of a number that is kept as bits


def place(values: Iterable[object]) -> tuple[str, ...] | None:
    """The values by which rows meet, as text; None where one is missing."""
    told = tuple(values)
    return None if any(value is None for value in told) else tuple(spelling(value) for value in told)


def spelling(value: object) -> str:
    """A value as text, the same however it travelled."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool | int | float | Decimal):
        exact = _exact(value)
        return format(exact.normalize() if exact else Decimal(0), "f") if exact.is_finite() else str(exact)
    text = str(value).rstrip(" ")
    return text.rstrip("0").rstrip(".") if _WHOLE.fullmatch(text) else text


def matches(record: Mapping[str, object], when: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether each field has one of its values. One that was not brought counts as if it had: nobody can say no."""
    return all(name not in record or any(means(record[name], told) for told in values) for name, values in when.items())


def means(value: object, told: str) -> bool:
    """Whether a live value is the one that a map writes as text."""
    if isinstance(value, str):
        return value.rstrip(" ") == told.rstrip(" ") or _same_text(value, told)
    if isinstance(value, bytes):
        return _bits(value, told)
    if isinstance(value, int | float | Decimal):  # a bool is an int, and many systems keep one as 1 or 0
        known = number(told)
        return known is not None and _exact(value) == known
    if isinstance(value, date):
        named = moments.read(told)
        return named is not None and moments.instant(value) == moments.instant(named)
    return False


def _same_text(value: str, told: str) -> bool:
    """Whether a text is the number or the moment that the map writes: between systems both travel as text."""
    try:
        if Decimal(value) == Decimal(told):
            return True
    except InvalidOperation:
        pass
    one, other = moments.read(value), moments.read(told)
    return one is not None and other is not None and moments.instant(one) == moments.instant(other)


def number(told: str) -> Decimal | None:
    """The number that a text names; true and false are 1 and 0."""
    text = told.strip()
    if text.casefold() in _TRUTH:
        return Decimal(_TRUTH[text.casefold()])
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _exact(value: float | Decimal) -> Decimal:
    return Decimal(int(value)) if isinstance(value, bool) else Decimal(str(value))


def _bits(value: bytes, told: str) -> bool:
    """Of a column of bytes or of bits: its text, its hexadecimal digits, or its number."""
    if told.encode() == value.rstrip(b" ") or told.lower() == value.hex():
        return True
    return len(value) <= _MOST_BYTES and means(int.from_bytes(value, "big"), told)
