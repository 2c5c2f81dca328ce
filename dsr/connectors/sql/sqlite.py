"""What SQLite alone needs: its deferred foreign keys are asked about, and its log is emptied."""

import logging
import sqlite3
from collections import Counter
from collections.abc import Iterator

import sqlalchemy as sa

from dsr.connectors.contract import Rejected
from dsr.connectors.sql.references import references

WAIT_MILLISECONDS = 1_000
log = logging.getLogger(__name__)
Dangling = tuple[str, str, int | None]  # table, the table that its foreign key points at, and number of the row


def dangling(connection: sa.Connection) -> Counter[Dangling]:
    """Give the rows that point at none by a deferred foreign key: SQLite itself asks at COMMIT, and not before."""
    if connection.dialect.name != "sqlite":
        return Counter()
    named = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%deferred%'"
    return Counter(row for (table,) in connection.exec_driver_sql(named).all() for row in _checked(connection, table))


def _checked(connection: sa.Connection, table: str) -> Iterator[Dangling]:
    name = connection.dialect.identifier_preparer.quote_identifier(table)
    return ((row[0], row[2], row[1]) for row in connection.exec_driver_sql(f"PRAGMA foreign_key_check({name})"))


def settled(connection: sa.Connection, before: Counter[Dangling]) -> None:
    """Raise Rejected where COMMIT would be refused; what dangled before is not counted."""
    if new := dangling(connection) - before:
        pairs = {(table, to) for table, to, _ in new}
        keys = {str(key) for key in references(connection, [None]) if (key.table[1], key.to[1]) in pairs}
        to = ", ".join(sorted({to for _, to in pairs}))
        raise Rejected(f"{to}: the database refuses: {'; '.join(sorted(keys))}")


def empty_log(engine: sa.Engine, system: str) -> None:
    """Move what was written from the write-ahead log into the file, and cut the log: it still held the old values.

    Who reads or writes at the same time may forbid it; that is said, and the log is emptied later by whoever writes.
    """
    if engine.dialect.name != "sqlite":
        return
    try:
        connection = engine.raw_connection()
        connection.detach()  # it waits less than the others do
        try:
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout = {WAIT_MILLISECONDS}")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            busy = cursor.fetchall()[0][0] != 0
        finally:
            connection.close()
    except sqlite3.Error as error:
        busy = True
        log.warning("%s: %s", system, type(error).__name__)
    if busy:
        log.warning("%s: others are at it, so the write-ahead log may hold erased values until it is emptied", system)
