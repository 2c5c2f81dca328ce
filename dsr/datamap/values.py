"""New values that a person proposes, checked against the type that the map gives the field (GDPR Art. 16)."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from dsr.datamap.schema import FieldMap
from dsr.law.identifiers import clean
from dsr.law.mistake import Mistake

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}")  # BCP 47, without its rarities
_TELEPHONE = re.compile(r"\+[1-9][0-9]{6,14}")  # E.164
_SPACING = re.compile(r"[\s().\-/]+")
_JOINERS = "\u200c\u200d"  # invisible, yet part of Persian words and of emoji
_MOST_DIGITS = 18  # fits a whole number of every database

New = str | int | Decimal  # dates as ISO text, so that a value can be kept as it is


def corrected(field_map: FieldMap, text: str) -> New:
    """What is written when a person types this text. ValueError says in plain words what to mend."""
    typed = text.strip()
    if not typed:
        raise Mistake("Enter a value.")
    if len(typed) > field_map.most:
        raise Mistake("This is too long. The most is {most} characters.", most=field_map.most)
    if not all(char.isprintable() or char in _JOINERS for char in typed):
        raise Mistake("This contains characters that cannot be seen. Type it instead of pasting it.")
    return _CHECKS[field_map.type](field_map, typed)


def same(one: object, other: object) -> bool:
    """Whether two values are one, though systems spell them differently: 5 and '5', a date and its ISO text."""
    if one is None or other is None:
        return one is other
    return one == other or _spelled(one) == _spelled(other)


def _spelled(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, int | float | Decimal):
        return format(Decimal(str(value)).normalize(), "f")
    return str(value)


def _text(_: FieldMap, typed: str) -> New:
    return typed


def _email(_: FieldMap, typed: str) -> New:
    return clean("email", typed)


def _date(_: FieldMap, typed: str) -> New:
    try:
        return date.fromisoformat(typed).isoformat()
    except ValueError:
        raise Mistake("Enter a date as year, month and day, such as 2026-03-17.") from None


def _number(_: FieldMap, typed: str) -> New:
    try:
        number = Decimal(typed)
    except InvalidOperation:
        raise Mistake("Enter a number, such as 12 or 12.50.") from None
    if not (typed.isascii() and number.is_finite() and len(number.as_tuple().digits) <= _MOST_DIGITS):
        raise Mistake("Enter a number, such as 12 or 12.50.")
    if abs(number.adjusted()) > _MOST_DIGITS:
        raise Mistake("This number is too large or too small.")
    return int(number) if number == number.to_integral_value() else number


def _choice(field_map: FieldMap, typed: str) -> New:
    if typed not in field_map.codes:
        raise Mistake("Choose one of these: {values}.", values=", ".join(field_map.codes.values()))
    return typed


def _telephone(_: FieldMap, typed: str) -> New:
    number = _SPACING.sub("", typed)
    if not (number.isascii() and _TELEPHONE.fullmatch(number)):
        raise Mistake("Enter a telephone number with its country code, such as +44 20 7946 0000.")
    return number


def _language(_: FieldMap, typed: str) -> New:
    if not (typed.isascii() and _LANGUAGE.fullmatch(typed)):
        raise Mistake("Enter the code of a language, such as en or zh-CN.")
    return typed


_CHECKS: dict[str, Callable[[FieldMap, str], New]] = {
    "text": _text,
    "email": _email,
    "date": _date,
    "number": _number,
    "choice": _choice,
    "telephone": _telephone,
    "language": _language,
}
