"""What passes into a portable copy, and why the rest does not (GDPR Art. 20(1); WP242 rev.01)."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation.trans_null import gettext_noop

from dsr.connectors.contract import Batch, Cell, Found
from dsr.datamap.portable import Barrier, barrier, portable_fields
from dsr.datamap.schema import CollectionMap, ControllerMap
from dsr.package.cells import exact
from dsr.package.contents import OpenPart
from dsr.package.redaction import SECRET, Withheld, forbidden, label

WHY = {
    Barrier.SECRET: SECRET,
    Barrier.DERIVED: gettext_noop(
        "We worked it out ourselves. What you can take with you is what you gave us and what we observed."
    ),
    Barrier.RECEIVED: gettext_noop("We received it from somebody else, not from you."),
    Barrier.MARKED: gettext_noop("Our data map marks it as a record of our own, which is not portable."),
    Barrier.BASIS: gettext_noop(
        "We hold it neither by your consent nor for a contract with you, and the right reaches no further."
    ),
}

JSON_TYPES: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}


@dataclass(slots=True)
class Observed:
    """What was seen while the records passed: types as JSON has them, and the place of each row with a file."""

    types: dict[tuple[str, str], set[str]]
    places: dict[tuple[str, str], int]


def only(
    controller_map: ControllerMap, system: str, part: OpenPart, observed: Observed, laws: Collection[str] = ()
) -> OpenPart:
    """The same Part without anything that is not portable. It is read several times, and passes alike each time."""

    def passed() -> Iterator[Found]:
        fields = {
            name: portable_fields(controller_map, system, name, laws)
            for name in controller_map.systems[system].collections
        }
        rows: dict[str, int] = {}
        for found in part():
            wanted = fields.get(found.collection, ())
            collection = controller_map.systems[system].collections.get(found.collection)
            if collection is None or not wanted:
                continue
            if not isinstance(found, Batch):
                if collection.files in wanted:
                    yield found
                continue
            _place(found, collection, rows.get(found.collection, 0), observed)
            rows[found.collection] = rows.get(found.collection, 0) + len(found.rows)
            yield _cut(found, wanted, observed)

    return passed


def _place(batch: Batch, collection: CollectionMap, start: int, observed: Observed) -> None:
    """Remember where rows with files stand, for their keys may not travel."""
    if not collection.files:
        return
    at = [batch.fields.index(name) for name in collection.key]
    for number, row in enumerate(batch.rows, start):
        observed.places[batch.collection, key_text(row[place] for place in at)] = number


def key_text(parts: Iterable[Cell]) -> str:
    """A row's key as text, the same however it is spelled."""
    return json.dumps([str(exact(part)) for part in parts])


def _cut(batch: Batch, wanted: tuple[str, ...], observed: Observed) -> Batch:
    kept = [(name, place) for place, name in enumerate(batch.fields) if name in wanted]
    rows = tuple(tuple(row[place] for name, place in kept) for row in batch.rows)
    for number, name in enumerate(name for name, place in kept):
        seen = observed.types.setdefault((batch.collection, name), set())
        seen.update(_types(row[number] for row in rows))
    return Batch(batch.collection, tuple(name for name, _ in kept), rows, batch.share, batch.left_out)


def _types(cells: Iterable[Cell]) -> set[str]:
    return {JSON_TYPES[type(exact(cell))] for cell in cells}


def left_out(
    controller_map: ControllerMap, system: str, collection: str, laws: Collection[str] = ()
) -> tuple[Withheld, ...]:
    """The fields of a collection that do not pass, each with its reason."""
    described = controller_map.systems[system].collections[collection]
    return tuple(
        Withheld(name, label(name, field), field.category, _(WHY.get(stopped, "")) or forbidden(field, laws))
        for name, field in described.fields.items()
        if (stopped := barrier(controller_map.controller, described, field, laws))
    )
