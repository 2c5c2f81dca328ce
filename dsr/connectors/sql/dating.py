"""How old rows are, by columns that may hold anything, and which of a map's dates nobody could read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import types

from dsr.connectors.contract import Ages, Finding
from dsr.connectors.sql.live import Place
from dsr.connectors.sql.values import spelling
from dsr.datamap import erasing, meeting
from dsr.datamap.schema import CollectionMap, SystemMap
from dsr.law import moments

_LOOKED_AT = 200  # rows of a column
_TIMELESS = (types.Boolean, types.Enum, types.LargeBinary, types.JSON, types.Uuid, types.Time, types.Interval)


def dated(place: Place, name: str) -> bool:
    """Whether a column holds moments and nothing else; any column of SQLite may hold anything."""
    return place.family != "sqlite" and isinstance(place.columns[name].kind, types.DateTime | types.Date)


@dataclass(slots=True)
class Tally:
    """Adds up what was read of a table, as `Ages` tells it."""

    before: datetime
    older: int = 0
    undated: int = 0
    unread: int = 0
    _oldest: list[object] = field(default_factory=list)

    def add(self, value: object, rows: int) -> None:
        """Take so many rows with this moment."""
        moment = moments.read(value)
        if moments.blank(value):
            self.undated += rows
        elif moment is None:
            self.unread += rows
        else:
            day = not isinstance(moment, datetime)  # of which no hour is known: it is over when the next one begins
            over = moment < self.before.date() if day else moments.instant(moment) < self.before
            self.older += rows if over else 0
            self.keep(value)

    def sum_up(self, oldest: object, older: int, undated: int) -> None:
        """Take what the database has counted itself."""
        self.older += int(older)
        self.undated += int(undated)
        self.keep(oldest)

    def keep(self, value: object) -> None:
        """Remember it, if it is the oldest."""
        moment = moments.read(value)
        known = moments.read(self._oldest[0]) if self._oldest else None
        if moment is not None and (known is None or moments.instant(moment) < moments.instant(known)):
            self._oldest = [value]

    def told(self) -> Ages:
        """All of it; the oldest as the system spells it."""
        oldest = spelling(self._oldest[0]) if self._oldest else ""
        return Ages(oldest, self.older, self.undated, self.unread)


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
