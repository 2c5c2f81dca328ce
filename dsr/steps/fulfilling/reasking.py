"""Before it erases, an item asks the retention rules again, by the map and the live rows of that day.

A rule may have been lengthened since its rows were listed, or the date it counts from has moved: an order is paid in
the days of grace, and the law has it kept. Then the row stays, with a new date, and so does what it points at.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from dsr.connectors.contract import Ability, Batch, Rejected
from dsr.datamap import erasing, meeting
from dsr.datamap.route import Hop, Key, Route, Seed
from dsr.datamap.schema import CollectionMap, SystemMap, Way
from dsr.datamap.sharing import Share
from dsr.law.work import ItemState, Kind
from dsr.models import PlanItem
from dsr.steps import maps
from dsr.steps.fulfilling import manifest, search, sources

Rows = frozenset[tuple[str, Key]]  # collection and key


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A row that stays. `until` is an ISO date, or empty when no day is named; `reason` a rule or a system's words."""

    collection: str
    key: Key
    until: str
    reason: str


def still_kept(item: PlanItem, place: search.Reach, at: datetime) -> list[KeptRow]:
    """The rows that were to go now and that the rules keep longer. Where no day can be named, a person must look.

    Only of a system whose rows can be asked for by their keys. Raises Unreachable, Rejected.
    """
    system = maps.controller(item.subject_request.controller).systems[item.system]
    ruled = _ruled(system)
    if not (item.deferred or ruled) or Ability.SURVEY not in place.connector.abilities:
        return []
    keys = _waiting(item)
    asked = (route for route in place.plan.routes if route.name in keys and (item.deferred or route.name in ruled))
    own = {route.name: _by_its_keys(route) for route in asked}
    identities = {_kind(name): tuple(keys[name]) for name in own}
    rows = [*_found(place, own.values(), identities)]
    dated = [*rows, *_found(place, _parents(system, own), identities)]
    readable = [_of_all(system, _dated(system, batch, manifest.anchors(system, lambda: dated))) for batch in rows]
    lines = list(search.fates(item.subject_request, system, readable, at=at, anchors_from=lambda: dated))
    kept = [(line, tuple(key)) for line in lines if line.until for key in line.keys]
    rows_kept = [KeptRow(line.collection, key, line.until, line.rule) for line, key in kept]
    ways: dict[tuple[str, Key], Way] = {row: line.way for line in _own(item) for row in sources.places([line])}
    return _named([row for row in rows_kept if _stays(row, ways)])


def _stays(row: KeptRow, ways: Mapping[tuple[str, Key], Way]) -> bool:
    """Whether a row of the item stays as it is; what is emptied anyway needs no more than its number."""
    way = ways.get((row.collection, row.key))
    return way is Way.DELETE or (way is not None and row.reason != manifest.TOMBSTONE)


def numbers(stays: Iterable[KeptRow]) -> Rows:
    """Those rows of which the number alone stays: what was to go with them goes now."""
    return frozenset((row.collection, row.key) for row in stays if row.reason == manifest.TOMBSTONE)


def number(line: manifest.Line, rows: Rows, collection: CollectionMap) -> manifest.Line:
    """The rows of a line of which the number alone stays, and how they are emptied; perhaps none."""
    keys = [key for key in line.keys if (line.collection, tuple(key)) in rows]
    return msgspec.structs.replace(line, way=Way.TOMBSTONE, keys=keys, set=erasing.blank(collection))


def _ruled(system: SystemMap) -> frozenset[str]:
    """The collections of which a rule keeps rows, and those that such rows point at."""
    reached = {name for name, collection in system.collections.items() if collection.keep}
    left = list(reached)
    while left:
        links = {link.to for link in system.collections[left.pop()].links}
        left += (further := (links & system.collections.keys()) - reached)
        reached |= further
    return frozenset(reached)


def _named(kept: list[KeptRow]) -> list[KeptRow]:
    """All of them, with their days. Raises Rejected."""
    endless = Counter(row.collection for row in kept if row.until == manifest.NO_DAY.isoformat())
    if endless:
        told = ", ".join(f"{count} of {name}" for name, count in sorted(endless.items()))
        message = f"By the rules of today these rows stay, and no day can be named: {told}. Mend the map or the rows."
        raise Rejected(message)
    return kept


def _own(item: PlanItem) -> Iterator[manifest.Line]:
    """The lines that are due on the item's own date."""
    until = item.until.isoformat() if item.until else ""
    return (line for line in sources.lines(item) if line.until == until)


def _waiting(item: PlanItem) -> dict[str, dict[Key, None]]:
    """Keys by collection: of this item, and of all that wait still, for what stays keeps what it points at.

    At first that is everything which was listed: what waits for its day has no item yet.
    """
    listed = _own(item) if item.deferred else sources.lines(item)
    keys: dict[str, dict[Key, None]] = {}
    for collection, key in (*sources.places(listed), *waiting_elsewhere(item)):
        keys.setdefault(collection, {})[key] = None
    return keys


def waiting_elsewhere(item: PlanItem) -> Iterator[sources.Place]:
    """Rows of the same system and request that wait for their day in another item."""
    items = PlanItem.objects.filter(subject_request=item.subject_request_id, kind=Kind.ERASE, system=item.system)
    for each in items.exclude(until=None).exclude(state=ItemState.DONE).exclude(pk=item.pk):
        yield from sources.places(_own(each))


def _kind(collection: str) -> str:
    """The kind of identity under which rows' own keys stand."""
    return f"row:{collection}"


def _by_its_keys(route: Route) -> Route:
    """The collection by its rows' own keys alone."""
    return Route(route.name, route.collection, (Seed(_kind(route.name), route.collection.key),), ())


def _parents(system: SystemMap, own: Mapping[str, Route]) -> Iterator[Route]:
    """The rows in which the dates stand that these rows are kept from."""
    for route in own.values():
        keep = route.collection.keep
        if keep and (there := erasing.anchor(route.collection, keep.since)):
            link, _ = there
            hop = Hop(tuple(link.on.values()), route, tuple(link.on))
            yield Route(link.to, system.collections[link.to], (), (hop,))


def _found(place: search.Reach, routes: Iterable[Route], identities: Mapping[str, tuple[Key, ...]]) -> Iterator[Batch]:
    for route in routes:
        yield from (each for each in place.connector.find(route, identities) if isinstance(each, Batch))


def _of_all(system: SystemMap, batch: Batch) -> Batch:
    """As if the person were everybody in it: the day alone is asked here, and the way is the approved one."""
    shared = system.collections[batch.collection].shared
    return replace(batch, share=Share(tuple(shared.parties), ())) if shared else batch


def _dated(system: SystemMap, batch: Batch, anchors: manifest.Anchors) -> Batch:
    """Without rows whose date stood in a row that this erasure has taken: those go on the day that was told."""
    collection = system.collections[batch.collection]
    there = erasing.anchor(collection, collection.keep.since) if collection.keep else None
    if collection.keep is None or there is None:
        return batch
    dates = anchors.get((batch.collection, collection.keep.since), {})
    places = [batch.fields.index(name) for name in there[0].on]
    rows = (row for row in batch.rows if dates.get(meeting.place(row[one] for one in places) or ()))
    return Batch(batch.collection, batch.fields, tuple(rows))
