"""Answers of any size, in pieces of at most a thousand rows."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from dsr.connectors.contract import Cell

ROWS_AT_ONCE = 1_000


Question = sa.Select[Any] | sa.CompoundSelect[Any]


def answered(connection: sa.Connection, statement: Question, family: str) -> Iterator[Sequence[sa.Row[Any]]]:
    """Give an answer of any size in pieces, never whole in memory.

    PostgreSQL plans no parallel work for a cursor, without which a table that lacks an index takes twice as long; most
    answers are short, so it is asked for a short one first.
    """
    if family == "postgresql":
        short = connection.execute(shortly(statement)).all()
        if is_whole(short):
            yield short
            return
    yield from streamed(connection, statement).partitions(ROWS_AT_ONCE)


def shortly(statement: Question) -> Question:
    """Ask for as much as a short answer has, and one row more, which tells that it is longer."""
    return statement.limit(ROWS_AT_ONCE + 1)


def is_whole(rows: Sequence[object]) -> bool:
    """Whether an answer to the short question is the whole one."""
    return len(rows) <= ROWS_AT_ONCE


def streamed(
    connection: sa.Connection, statement: sa.Executable, rows: int = ROWS_AT_ONCE
) -> sa.CursorResult[*tuple[Any, ...]]:
    """Give an answer by the server's cursor, which needs a transaction: for short ones a reader begins none."""
    if connection.dialect.name == "postgresql":
        connection.rollback()
        connection.execution_options(isolation_level="READ COMMITTED")
    return connection.execute(statement, execution_options={"stream_results": True, "yield_per": rows})


class Seen:
    """Remembers keys when a question had to be asked in slices, so that no row comes twice."""

    def __init__(self, positions: Sequence[int]) -> None:
        """`positions` of the key in a row."""
        self._positions = positions
        self._keys: set[tuple[Cell, ...]] = set()

    def new(self, rows: Sequence[tuple[Cell, ...]]) -> tuple[tuple[Cell, ...], ...]:
        """Those that did not come before."""
        fresh = []
        for row in rows:
            key = tuple(row[position] for position in self._positions)
            if key not in self._keys:
                self._keys.add(key)
                fresh.append(row)
        return tuple(fresh)
