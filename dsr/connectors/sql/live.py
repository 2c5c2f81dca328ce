"""The live tables that a map names: columns, what may be written to them, and how they compare."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy import types
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.engine.reflection import ObjectKind
from sqlalchemy.sql.elements import quoted_name

from dsr.connectors.contract import Cell, Rejected
from dsr.connectors.sql.collations import blind_columns
from dsr.connectors.sql.exact import Equality, as_text, equality, spelled, unlike
from dsr.connectors.sql.marks import mark_of
from dsr.connectors.sql.uniqueness import Alone, alone_in
from dsr.connectors.sql.values import Misfit, fitting, legible, reading
from dsr.connectors.sql.versions import versioned_in
from dsr.datamap.route import Key, Value
from dsr.datamap.schema import CollectionMap, SystemMap

Condition = sa.ColumnElement[bool]
Expression = sa.ColumnElement[Any]
Where = tuple[str | None, str]  # schema, or None for the default one, and table


@dataclass(frozen=True, slots=True)
class Column:
    """A live column."""

    kind: types.TypeEngine[Any]
    nullable: bool = True
    computed: bool = False  # by the database: read, and never written
    collation: str = ""  # its name, when it may be blind; see exact.py
    equality: Equality = Equality.TRUE


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A live table as it was looked up, under its own name or an alias."""

    name: str
    source: sa.TableClause
    columns: Mapping[str, Column]
    family: str
    schema: str | None = None
    arrays: bool = False  # the driver binds a whole list as one value
    alone: Alone = ()  # sets of columns in which no combination stands twice
    versioned: bool = False  # it keeps what was deleted or overwritten

    def column(self, name: str, source: sa.FromClause | None = None) -> sa.ColumnElement[object]:
        """Give a column, which must exist. Raises Rejected."""
        if name not in self.columns:
            raise Rejected(f"{self.name}: the table has no column '{name}'")
        column: sa.ColumnElement[object] = (self.source if source is None else source).c[name]
        return column

    def exact(self, name: str, source: sa.FromClause | None = None) -> Expression:
        """Give what is equal only when every byte of a column is. Raises Rejected."""
        column = self.column(name, source)
        return column if self.columns[name].equality is Equality.TRUE else spelled(column, self.family)

    def once(self, names: Sequence[str]) -> bool:
        """Whether the database itself lets no values of these columns stand in two rows."""
        return any(columns <= set(names) for columns in self.alone)

    def twice(self, names: Sequence[str], condition: Condition) -> sa.Select[Any]:
        """Ask whether values of these columns stand in two of the rows; every byte counts."""
        asked = sa.select(sa.func.count()).select_from(self.source).where(condition)
        return asked.group_by(*(self.exact(name) for name in names)).having(sa.func.count() > 1)

    def written(self, name: str) -> sa.ColumnElement[object]:
        """Give a column to write to. Raises Rejected: what the database computes follows its sources."""
        column = self.column(name)
        if self.columns[name].computed:
            raise Rejected(f"{self.name}: the database computes '{name}'; change what it is computed from")
        return column

    def fits(self, names: Sequence[str], keys: Iterable[Key]) -> list[tuple[object, ...]]:
        """Fit keys to the columns; those that cannot stand in the table are left out."""
        return list(self.fitting(names, keys))

    def fitting(
        self, names: Sequence[str], keys: Iterable[Key], *, listed: bool = False
    ) -> dict[tuple[object, ...], Key]:
        """Fit keys to the columns, each with the key as it was told. Raises Rejected where a `listed` one does not."""
        found: dict[tuple[object, ...], Key] = {}
        fits = [fitting(self.columns[name].kind, self.family) for name in names]
        for key in keys:
            if len(key) != len(fits):
                raise Rejected(f"{self.name}: a key has {len(key)} values for {len(names)} columns")
            try:
                if listed and self.family == "sqlite":
                    legible(key)
                found[tuple([fit(value) for fit, value in zip(fits, key, strict=True)])] = key
            except Misfit:
                if listed:
                    told = (
                        "a listed row cannot be named by its key again; name another key in the map, or mend it there"
                    )
                    raise Rejected(f"{self.name}: {told}, and have the rows listed anew") from None
        return found

    def fit(self, name: str, value: object) -> object:
        """Fit one value to its column. Raises Misfit."""
        return fitting(self.columns[name].kind, self.family)(value)

    def in_bytes(self, name: str, value: Value) -> Value:
        """Give a text as a column that keeps its texts as bytes holds it."""
        bare = isinstance(self.columns[name].kind, types.LargeBinary | types.BINARY | types.VARBINARY)
        return value.encode("utf-8", "surrogatepass") if bare and isinstance(value, str) else value

    def reader(self, name: str) -> Callable[[object], Cell]:
        """Give what turns a column's values into cells: moments of a MySQL TIMESTAMP are in the session's UTC."""
        return reading(self.columns[name].kind)

    def among(
        self,
        names: Sequence[str],
        values: list[tuple[object, ...]],
        source: sa.FromClause | None = None,
        *,
        called: str | None = None,
    ) -> Condition:
        """Say that the columns equal one of the tuples, byte by byte.

        What is `called` by a name is one list, and another list can take its place.
        """
        columns = [self.column(name, source) for name in names]
        equal = [self.columns[name].equality for name in names]
        exactly = [self.exact(name, source) for name in names]
        listed = called or (self.arrays and self.listable(names, values))
        among = partial(_listed, called=called) if listed else _among
        if Equality.NONE in equal:
            return among(exactly, values)
        found = among(columns, values)
        # The first may use an index; the second leaves out whom it should not have found.
        return sa.and_(found, among(exactly, values)) if Equality.BLIND in equal else found

    def listable(self, names: Sequence[str], values: list[tuple[object, ...]]) -> bool:
        """Whether the values can be one list: of one column, and of one type, of which the database knows lists."""
        if len(names) != 1 or isinstance(self.columns[names[0]].kind, types.ARRAY | types.NullType):
            return False
        return len({type(value) for (value,) in values}) == 1

    def differs(self, name: str, value: object) -> Condition:
        """Say that a column holds another value than this one, or none; with None, that it holds any."""
        column = self.column(name)
        if value is None:
            return column.is_not(None)
        if self.columns[name].equality is not Equality.TRUE:
            column = spelled(column, self.family)
        return column.is_distinct_from(bound(value))

    def met(self, name: str, source: sa.FromClause, other: "Place", to: str, there: sa.FromClause) -> "Pairs":
        """Give what must be equal for a row here to belong to one there."""
        own, target = self.column(name, source), other.column(to, there)
        mine, theirs = self.columns[name], other.columns[to]
        if unlike(mine.kind, theirs.kind, self.family):
            return [(as_text(own, self.family), as_text(target, self.family))]
        exact = (spelled(own, self.family), spelled(target, self.family))
        if mine.equality is theirs.equality is Equality.TRUE:
            return [(own, target)]
        if mine.equality is Equality.BLIND and mine.collation == theirs.collation:
            return [(own, target), exact]
        return [exact]  # two collations in one comparison are an error


