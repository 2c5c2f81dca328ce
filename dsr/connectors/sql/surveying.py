"""Questions about whole tables: how many rows, how old, and what stands in their identity columns."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import types

from dsr.connectors.contract import Ages, Cell, Rejected
from dsr.connectors.sql.answers import ROWS_AT_ONCE
from dsr.connectors.sql.errors import speaking
from dsr.connectors.sql.live import Condition, Place, Tables, bound
from dsr.connectors.sql.values import Misfit, spelling
from dsr.datamap import erasing
from dsr.datamap.schema import SystemMap


class SqlSurvey:
    """Each answer is one statement; the rows stream."""

    def __init__(self, system: SystemMap, reader: sa.Engine, tables: Tables) -> None:
        self._system = system
        self._reader = reader
        self._tables = tables

    def total(self, collection: str) -> int:
        """Count the table."""
        with speaking(collection):
            counted = sa.select(sa.func.count()).select_from(self._place(collection).source)
            with self._reader.connect() as connection:
                return int(connection.execute(counted).scalar_one())

    def ages(self, collection: str, told: str, before: datetime, when: Mapping[str, tuple[str, ...]]) -> Ages:
        """Ask for the oldest moment, and count what lies before."""
        with speaking(collection):
            place = self._place(collection)
            source, moment, where = self._anchored(place, collection, told)
            older = moment < bound(_spelled(where, told.rpartition(".")[2], before))
            asked = sa.select(
                sa.func.min(moment),
                sa.func.coalesce(sa.func.sum(sa.case((older, 1), else_=0)), 0),
                sa.func.coalesce(sa.func.sum(sa.case((moment.is_(None), 1), else_=0)), 0),
            ).select_from(source)
            with self._reader.connect() as connection:
                oldest, count, undated = connection.execute(asked.where(*_matching(place, when))).one()
        return Ages("" if oldest is None else str(spelling(oldest)), int(count), int(undated))

    def rows(self, collection: str, fields: tuple[str, ...]) -> Iterator[tuple[Cell, ...]]:
        """Stream these columns."""
        with speaking(collection):
            place = self._place(collection)
            statement = sa.select(*(place.column(name) for name in fields))
            read = [place.reader(name) for name in fields]
            with self._reader.connect() as connection:
                asked = connection.execution_options(stream_results=True, yield_per=ROWS_AT_ONCE).execute(statement)
                for row in asked:
                    yield tuple(cell(value) for cell, value in zip(read, row, strict=True))

    def _anchored(
        self, place: Place, collection: str, told: str
    ) -> tuple[sa.FromClause, sa.ColumnElement[object], Place]:
        """Give the table, the column with the moment, and the place of that column; joined where a parent holds it."""
        there = erasing.anchor(self._system.collections[collection], told)
        if there is None:
            return place.source, place.column(told), place
        link, name = there
        parent = self._place(link.to)
        other = parent.source.alias()
        met = [pair for own, to in link.on.items() for pair in place.met(own, place.source, parent, to, other)]
        joined = place.source.outerjoin(other, sa.and_(*(own == to for own, to in met)))
        return joined, parent.column(name, other), parent

    def _place(self, collection: str) -> Place:
        if collection not in self._system.collections:
            raise Rejected(f"{self._system.slug}: the map has no collection '{collection[:64]}'")
        return self._tables.place(collection, self._system.collections[collection])


def _matching(place: Place, when: Mapping[str, tuple[str, ...]]) -> list[Condition]:
    """Say that a row's fields have one of the values each."""
    conditions: list[Condition] = []
    for name, values in when.items():
        keys = place.fits((name,), [(value,) for value in values])
        conditions.append(place.among((name,), keys) if keys else sa.false())
    return conditions


def _spelled(place: Place, name: str, before: datetime) -> object:
    """The moment as the column spells moments; texts are ISO 8601 and compare as such."""
    kind = place.columns[name].kind
    if isinstance(kind, types.DateTime | types.Date):
        try:
            return place.fit(
                name, before.isoformat() if isinstance(kind, types.DateTime) else before.date().isoformat()
            )
        except Misfit:
            raise Rejected(f"{place.name}: the column '{name}' cannot be compared with a moment") from None
    if isinstance(kind, types.String):
        return before.strftime("%Y-%m-%dT%H:%M:%S")
    raise Rejected(f"{place.name}: the column '{name}' holds neither moments nor text")
