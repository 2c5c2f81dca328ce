"""A database that speaks SQL; each collection is a table."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import chain
from typing import ClassVar, Self

import sqlalchemy as sa
from sqlalchemy import exc

from dsr.connectors.blocks import Block
from dsr.connectors.contract import (
    Ability,
    Batch,
    Cell,
    Change,
    Chunk,
    Effect,
    Finding,
    KeptKey,
    Receipt,
    Rejected,
    Schema,
    fields_brought,
)
from dsr.connectors.guards import correctable, corrections, stoppable
from dsr.connectors.known import OF_COLLECTION, OF_SYSTEM
from dsr.connectors.settings import collection_settings, stop_settings, system_settings
from dsr.connectors.sql import changes as changing
from dsr.connectors.sql import questions
from dsr.connectors.sql.answers import Seen
from dsr.connectors.sql.chosen import Chosen
from dsr.connectors.sql.comparing import findings, lasting
from dsr.connectors.sql.engine import close_engine, open_engine
from dsr.connectors.sql.erasing import Erasure
from dsr.connectors.sql.errors import nameless, speaking
from dsr.connectors.sql.live import Place, Tables
from dsr.connectors.sql.placing import placed
from dsr.connectors.sql.proving import unproven
from dsr.connectors.sql.references import blocking
from dsr.connectors.sql.sqlite import dangling, empty_log, settled
from dsr.connectors.sql.statements import reached, slices
from dsr.connectors.sql.surveying import SqlSurvey
from dsr.connectors.sql.values import cells
from dsr.datamap.route import Identities, Key, Route
from dsr.datamap.schema import Stop, SystemMap


@dataclass(frozen=True)
class SqlSettings:
    """Where the database is; addresses may hold a password and show themselves nowhere."""

    url: str = field(repr=False)
    write_url: str = field(default="", repr=False)
    without_people: str = ""  # tables that check() need not find in the map, separated by commas


class SqlDatabase:
    """Finds by one statement with semi-joins per collection, erases by keys in one transaction."""

    abilities: ClassVar[frozenset[Ability]] = frozenset(
        {
            *(Ability.FIND, Ability.ERASE, Ability.REHEARSE, Ability.TOGETHER),
            *(Ability.CORRECT, Ability.STOP, Ability.SURVEY, Ability.SHARE),
        }
    )

    def __init__(self, system: SystemMap, settings: SqlSettings) -> None:
        self._system = system
        self._reader = _opened(system, "url", settings.url)
        writing = "write_url" if settings.write_url else "url"
        self._writer = _opened(system, writing, settings.write_url or settings.url, writing=True)
        self._tables = Tables(self._reader, system)
        self._chosen = Chosen()
        self._erased = False
        self._without_people = [name.strip() for name in settings.without_people.split(",")]

    @classmethod
    def from_map(cls, system: SystemMap, environ: Mapping[str, str]) -> Self:
        """Validate the settings; optional are `write_url`, `without_people`, a collection's `table` and `schema`."""
        for name in system.collections:
            collection_settings(system, name, optional=OF_COLLECTION["sql"][1])
        for slug in system.stops:
            stop_settings(system, slug)
        needed, optional = OF_SYSTEM["sql"]
        settings = system_settings(system, environ, needed=needed, optional=optional)
        return cls(system, SqlSettings(**settings))

    def describe(self) -> Schema:
        """Read all tables of the default schema and of those that the map names, and their columns."""
        named = {collection.settings.get("schema") for collection in self._system.collections.values()}
        with speaking(self._system.slug), self._reader.connect() as connection:
            inspector = sa.inspect(connection)
            live = [table for schema in {None, *named} for table in inspector.get_multi_columns(schema).items()]
        columns = {f"{schema}.{table}" if schema else table: found for (schema, table), found in live}
        return Schema({t: {c["name"]: str(c["type"]) for c in found} for t, found in columns.items()})

    def check(self) -> list[Finding]:
        """Compare every collection with its live table, and the order of erasure with the live foreign keys."""
        with speaking(self._system.slug), self._reader.connect() as connection:
            return list(findings(self._system, self._tables, connection, self._without_people))

    def count(self, route: Route, identities: Identities) -> int:
        """Count in the database; rows reached in two ways count once."""
        parts = slices(self._tables, route, identities)
        if len(parts) > 1:
            keys = self._rows(route, identities, route.collection.key)
            return sum(len(rows) for rows in keys)
        with self._asking(route.name) as connection:
            for part in parts:
                if there := reached(self._tables, route, part):
                    rows = there.each_once([sa.literal(1).label("one")]).subquery()
                    return int(connection.execute(sa.select(sa.func.count()).select_from(rows)).scalar_one())
        return 0

    def find(self, route: Route, identities: Identities) -> Iterator[Batch]:
        """Stream the rows. Without an identity that leads there, no statement is sent."""
        fields = fields_brought(route.collection)
        for rows in self._rows(route, identities, fields):
            yield Batch(route.name, fields, rows)

    def erase(self, chunk: Chunk, key: str) -> Receipt:
        """Delete or overwrite the chunk's rows in one transaction: all of them, or none and why."""
        with speaking(chunk.collection):
            erasure = self._erasure(chunk)
            self._erased = True
            with self._naming(erasure), self._writer.begin() as connection:
                return _receipt(erasure.carry_out(connection), erasure.kept(connection))

    def erase_together(self, chunks: Sequence[tuple[Chunk, str]]) -> tuple[Receipt, ...]:
        """Carry out all chunks in one transaction: all of them, or none and why."""
        erasures = [self._erasure(chunk) for chunk, _ in chunks]  # looking at the schema takes a connection of its own
        self._erased = True
        with speaking(self._system.slug), self._writer.begin() as connection:
            return tuple(self._carried_out(erasure, connection) for erasure in erasures)

    def rehearse(self, chunks: Iterable[Chunk]) -> None:
        """Carry out in one transaction what is not shown to be possible, deferred constraints included; roll it back.

        A table without transactions is left out: it would take nothing back, and has no constraints either.
        """
        with speaking(self._system.slug):
            erasures = unproven(self._writer, map(self._erasure, chunks))
            if (first := next(erasures, None)) is None:
                return
            with self._writer.connect() as connection, connection.begin() as transaction:
                before = dangling(connection)
                for erasure in chain((first,), erasures):
                    if lasting(connection, erasure.place):
                        self._carried_out(erasure, connection)
                    else:
                        erasure.judge(connection)
                if connection.dialect.name == "postgresql":
                    connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
                settled(connection, before)
                transaction.rollback()

    def read_back(self, chunk: Chunk) -> tuple[Key, ...]:
        """Ask over a new connection, so that only what is committed counts."""
        with speaking(chunk.collection):
            erasure = self._erasure(chunk)
            with self._reader.connect() as connection:
                return tuple(erasure.left(connection))

    def correct(self, changes: tuple[Change, ...], key: str) -> Receipt:
        """Write the new values in one transaction, each where the old one still stands."""
        collection = correctable(self._system, changes)
        with speaking(collection):
            place = self._place(collection)
            with self._writer.begin() as connection:
                outcomes = tuple(changing.corrected(connection, place, change) for change in changes)
        return corrections(outcomes)

    def read_values(self, changes: tuple[Change, ...]) -> tuple[Cell, ...]:
        """Ask over a new connection, so that only what is committed counts."""
        collection = correctable(self._system, changes)
        with speaking(collection):
            place = self._place(collection)
            with self._reader.connect() as connection:
                return tuple(changing.present(connection, place, change) for change in changes)

    def stop(self, stop: Stop, route: Route, identities: Identities, key: str) -> Receipt:
        """Mark what still runs, in one transaction; `$now` is the database's own clock."""
        return self._marked(stoppable(self._system, stop, route), changing.stopping, route, identities)

    def resume(self, stop: Stop, route: Route, identities: Identities, key: str) -> Receipt:
        """Take back what the stop marked, in one transaction."""
        if not stoppable(self._system, stop, route).undo:
            raise Rejected(f"{route.name}: the map says no way back for this stop")
        return self._marked(stop, changing.resuming, route, identities)

    def still_running(self, stop: Stop, route: Route, identities: Identities) -> int:
        """Ask over a new connection; a row reached in two ways counts once."""
        with speaking(route.name), self._reader.connect() as connection:
            statements = changing.running(self._tables, stoppable(self._system, stop, route), route, identities)
            return len({tuple(row) for statement in statements for row in connection.execute(statement)})

    def survey(self) -> SqlSurvey:
        """Answer questions about whole tables, over the reading connection."""
        return SqlSurvey(self._system, self._reader, self._tables)

    def poll(self, handle: str) -> Receipt:
        """Refuse: an effect in a database is over when its transaction is."""
        raise Rejected(f"{self._system.slug}: no effect '{handle[:40]}' is under way")

    def close(self) -> None:
        """Give back connections; of what was erased, no older version stays in a log of SQLite's."""
        if self._erased:
            empty_log(self._writer, self._system.slug)
        close_engine(self._reader)
        close_engine(self._writer)

    def _rows(
        self, route: Route, identities: Identities, fields: Sequence[str]
    ) -> Iterator[Sequence[tuple[Cell, ...]]]:
        parts = slices(self._tables, route, identities)
        if not parts:
            return
        seen = Seen([fields.index(name) for name in route.collection.key]) if len(parts) > 1 else None
        with self._asking(route.name) as connection:
            for part in parts:
                for partition in questions.answer(connection, self._tables, route, part, fields):
                    place = self._tables.place(route.name, route.collection)
                    read = [place.reader(name) for name in fields]
                    rows = partition if isinstance(partition, Block) else cells(partition, read)
                    if fresh := rows if seen is None else seen.new(rows):
                        yield fresh

    @contextmanager
    def _asking(self, place: str) -> Iterator[sa.Connection]:
        with speaking(place):
            self._tables.look()
            with self._reader.connect() as connection:
                yield connection

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
            shared = list(changing.shared_keys(self._tables, route, identities))
            with self._writer.begin() as connection:
                if any(connection.execute(one).first() for one in shared):
                    raise Rejected(f"{route.name}: its key names more than one row")
                count = sum(connection.execute(statement).rowcount for statement in statements)
        return Receipt(Effect.DONE, count=count) if count else Receipt(Effect.ABSENT)

    def _place(self, name: str) -> Place:
        if name not in self._system.collections:
            raise Rejected(f"{self._system.slug}: the map has no collection '{name[:64]}'")
        return self._tables.place(name, self._system.collections[name])

    def _carried_out(self, erasure: Erasure, connection: sa.Connection) -> Receipt:
        """One of several in this transaction, which sees what those before it took."""
        with speaking(erasure.chunk.collection), self._naming(erasure, connection):
            return _receipt(erasure.carry_out(connection), erasure.kept(connection))

    def _erasure(self, chunk: Chunk) -> Erasure:
        """Put the chunk on its live table, with what its rules ask for."""
        with speaking(chunk.collection):
            place = self._place(chunk.collection)
            return placed(self._reader, self._tables, self._system, place, chunk, self._chosen)

    @contextmanager
    def _naming(self, erasure: Erasure, within: sa.Connection | None = None) -> Iterator[None]:
        """Look up the foreign key where the database names none; `within` a transaction that is still open."""
        try:
            yield
        except exc.IntegrityError as error:
            if nameless(error) and (named := self._blocking(erasure, within)):
                raise Rejected(f"{erasure.chunk.collection}: the database refuses: {named}") from None
            raise

    def _blocking(self, erasure: Erasure, within: sa.Connection | None) -> str:
        with nullcontext(within) if within else self._reader.connect() as connection:
            found = {
                reference
                for keys in erasure.slices()
                for reference in blocking(connection, erasure.place, erasure.chunk.key_fields, keys)
            }
        return "; ".join(sorted(found))


def _receipt(erased: int, kept: tuple[KeptKey, ...]) -> Receipt:
    if kept:
        return Receipt(Effect.KEPT, count=erased, kept=kept)
    return Receipt(Effect.DONE, count=erased) if erased else Receipt(Effect.ABSENT)


def _opened(system: SystemMap, setting: str, url: str, *, writing: bool = False) -> sa.Engine:
    try:
        return open_engine(url, writing=writing)
    except ValueError as error:
        raise ValueError(f"{system.slug}: setting '{setting}': {error}") from None
