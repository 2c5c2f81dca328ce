"""Rows that are not the person's any more: their keys were approved, and since then they got another owner.

Only of a system whose rows can be asked for by their keys. Where what the erasure itself has taken may be what led to
a row, nobody can tell any more whose it is, and the approved keys count.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

import msgspec

from dsr.connectors.contract import Ability, Batch, Cell
from dsr.datamap.narrow import kinds_of
from dsr.datamap.route import Identities, Key, Route
from dsr.models import Manifest, PlanItem
from dsr.steps import ledger
from dsr.steps.asking import scopes
from dsr.steps.fulfilling import manifest, search
from dsr.steps.fulfilling.routes_back import by_key, routes_back

Rows = frozenset[tuple[str, Key]]  # collection and key


def among(lines: Iterable[manifest.Line], item: PlanItem, place: search.Reach) -> Rows:
    """Those rows of the lines that are there, unerased, though no route leads to them. Raises Unreachable, Rejected."""
    owned = _told_apart(item, place)
    asked = [line for line in lines if line.collection in owned and not (item.deferred and _stone(line))]
    if not asked:
        return frozenset()
    routes, identities = routes_back(item, place)
    found: Rows = frozenset()
    while True:  # what hangs on a row that is somebody else's is theirs, too
        theirs = {by_key(name): frozenset(key for there, key in found if there == name) for name in owned}
        known = {
            kind: tuple(key for key in keys if key not in theirs.get(kind, ())) for kind, keys in identities.items()
        }
        more = found | frozenset(_unreached(asked, [route for route in routes if route.name in owned], known, place))
        if more == found:
            return found
        found = more


def _unreached(
    lines: list[manifest.Line], routes: list[Route], identities: Identities, place: search.Reach
) -> Iterator[tuple[str, Key]]:
    """One look at each collection, and one more at what it did not bring."""
    left: dict[str, set[Key]] = {route.name: set() for route in routes}
    for line in lines:
        left[line.collection].update(tuple(key) for key in line.keys)
    for route in (each for each in routes if left[each.name]):
        for batch in place.connector.find(_bare(route), identities):
            if isinstance(batch, Batch):
                left[route.name] -= _keys(batch, route.collection.key)
    described = {route.name: route.collection for route in routes}
    for line in lines:
        if keys := [key for key in line.keys if tuple(key) in left[line.collection]]:
            chunk = msgspec.structs.replace(line, keys=keys).chunk(described[line.collection])
            yield from ((line.collection, _spelled(key)) for key in place.connector.read_back(chunk))


def told(rows: Rows) -> str:
    """What a person reads: counts, and what to do."""
    counts = ", ".join(f"{n} of {name}" for name, n in sorted(Counter(name for name, _ in rows).items()))
    return (
        f"Listed rows are there that nothing leads to any more, so they may be somebody else's now: {counts}. "
        "They were not touched. Look whose they are there."
    )


def _told_apart(item: PlanItem, place: search.Reach) -> frozenset[str]:
    """The collections of which the routes still say whose a row is."""
    if Ability.SURVEY not in place.connector.abilities:
        return frozenset()
    if item.deferred and not Manifest.objects.filter(part=item.source_id).exists():
        return frozenset()  # listed apart from the rows that led to it
    missing = {key.kind for key in place.plan.needs if not place.identities.get(key.kind)}
    routes = [route for route in place.plan.routes if not missing & set(kinds_of(route))]
    if item.deferred:
        # Their owners may be gone, and who has come back since is not asked by: only listed keys lead to them.
        listed = [route for route in routes if not route.seeds and _by_keys(route)]
        inside = (
            route
            for route in listed
            if all(scopes.within(item.subject_request, item.system, hop.to.name) for hop in route.hops)
        )
        return frozenset(route.name for route in inside)
    first = not ledger.touched(item, item.fence - 1)  # nothing of it is erased yet
    return frozenset(route.name for route in routes if first or _by_keys(route))


def _by_keys(route: Route) -> bool:
    """Whether a row's owner is named by the owner's own key all the way: the manifest lists it when that is gone."""
    hops = all(hop.to_fields == hop.to.collection.key and _by_keys(hop.to) for hop in route.hops)
    return hops and all(loop.to_fields == route.collection.key for loop in route.loops)


def _stone(line: manifest.Line) -> bool:
    """What is left of it is a number, which leads nowhere."""
    return line.rule == manifest.TOMBSTONE


def _bare(route: Route) -> Route:
    """The same rows, and no more of them than their keys."""
    collection = route.collection
    fields = {name: collection.fields[name] for name in collection.key if name in collection.fields}
    bare = collection.model_copy(update={"fields": fields, "files": ""})
    return Route(route.name, bare, route.seeds, route.hops, route.loops)


def _keys(batch: Batch, key: Collection[str]) -> set[Key]:
    places = [batch.fields.index(name) for name in key]
    return {_spelled(tuple(row[one] for one in places)) for row in batch.rows}


def _spelled(key: Iterable[Cell]) -> Key:
    return tuple(manifest.spelled(part) for part in key)
