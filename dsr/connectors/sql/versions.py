"""Tables that keep what was deleted or overwritten, as MariaDB does WITH SYSTEM VERSIONING."""

from collections.abc import Sequence

import sqlalchemy as sa

KEEPS = "the table keeps older versions of its rows (WITH SYSTEM VERSIONING), which are neither found nor erased"

_ASKED = """
    SELECT table_name FROM information_schema.tables
    WHERE table_schema = COALESCE(:schema, DATABASE()) AND table_name IN :names AND table_type = 'SYSTEM VERSIONED'
"""


def versioned_in(connection: sa.Connection, schema: str | None, names: Sequence[str]) -> frozenset[str]:
    """Name those of the tables that do."""
    if connection.dialect.name not in {"mysql", "mariadb"} or not names:
        return frozenset()
    statement = sa.text(_ASKED).bindparams(sa.bindparam("names", list(names), expanding=True), schema=schema)
    return frozenset(connection.execute(statement).scalars())
