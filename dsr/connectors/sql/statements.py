"""From a route to one statement: names come from the map and the live schema, values are bound."""

from itertools import chain, zip_longest
from typing import Any

import sqlalchemy as sa

from dsr.connectors.sql.live import Condition, Place, Tables
from dsr.datamap.route import Hop, Identities, Key, Route, Seed

SEEDS_AT_ONCE = 500


def reached(tables: Tables, route: Route, identities: Identities) -> tuple[sa.FromClause, Condition] | None:
    """Give a route's table and the condition of its rows; None when no identity leads there."""
    place = tables.place(route.name, route.collection)
    source = place.source.alias()
    seeded = (_seeded(place, source, seed, identities) for seed in route.seeds)
    hopped = (_hopped(tables, place, source, hop, identities) for hop in route.hops)
    conditions = [condition for condition in (*seeded, *hopped) if condition is not None]
    return (source, sa.or_(*conditions)) if conditions else None


def _hopped(tables: Tables, place: Place, source: sa.FromClause, hop: Hop, identities: Identities) -> Condition | None:
    there = reached(tables, hop.to, identities)
    if there is None or not hop.fields:
        return None
    other, condition = there
    target = tables.place(hop.to.name, hop.to.collection)
    pairs = list(
        chain.from_iterable(
            place.met(name, source, target, to, other)
            for name, to in zip(hop.fields, hop.to_fields, strict=True)
        )
    )  # fmt: skip
    return among_rows([own for own, _ in pairs], sa.select(*(to for _, to in pairs)).where(condition))


def among_rows(own: list[sa.ColumnElement[Any]], wanted: sa.Select[Any]) -> Condition:
    """Say that columns equal those of one of the rows."""
    return own[0].in_(wanted) if len(own) == 1 else sa.tuple_(*own).in_(wanted)


def _seeded(place: Place, source: sa.FromClause, seed: Seed, identities: Identities) -> Condition | None:
    told = [key for key in identities.get(seed.kind, ()) if key and all(v not in (None, "") for v in key)]
    for name in seed.fields:
        place.column(name)
    fitting = place.fits(seed.fields, told)
    return place.among(seed.fields, fitting, source) if fitting else None


def slices(route: Route, identities: Identities) -> list[dict[str, tuple[Key, ...]]]:
    """Divide identities so that no statement binds too many; only the kinds that the route asks for."""
    divided = {
        kind: [keys[start : start + SEEDS_AT_ONCE] for start in range(0, len(keys), SEEDS_AT_ONCE)]
        for kind in sorted(_kinds(route))
        if (keys := tuple(dict.fromkeys(identities.get(kind, ()))))
    }
    return [
        {kind: keys for kind, keys in zip(divided, row, strict=True) if keys}
        for row in zip_longest(*divided.values(), fillvalue=())
    ]


def _kinds(route: Route) -> set[str]:
    return {seed.kind for seed in route.seeds}.union(*(_kinds(hop.to) for hop in route.hops))
