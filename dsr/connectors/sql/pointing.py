"""Links that only point: emptied before the rows that they point at are deleted, in the same transaction."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import sqlalchemy as sa

from dsr.connectors.contract import Chunk, Finding
from dsr.connectors.sql.live import Place, Tables
from dsr.datamap import erasing
from dsr.datamap.route import Key
from dsr.datamap.schema import CollectionMap, SystemMap, Way

Keys = list[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Pointing:
    """Columns of one table that point at rows of another, in the order of the key there."""

    place: Place
    names: tuple[str, ...]
    kept: frozenset[str] = frozenset()  # what its key or another link needs; a pointer ends with one empty column

    def emptying(self, keys: Keys) -> sa.Update | None:
        """Give the statement; None where none of these keys can stand in the columns."""
        there = self.place.fits(self.names, cast("list[Key]", keys))  # fitted once, they fit again
        emptied = {self.place.written(name): None for name in self.names if name not in self.kept}
        if not (there and emptied):
            return None
        return sa.update(self.place.source).values(emptied).where(self.place.among(self.names, there))


def pointing_at(tables: Tables, system: SystemMap, chunk: Chunk) -> tuple[Pointing, ...]:
    """Everything that only points at rows of this chunk, if they are deleted."""
    if chunk.way is not Way.DELETE and chunk.others is None:
        return ()
    return tuple(
        Pointing(
            tables.place(pointer.collection, system.collections[pointer.collection]),
            tuple(pointer.fields[pointer.to_fields.index(name)] for name in chunk.key_fields),
            _kept(system.collections[pointer.collection]),
        )
        for pointer in erasing.emptied(system, chunk.collection)
    )


def _kept(collection: CollectionMap) -> frozenset[str]:
    return frozenset((*collection.key, *erasing.linking(collection)))


def findings(system: SystemMap, name: str, place: Place) -> Iterator[Finding]:
    """Columns of a collection that could not be emptied."""
    for link in system.collections[name].links:
        there = system.collections.get(link.to)
        if link.owns is not False or there is None or there.erase.way is not Way.DELETE:
            continue
        for own in link.on:
            if own not in _kept(system.collections[name]) and own in place.columns and not place.columns[own].nullable:
                message = f"column '{own}' may not be empty, so what it points at in '{link.to}' could not be deleted"
                yield Finding(name, message)
