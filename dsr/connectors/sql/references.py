"""Constraints of the live tables: what no value may stand twice in, and which rows point at which."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from dsr.connectors.sql.live import Place, Where


@dataclass(frozen=True, slots=True)
class Reference:
    """A live foreign key: rows of `table` point at rows of `to`."""

    name: str  # empty where the database knows none
    table: Where
    columns: tuple[str, ...]
    to: Where
    to_columns: tuple[str, ...]
    on_delete: str  # CASCADE, SET NULL, SET DEFAULT; empty: refused

    @property
    def leads(self) -> bool:
        """Whether it names as many columns there as here: SQLite takes one that names a table without a key, or none.

        Of such a one it refuses every change that would have to heed it.
        """
        return len(self.columns) == len(self.to_columns)

    def __str__(self) -> str:
        """Say which, without a value."""
        pair = f"{self.table[1]}.{', '.join(self.columns)} → {self.to[1]}.{', '.join(self.to_columns)}"
        return f"foreign key '{self.name}' ({pair})" if self.name else f"foreign key {pair}"


def unique_columns(connection: sa.Connection, place: Place, *, alone: bool = False) -> frozenset[str]:
    """Give the columns in which a value, `alone` or beside others or within an expression, may not stand twice."""
    inspector = sa.inspect(connection)
    indexes = [one for one in inspector.get_indexes(place.name, place.schema) if one["unique"]]
    sets: list[Sequence[str | None]] = [one["column_names"] for one in indexes]
    sets += [one["column_names"] for one in inspector.get_unique_constraints(place.name, place.schema)]
    if alone:
        return frozenset(str(names[0]) for names in sets if len(names) == 1)
    said = " ".join(text for one in indexes for text in one.get("expressions", ()))
    words = {*re.findall(r"\w+", said), *(name for names in sets for name in names)}
    return frozenset(words & set(place.columns))


def foreign_columns(connection: sa.Connection, place: Place) -> frozenset[str]:
    """Name the columns by which rows point at others: what a value there means is for those to say."""
    keys = sa.inspect(connection).get_foreign_keys(place.name, place.schema)
    return frozenset(name for key in keys for name in key["constrained_columns"])


def references(connection: sa.Connection, schemas: Collection[str | None]) -> list[Reference]:
    """Every foreign key between tables of these schemas and others."""
    return [one for schema in sorted(schemas, key=str) for one in _within(sa.inspect(connection), schema)]


def _within(inspector: sa.Inspector, schema: str | None) -> Iterator[Reference]:
    # PostgreSQL else leaves the schema out where it is on the search path.
    for (_, table), keys in inspector.get_multi_foreign_keys(schema, postgresql_ignore_search_path=True).items():
        for key in keys:
            there = key["referred_schema"] or schema
            to = (None if there == inspector.default_schema_name else there, key["referred_table"])
            on_delete = str(key.get("options", {}).get("ondelete") or "")
            yield Reference(
                key["name"] or "",
                (schema, table),
                tuple(key["constrained_columns"]),
                to,
                tuple(key["referred_columns"]),
                "" if on_delete in {"NO ACTION", "RESTRICT"} else on_delete,
            )


def own_references(connection: sa.Connection, place: Place) -> tuple[str, ...]:
    """Columns by which rows point at rows of the same table, and which may be emptied first."""
    keys = sa.inspect(connection).get_foreign_keys(place.name, place.schema)
    own = (
        key for key in keys if key["referred_table"] == place.name and key["referred_schema"] in {None, place.schema}
    )
    names = {name for key in own for name in key["constrained_columns"]}
    return tuple(sorted(name for name in names if place.columns[name].nullable and not place.columns[name].computed))


def blocking(
    connection: sa.Connection, place: Place, names: Sequence[str], keys: list[tuple[object, ...]]
) -> list[str]:
    """Name the foreign keys by which rows still point at these, where the database itself names none."""
    found = []
    named = place.among(names, keys)
    for key in references(connection, [place.schema]):
        if key.to != (place.schema, place.name) or key.on_delete or not key.leads:
            continue
        child = sa.table(key.table[1], *(sa.column(name) for name in key.columns), schema=key.table[0]).alias()
        pointing = sa.and_(
            *(child.c[own] == place.source.c[to] for own, to in zip(key.columns, key.to_columns, strict=True))
        )
        there = sa.select(sa.literal(1)).select_from(place.source).where(named, sa.exists().where(pointing)).limit(1)
        if connection.execute(there).first():
            found.append(str(key))
    return found
