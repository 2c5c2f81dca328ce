"""The ways back to what a manifest lists, when its first rows are gone or hold no name any more."""

from dsr.datamap.route import Hop, Key, Route, Seed
from dsr.models import PlanItem
from dsr.steps.fulfilling import search, sources


def routes_back(item: PlanItem, place: search.Reach) -> tuple[list[Route], dict[str, tuple[Key, ...]]]:
    """The plan's routes, which also start at the manifest's keys of every parent, and what to ask them by.

    On its date a deferred item asks by those keys only: who has come back since has a new account, which stays.
    """
    identities = {} if item.deferred else dict(place.identities)
    parents = {hop.to.name for route in place.plan.routes for hop in route.hops}
    parents |= {route.name for route in place.plan.routes if route.loops}
    keys: dict[str, dict[Key, None]] = {name: {} for name in parents}
    for line in sources.lines(item):
        if line.collection in parents:
            keys[line.collection].update(dict.fromkeys(tuple(key) for key in line.keys))
    identities |= {by_key(name): tuple(found) for name, found in keys.items()}
    return [from_keys(route) for route in place.plan.routes], identities


def from_keys(route: Route) -> Route:
    """The same route, which also starts at the keys of every parent."""
    seeds = [Seed(by_key(hop.to.name), hop.fields) for hop in route.hops if hop.to_fields == hop.to.collection.key]
    seeds += [Seed(by_key(route.name), one.fields) for one in route.loops if one.to_fields == route.collection.key]
    hops = [Hop(hop.fields, from_keys(hop.to), hop.to_fields) for hop in route.hops]
    return Route(route.name, route.collection, (*route.seeds, *seeds), tuple(hops), route.loops)


def by_key(collection: str) -> str:
    """The kind of identity under which keys of a collection stand."""
    return f"manifest:{collection}"
