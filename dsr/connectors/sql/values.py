"""Values on their way into a statement and out of a row."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from sqlalchemy import types
from sqlalchemy.dialects import mysql

from dsr.connectors.contract import Cell

_PLAIN = frozenset((str, int, float, bytes, bool, type(None), datetime, date, Decimal))
_INTEGERS = range(-(2**63), 2**63)
_UNSIGNED = range(2**64)  # MySQL's and MariaDB's
_USUAL = re.compile(r"0|-?[1-9][0-9]*")
_HOURS = re.compile(r"(-?)([0-9]{1,3}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?")
Fit = Callable[[object], object]  # raises Misfit


class Misfit(Exception):
    """A value that a column cannot hold, and which therefore equals none of its rows."""


def cell(value: object) -> Cell:
    """Keep what a Batch may hold, and turn everything else into text."""
    if type(value) in _PLAIN:
        return value  # type: ignore[return-value]  # narrowed by the set above, which mypy cannot read
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def cells(rows: Sequence[Sequence[object]], read: Sequence[Callable[[object], Cell]]) -> tuple[tuple[Cell, ...], ...]:
    """Turn rows into cells by each column's reader; column by column, for most need no reading."""
    columns = [
        column if one is cell and _PLAIN.issuperset(map(type, column)) else [one(value) for value in column]
        for one, column in zip(read, zip(*rows, strict=True), strict=bool(rows))
    ]
    return tuple(zip(*columns, strict=True))


def aware(value: object) -> Cell:
    """Say of a moment without a zone that it is in UTC, as the session is."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else cell(value)


def _number_of(value: object) -> Cell:
    """MySQL's bits are a number; as bytes they would be compared as text that says one, and most say 0."""
    return int.from_bytes(value) if isinstance(value, bytes) else cell(value)


def _hours_of(value: object) -> Cell:
    """Spell a TIME as MySQL reads it: to it, '4 days, 4:00:00' are four seconds."""
    if not isinstance(value, timedelta):
        return cell(value)
    whole, parts = divmod(abs(value), timedelta(seconds=1))
    text = f"{'-' if value < timedelta() else ''}{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{text}.{parts.microseconds:06}" if parts else text


_READERS: dict[type[types.TypeEngine[Any]], Callable[[object], Cell]] = {
    mysql.TIMESTAMP: aware,
    mysql.BIT: _number_of,
    mysql.TIME: _hours_of,
}


def reading(column: types.TypeEngine[Any]) -> Callable[[object], Cell]:
    """Give what turns a column's values into cells."""
    return next((read for kind, read in _READERS.items() if isinstance(column, kind)), cell)


