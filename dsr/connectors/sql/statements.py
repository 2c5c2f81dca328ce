"""From a route to one statement: names come from the map and the live schema, values are bound."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc, types
from sqlalchemy.sql.elements import quoted_name

from dsr.connectors.contract import Chunk, Rejected
from dsr.connectors.sql.values import Misfit, fitted
from dsr.datamap.route import Hop, Identities, Key, Route, Seed
from dsr.datamap.schema import CollectionMap, Way

Condition = sa.ColumnElement[bool]
SEEDS_AT_ONCE = 500
KEYS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Place:
    """A live table, under its own name or an alias."""

    name: str
    source: sa.TableClause
    columns: Mapping[str, types.TypeEngine[Any]]
    dialect: str

    def column(self, name: str, source: sa.FromClause | None = None) -> sa.ColumnElement[object]:
        """Give a column, which must exist. Raises Rejected."""
        if name not in self.columns:
            raise Rejected(f"{self.name}: the table has no column '{name}'")
        column: sa.ColumnElement[object] = (self.source if source is None else source).c[name]
        return column

    def fits(self, names: Sequence[str], keys: Sequence[Key]) -> list[tuple[object, ...]]:
        """Fit keys to the columns; those that cannot stand in the table are left out."""
        fitting = []
        for key in dict.fromkeys(keys):
            if len(key) != len(names):
                raise Rejected(f"{self.name}: a key has {len(key)} values for {len(names)} columns")
            try:
                fitting.append(tuple(self.fit(name, value) for name, value in zip(names, key, strict=True)))
            except Misfit:
                continue
        return fitting

    def fit(self, name: str, value: object) -> object:
        """Fit one value to its column. Raises Misfit."""
        return fitted(value, self.columns[name], self.dialect)

    def among(
        self, names: Sequence[str], values: list[tuple[object, ...]], source: sa.FromClause | None = None
    ) -> Condition:
        """Say that the columns equal one of the tuples."""
        columns = [self.column(name, source) for name in names]
        if len(columns) == 1:
            return columns[0].in_(bound([value for (value,) in values], expanding=True))
        return sa.tuple_(*columns).in_(bound(values, expanding=True))


class Tables:
    """The tables that a map names, each looked up once in the live schema."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._places: dict[tuple[str, str | None], Place] = {}

    def place(self, name: str, collection: CollectionMap) -> Place:
        """Give the table of a collection. Raises Rejected when it is missing; SQLAlchemy's errors."""
        table, schema = collection.settings.get("table", name), collection.settings.get("schema")
        if (table, schema) not in self._places:
            try:
                live = sa.inspect(self._engine).get_columns(table, schema)
            except exc.NoSuchTableError:
                raise Rejected(f"{name}: the table '{table}' is missing") from None
            self._places[table, schema] = Place(
                name=table,
                source=sa.table(
                    quoted_name(table, quote=True),
                    *(sa.column(quoted_name(column["name"], quote=True)) for column in live),
                    schema=quoted_name(schema, quote=True) if schema else None,
                ),
                columns={column["name"]: column["type"] for column in live},
                dialect=self._engine.dialect.name,
            )
        return self._places[table, schema]

    def reached(self, route: Route, identities: Identities) -> tuple[sa.FromClause, Condition] | None:
        """Give a route's table and the condition of its rows; None when no identity leads there."""
        place = self.place(route.name, route.collection)
        source = place.source.alias()
        seeded = (_seeded(place, source, seed, identities) for seed in route.seeds)
        hopped = (self._hopped(place, source, hop, identities) for hop in route.hops)
        conditions = [condition for condition in (*seeded, *hopped) if condition is not None]
        return (source, sa.or_(*conditions)) if conditions else None

    def _hopped(self, place: Place, source: sa.FromClause, hop: Hop, identities: Identities) -> Condition | None:
        there = self.reached(hop.to, identities)
        if there is None or not hop.fields:
            return None
        other, condition = there
        target = self.place(hop.to.name, hop.to.collection)
        own = [place.column(name, source) for name in hop.fields]
        wanted = sa.select(*(target.column(name, other) for name in hop.to_fields)).where(condition)
        return own[0].in_(wanted) if len(own) == 1 else sa.tuple_(*own).in_(wanted)