Pairs = list[tuple[Expression, Expression]]


class Tables:
    """The tables that a map names, looked up together in the live schema."""

    def __init__(self, engine: sa.Engine, system: SystemMap) -> None:
        self._engine = engine
        self.arrays = engine.dialect.driver == "psycopg"
        self._wanted = {where(name, collection) for name, collection in system.collections.items()}
        self._places: dict[Where, Place] = {}

    def place(self, name: str, collection: CollectionMap) -> Place:
        """Give the table of a collection. Raises Rejected when it is missing; SQLAlchemy's errors."""
        wanted = where(name, collection)
        if wanted not in self._places:
            self._look_for(self._wanted | {wanted})
        if wanted not in self._places:
            raise Rejected(f"{name}: the table '{wanted[1]}' is missing")
        return self._places[wanted]

    def look(self) -> None:
        """Look now, rather than over a second connection once the first is busy."""
        if not self._places:
            self._look_for(self._wanted)

    def _look_for(self, wanted: set[Where]) -> None:
        # Questions to the catalog name nobody, so their form stays known when that of the others is forgotten.
        with self._engine.connect().execution_options(compiled_cache=_catalog(self._engine)) as connection:
            for schema in {schema for schema, _ in wanted}:
                self._look(connection, schema, [t for s, t in wanted if s == schema])

    def _look(self, connection: sa.Connection, schema: str | None, names: list[str]) -> None:
        known = _known(self._engine)
        asked = (schema, *sorted(names))
        mark = mark_of(connection, schema, names)
        at_that_time, places = known.get(asked, ("", {}))
        if mark != at_that_time:
            places = self._seen(connection, schema, names)
            if mark and mark == mark_of(connection, schema, names):  # else it changed while we looked
                known[asked] = (mark, places)
        self._places |= places

    def _seen(self, connection: sa.Connection, schema: str | None, names: list[str]) -> dict[Where, Place]:
        found = sa.inspect(connection).get_multi_columns(schema, filter_names=names, kind=ObjectKind.ANY)
        family = family_of(connection.dialect)
        there = [name for _, name in found]
        blind = blind_columns(connection, family, schema, there)
        alone = alone_in(connection, family, schema, there)
        versioned = versioned_in(connection, schema, there)
        places: dict[Where, Place] = {}
        for (_, name), live in found.items():
            collations = {column["name"]: blind(name, column["name"], column["type"]) for column in live}
            places[schema, name] = Place(
                name=name,
                source=sa.table(
                    quoted_name(name, quote=True),
                    *(sa.column(quoted_name(column["name"], quote=True)) for column in live),
                    schema=quoted_name(schema, quote=True) if schema else None,
                ),
                columns={column["name"]: _column(column, collations[column["name"]], family) for column in live},
                family=family,
                schema=schema,
                arrays=self.arrays,
                alone=alone.get(name, ()),
                versioned=name in versioned,
            )
        return places


