"""What is written where a value must go and the column may not be empty: typed, and nobody's."""

from collections.abc import Callable, Sequence
from types import UnionType
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from sqlalchemy import types
from sqlalchemy.dialects import postgresql

from dsr.connectors.sql.live import Column
from dsr.connectors.sql.values import Misfit, fitted, spelling

ERASED = "erased"
_TEXTS = (ERASED, "erased@erased.invalid", "https://erased.invalid", "{}", "x", "XX", "", "-", "0")
_DAYS = ("1970-01-01", "1900-01-01", "2000-01-01", "2100-01-01")


def values(column: Column, family: str) -> list[object]:
    """Give what may stand in the place of a value, the best first; the database's own rules choose among it."""
    for kind, give in _GIVES:
        if isinstance(column.kind, kind):
            return _fitting(column, family, give(column.kind))
    return list(_TEXTS) if family == "sqlite" else []


def own_values(column: Column, family: str, key: Sequence[object]) -> list[object]:
    """Give the like for a column in which no value stands twice: made of the row's key, which stays anyway."""
    told = "-".join(map(spelling, key))
    offered: tuple[object, ...] = (f"{ERASED}-{told}", f"{ERASED}-{told}@erased.invalid", told)
    if isinstance(column.kind, types.Uuid):
        offered = (str(uuid5(NAMESPACE_OID, told)),)
    elif not isinstance(column.kind, types.Integer | types.String | types.NullType) or _named(column.kind):
        offered = ()
    elif isinstance(column.kind, types.Integer):
        offered = tuple(sign * part for sign in (-1, 1) for part in key if isinstance(part, int) and len(key) == 1)
    return _fitting(column, family, offered)


def nobodys(column: Column, offered: Sequence[object]) -> list[object]:
    """Give those of the values that no person is known by: a number or an 'x' may be somebody's, 'erased' is not."""
    made = isinstance(column.kind, types.Uuid)
    return [value for value in offered if made or (isinstance(value, str) and ERASED in value)]


def _fitting(column: Column, family: str, offered: Sequence[object]) -> list[object]:
    fitting = []
    for value in offered:
        try:
            fitting.append(fitted(_measured(value, column), column.kind, family))
        except Misfit:
            continue
    return list(dict.fromkeys(fitting))


def _measured(value: object, column: Column) -> object:
    """Refuse what is longer than the column. Raises Misfit."""
    most = getattr(column.kind, "length", None)
    if isinstance(value, str | bytes) and most is not None and len(value) > most and not _named(column.kind):
        raise Misfit
    return value


def _named(kind: types.TypeEngine[Any]) -> bool:
    return isinstance(kind, types.Enum)


def _texts(kind: types.TypeEngine[Any]) -> Sequence[object]:
    most = getattr(kind, "length", None)
    return (*_TEXTS, *(sign * most for sign in "X0" if most and most <= len(_TEXTS[1])))


def _bytes(kind: types.TypeEngine[Any]) -> Sequence[object]:
    filled = bytes(getattr(kind, "length", None) or 1)
    return (filled,) if isinstance(kind, types.BINARY) else (b"", filled)  # a fixed width is filled up


def _members(kind: types.TypeEngine[Any]) -> Sequence[object]:
    return tuple(kind.enums) if isinstance(kind, types.Enum) else ()


_GIVES: Sequence[
    tuple[type[types.TypeEngine[Any]] | UnionType, Callable[[types.TypeEngine[Any]], Sequence[object]]]
] = (
    # In this order: an Enum is a String, too.
    (types.Enum, _members),
    (types.Integer, lambda _: (0, 1, -1)),
    (types.Numeric | types.Float, lambda _: (0, 1, -1)),
    (types.Boolean, lambda _: (False, True)),
    (types.Uuid, lambda _: (str(UUID(int=0)),)),
    (types.DateTime, lambda _: tuple(f"{day} 00:00:00" for day in _DAYS)),
    (types.Date, lambda _: _DAYS),
    (types.Time, lambda _: ("00:00:00",)),
    (types.Interval | postgresql.INTERVAL, lambda _: ("00:00:00",)),
    (types.LargeBinary | types.BINARY | types.VARBINARY, _bytes),
    (types.ARRAY, lambda _: ("{}",)),
    (types.JSON, lambda _: ("{}", "[]", '""')),
    (types.String, _texts),
)
