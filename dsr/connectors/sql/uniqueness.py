"""In which columns no combination of values stands twice, because the database sees to it."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

Alone = tuple[frozenset[str], ...]  # sets of columns

# Each asks for table, index and column; an expression has no column. What holds only some of the rows is left out, as
# is, in PostgreSQL, what a parent's index does not see: the rows of tables that inherit from it.
_POSTGRESQL = """
    SELECT c.relname, u.indexrelid, a.attname
    FROM pg_catalog.pg_index u
    JOIN pg_catalog.pg_class c ON c.oid = u.indrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL unnest(u.indkey) WITH ORDINALITY AS k (number, position)
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
    WHERE c.relname IN :names AND u.indisunique AND u.indisvalid AND u.indpred IS NULL
    AND k.position <= u.indnkeyatts AND (c.relkind = 'p' OR NOT c.relhassubclass)
    AND CASE WHEN CAST(:schema AS text) IS NULL THEN pg_catalog.pg_table_is_visible(c.oid)
        ELSE n.nspname = CAST(:schema AS text) END
"""
_MYSQL = """
    SELECT table_name, index_name, column_name FROM information_schema.statistics
    WHERE table_schema = COALESCE(:schema, DATABASE()) AND table_name IN :names AND non_unique = 0
"""
# The number of a row may be its key, and has no index.
_SQLITE = """
    SELECT m.name, l.name, i.name FROM sqlite_master m, pragma_index_list(m.name) l, pragma_index_info(l.name) i
    WHERE m.name IN :names AND :schema IS NULL AND l."unique" AND NOT l.partial
    UNION ALL SELECT m.name, '', t.name FROM sqlite_master m, pragma_table_info(m.name) t
    WHERE m.name IN :names AND :schema IS NULL AND t.pk
"""
_ASKED: Mapping[str, str] = {"mysql": _MYSQL, "postgresql": _POSTGRESQL, "sqlite": _SQLITE}


def alone_in(connection: sa.Connection, family: str, schema: str | None, names: Sequence[str]) -> Mapping[str, Alone]:
    """Give the sets of each table, all at once. Of a database that we do not know, nothing is said to be alone."""
    if family not in _ASKED or not names:
        return {}
    statement = sa.text(_ASKED[family]).bindparams(sa.bindparam("names", list(names), expanding=True), schema=schema)
    found: dict[tuple[str, object], set[str | None]] = {}
    for table, index, column in connection.execute(statement):
        found.setdefault((table, index), set()).add(column)
    alone: dict[str, Alone] = {}
    for (table, _), columns in found.items():
        if None not in columns:
            alone[table] = (*alone.get(table, ()), frozenset(str(column) for column in columns))
    return alone