@lru_cache(maxsize=128)
def _known(_: sa.Engine) -> dict[tuple[str | None, ...], tuple[str, dict[Where, Place]]]:
    """What this engine's tables were like, each under the mark that they had then."""
    return {}


@lru_cache(maxsize=128)
def _catalog(_: sa.Engine) -> dict[object, object]:
    """The compiled questions to the catalog of this engine's server."""
    return {}


def where(name: str, collection: CollectionMap) -> Where:
    """Give schema and table of a collection."""
    return collection.settings.get("schema"), collection.settings.get("table", name)


def family_of(dialect: sa.Dialect) -> str:
    """Give the name by which databases that speak alike are known here."""
    return "mysql" if dialect.name == "mariadb" else dialect.name


def bound(value: object, *, expanding: bool = False, called: str | None = None) -> sa.BindParameter[object]:
    """Bind a value without a type."""
    # Without a type no cast is rendered: the database compares in the column's own type.
    return sa.bindparam(called, value, type_=types.NullType(), expanding=expanding)


def _column(live: ReflectedColumn, collation: str, family: str) -> Column:
    kind, nullable = live["type"], live["nullable"]
    while isinstance(kind, postgresql.DOMAIN):
        nullable = nullable and not kind.not_null
        kind = kind.data_type
    return Column(
        kind,
        nullable=bool(nullable),
        computed="computed" in live,
        collation=collation,
        equality=equality(kind, collation, family),
    )


def _listed(columns: Sequence[Expression], values: list[tuple[object, ...]], called: str | None) -> Condition:
    """Say it with one bound value: five hundred of them take the driver and the server as long as their rows do."""
    return columns[0] == sa.any_(bound([value for (value,) in values], called=called))


def _among(columns: Sequence[Expression], values: list[tuple[object, ...]]) -> Condition:
    if len(columns) == 1:
        return columns[0].in_(bound([value for (value,) in values], expanding=True))
    return sa.tuple_(*columns).in_(bound(values, expanding=True))
