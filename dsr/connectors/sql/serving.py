"""Whether a live database can serve the map's questions: indexes for identities, types that meet, tables left out."""

from collections.abc import Collection, Iterator, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine.interfaces import ReflectedIndex
from sqlalchemy.engine.reflection import ObjectKind

from dsr.connectors.contract import Finding
from dsr.connectors.sql.exact import never_meet
from dsr.connectors.sql.live import Place, Where, where
from dsr.datamap.schema import CollectionMap, SystemMap

Indexed = tuple[tuple[str, ...], bool]  # the columns of an index over all rows, and whether none stands in it twice
Indexes = Mapping[Where, Sequence[Indexed]]  # by table; views are not in it


def findings(
    system: SystemMap, places: Mapping[str, Place], connection: sa.Connection, without_people: Collection[str]
) -> Iterator[Finding]:
    """What would be slow, would never be found, or is not known to the map; `without_people` names tables."""
    schemas = sorted({collection.settings.get("schema") for collection in system.collections.values()}, key=str)
    indexes = {table: found for schema in schemas for table, found in _indexes(connection, schema).items()}
    for name, place in places.items():
        collection = system.collections[name]
        there = indexes.get(where(name, collection))
        if there is not None:  # a view; its tables may have some
            yield from (Finding(name, message) for message in _identities(collection, [names for names, _ in there]))
            yield from (Finding(name, message) for message in _key(collection, there))
        yield from (Finding(name, message) for message in _links(collection, place, places))
    described = {where(name, collection) for name, collection in system.collections.items()}
    for schema, table in sorted(set(indexes) - described, key=str):
        told = f"{schema}.{table}" if schema else table
        if told not in without_people:
            message = "the table is not described; if it holds nothing about people, name it in 'without_people'"
            yield Finding(told, message)


def _identities(collection: CollectionMap, indexes: Sequence[tuple[str, ...]]) -> Iterator[str]:
    for kind, fields in collection.found_by.items():
        # Of several fields the last one tells people apart: 'google' is shared by many, the id there is not.
        served = any(set(index[: len(fields)]) == set(fields) or index[0] == fields[-1] for index in indexes)
        if not served:
            yield f"no index serves the search by {kind.value} ({', '.join(fields)}): every row is read"


def _key(collection: CollectionMap, indexes: Sequence[Indexed]) -> Iterator[str]:
    if not any(unique and set(names) <= set(collection.key) for names, unique in indexes):
        told = f"no unique index stands on the key ({', '.join(collection.key)})"
        yield f"{told}: what is erased by it is looked for in every row, and refused where it names two"


def _links(collection: CollectionMap, place: Place, places: Mapping[str, Place]) -> Iterator[str]:
    for link in collection.links:
        there = places.get(link.to)
        for own, to in link.on.items() if there else ():
            if there is None or own not in place.columns or to not in there.columns:
                continue
            mine, theirs = place.columns[own].kind, there.columns[to].kind
            if never_meet(mine, theirs, place.family):
                yield f"column '{own}' ({mine}) cannot hold what '{link.to}.{to}' ({theirs}) holds"


def _indexes(connection: sa.Connection, schema: str | None) -> Indexes:
    """Every table of a schema, and the columns of its keys and of the indexes that hold all its rows."""
    inspector = sa.inspect(connection)
    tables: dict[Where, list[Indexed]] = {(schema, name): [] for name in inspector.get_table_names(schema)}
    kind = ObjectKind.TABLE
    for (_, name), key in inspector.get_multi_pk_constraint(schema, kind=kind).items():
        tables.setdefault((schema, name), []).append((tuple(key["constrained_columns"]) if key else (), True))
    for (_, name), uniques in inspector.get_multi_unique_constraints(schema, kind=kind).items():
        tables.setdefault((schema, name), []).extend((tuple(one["column_names"]), True) for one in uniques)
    # SQLite else leaves out the index of a column that is called UNIQUE where it is declared.
    for (_, name), found in inspector.get_multi_indexes(schema, kind=kind, include_auto_indexes=True).items():
        whole = (one for one in found if not _partial(one) and _asked(connection, name, one))
        # An expression is 'None'.
        columns = ((tuple(str(column) for column in one["column_names"]), bool(one["unique"])) for one in whole)
        tables.setdefault((schema, name), []).extend(columns)
    return {table: [one for one in found if one[0]] for table, found in tables.items()}


def _partial(index: ReflectedIndex) -> bool:
    return any(name.endswith("_where") for name in index.get("dialect_options", {}))


def _asked(connection: sa.Connection, table: str, index: ReflectedIndex) -> bool:
    """Whether SQLite seeks by the index: not by one with another collation than the column's, which it tells nobody."""
    column, name = index["column_names"][0], index["name"]
    if connection.dialect.name != "sqlite" or column is None or name is None:
        return True
    quote = connection.dialect.identifier_preparer.quote_identifier
    asked = (
        "EXPLAIN QUERY PLAN SELECT * FROM",
        quote(table),
        "INDEXED BY",
        quote(name),
        "WHERE",
        quote(column),
        "= ''",
    )
    try:
        plan = connection.exec_driver_sql(" ".join(asked)).all()
    except exc.OperationalError:  # no plan with it
        return False
    return any(str(step[-1]).startswith("SEARCH") for step in plan)
