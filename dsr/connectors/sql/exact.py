"""Comparing byte by byte: to a collation 'sam', 'SAM', 'sám' and 'sam ' may be one person, to us they are four."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import types
from sqlalchemy.dialects import postgresql

Expression = sa.ColumnElement[Any]
Kind = types.TypeEngine[Any]


_SORTS: Mapping[str, tuple[type[Kind], ...]] = {
    "truth": (types.Boolean,),
    "number": (types.Integer, types.Numeric),
    "uuid": (types.Uuid,),
    "moment": (types.Date, types.DateTime),
    "bytes": (types.LargeBinary, types.BINARY, types.VARBINARY),
    "list": (types.ARRAY,),
    "json": (types.JSON,),
    "text": (types.String,),
}


class Equality(Enum):
    """What the database's own '=' says about two values of a column."""

    TRUE = "true"  # equal bytes, or equal numbers and moments
    BLIND = "blind"  # it may not see case, accents or spaces at the end; an index is found by it all the same
    NONE = "none"  # such values have no '=', or one of another meaning


def equality(kind: Kind, collation: str, family: str) -> Equality:
    """Judge a column by its type and by what is known of its collation: a name, if it may be blind."""
    if isinstance(kind, types.JSON) and not isinstance(kind, postgresql.JSONB) and family != "sqlite":
        return Equality.NONE
    return Equality.BLIND if collation else Equality.TRUE


def spelled(column: Expression, family: str) -> Expression:
    """Give a column's text, which is equal only when every byte is. Unknown databases: as their collation says."""
    # Without a type, so that what is compared with it is bound as it is.
    return sa.type_coerce(_SPELLED.get(family, _as_it_is)(column), types.NullType())


def unlike(one: Kind, other: Kind, family: str) -> bool:
    """Whether a text meets what is none: databases then compare '01' and 1 as numbers, or not at all."""
    texts = [isinstance(kind, types.String) for kind in (one, other)]
    if family == "sqlite":  # a column of most other types may hold text there
        return any(texts) and any(isinstance(kind, types.Integer) for kind in (one, other))
    if family == "mysql" and {_sort(one, family), _sort(other, family)} == {"number", "bytes"}:
        return True
    return any(texts) and not all(texts) and not any(isinstance(kind, types.NullType) for kind in (one, other))


def never_meet(one: Kind, other: Kind, family: str) -> bool:
    """Whether no value of one column can be one of the other, or the database knows no '=' between them."""
    sorts = {_sort(one, family), _sort(other, family)}
    if unlike(one, other, family):
        return True
    if family == "sqlite" or "" in sorts:
        return False
    return len(sorts) > 1 and (family != "mysql" or "number" in sorts)


def _sort(kind: Kind, family: str) -> str:
    """What sort of values a column holds; empty: nobody can tell."""
    if isinstance(kind, types.Enum) and family == "postgresql":
        return f"one of {kind.name}"
    return next((sort for sort, kinds in _SORTS.items() if isinstance(kind, kinds)), "")


def as_text(column: Expression, family: str) -> Expression:
    """Spell anything as text, to be compared byte by byte."""
    return spelled(sa.cast(column, types.Text), family)


def _as_it_is(column: Expression) -> Expression:
    return column


def _mysql(column: Expression) -> Expression:
    # By way of the connection's character set, which is that of the values we bind.
    return sa.cast(sa.cast(column, types.CHAR), types.BINARY)


def _postgresql(column: Expression) -> Expression:
    return sa.cast(column, types.Text).collate("C")


def _sqlite(column: Expression) -> Expression:
    return column.collate("BINARY")


_SPELLED: Mapping[str, Callable[[Expression], Expression]] = {
    "mysql": _mysql,
    "postgresql": _postgresql,
    "sqlite": _sqlite,
}
