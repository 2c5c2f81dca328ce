"""Long answers of PostgreSQL by COPY, as the text that the server writes: no row becomes an object on the way."""

import select
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from psycopg import Connection, errors, pq
from sqlalchemy import exc, types

from dsr.connectors import blocks
from dsr.connectors.blocks import Block
from dsr.connectors.sql.answers import ROWS_AT_ONCE, Question
from dsr.connectors.sql.live import Place

BYTES_AT_ONCE = 1 << 22

# By the column's type; a Float is a Numeric, too. Of any other type the driver makes what a Batch holds.
_KINDS: dict[type[types.TypeEngine[Any]], str] = {
    types.Integer: blocks.WHOLE,
    types.Float: blocks.NUMBER,
    types.Numeric: blocks.AMOUNT,
    types.Boolean: blocks.TRUTH,
    types.DateTime: blocks.MOMENT,
    types.Date: blocks.DAY,
    types.Uuid: blocks.TEXT,
    types.String: blocks.TEXT,
}


def kinds(connection: sa.Connection, place: Place, fields: Sequence[str]) -> str:
    """A letter for each column; empty where one of them, or the server, cannot be read so."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, Connection) or driver.info.encoding != "utf-8":
        return ""
    found = [_kind(place.columns[name].kind) for name in fields]
    return "".join(found) if all(found) and _unhurried(connection) else ""


def _unhurried(connection: sa.Connection) -> bool:
    """Whether no statement has a limit: COPY is one as long as we read, a cursor's are as long as the server works."""
    limit: str = connection.exec_driver_sql("SELECT current_setting('statement_timeout')").scalar_one()
    return limit == "0"


def rows(connection: sa.Connection, statement: Question, kinds: str) -> Iterator[Block]:
    """The whole answer, at most a thousand rows at once. The driver itself puts the values in, for COPY takes none."""
    asked = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    driver: Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]  # see `kinds`
    with _heard(connection, driver), driver.cursor() as cursor, cursor.copy(f"COPY ({asked}) TO STDOUT", asked.params):
        lines: list[memoryview] = []
        size = 0
        for line in _lines(driver.pgconn):
            lines.append(line)
            size += len(line)
            if len(lines) == ROWS_AT_ONCE or size > BYTES_AT_ONCE:
                yield Block(kinds, b"".join(lines), len(lines))
                lines, size = [], 0
        if lines:
            yield Block(kinds, b"".join(lines), len(lines))


def _lines(server: pq.abc.PGconn) -> Iterator[memoryview]:
    """One a row, as libpq has them: by the driver's own loop each would take five times as long."""
    while True:
        length, line = server.get_copy_data(1)
        if length > 0:
            yield line
        elif length == 0:  # nothing has come yet; libpq itself would wait with the interpreter's lock in its hand
            _until_readable(server.socket)
            server.consume_input()
        else:
            break
    while server.is_busy():
        _until_readable(server.socket)
        server.consume_input()
    results = list(iter(server.get_result, None))  # to the last, so that the connection can be asked again
    for result in results:
        if result.status != pq.ExecStatus.COMMAND_OK:
            raise errors.error_from_result(result)


def _until_readable(socket: int) -> None:
    waiting = select.poll()
    waiting.register(socket, select.POLLIN)
    waiting.poll()


def _kind(column: types.TypeEngine[Any]) -> str:
    return next((kind for one, kind in _KINDS.items() if isinstance(column, one)), "")


@contextmanager
def _heard(connection: sa.Connection, driver: Connection[Any]) -> Iterator[None]:
    """What the driver raises past SQLAlchemy, as SQLAlchemy raises it."""
    try:
        yield
    except errors.Error as error:
        gone = bool(driver.closed)
        if gone:
            connection.invalidate()
        raise exc.DBAPIError.instance(
            None, None, error, errors.Error, hide_parameters=True, connection_invalidated=gone
        ) from None
