"""JoyPix' sample application database on PostgreSQL: the same tables, the same rows."""

from collections.abc import Mapping, Sequence

import psycopg
from psycopg import sql

from controllers.sample_joypix import SCHEMA, Row


def fill(url: str, tables: Mapping[str, Sequence[Row]]) -> None:
    """Make the tables in an empty database and write every row, all or nothing."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(SCHEMA)
        for table, rows in tables.items():
            with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
                for row in rows:
                    copy.write_row(row)
