"""From a route to one statement: names come from the map and the live schema, values are bound."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any

import sqlalchemy as sa

from dsr.connectors.sql.live import Condition, Place, Tables
from dsr.datamap.route import Hop, Identities, Key, Loop, Route, Seed

SEEDS_AT_ONCE = 500
_WORDS = ("email", "phone")  # identities that are text wherever they stand; others may be bytes, told in hex
LISTED_AT_ONCE = 1_000  # where a whole list is one bound value: what they bring is then often one short answer


@dataclass(frozen=True, slots=True)
class Reached:
    """A route's table, and the ways on which rows of it are reached; a row may be reached on several.

    One statement with OR between them would have the table read from end to end: databases use an index for each way,
    but not for both.
    """

    place: Place
    source: sa.FromClause
    ways: tuple[Condition, ...]

    def each_once(self, columns: Sequence[sa.ColumnElement[Any]]) -> sa.Select[Any] | sa.CompoundSelect[Any]:
        """Bring these columns of every row once: of each way the rows that no earlier one brings."""
        selects = [
            sa.select(*columns).where(way, *(sa.case((earlier, 0), else_=1) == 1 for earlier in self.ways[:number]))
            for number, way in enumerate(self.ways)
        ]
        return selects[0] if len(selects) == 1 else sa.union_all(*selects)

    def among(self, own: list[sa.ColumnElement[Any]], columns: list[sa.ColumnElement[Any]]) -> Condition:
        """Say that columns of another table equal these of one of the rows."""
        selects = [sa.select(*columns).where(way) for way in self.ways]
        wanted = selects[0] if len(selects) == 1 else sa.union_all(*selects)
        return own[0].in_(wanted) if len(own) == 1 else sa.tuple_(*own).in_(wanted)


def reached(
    tables: Tables, route: Route, identities: Identities, called: Iterator[str] | None = None
) -> Reached | None:
    """Give where a route's rows stand and how they are reached; None when no identity leads there.

    `called`: a name for the values of each seed, in the order of `sown`.
    """
    place = tables.place(route.name, route.collection)
    source = place.source.alias()
    seeded = [_seeded(place, source, seed, identities, next(called, None) if called else None) for seed in route.seeds]
    named = [condition for condition in seeded if condition is not None]
    hopped = (_hopped(tables, place, source, hop, identities, called) for hop in route.hops)
    ways = (sa.or_(*named) if named else None, *hopped)
    found = Reached(place, source, tuple(way for way in ways if way is not None))
    if not found.ways:
        return None
    return _to_the_end(found, route.loops, route.collection.key) if route.loops else found


def _to_the_end(first: Reached, loops: Sequence[Loop], key: Sequence[str]) -> Reached:
    """Follow rows that point at rows of the same table until no new one comes; a row that comes again ends it."""
    place = first.place
    names = list(dict.fromkeys((*key, *chain.from_iterable(loop.to_fields for loop in loops))))
    begins = [sa.select(*(place.column(name, first.source) for name in names)).where(way) for way in first.ways]
    one = begins[0] if len(begins) == 1 else sa.select(sa.union_all(*begins).subquery())
    # In the place where it is used: an UPDATE does not begin with WITH everywhere.
    walk = one.cte(recursive=True, nesting=True)
    below = place.source.alias()
    met = [
        sa.and_(
            *(
                own == to
                for name, other in zip(loop.fields, loop.to_fields, strict=True)
                for own, to in place.met(name, below, place, other, walk)
            )
        )
        for loop in loops
    ]
    walk = walk.union(sa.select(*(place.column(name, below) for name in names)).where(sa.or_(*met)))
    source = place.source.alias()
    found = sa.select(*(walk.c[name] for name in key))
    own = [place.column(name, source) for name in key]
    return Reached(place, source, (own[0].in_(found) if len(own) == 1 else sa.tuple_(*own).in_(found),))


def _hopped(
    tables: Tables,
    place: Place,
    source: sa.FromClause,
    hop: Hop,
    identities: Identities,
    called: Iterator[str] | None,
) -> Condition | None:
    there = reached(tables, hop.to, identities, called)
    if there is None or not hop.fields:
        return None
    pairs = list(
        chain.from_iterable(
            place.met(name, source, there.place, to, there.source)
            for name, to in zip(hop.fields, hop.to_fields, strict=True)
        )
    )  # fmt: skip
    return there.among([own for own, _ in pairs], [to for _, to in pairs])


def _seeded(
    place: Place, source: sa.FromClause, seed: Seed, identities: Identities, called: str | None
) -> Condition | None:
    values = _fitting(place, seed, identities)
    return place.among(seed.fields, values, source, called=called) if values else None


def sown(
    tables: Tables, route: Route, identities: Identities
) -> Iterator[tuple[Place, Seed, list[tuple[object, ...]]]]:
    """Give every seed on the ways to a route's rows, with the values that lead there."""
    place = tables.place(route.name, route.collection)
    for seed in route.seeds:
        yield place, seed, _fitting(place, seed, identities)
    for hop in route.hops:
        yield from sown(tables, hop.to, identities)


def _fitting(place: Place, seed: Seed, identities: Identities) -> list[tuple[object, ...]]:
    nothing = (
        (None,) if seed.kind.startswith(("manifest:", "row:")) else (None, "")
    )  # a row's own key may be empty text
    told = [key for key in identities.get(seed.kind, ()) if key and all(v not in nothing for v in key)]
    for name in seed.fields:
        place.column(name)
    if seed.kind in _WORDS and len(seed.fields) == 1:
        told = [tuple(place.in_bytes(seed.fields[0], value) for value in key) for key in told]
    return place.fits(seed.fields, told)


def slices(tables: Tables, route: Route, identities: Identities) -> list[dict[str, tuple[Key, ...]]]:
    """Divide identities so that no statement binds too many; only the kinds that the route asks for."""
    most = LISTED_AT_ONCE if tables.arrays else SEEDS_AT_ONCE
    divided = {
        kind: [keys[start : start + most] for start in range(0, len(keys), most)]
        for kind in sorted(_kinds(route))
        if (keys := tuple(dict.fromkeys(identities.get(kind, ()))))
    }
    return [
        {kind: keys for kind, keys in zip(divided, row, strict=True) if keys}
        for row in zip_longest(*divided.values(), fillvalue=())
    ]


def _kinds(route: Route) -> set[str]:
    return {seed.kind for seed in route.seeds}.union(*(_kinds(hop.to) for hop in route.hops))
