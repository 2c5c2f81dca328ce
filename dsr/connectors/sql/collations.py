"""Which columns compare blindly: what each database tells of its collations."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import types

Blind = Callable[[str, str, types.TypeEngine[Any]], str]  # table, column and its type -> collation, or ''

_MYSQL = """
    SELECT table_name, column_name, collation_name FROM information_schema.columns
    WHERE table_schema = COALESCE(:schema, DATABASE()) AND table_name IN :names AND collation_name IS NOT NULL
"""
# citext, also below a domain, and collations for which more than equal bytes is equal.
_POSTGRESQL = """
    SELECT c.relname, a.attname,
        CASE WHEN 'citext' IN (k.typname, b.typname) THEN 'citext' ELSE o.oid::text END
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    JOIN pg_catalog.pg_type k ON k.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_type b ON b.oid = k.typbasetype
    LEFT JOIN pg_catalog.pg_collation o ON o.oid = a.attcollation
    WHERE c.relname IN :names AND ('citext' IN (k.typname, b.typname) OR NOT o.collisdeterministic)
    AND CASE WHEN CAST(:schema AS text) IS NULL THEN pg_catalog.pg_table_is_visible(c.oid)
        ELSE n.nspname = CAST(:schema AS text) END
"""
# The collation of a column cannot be asked for; a view has those of its tables.
_SQLITE = """
    SELECT name, '', 'unknown' FROM sqlite_master
    WHERE name IN :names AND :schema IS NULL AND (type = 'view' OR sql LIKE '%collate%')
"""
_ASKED: Mapping[str, str] = {"mysql": _MYSQL, "postgresql": _POSTGRESQL, "sqlite": _SQLITE}


def blind_columns(connection: sa.Connection, family: str, schema: str | None, names: Sequence[str]) -> Blind:
    """Ask once for all tables. Of a database that we do not know, no column is said to be blind."""
    if family not in _ASKED or not names:
        return lambda *_: ""
    statement = sa.text(_ASKED[family]).bindparams(sa.bindparam("names", list(names), expanding=True), schema=schema)
    found: dict[tuple[str, str], str] = {(row[0], row[1]): str(row[2]) for row in connection.execute(statement)}
    if family == "sqlite":
        numbers = types.Integer | types.LargeBinary
        return lambda table, _, kind: "" if isinstance(kind, numbers) else found.get((table, ""), "")
    return lambda table, column, _: found.get((table, column), "")
