"""A database that speaks SQL; each collection is a table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ClassVar, Self

import sqlalchemy as sa

from dsr.connectors.contract import (
    Ability,
    Batch,
    Cell,
    Change,
    Chunk,
    Effect,
    Finding,
    Receipt,
    Rejected,
    Schema,
    fields_brought,
)
from dsr.connectors.guards import correctable, corrections, stoppable
from dsr.connectors.settings import collection_settings, stop_settings, system_settings
from dsr.connectors.sql import changes as changing
from dsr.connectors.sql.engine import open_engine, speaking
from dsr.connectors.sql.statements import Place, Tables, erasing, remaining, slices
from dsr.connectors.sql.values import cell
from dsr.datamap.route import Identities, Key, Route
from dsr.datamap.schema import CollectionMap, Stop, SystemMap

ROWS_AT_ONCE = 1_000


@dataclass(frozen=True)
class SqlSettings:
    """Where the database is; it may hold a password and shows itself nowhere."""

    url: str = field(repr=False)


class SqlDatabase:
    """Finds by one statement with semi-joins per collection, erases by keys in one transaction."""

    abilities: ClassVar[frozenset[Ability]] = frozenset({Ability.FIND, Ability.ERASE, Ability.CORRECT, Ability.STOP})

    def __init__(self, system: SystemMap, settings: SqlSettings) -> None:
        self._system = system
        try:
            self._engine = open_engine(settings.url)
        except ValueError as error:
            raise ValueError(f"{system.slug}: setting 'url': {error}") from None
        self._tables = Tables(self._engine)

    @classmethod
    def from_map(cls, system: SystemMap, environ: Mapping[str, str]) -> Self:
        """Validate the settings: `url`; per collection `table` and `schema`, both optional."""
        for name in system.collections:
            collection_settings(system, name, optional=("table", "schema"))
        for slug in system.stops:
            stop_settings(system, slug)
        return cls(system, SqlSettings(**system_settings(system, environ, needed=("url",))))

    def describe(self) -> Schema:
        """Read all tables of the default schema, and their columns."""
        with speaking(self._system.slug):
            inspector = sa.inspect(self._engine)
            tables = inspector.get_table_names()
            columns = {table: inspector.get_columns(table) for table in tables}
        return Schema({t: {c["name"]: str(c["type"]) for c in live} for t, live in columns.items()})

    def check(self) -> list[Finding]:
        """Compare every collection with its live table."""
        findings = []
        for name, collection in self._system.collections.items():
            try:
                with speaking(name):
                    live = self._tables.place(name, collection).columns
            except Rejected as problem:
                findings.append(Finding(name, str(problem)))
                continue
            named = _named(collection)
            findings += [Finding(name, f"column '{c}' is missing") for c in sorted(named - set(live))]
            undescribed = sorted(set(live) - set(collection.fields))
            findings += [Finding(name, f"column '{c}' is not described") for c in undescribed]
        return findings

    def count(self, route: Route, identities: Identities) -> int:
        """Count in the database; rows reached in two ways count once."""
        parts = slices(route, identities)
        if len(parts) > 1:
            keys = self._rows(route, identities, route.collection.key)
            return sum(len(rows) for rows in keys)
        with self._asking(route.name) as connection:
            for part in parts:
                there = self._tables.reached(route, part)
                if there is not None:
                    source, condition = there
                    counted = sa.select(sa.func.count()).select_from(source).where(condition)
                    return int(connection.execute(counted).scalar_one())
        return 0

    def find(self, route: Route, identities: Identities) -> Iterator[Batch]:
        """Stream the rows. Without an identity that leads there, no statement is sent."""
        fields = fields_brought(route.collection)
        for rows in self._rows(route, identities, fields):
            yield Batch(route.name, fields, rows)

    def erase(self, chunk: Chunk, key: str) -> Receipt:  # noqa: ARG002  a repeated statement harms nothing
        """Delete or overwrite the chunk's rows in one transaction."""
        erased = 0
        with speaking(chunk.collection):
            place = self._place(chunk.collection)
            with self._engine.begin() as connection:
                for named, statement in erasing(place, chunk):
                    count = connection.execute(statement).rowcount
                    if count > named:  # rolls back
                        raise Rejected(f"{chunk.collection}: its key names more than one row")
                    erased += count
        return Receipt(Effect.DONE, count=erased) if erased else Receipt(Effect.ABSENT)

    def read_back(self, chunk: Chunk) -> tuple[Key, ...]:
        """Ask over a new connection, so that only what is committed counts."""
        own = {tuple(map(str, key)): key for key in chunk.keys}
        survivors: list[Key] = []
        with speaking(chunk.collection):
            place = self._place(chunk.collection)
            with self._engine.connect() as connection:
                for statement in remaining(place, chunk):
                    for row in connection.execute(statement):
                        text = tuple(str(cell(value)) for value in row)
                        survivors.append(own.get(text, text))
        return tuple(survivors)

    def correct(self, changes: tuple[Change, ...], key: str) -> Receipt:  # noqa: ARG002  `before` guards it
        """Write the new values in one transaction, each where the old one still stands."""
        collection = correctable(self._system, changes)
        with speaking(collection):
            place = self._place(collection)
            with self._engine.begin() as connection:
                outcomes = tuple(changing.corrected(connection, place, change) for change in changes)
        return corrections(outcomes)

    def read_values(self, changes: tuple[Change, ...]) -> tuple[Cell, ...]:
        """Ask over a new connection, so that only what is committed counts."""
        collection = correctable(self._system, changes)
        with speaking(collection):
            place = self._place(collection)
            with self._engine.connect() as connection:
                return tuple(changing.present(connection, place, change) for change in changes)

    def stop(self, stop: Stop, route: Route, identities: Identities, key: str) -> Receipt:  # noqa: ARG002
        """Mark what still runs, in one transaction; `$now` is the database's own clock."""
        return self._marked(stoppable(self._system, stop, route), changing.stopping, route, identities)

    def resume(self, stop: Stop, route: Route, identities: Identities, key: str) -> Receipt:  # noqa: ARG002
        """Take back what the stop marked, in one transaction."""
        if not stoppable(self._system, stop, route).undo:
            raise Rejected(f"{route.name}: the map says no way back for this stop")
        return self._marked(stop, changing.resuming, route, identities)

    def still_running(self, stop: Stop, route: Route, identities: Identities) -> int:
        """Ask over a new connection; a row reached in two ways counts once."""
        with speaking(route.name), self._engine.connect() as connection:
            statements = changing.running(self._tables, stoppable(self._system, stop, route), route, identities)
            return len({tuple(row) for statement in statements for row in connection.execute(statement)})

    def poll(self, handle: str) -> Receipt:
        """Refuse: an effect in a database is over when its transaction is."""
        raise Rejected(f"{self._system.slug}: no effect '{handle[:40]}' is under way")

    def close(self) -> None:
        """Give back connections."""
        self._engine.dispose()

    def _rows(
        self, route: Route, identities: Identities, fields: Sequence[str]
    ) -> Iterator[tuple[tuple[Cell, ...], ...]]:
        parts = slices(route, identities)
        if not parts:
            return
        seen = _Seen([fields.index(name) for name in route.collection.key]) if len(parts) > 1 else None
        with self._asking(route.name) as connection:
            for part in parts:
                there = self._tables.reached(route, part)
                if there is None:
                    continue
                source, condition = there
                place = self._tables.place(route.name, route.collection)
                statement = sa.select(*(place.column(name, source) for name in fields)).where(condition)
                for partition in connection.execute(statement).partitions(ROWS_AT_ONCE):
                    rows = tuple(tuple(map(cell, row)) for row in partition)
                    rows = rows if seen is None else seen.new(rows)
                    if rows:
                        yield rows

    @contextmanager
    def _asking(self, place: str) -> Iterator[sa.Connection]:
        with speaking(place), self._engine.connect() as connection:
            yield connection.execution_options(stream_results=True, yield_per=ROWS_AT_ONCE)

    def _marked(
        self,
        stop: Stop,
        marking: Callable[[Tables, Stop, Route, Identities], Iterator[sa.Update]],
        route: Route,
        identities: Identities,
    ) -> Receipt:
        with speaking(route.name):
            # Before the transaction: looking at the schema takes a connection of its own.
            statements = list(marking(self._tables, stop, route, identities))
            with self._engine.begin() as connection:
                count = sum(connection.execute(statement).rowcount for statement in statements)
        return Receipt(Effect.DONE, count=count) if count else Receipt(Effect.ABSENT)

    def _place(self, name: str) -> Place:
        if name not in self._system.collections:
            raise Rejected(f"{self._system.slug}: the map has no collection '{name[:64]}'")
        return self._tables.place(name, self._system.collections[name])


class _Seen:
    """Remembers keys when a question had to be asked in slices, so that no row comes twice."""

    def __init__(self, positions: Sequence[int]) -> None:
        self._positions = positions
        self._keys: set[tuple[Cell, ...]] = set()

    def new(self, rows: tuple[tuple[Cell, ...], ...]) -> tuple[tuple[Cell, ...], ...]:
        fresh = []
        for row in rows:
            key = tuple(row[position] for position in self._positions)
            if key not in self._keys:
                self._keys.add(key)
                fresh.append(row)
        return tuple(fresh)


def _named(collection: CollectionMap) -> set[str]:
    """Name every field that the map counts on."""
    names = {*collection.key, *collection.fields, *collection.erase.set}
    names.update(*collection.found_by.values(), *(link.on for link in collection.links))
    if collection.keep is not None:
        names.update((collection.keep.since,), collection.keep.when)
    return names
