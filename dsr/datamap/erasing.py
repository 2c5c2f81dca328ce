"""What the ways of erasure write, and which rows point at which: a row that stays keeps what it points at."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dsr.datamap.schema import CollectionMap, Link, SystemMap, Way

Values = dict[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Pointer:
    """Rows of `collection` point by `fields` at rows of `to` with the same values in `to_fields`."""

    collection: str
    fields: tuple[str, ...]
    to: str
    to_fields: tuple[str, ...]


def new_values(collection: CollectionMap) -> Values:
    """The values that the collection's way of erasure leaves; nothing for a way that leaves no row."""
    erase = collection.erase
    if erase.way is Way.UNLINK:
        return {name: erase.set.get(name) for name in linking(collection)}
    if erase.way is Way.TOMBSTONE:
        return blank(collection)
    return dict(erase.set) if erase.way in {Way.REDACT, Way.AGGREGATE} else {}


def blank(collection: CollectionMap) -> Values:
    """Every field but the key, emptied, or with the neutral value that the map names for it."""
    return {name: collection.erase.set.get(name) for name in collection.fields if name not in collection.key}


def linking(collection: CollectionMap) -> tuple[str, ...]:
    """The collection's own fields by which its rows are found, or belong to others."""
    own = [name for fields in collection.found_by.values() for name in fields]
    own += [name for link in collection.links if link.owns is not False for name in link.on]
    return tuple(dict.fromkeys(own))


def leading(collection: CollectionMap) -> frozenset[str]:
    """Fields whose value names another row, or a party: whatever else stands there may be somebody's.

    Of links, those that only point included.
    """
    parties = collection.shared.parties.values() if collection.shared else ()
    return frozenset(name for link in collection.links for name in link.on).union(*(one.known_by for one in parties))


def pointers(system: SystemMap) -> Iterator[Pointer]:
    """Every link within a system that says whose a row is, in the direction in which rows need each other."""
    for name, collection in system.collections.items():
        for link in collection.links:
            if link.to not in system.collections or link.owns is False:
                continue
            own, there = tuple(link.on), tuple(link.on.values())
            if pointed_at(collection, link, system.collections):
                yield Pointer(link.to, there, name, own)
            else:
                yield Pointer(name, own, link.to, there)


def emptied(system: SystemMap, gone: str) -> Iterator[Pointer]:
    """The links that only point at rows of `gone`: they are emptied before these are deleted, whoever's row it is."""
    for name, collection in system.collections.items():
        for link in collection.links:
            if link.to == gone and link.owns is False:
                yield Pointer(name, tuple(link.on), gone, tuple(link.on.values()))


def pointed_at(collection: CollectionMap, link: Link, collections: Mapping[str, CollectionMap]) -> bool:
    """Whether the other row points here: this field is the row's own key, and meets none there.

    So does a row by which one of several people is known: as long as it is there, this one is somebody's. What is kept
    by a day of its own keeps the other.
    """
    parties = collection.shared.parties.values() if collection.shared and collection.keep is None else ()
    if any(party.several and set(link.on) <= set(party.known_by) for party in parties):
        return True
    return set(link.on) == set(collection.key) and set(link.on.values()) != set(collections[link.to].key)


def anchor(collection: CollectionMap, told: str) -> tuple[Link, str] | None:
    """The link and the field there that 'collection.field' names; None for a field of one's own. See Keep.since."""
    parent, dot, field = told.partition(".")
    if not dot:
        return None
    return next(((link, field) for link in collection.links if link.to == parent), None)
