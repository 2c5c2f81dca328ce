"""Columns that hold moments and nothing else, and which of a map's dates nobody could read."""

from collections.abc import Iterator, Mapping

import sqlalchemy as sa
from sqlalchemy import types

from dsr.connectors.contract import Finding
from dsr.connectors.sql.live import Place
from dsr.datamap import erasing, meeting
from dsr.datamap.schema import CollectionMap, SystemMap
from dsr.law import moments

_LOOKED_AT = 200  # rows of a column
_TIMELESS = (types.Boolean, types.Enum, types.LargeBinary, types.JSON, types.Uuid, types.Time, types.Interval)


def dated(place: Place, name: str) -> bool:
    """Whether a column holds moments and nothing else; any column of SQLite may hold anything."""
    return place.family != "sqlite" and isinstance(place.columns[name].kind, types.DateTime | types.Date)


def findings(system: SystemMap, places: Mapping[str, Place], connection: sa.Connection) -> Iterator[Finding]:
    """Dates that the map counts from, and values that it keeps rows by, which the live columns cannot hold."""
    for name, collection in system.collections.items():
        for told, field_told in _told(collection):
            there = erasing.anchor(collection, field_told)
            owner, column = (there[0].to, there[1]) if there else (name, field_told)
            place = places.get(owner)
            if place and column in place.columns and (message := _timeless(place, column, connection)):
                yield Finding(name, f"'{told}' counts from '{field_told}', {message}")
        if collection.keep and name in places:
            yield from (Finding(name, message) for message in _never(places[name], collection.keep.when))


def _told(collection: CollectionMap) -> Iterator[tuple[str, str]]:
    named = {"created": collection.created, "ages_from": collection.ages_from}
    if collection.keep:
        named["keep.since"] = collection.keep.since
    return ((told, name) for told, name in named.items() if name)


def _timeless(place: Place, name: str, connection: sa.Connection) -> str:
    """Why a column cannot be counted from, or nothing."""
    kind = place.columns[name].kind
    if isinstance(kind, _TIMELESS):
        return f"a column that holds no moments ({kind})"
    if dated(place, name):
        return ""
    column = place.column(name)
    looked = connection.execute(sa.select(column).where(column.is_not(None)).limit(_LOOKED_AT)).scalars().all()
    wrong = sum(not moments.blank(value) and moments.read(value) is None for value in looked)
    if not wrong:
        return ""
    return f"where {wrong} of {len(looked)} rows looked at hold no moment that can be read; write ISO 8601"


def _never(place: Place, when: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Values by which no row could ever be kept."""
    for name, values in when.items():
        for value in values:
            if name in place.columns and _misfit(place, name, value):
                kind = place.columns[name].kind
                yield f"'keep.when' names '{value}', which column '{name}' ({kind}) never holds: it would keep no row"


def _misfit(place: Place, name: str, value: str) -> bool:
    kind = place.columns[name].kind
    if place.family == "sqlite":
        return False
    if isinstance(kind, types.Enum):
        return value not in kind.enums
    number = meeting.number(value)
    if isinstance(kind, types.Boolean):
        return number not in {0, 1}
    return isinstance(kind, types.Integer | types.Numeric) and number is None