def _seeded(place: Place, source: sa.FromClause, seed: Seed, identities: Identities) -> Condition | None:
    told = [key for key in identities.get(seed.kind, ()) if key and all(v not in (None, "") for v in key)]
    for name in seed.fields:
        place.column(name)
    fitting = place.fits(seed.fields, told)
    return place.among(seed.fields, fitting, source) if fitting else None


def slices(route: Route, identities: Identities) -> list[dict[str, tuple[Key, ...]]]:
    """Divide identities so that no statement binds too many; only the kinds that the route asks for."""
    divided = {
        kind: [keys[start : start + SEEDS_AT_ONCE] for start in range(0, len(keys), SEEDS_AT_ONCE)]
        for kind in sorted(_kinds(route))
        if (keys := tuple(dict.fromkeys(identities.get(kind, ()))))
    }
    return [
        {kind: keys for kind, keys in zip(divided, row, strict=True) if keys}
        for row in zip_longest(*divided.values(), fillvalue=())
    ]


def _kinds(route: Route) -> set[str]:
    return {seed.kind for seed in route.seeds}.union(*(_kinds(hop.to) for hop in route.hops))


def erasing(place: Place, chunk: Chunk) -> Iterator[tuple[int, sa.Delete | sa.Update]]:
    """Give the statements that erase a chunk, each with the number of keys it names. Raises Rejected."""
    new_values = _new_values(place, chunk)
    for keys in key_slices(place, chunk):
        condition = place.among(chunk.key_fields, keys)
        if chunk.way is Way.DELETE:
            yield len(keys), sa.delete(place.source).where(condition)
        else:
            changed = sa.and_(condition, _differs(place, new_values))
            new = {place.column(name): bound(value) for name, value in new_values.items()}
            yield len(keys), sa.update(place.source).values(new).where(changed)


def remaining(place: Place, chunk: Chunk) -> Iterator[sa.Select[Any]]:
    """Give the statements that bring those keys of a chunk which are not erased in its way."""
    new_values = _new_values(place, chunk)
    for keys in key_slices(place, chunk):
        condition = place.among(chunk.key_fields, keys)
        if chunk.way is not Way.DELETE:
            condition = sa.and_(condition, _differs(place, new_values))
        columns: list[sa.ColumnElement[Any]] = [place.column(name) for name in chunk.key_fields]
        yield sa.select(*columns).where(condition)


def key_slices(place: Place, chunk: Chunk) -> Iterator[list[tuple[object, ...]]]:
    """Divide a chunk's keys so that no statement binds too many. Raises Rejected for a key with a gap."""
    if not chunk.key_fields or any(value is None for key in chunk.keys for value in key):
        raise Rejected(f"{place.name}: a key without a value would name more than one row")
    for name in chunk.key_fields:
        place.column(name)
    keys = place.fits(chunk.key_fields, chunk.keys)
    for start in range(0, len(keys), KEYS_AT_ONCE):
        yield keys[start : start + KEYS_AT_ONCE]


def _new_values(place: Place, chunk: Chunk) -> dict[str, object]:
    if chunk.way is Way.DELETE:
        return {}
    if chunk.way is Way.KEEP or not chunk.set:
        raise Rejected(f"{place.name}: the map names no new values for these rows")
    try:
        for name in chunk.set:
            place.column(name)
        return {name: None if value is None else place.fit(name, value) for name, value in chunk.set.items()}
    except Misfit:
        raise Rejected(f"{place.name}: a new value does not fit its column") from None


def _differs(place: Place, new_values: Mapping[str, object]) -> Condition:
    return sa.or_(
        *(
            place.column(name).is_not(None) if value is None else place.column(name).is_distinct_from(bound(value))
            for name, value in new_values.items()
        )
    )


def bound(value: object, *, expanding: bool = False) -> sa.BindParameter[object]:
    """Bind a value without a type."""
    # Without a type no cast is rendered: the database compares in the column's own type.
    return sa.bindparam(None, value, type_=types.NullType(), expanding=expanding)
