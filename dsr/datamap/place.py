"""Where the keys of a collection count: the same number in another table, or in another column, is another row.

And where a search looks: there, and by which ways.
"""

import hashlib
import json
from collections.abc import Iterable

from dsr.datamap.route import Route
from dsr.datamap.schema import SystemMap


def place_of(system: SystemMap, collection: str) -> str:
    """Twelve hex digits over what the map says of kind, table or path, and key. KeyError: no such collection."""
    described = system.collections[collection]
    told = [system.connector.kind, collection, sorted(described.settings.items()), described.key]
    return _digest(told)


def searched_at(system: SystemMap, routes: Iterable[Route]) -> dict[str, str]:
    """Where and by which ways a search looks: by another way it may find other rows, and show others' or nobody's."""
    known: dict[str, str] = {}
    return {route.name: f"{place_of(system, route.name)}-{_ways(route, known)}" for route in routes}


def _ways(route: Route, known: dict[str, str]) -> str:
    """Twelve hex digits over what leads to a collection, its parents' ways included, and whose its rows are."""
    if route.name not in known:
        shared = route.collection.shared
        told = [
            [(seed.kind, seed.fields) for seed in route.seeds],
            [(hop.fields, hop.to_fields, hop.to.name, _ways(hop.to, known)) for hop in route.hops],
            [(loop.fields, loop.to_fields) for loop in route.loops],
            shared.model_dump() if shared else None,
        ]
        known[route.name] = _digest(told)
    return known[route.name]


def _digest(told: object) -> str:
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12]
