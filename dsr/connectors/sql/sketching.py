"""A live schema in a few words, for the draft of a map."""

import sqlalchemy as sa
from sqlalchemy.engine.reflection import ObjectKind

from dsr.connectors.sql.engine import close_engine, open_engine
from dsr.connectors.sql.errors import speaking
from dsr.connectors.sql.references import references
from dsr.datamap.sketch import Reference, Table


def sketch(url: str, schema: str = "") -> tuple[Table, ...]:
    """Every table of one schema. Raises Unreachable, Rejected; ValueError: no address of a database."""
    engine = open_engine(url)
    try:
        with speaking(schema or "the database"), engine.connect() as connection:
            return _tables(connection, schema or None)
    finally:
        close_engine(engine)


def _tables(connection: sa.Connection, schema: str | None) -> tuple[Table, ...]:
    inspector = sa.inspect(connection)
    schema = None if schema == inspector.default_schema_name else schema
    kind = ObjectKind.TABLE
    keys = inspector.get_multi_pk_constraint(schema, kind=kind)
    uniques = inspector.get_multi_unique_constraints(schema, kind=kind)
    # SQLite else leaves out the index of a column that is called UNIQUE where it is declared.
    indexes = inspector.get_multi_indexes(schema, kind=kind, include_auto_indexes=True)
    pointing = [one for one in references(connection, [schema]) if one.to[0] == schema and one.leads]
    tables = []
    for (_, name), columns in sorted(inspector.get_multi_columns(schema, kind=kind).items(), key=lambda one: one[0][1]):
        alone = {tuple(map(str, one["column_names"])) for one in uniques.get((schema, name), ())}
        alone |= {tuple(map(str, one["column_names"])) for one in indexes.get((schema, name), ()) if one["unique"]}
        key = keys.get((schema, name))
        tables.append(
            Table(
                name,
                tuple(column["name"] for column in columns),
                tuple(key["constrained_columns"]) if key else (),
                tuple(sorted(alone)),
                tuple(Reference(one.columns, one.to[1], one.to_columns) for one in pointing if one.table[1] == name),
                schema or "",
            )
        )
    return tuple(tables)
