"""Rows that concern several people: whose a row is, what each of them sees, and what their erasure does to it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from dsr.datamap.erasing import Pointer, Values
from dsr.datamap.parties import Party, Shared
from dsr.datamap.route import Route
from dsr.datamap.schema import CollectionMap, IdentityKind, Way
from dsr.datamap.values import same

EMAIL = "user.contact.email"  # the category of addresses
STAYS = "It belongs to somebody else, too, and nothing in it names you any more."


@dataclass(frozen=True, slots=True)
class Share:
    """Which parties of a row the person is, and which others it names."""

    mine: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Others:
    """How a row shows that somebody else is in it.

    It is nobody else's when each field of `named` holds the value that stands beside it, and no row of `through` points
    at it. Of fields that name somebody `together` only, one such value is enough. A deletion takes such rows alone; any
    other way deletes them after it. `stays`: what a deletion leaves standing holds nothing of the person's, and stays.
    """

    named: dict[str, str | int | None]
    through: tuple[Pointer, ...] = ()
    stays: bool = False
    together: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Ending:
    """What erasing one person does to a row."""

    way: Way
    new: Values
    others: Others | None = None


def of(party: Party) -> tuple[str, ...]:
    """The fields that are a party's."""
    return tuple(dict.fromkeys((*party.known_by, *party.fields)))


def hidden(collection: CollectionMap, mine: Iterable[str]) -> frozenset[str]:
    """The fields that a person who is these parties does not see. A row's key is always told."""
    shared = collection.shared
    if shared is None:
        return frozenset()
    own = {name for slug in mine for name in of(shared.parties[slug])}
    theirs = {name for slug, party in shared.parties.items() if slug not in mine for name in of(party)}
    return frozenset(theirs - own - set(shared.show) - set(collection.key))


def own_fields(collection: CollectionMap, share: Share | None) -> frozenset[str] | None:
    """The fields that are the person's own; None: the row is theirs alone."""
    if collection.shared is None:
        return None
    mine = share.mine if share else ()
    return frozenset(name for slug in mine for name in of(collection.shared.parties[slug]))


def address_fields(collection: CollectionMap, share: Share | None = None) -> tuple[str, ...]:
    """The fields with e-mail addresses of the person: by which the row is known, or that it holds beside."""
    own = own_fields(collection, share)
    known = collection.found_by.get(IdentityKind.EMAIL, ())
    held = (name for name, field in collection.fields.items() if field.category == EMAIL)
    return tuple(name for name in dict.fromkeys((*known, *held)) if own is None or name in own)


def routes(route: Route, shared: Shared) -> Iterator[tuple[str, Route]]:
    """The ways of a route on which a row is reached as each party's."""
    for slug, party in shared.parties.items():
        known = set(party.known_by)
        yield (
            slug,
            Route(
                route.name,
                route.collection,
                tuple(seed for seed in route.seeds if seed.party == slug or set(seed.fields) <= known),
                tuple(hop for hop in route.hops if set(hop.fields) <= known),
                tuple(loop for loop in route.loops if set(loop.fields) <= known),
            ),
        )


def party_of(collection: CollectionMap, fields: Iterable[str]) -> str:
    """The party that these fields name; empty where the row is one person's."""
    parties = collection.shared.parties.items() if collection.shared else ()
    return next((slug for slug, party in parties if set(fields) <= set(party.known_by)), "")


def share(collection: CollectionMap, mine: tuple[str, ...], record: Mapping[str, object]) -> Share:
    """Who else is in a row, as it stands."""
    parties = collection.shared.parties if collection.shared else {}
    others = (slug for slug in parties if slug not in mine)
    return Share(mine, tuple(slug for slug in others if _named(collection, parties[slug], record)))


def _named(collection: CollectionMap, party: Party, record: Mapping[str, object]) -> bool:
    told = {
        name
        for name in party.known_by
        if record.get(name) is not None and not same(record.get(name), party.set.get(name))
    }
    return party.several or any(set(way) <= told for way in _ways(collection, party))


def _ways(collection: CollectionMap, party: Party) -> list[tuple[str, ...]]:
    """The fields that name a party, each alone, or together with others where no way takes one of them alone."""
    ways = [*collection.found_by.values(), *(tuple(link.on) for link in collection.links if link.owns is not False)]
    own = [way for way in ways if set(way) <= set(party.known_by)]
    alone = [name for name in party.known_by if (name,) in own or not any(name in way for way in own)]
    return [*((name,) for name in alone), *(way for way in own if not set(way) & set(alone))]


def ending(name: str, collection: CollectionMap, share: Share) -> Ending:
    """What becomes of a row of a shared collection when the person with this share of it is erased.

    Raises ValueError where their part in it is not known.
    """
    if collection.shared and not share.mine:
        message = "whose part in the row it is is not known"
        raise ValueError(message)
    shared = collection.shared or Shared(parties={})
    gone = [slug for slug in share.mine if not shared.parties[slug].several]
    if any(shared.parties[slug].erase == "delete" for slug in share.mine):
        return Ending(Way.DELETE, {})
    others = _others(name, collection, shared, gone)
    if others is None or (gone and not share.others and not others.through):
        return Ending(Way.DELETE, {}, others)
    if not gone:
        return Ending(Way.DELETE, {}, replace(others, stays=True))
    stays = {field for slug, party in shared.parties.items() if slug not in gone for field in of(party)}
    new = {
        field: shared.parties[slug].set.get(field)
        for slug in gone
        for field in of(shared.parties[slug])
        if field not in stays
    }
    replaced = any(shared.parties[slug].erase == "replace" for slug in gone)
    return Ending(Way.REDACT if replaced else Way.UNLINK, new, others)


def _others(name: str, collection: CollectionMap, shared: Shared, gone: list[str]) -> Others | None:
    """How rows show that others are left; None when nobody else can be in one."""
    named: dict[str, str | int | None] = {}
    through: list[Pointer] = []
    ways: list[tuple[str, ...]] = []
    for slug, party in shared.parties.items():
        if party.several:
            through += through_of(name, collection, party)
        elif slug not in gone:
            named |= {field: party.set.get(field) for field in party.known_by}
            ways += _ways(collection, party)
    alone = {way[0] for way in ways if len(way) == 1}
    together = tuple(dict.fromkeys(way for way in ways if not alone & set(way)))
    return Others(named, tuple(through), together=together) if named or through else None


def through_of(name: str, collection: CollectionMap, party: Party) -> Iterator[Pointer]:
    """The links that lead to the people of a party that may be several."""
    for link in collection.links:
        if set(link.on) <= set(party.known_by):
            yield Pointer(link.to, tuple(link.on.values()), name, tuple(link.on))
