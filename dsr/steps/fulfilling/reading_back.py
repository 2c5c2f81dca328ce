"""What is left after an erasure: asked by the manifest's keys, and by the route."""

from collections.abc import Iterator, Mapping

from dsr.connectors.contract import Ability, Batch, Cell
from dsr.datamap.route import Key, Route, Seed
from dsr.datamap.schema import Way
from dsr.datamap.values import same
from dsr.models import PlanItem
from dsr.steps import maps
from dsr.steps.asking import scopes
from dsr.steps.fulfilling import manifest, reasking, search, sources
from dsr.steps.fulfilling.reasking import KeptRow
from dsr.steps.fulfilling.routes_back import by_key, routes_back

New = Mapping[str, str | int | None]
Plain = tuple[str | int | float | bool | None, ...]  # a key, as the manifest spells it


def survivors(item: PlanItem, place: search.Reach, kept: list[KeptRow]) -> int:
    """How many rows are still there that should not be. Raises Unreachable, Rejected.

    The keys alone miss what came in since; the route alone proves nothing once its parents are gone or hold no
    name any more, so it starts at the manifest's keys of the parents as well.
    """
    by_systems = {(row.collection, row.key) for row in kept}
    stay = by_systems | set(_standing(item)) | set(reasking.waiting_elsewhere(item))
    emptied = {each: new for each, new in _emptied(item) if each not in by_systems}
    found = _listed(item, place, by_systems, reasking.numbers(kept))
    routes, identities = routes_back(item, place)
    for route in routes:
        if not scopes.within(item.subject_request, item.system, route.name):
            continue
        unlike: set[Plain] = set()
        for batch in place.connector.find(route, identities):
            if isinstance(batch, Batch):
                for key, record in _records(batch, route.collection.key):
                    found += (route.name, key) not in stay
                    if not _holds(record, emptied.get((route.name, key), {})):
                        unlike.add(key)
        found += len(unlike - _named(place, route, unlike))
    return found


def _listed(item: PlanItem, place: search.Reach, kept: set[tuple[str, Key]], bare: reasking.Rows) -> int:
    """How many are there, asked by their keys; of those of which the number stays, how many hold more than that."""
    found = 0
    collections = maps.controller(item.subject_request.controller).systems[item.system].collections
    for line in _own(item):
        collection = collections[line.collection]
        still = place.connector.read_back(line.chunk(collection))
        found += len({(line.collection, key) for key in still} - kept)
        if bare and (left := reasking.number(line, bare, collection)).keys:
            found += len(place.connector.read_back(left.chunk(collection)))
    return found


def _own(item: PlanItem) -> Iterator[manifest.Line]:
    """The lines that this item erases."""
    until = item.until.isoformat() if item.until else ""
    return (line for line in sources.lines(item) if line.keys and line.until == until)


def _standing(item: PlanItem) -> Iterator[sources.Place]:
    """Rows that the manifest leaves standing: kept until a later day, or kept without what names a person."""
    for line in sources.lines(item):
        later = bool(line.until) and (item.until is None or line.until > item.until.isoformat())
        if later or (line.way is not Way.DELETE and line.others is None):  # a shared row leads to its person no more
            yield from sources.places([line])


def _emptied(item: PlanItem) -> Iterator[tuple[sources.Place, New]]:
    """Rows that this item leaves with new values, and these."""
    for line in _own(item):
        if line.way is not Way.DELETE and line.others is None:
            yield from ((each, line.set) for each in sources.places([line]))


def _records(batch: Batch, key: tuple[str, ...]) -> Iterator[tuple[Plain, Mapping[str, Cell]]]:
    for row in batch.rows:
        record = dict(zip(batch.fields, row, strict=True))
        yield tuple(manifest.spelled(record[name]) for name in key), record


def _holds(record: Mapping[str, Cell], new: New) -> bool:
    """Whether the row as it was just read holds the new values, spelled as the map spells them."""
    return all(name in record and same(record[name], value) for name, value in new.items())


def _named(place: search.Reach, route: Route, keys: set[Plain]) -> set[Plain]:
    """Those of the rows that the system finds by their keys: of these it has said by them that they are erased.

    A neutral value, or another spelling, is for the system to judge; but where no key names the row, it judged nothing.
    """
    if not keys or Ability.SURVEY not in place.connector.abilities:  # others' rows cannot be asked for by their keys
        return keys
    kind = by_key(route.name)
    own = Route(route.name, route.collection, (Seed(kind, route.collection.key),), ())
    found = (batch for batch in place.connector.find(own, {kind: tuple(keys)}) if isinstance(batch, Batch))
    return {key for batch in found for key, _ in _records(batch, route.collection.key)}