def spelling(value: object) -> str:
    """Spell one part of a key, the same however it travelled."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC)
    if isinstance(value, date):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(cell(value))


def fitted(value: object, column: types.TypeEngine[Any], family: str) -> object:
    """Fit one value to a column. Raises Misfit."""
    return fitting(column, family)(value)


def fitting(column: types.TypeEngine[Any], family: str) -> Fit:
    """Give what fits values to a column, as strictly as its database compares, or raises Misfit.

    PostgreSQL refuses a whole statement for one value of the wrong shape; SQLite and MySQL compare anything.
    """
    loose = family == "sqlite"
    fit = _loose if loose else next((fit for kind, fit in _FITS.items() if isinstance(column, kind)), _as_it_is)
    if family == "postgresql" and isinstance(column, types.Float):
        fit = _approximate

    def fits(value: object) -> object:
        if isinstance(value, str):
            _storable(value, nul=loose)
        elif isinstance(value, int) and value not in _whole_numbers(column):
            raise Misfit
        return fit(value, column)

    return fits


def legible(key: Sequence[object]) -> None:
    """Refuse what may have been other bytes where it was read: SQLite stores any as text. Raises Misfit."""
    if any(isinstance(value, str) and "\ufffd" in value for value in key):
        raise Misfit


def _as_it_is(value: object, _: object) -> object:
    return value


def _loose(value: object, column: types.TypeEngine[Any]) -> object:
    """Spell what SQLite has no type for; any column may hold anything there."""
    if isinstance(value, str) and isinstance(column, types.Integer) and _respelled(value):
        raise Misfit  # '01' would be taken for 1
    if isinstance(value, str) and isinstance(column, types.LargeBinary):
        return _content(value, column)
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _respelled(text: str) -> bool:
    """Whether a text is a number in other than its usual spelling."""
    try:
        Decimal(text)
    except InvalidOperation:
        return False
    return _USUAL.fullmatch(text) is None


def _storable(text: str, *, nul: bool) -> None:
    if not nul and "\0" in text:
        raise Misfit
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Misfit from None


def _whole_numbers(column: object) -> range:
    return _UNSIGNED if getattr(column, "unsigned", False) or isinstance(column, mysql.BIT) else _INTEGERS


def _integer(value: object, column: object) -> int:
    if type(value) is int:
        return value
    try:
        number = int(str(value))
    except ValueError:
        raise Misfit from None
    if str(number) != str(value) or number not in _whole_numbers(column):
        raise Misfit
    return number


def _bits(value: object, column: object) -> int:
    """Take a number, or bytes as manifests of before have them."""
    return _integer(int.from_bytes(value) if isinstance(value, bytes) else value, column)


def _hours(value: object, _: object) -> str:
    match = _HOURS.fullmatch(str(value))
    if match is None:
        raise Misfit
    sign, hours, minutes, seconds, parts = match.groups("")
    text = f"{sign}{int(hours):02}:{minutes}:{seconds}"
    return f"{text}.{parts:0<6}" if parts.strip("0") else text


def _decimal(value: object, _: object) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise Misfit from None
    if not number.is_finite():
        raise Misfit
    if isinstance(value, str) and value not in (str(number), repr(float(number))):
        raise Misfit  # '01' and '+1' are other accounts than 1
    return number


def _approximate(value: object, column: object) -> str:
    """Spell it: the column reads it in its own precision, and no decimal equals what 'real' holds of 0.1."""
    return str(_decimal(value, column))


def _truth(value: object, _: object) -> bool:
    if value not in (True, False, "true", "false"):
        raise Misfit
    return value in (True, "true")


def _uuid(value: object, _: object) -> str:
    try:
        return str(UUID(str(value)))
    except ValueError:
        raise Misfit from None


def _day(value: object, _: object) -> object:
    if isinstance(value, date):
        return value
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        raise Misfit from None


def _moment(value: object, column: object) -> object:
    moment = _day(value, column)
    if not isinstance(moment, datetime):
        return moment
    if getattr(column, "timezone", False):
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _member(value: object, column: object) -> str:
    if isinstance(column, types.Enum) and str(value) not in column.enums:
        raise Misfit
    return str(value)


def _content(value: object, _: object) -> bytes:
    """Take bytes, or as a manifest spells them."""
    if isinstance(value, bytes):
        return value
    try:
        return bytes.fromhex(str(value))
    except ValueError:
        raise Misfit from None


def _words(value: object, _: object) -> str:
    if isinstance(value, bytes):
        raise Misfit
    return str(value)


# In this order: an Enum is a String, too.
_FITS: dict[type[types.TypeEngine[Any]], Callable[[object, object], object]] = {
    types.Integer: _integer,
    mysql.BIT: _bits,
    mysql.YEAR: _integer,
    mysql.TIME: _hours,
    types.Numeric: _decimal,
    types.Float: _decimal,
    types.Boolean: _truth,
    types.Uuid: _uuid,
    types.DateTime: _moment,
    types.Date: _day,
    types.LargeBinary: _content,
    types.BINARY: _content,
    types.VARBINARY: _content,
    types.Enum: _member,
    types.String: _words,
}
