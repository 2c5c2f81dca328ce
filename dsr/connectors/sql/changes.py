"""Statements that correct a value or stop processing; each names its rows, and says when it must not act."""

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import types

from dsr.connectors.contract import Cell, Change, Effect, Rejected
from dsr.connectors.sql.live import Condition, Place, Tables, bound
from dsr.connectors.sql.statements import reached, slices
from dsr.connectors.sql.values import Misfit
from dsr.datamap.route import Identities, Route
from dsr.datamap.schema import NOW, Stop
from dsr.datamap.values import same

Values = Mapping[str, str | int | None]
_ISO = {
    "sqlite": lambda: sa.func.strftime("%Y-%m-%dT%H:%M:%SZ", "now"),
    "mysql": lambda: sa.func.date_format(_utc("mysql"), "%Y-%m-%dT%H:%i:%sZ"),
    "postgresql": lambda: sa.func.to_char(_utc("postgresql"), 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
}


def corrected(connection: sa.Connection, place: Place, change: Change) -> Effect:
    """Write one new value where the old one still stands, and say what became of it. Raises Rejected."""
    row = _row(place, change)
    if row is None:
        return Effect.ABSENT
    if not place.once(change.key_fields) and connection.execute(place.twice(change.key_fields, row)).first():
        raise Rejected(f"{change.collection}: its key names more than one row")
    column = place.written(change.field)
    try:
        after = place.fit(change.field, change.after)
    except Misfit:
        raise Rejected(f"{change.collection}: the new value does not fit its column") from None
    unchanged = sa.and_(row, _equals(place, change.field, change.before))
    written = connection.execute(sa.update(place.source).values({column: bound(after)}).where(unchanged)).rowcount
    if written > 1:  # one came in meanwhile; rolls back
        raise Rejected(f"{change.collection}: its key names more than one row")
    if written:
        return Effect.DONE
    found = connection.execute(sa.select(column).where(row)).first()
    if found is None:
        return Effect.ABSENT
    return Effect.DONE if same(place.reader(change.field)(found[0]), change.after) else Effect.KEPT


def present(connection: sa.Connection, place: Place, change: Change) -> Cell:
    """Read the value that stands there now; None also where there is no row."""
    row = _row(place, change)
    found = None if row is None else connection.execute(sa.select(place.column(change.field)).where(row)).first()
    return None if found is None else place.reader(change.field)(found[0])


def stopping(tables: Tables, stop: Stop, route: Route, identities: Identities) -> Iterator[sa.Update]:
    """Give the statements that stop what runs; a moment that stands there already is kept."""
    place = tables.place(route.name, route.collection)
    new: dict[sa.ColumnElement[Any], Any] = {}
    for name, value in stop.set.items():
        column = place.written(name)
        new[column] = sa.func.coalesce(column, _now(place, name)) if value == NOW else bound(_fit(place, name, value))
    runs = sa.and_(*_when(place, stop), _differs(place, stop.set))
    for mine in _mine(tables, place, route, identities):
        yield sa.update(place.source).values(new).where(mine, runs)


def resuming(tables: Tables, stop: Stop, route: Route, identities: Identities) -> Iterator[sa.Update]:
    """Give the statements that take a stop back, where it is in force."""
    place = tables.place(route.name, route.collection)
    undo = stop.undo or {}
    new = {place.written(name): bound(_fit(place, name, value)) for name, value in undo.items()}
    # What the stop itself has changed can no longer tell which rows were meant.
    stopped = sa.and_(*_when(place, stop, without=stop.set), sa.not_(_differs(place, stop.set)))
    for mine in _mine(tables, place, route, identities):
        yield sa.update(place.source).values(new).where(mine, stopped)


def running(tables: Tables, stop: Stop, route: Route, identities: Identities) -> Iterator[sa.Select[Any]]:
    """Give the statements that bring the keys of what is not stopped."""
    place = tables.place(route.name, route.collection)
    keys: list[sa.ColumnElement[Any]] = [place.column(name) for name in route.collection.key]
    runs = sa.and_(*_when(place, stop), _differs(place, stop.set))
    for mine in _mine(tables, place, route, identities):
        yield sa.select(*keys).where(mine, runs)


def shared_keys(tables: Tables, route: Route, identities: Identities) -> Iterator[sa.Select[Any]]:
    """Give the questions whether a key of the person's rows names another row, too; none where it cannot."""
    place, key = tables.place(route.name, route.collection), route.collection.key
    if not place.once(key):
        yield from (place.twice(key, mine) for mine in _mine(tables, place, route, identities))


def _mine(tables: Tables, place: Place, route: Route, identities: Identities) -> Iterator[Condition]:
    """Say that a row is the person's, by the same route as in finding. No identity, no condition."""
    own: list[sa.ColumnElement[Any]] = [place.column(name) for name in route.collection.key]
    for part in slices(tables, route, identities):
        if there := reached(tables, route, part):
            yield there.among(own, [place.column(name, there.source) for name in route.collection.key])


def _row(place: Place, change: Change) -> Condition | None:
    """Say that it is the change's row; None when its key cannot stand in the table."""
    if any(value is None for value in change.key):
        raise Rejected(f"{place.name}: a key without a value would name more than one row")
    for name in change.key_fields:
        place.column(name)
    keys = place.fits(change.key_fields, [change.key])
    return place.among(change.key_fields, keys) if keys else None


def _when(place: Place, stop: Stop, without: Values | None = None) -> list[Condition]:
    conditions: list[Condition] = []
    for name, values in stop.when.items():
        if name in (without or {}):
            continue
        place.column(name)
        keys = place.fits((name,), [(value,) for value in values])
        conditions.append(place.among((name,), keys) if keys else sa.false())
    return conditions


def _differs(place: Place, new: Values) -> Condition:
    """Say that a value of the stop is not there yet."""
    return sa.or_(
        *(
            place.column(name).is_(None) if value == NOW else place.differs(name, _fit(place, name, value))
            for name, value in new.items()
        )
    )


def _equals(place: Place, name: str, value: object) -> Condition:
    try:
        return sa.not_(place.differs(name, None if value is None else place.fit(name, value)))
    except Misfit:
        return sa.false()  # it never stood in this column


def _fit(place: Place, name: str, value: str | int | None) -> object:
    place.column(name)
    try:
        return None if value is None else place.fit(name, value)
    except Misfit:
        raise Rejected(f"{place.name}: a value of the stop does not fit its column") from None


def _now(place: Place, name: str) -> sa.ColumnElement[Any]:
    """Give the moment of the statement by the database's own clock, as the column spells moments."""
    kind = place.columns[name].kind
    if isinstance(kind, types.String) and place.family in _ISO:
        return _ISO[place.family]()
    if isinstance(kind, types.Date) and place.family == "sqlite":
        return sa.func.date("now")
    if isinstance(kind, types.DateTime | types.Date):
        return sa.func.now() if getattr(kind, "timezone", False) else _utc(place.family)
    raise Rejected(f"{place.name}: the column '{name}' holds neither moments nor text")


def _utc(family: str) -> sa.ColumnElement[Any]:
    # What has no zone would otherwise be written in the zone of the session; that of MySQL's is UTC.
    return sa.func.timezone("UTC", sa.func.now()) if family == "postgresql" else sa.func.current_timestamp()
