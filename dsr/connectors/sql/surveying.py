"""Questions about whole tables: how many rows, how old, and what stands in their identity columns."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import types

from dsr.connectors.contract import Ages, Cell, Rejected
from dsr.connectors.sql import exact
from dsr.connectors.sql.answers import streamed
from dsr.connectors.sql.dating import dated
from dsr.connectors.sql.errors import speaking
from dsr.connectors.sql.exact import Equality
from dsr.connectors.sql.live import Place, Tables, bound
from dsr.connectors.tallying import Tally
from dsr.datamap import erasing, meeting
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
        """Ask for the oldest moment, and count what lies before; `when` is judged as an erasure judges it, by us."""
        with speaking(collection):
            place = self._place(collection)
            source, moment, where = self._anchored(place, collection, told)
            name, tally = told.rpartition(".")[2], Tally(before)
            by, read = [_exactly(place, one) for one in when], [place.reader(one) for one in when]
            typed = dated(where, name)
            asked = sa.select(*by, *(_counted(moment, where, name, before) if typed else (moment, sa.func.count())))
            grouped = asked.select_from(source).group_by(*by, *(() if typed else (moment,)))
            with self._reader.connect() as connection:
                for row in streamed(connection, grouped):
                    values = (cell(value) for cell, value in zip(read, row, strict=False))
                    if not meeting.matches(dict(zip(when, values, strict=True)), when):
                        continue
                    if typed:
                        tally.sum_up(*row[len(by) :])
                    else:
                        tally.add(*row[len(by) :])
        return tally.told()

    def rows(self, collection: str, fields: tuple[str, ...]) -> Iterator[tuple[Cell, ...]]:
        """Stream these columns."""
        with speaking(collection):
            place = self._place(collection)
            statement = sa.select(*(place.column(name) for name in fields))
            read = [place.reader(name) for name in fields]
            with self._reader.connect() as connection:
                for row in streamed(connection, statement):
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


def _exactly(place: Place, name: str) -> sa.ColumnElement[object]:
    """Give a column whose values group only when every byte is the same."""
    column = place.column(name)
    return column if place.columns[name].equality is Equality.TRUE else exact.spelled(column, place.family)


def _counted(
    moment: sa.ColumnElement[object], place: Place, name: str, before: datetime
) -> tuple[sa.ColumnElement[object], ...]:
    """Of moments that the database itself can compare: the oldest, how many lie before, how many are missing."""
    older = moment < bound(_spelled(place, name, before))
    ones = (sa.func.sum(sa.case((condition, 1), else_=0)) for condition in (older, moment.is_(None)))
    return (sa.func.min(moment), *(sa.func.coalesce(one, 0) for one in ones))


def _spelled(place: Place, name: str, before: datetime) -> object:
    """The moment as the column spells moments."""
    kind = place.columns[name].kind
    return place.fit(name, before.isoformat() if isinstance(kind, types.DateTime) else before.date().isoformat())
