"""Rows of one collection that point at each other, in the order of erasure: those that point before their target."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby

from dsr.connectors.contract import Batch, Cell, Found
from dsr.datamap import erasing
from dsr.datamap.erasing import Pointer
from dsr.datamap.schema import SystemMap


def children_first(system: SystemMap, found: Iterable[Found]) -> Iterator[Batch]:
    """The rows as they come; of a collection that points at itself as one batch, children before parents."""
    selves: dict[str, list[Pointer]] = {}
    for pointer in erasing.pointers(system):
        if pointer.collection == pointer.to:
            selves.setdefault(pointer.to, []).append(pointer)
    batches = (one for one in found if isinstance(one, Batch))
    for name, group in groupby(batches, key=lambda batch: batch.collection):
        if name not in selves:
            yield from group
            continue
        many = list(group)
        rows = [row for batch in many for row in batch.rows]
        yield Batch(name, many[0].fields, tuple(_sorted(many[0].fields, rows, selves[name])))


def _sorted(
    fields: tuple[str, ...], rows: list[tuple[Cell, ...]], pointers: list[Pointer]
) -> Iterator[tuple[Cell, ...]]:
    """A row goes when none that points at it is left; those of a ring go together, behind all others."""
    targets: list[set[int]] = [set() for _ in rows]
    for pointer in pointers:
        for number, there in enumerate(_met(fields, rows, pointer)):
            targets[number] |= there - {number}  # a row that points at itself waits for nobody
    pointed = Counter(one for there in targets for one in there)
    free = [number for number in range(len(rows)) if not pointed[number]]
    for number in free:  # grows while we go
        yield rows[number]
        pointed.subtract(targets[number])
        free += [one for one in targets[number] if not pointed[one]]
    yield from (rows[number] for number in range(len(rows)) if pointed[number])


def _met(fields: tuple[str, ...], rows: list[tuple[Cell, ...]], pointer: Pointer) -> Iterator[set[int]]:
    """Of each row the numbers of those it points at."""
    own, to = ([fields.index(name) for name in names] for names in (pointer.fields, pointer.to_fields))
    known: dict[tuple[str, ...], set[int]] = {}
    for number, row in enumerate(rows):
        known.setdefault(tuple(str(row[place]) for place in to), set()).add(number)
    for row in rows:
        told = [row[place] for place in own]
        yield set() if None in told else known.get(tuple(map(str, told)), set())
