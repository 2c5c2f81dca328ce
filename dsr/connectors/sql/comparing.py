"""What a map gets wrong of its live database, said before anything is erased by it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain

import sqlalchemy as sa
from sqlalchemy import types

from dsr.connectors.contract import Finding, Rejected
from dsr.connectors.sql import dating, neutral, others, pointing, serving
from dsr.connectors.sql.live import Column, Place, Tables, Where, where
from dsr.connectors.sql.references import Reference, references, unique_columns
from dsr.connectors.sql.values import Misfit
from dsr.connectors.sql.versions import KEEPS
from dsr.datamap.erasing import blank, leading, new_values
from dsr.datamap.plan import erasure_order
from dsr.datamap.schema import CollectionMap, SystemMap, Way

_ENGINE = (
    "SELECT engine FROM information_schema.tables WHERE table_schema = COALESCE(:schema, DATABASE())"
    " AND table_name = :name"
)
_SAFE = "InnoDB"


def findings(
    system: SystemMap, tables: Tables, connection: sa.Connection, without_people: Collection[str] = ()
) -> Iterator[Finding]:
    """Every difference, collection by collection; then what the foreign keys say about their order."""
    places: dict[str, Place] = {}
    for name, collection in system.collections.items():
        try:
            places[name] = tables.place(name, collection)
        except Rejected as problem:
            yield Finding(name, str(problem))
            continue
        yield from _columns(name, collection, places[name])
        yield from (Finding(name, message) for message in _new_values(connection, collection, places[name]))
        yield from _transactions(connection, name, places[name])
        yield from [Finding(name, KEEPS)] if places[name].versioned else []
        yield from pointing.findings(system, name, places[name])
        yield from others.findings(name, collection, places[name])
    schemas = {collection.settings.get("schema") for collection in system.collections.values()}
    keys = references(connection, schemas)
    yield from _references(system, keys)
    yield from _unlinked(system, places, keys)
    yield from dating.findings(system, places, connection)
    yield from serving.findings(system, places, connection, without_people)


def _columns(name: str, collection: CollectionMap, place: Place) -> Iterator[Finding]:
    live = set(place.columns)
    yield from (Finding(name, f"column '{c}' is missing") for c in sorted(_named(collection) - live))
    undescribed = sorted(live - set(collection.fields))
    yield from (Finding(name, f"column '{c}' is not described") for c in undescribed)


def _named(collection: CollectionMap) -> set[str]:
    """Name every field that the map counts on."""
    names = {*collection.key, *collection.fields, *collection.erase.set}
    names.update(*collection.found_by.values(), *(link.on for link in collection.links))
    if collection.keep is not None:
        own = () if "." in collection.keep.since else (collection.keep.since,)  # else the parent describes it
        names.update(own, collection.keep.when)
    return names


def _new_values(connection: sa.Connection, collection: CollectionMap, place: Place) -> Iterator[str]:
    """What the erasure writes, and cannot."""
    whole = new_values(collection) | (blank(collection) if collection.erase.tombstone else {})
    told = {name: value for name, value in (whole | collection.erase.set).items() if name in place.columns}
    known = set(chain.from_iterable(collection.found_by.values()))
    unique = unique_columns(connection, place, alone=True) if told else frozenset()
    for name, value in told.items():
        column = place.columns[name]
        if column.computed:
            yield f"column '{name}' is computed by the database and cannot be set"
        elif value is None:
            offer = neutral.own_values if name in unique else _anybodys
            offered = offer(column, place.family, (1,) * len(collection.key))
            offered = neutral.nobodys(column, offered) if name in known else offered
            if not column.nullable and not offered and name not in leading(collection):
                yield f"column '{name}' may not be empty, and its type has no neutral value: name one"
        elif name in unique:
            yield f"column '{name}' takes no value twice: set it to null, and each row gets its own"
        elif not _fits(place, name, value):
            yield f"column '{name}' cannot hold its new value"


def _anybodys(column: Column, family: str, _: Sequence[object]) -> list[object]:
    return neutral.values(column, family)


def _fits(place: Place, name: str, value: object) -> bool:
    most = getattr(place.columns[name].kind, "length", None)
    if isinstance(value, str) and most is not None and len(value) > most:
        return isinstance(place.columns[name].kind, types.Enum)
    try:
        place.fit(name, value)
    except Misfit:
        return False
    return True


def lasting(connection: sa.Connection, place: Place) -> bool:
    """Whether the table takes back what a transaction did."""
    return _engine(connection, place) in {None, _SAFE}


def _transactions(connection: sa.Connection, name: str, place: Place) -> Iterator[Finding]:
    if not lasting(connection, place):
        engine = _engine(connection, place)
        yield Finding(name, f"the table is kept by {engine}, which cannot take back half an erasure")


def _engine(connection: sa.Connection, place: Place) -> object:
    if place.family != "mysql":
        return None
    return connection.execute(sa.text(_ENGINE), {"schema": place.schema, "name": place.name}).scalar()


def _references(system: SystemMap, keys: Sequence[Reference]) -> Iterator[Finding]:
    names: Mapping[Where, str] = {where(name, one): name for name, one in system.collections.items()}
    turn = {name: number for number, name in enumerate(erasure_order(system))}
    for key in keys:
        parent, child = names.get(key.to), names.get(key.table)
        if parent is None or system.collections[parent].erase.way is not Way.DELETE:
            continue
        if not key.leads:
            yield Finding(parent, f"the database refuses to delete here, for this leads to no key: {key}")
            continue
        links = system.collections[child].links if child else ()
        pairs = dict(zip(key.columns, key.to_columns, strict=True))
        said = [link.owns for link in links if link.to == parent and link.on == pairs]
        if False in said or (parent == child and said):
            continue  # emptied first; or every row of the tree is the same person's
        if message := _contradiction(system, key, parent, child, turn):
            yield Finding(parent, message)


def _unlinked(system: SystemMap, places: Mapping[str, Place], keys: Sequence[Reference]) -> Iterator[Finding]:
    """Columns to be unlinked that lead to other rows and are never empty: no neutral value goes there."""
    for name, place in places.items():
        collection = system.collections[name]
        new = new_values(collection) | (blank(collection) if collection.erase.tombstone else {})
        of_keys = {field: str(key) for key in keys if key.table == where(name, collection) for field in key.columns}
        for field in sorted(
            {field for field, value in new.items() if value is None} & {*leading(collection), *of_keys}
        ):
            if field in place.columns and not place.columns[field].nullable:
                remedy = "let it be NULL there, name a row that is nobody's in 'set', or choose another way"
                told = f": {of_keys[field]}" if field in of_keys else ""
                yield Finding(name, f"column '{field}' may not be empty, and is to be unlinked; {remedy}{told}")


def _contradiction(system: SystemMap, key: Reference, parent: str, child: str | None, turn: Mapping[str, int]) -> str:
    """What happens to the rows that point here when these are deleted, if the map does not say so."""
    if key.on_delete == "CASCADE":
        return _cascade(system, key, parent, child)
    if key.on_delete:
        return ""  # they stay, and point at nothing
    pointing = f"a link with 'owns: false' is emptied first: {key}"
    if parent == child:
        return f"rows point at each other, and other people's may forbid deleting; {pointing}"
    if child is None:
        return f"rows of table '{key.table[1]}', which the map does not describe, may forbid deleting: {key}"
    way, new = system.collections[child].erase.way, new_values(system.collections[child])
    if way is not Way.DELETE and not (way is not Way.KEEP and set(key.columns) & set(new)):
        return f"rows of '{child}' stay and forbid deleting: {key}"
    return f"rows of '{child}' are erased after these, and forbid it: {key}" if turn[child] > turn[parent] else ""


def _cascade(system: SystemMap, key: Reference, parent: str, child: str | None) -> str:
    taken = f"deleting also takes rows of '{child or key.table[1]}'"
    if child is None:
        return f"{taken}, which the map does not describe: {key}"
    below = system.collections[child]
    if below.keep is not None or below.erase.way is not Way.DELETE:
        return f"{taken}, which the map keeps: {key}"
    ways = {(link.to, tuple(link.on.items())) for link in below.links}
    if (parent, tuple(zip(key.columns, key.to_columns, strict=True))) not in ways:
        return f"{taken}, though the map has no link from there to here, so they may be other people's: {key}"
    return ""
