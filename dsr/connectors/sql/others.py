"""Rows that concern several people: whether somebody else is in one, asked in the transaction that would delete it."""

from collections.abc import Iterator

import sqlalchemy as sa

from dsr.connectors.contract import Finding
from dsr.connectors.sql.live import Condition, Place, Tables
from dsr.connectors.sql.values import Misfit
from dsr.datamap.erasing import Pointer
from dsr.datamap.schema import CollectionMap, SystemMap
from dsr.datamap.sharing import Others


def nobody_else(tables: Tables, system: SystemMap, place: Place, others: Others | None) -> Condition | None:
    """Say that a row is nobody else's; None: nobody else can be in it. Raises Rejected."""
    if others is None:
        return None
    together = {name for way in others.together for name in way}
    ways = [*others.together, *((name,) for name in others.named if name not in together)]
    named = [sa.or_(*(_names_nobody(place, name, others.named[name]) for name in way)) for way in ways]
    return sa.and_(*named, *(_not_pointed_at(tables, system, place, pointer) for pointer in others.through))


def _names_nobody(place: Place, name: str, value: str | int | None) -> Condition:
    column = place.column(name)
    if value is None:  # in a column that is never empty, whatever stands there may be somebody
        return column.is_(None) if place.columns[name].nullable else sa.false()
    try:
        return sa.or_(column.is_(None), sa.not_(place.differs(name, place.fit(name, value))))
    except Misfit:
        return column.is_(None)


def _not_pointed_at(tables: Tables, system: SystemMap, place: Place, pointer: Pointer) -> Condition:
    there = tables.place(pointer.collection, system.collections[pointer.collection])
    child = there.source.alias()
    pairs = [
        pair
        for own, to in zip(pointer.to_fields, pointer.fields, strict=True)
        # The first is the database's own '=': whom it takes for somebody's is spared.
        for pair in place.met(own, place.source, there, to, child)[:1]
    ]
    met = sa.select(sa.literal(1)).select_from(child).where(*(own == to for own, to in pairs))
    return sa.not_(met.correlate(place.source).exists())


def findings(name: str, collection: CollectionMap, place: Place) -> Iterator[Finding]:
    """What the rule for these rows counts on and the live table does not have."""
    for slug, party in collection.shared.parties.items() if collection.shared else ():
        for field in party.known_by if not party.several and party.erase != "delete" else ():
            column = place.columns.get(field)
            if column and not column.nullable and party.set.get(field) is None:
                message = (
                    f"column '{field}' may not be empty, so '{slug}' cannot be unlinked: set a value that is nobody's"
                )
                yield Finding(name, message)
            if column and column.computed:
                yield Finding(name, f"column '{field}' is computed by the database, so '{slug}' cannot be unlinked")
