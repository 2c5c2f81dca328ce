"""A chunk on its live table, with what the table's rules and the map ask for."""

from itertools import chain

import sqlalchemy as sa

from dsr.connectors.contract import Chunk, Rejected
from dsr.connectors.sql.chosen import Chosen
from dsr.connectors.sql.erasing import Erasure
from dsr.connectors.sql.live import Place, Tables
from dsr.connectors.sql.others import nobody_else
from dsr.connectors.sql.pointing import pointing_at
from dsr.connectors.sql.references import foreign_columns, own_references, unique_columns
from dsr.connectors.sql.versions import KEEPS
from dsr.datamap import erasing
from dsr.datamap.schema import SystemMap, Way


def placed(reader: sa.Engine, tables: Tables, system: SystemMap, place: Place, chunk: Chunk, chosen: Chosen) -> Erasure:
    """Give the erasure of a chunk. Raises Rejected, SQLAlchemy's errors."""
    pointing = pointing_at(tables, system, chunk)
    if place.versioned or any(one.place.versioned for one in pointing):
        raise Rejected(f"{place.name}: {KEEPS}")
    nobody = nobody_else(tables, system, place, chunk.others)
    # Elsewhere a statement's own rows may point at each other.
    deletes = place.family == "mysql" and (chunk.way is Way.DELETE or nobody is not None)
    emptied = chunk.way is not Way.DELETE and None in chunk.set.values()
    if not deletes and not emptied:
        return Erasure(place, chunk, pointing=pointing, nobody=nobody)
    collection = system.collections[chunk.collection]
    with reader.connect() as connection:
        return Erasure(
            place=place,
            chunk=chunk,
            unique=unique_columns(connection, place) if emptied else frozenset(),
            selves=own_references(connection, place) if deletes else (),
            pointing=pointing,
            nobody=nobody,
            leading=erasing.leading(collection) | (foreign_columns(connection, place) if emptied else frozenset()),
            identifying=frozenset(chain.from_iterable(collection.found_by.values())),
            chosen=chosen,
        )
