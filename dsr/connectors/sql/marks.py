"""Whether live tables are still as they were looked up: one short question instead of a whole look."""

from collections.abc import Sequence

import sqlalchemy as sa

_FIRST_OF_USERS = 16_384  # types with higher numbers are somebody's own, and may change without their columns
# Whatever a `Place` is made of. The number of a collation is enough: its rules never change, but by another one.
_POSTGRESQL = sa.text(
    f"""
    SELECT md5(concat(
            string_agg(concat_ws(' ', n.nspname, c.relname, c.relkind, c.relhassubclass, a.attnum, a.attname,
                a.atttypid, a.atttypmod, a.attndims, a.attnotnull, a.attgenerated, a.attcollation),
                ',' ORDER BY c.oid, a.attnum),
            (SELECT string_agg(concat_ws(' ', u.indexrelid, u.indkey, u.indnkeyatts, u.indisvalid, u.indpred),
                ',' ORDER BY u.indexrelid)
             FROM pg_catalog.pg_index u WHERE u.indisunique AND u.indrelid = ANY(array_agg(c.oid))))),
        bool_and(a.atttypid < {_FIRST_OF_USERS})
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relname = ANY(:names) AND CASE WHEN CAST(:schema AS text) IS NULL
        THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = CAST(:schema AS text) END
    """  # noqa: S608 - a number of ours
)
_SINCE = (12,)  # a column says whether it is computed


def mark_of(connection: sa.Connection, schema: str | None, names: Sequence[str]) -> str | None:
    """Give what changes when one of these tables does; None where that cannot be told in one question."""
    dialect = connection.dialect
    if dialect.driver != "psycopg" or (dialect.server_version_info or ()) < _SINCE:
        return None
    mark, known = connection.execute(_POSTGRESQL, {"names": list(names), "schema": schema}).one()
    return mark if known else None
