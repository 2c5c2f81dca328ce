"""Mistakes in the rules for rows that concern several people: each would show, keep or take what is somebody else's."""

from collections.abc import Iterator, Mapping

from dsr.datamap.erasing import new_values
from dsr.datamap.flaw import Flaw, Where, unknown
from dsr.datamap.parties import Party, Shared
from dsr.datamap.schema import CollectionMap, SystemMap, Way
from dsr.datamap.secrets import secret
from dsr.datamap.sharing import of, through_of


def flaws(slug: str, system: SystemMap, systems: Mapping[str, SystemMap]) -> Iterator[Flaw]:
    """Every mistake of one system."""
    for name, collection in system.collections.items():
        if collection.shared:
            yield from _of_shared(slug, name, collection, collection.shared)
            yield from _of_targets(slug, name, collection, system)
            for key, stop in system.stops.items():
                if stop.collection == name:
                    message = f"rows of '{name}' concern others, too; a stop is for rows of one person"
                    yield Flaw(slug, ("stops", key, "collection"), message)
        yield from _of_links(slug, name, collection, systems)


def _of_shared(slug: str, name: str, collection: CollectionMap, shared: Shared) -> Iterator[Flaw]:
    at: Where = ("collections", name, "shared")
    if len(shared.parties) + sum(party.several for party in shared.parties.values()) <= 1:
        message = "found one party that is one person; allowed are two parties and more, or one with 'several: true'"
        yield Flaw(slug, (*at, "parties"), message)
    for each, party in shared.parties.items():
        yield from _of_party(slug, (*at, "parties", each), party, collection, shared)
    theirs = {field for party in shared.parties.values() for field in of(party)}
    yield from unknown(slug, (*at, "show"), shared.show, sorted(theirs), "party's field")
    for field, why in shared.show.items():
        if not why.strip():
            yield Flaw(slug, (*at, "show", field), "found no reason; say why everybody in the row may see it")
    yield from _of_ways(slug, ("collections", name), collection, shared)
    if collection.erase.way not in {Way.DELETE, Way.KEEP} or collection.erase.tombstone:
        message = "each party of a shared row says how it is erased; here 'delete' or 'keep' alone is allowed"
        yield Flaw(slug, ("collections", name, "erase"), message)
    if used := sorted(theirs & _decided_by(collection)):
        message = f"'keep' looks at {', '.join(used)}, which one party of the row may not see of the other"
        yield Flaw(slug, ("collections", name, "keep"), message)


def _decided_by(collection: CollectionMap) -> set[str]:
    return {collection.keep.since, *collection.keep.when} if collection.keep else set()


def _of_party(slug: str, at: Where, party: Party, collection: CollectionMap, shared: Shared) -> Iterator[Flaw]:
    yield from unknown(slug, (*at, "known_by"), party.known_by, collection.fields, "field")
    yield from unknown(slug, (*at, "fields"), party.fields, collection.fields, "field")
    if not party.known_by:
        yield Flaw(slug, (*at, "known_by"), "found no field; allowed is one or more")
    yield from unknown(slug, (*at, "set"), party.set, of(party), "field of this party")
    if hidden := [name for name in party.known_by if name in collection.fields and secret(collection.fields[name])]:
        message = (
            f"{', '.join(hidden)} is 'never_export': it is not read, so nothing tells whether somebody else is there"
        )
        yield Flaw(slug, (*at, "known_by"), message)
    if party.several:
        yield from _of_several(slug, at, party, collection)
        return
    if kept := [name for name in of(party) if name in collection.key]:
        yield from _of_key(slug, at, party, kept, shared)
    if party.erase == "delete" and not party.why.strip():
        yield Flaw(slug, (*at, "why"), "is missing: why the row is deleted, though somebody else is in it")
    if party.erase != "delete" and party.why:
        yield Flaw(slug, (*at, "why"), f"is for 'delete' alone; this party is erased by '{party.erase}'")
    if party.erase == "replace" and any(party.set.get(name) in (None, "") for name in party.known_by):
        message = f"'replace' needs a value that names nobody for {', '.join(party.known_by)}"
        yield Flaw(slug, (*at, "set"), message)


def _of_key(slug: str, at: Where, party: Party, kept: list[str], shared: Shared) -> Iterator[Flaw]:
    """A key names its row in every answer, and no erasure changes it."""
    if unshown := [name for name in kept if name not in shared.show]:
        message = f"{', '.join(unshown)} is part of the key, which every answer tells: 'show' it, with the reason"
        yield Flaw(slug, (*at, "known_by"), message)
    if party.erase != "delete":
        message = f"{', '.join(kept)} is part of the key, which stays; 'delete' with a reason is left"
        yield Flaw(slug, (*at, "erase"), message)


def _of_several(slug: str, at: Where, party: Party, collection: CollectionMap) -> Iterator[Flaw]:
    links = [link for link in collection.links if set(link.on) <= set(party.known_by)]
    if not links or any("." in link.to for link in links):
        message = "several people are known by a link within the system: their rows there tell whether one is left"
        yield Flaw(slug, (*at, "known_by"), message)
    if party.erase != "unlink" or party.set or party.fields:
        message = "of several people nothing of the row is one's own: no 'fields', 'set' or 'erase' here"
        yield Flaw(slug, at, message)


def _of_targets(slug: str, name: str, collection: CollectionMap, system: SystemMap) -> Iterator[Flaw]:
    """What counts as somebody's row may not be left of a person who is erased."""
    for each, party in collection.shared.parties.items() if collection.shared else ():
        for pointer in through_of(name, collection, party) if party.several else ():
            there = system.collections.get(pointer.collection)
            if there is None or there.erase.way is Way.DELETE or set(pointer.fields) & set(new_values(there)):
                continue
            led = ", ".join(pointer.fields)
            message = (
                f"'{pointer.collection}' is erased by '{there.erase.way}', and its {led} still leads here: 'set' it"
            )
            yield Flaw(slug, ("collections", name, "shared", "parties", each), message)


def _of_ways(slug: str, at: Where, collection: CollectionMap, shared: Shared) -> Iterator[Flaw]:
    """Every way to a row tells as whose it is reached."""
    ways: list[tuple[Where, tuple[str, ...]]] = [
        ((*at, "found_by", kind.value), fields) for kind, fields in collection.found_by.items()
    ]
    ways += [
        ((*at, "links", place), tuple(link.on)) for place, link in enumerate(collection.links) if link.owns is not False
    ]
    for place, link in enumerate(collection.links):
        if link.to == at[1] and link.owns is not False:
            message = "from a row of several people no way goes on to others of its kind; 'owns: false' only points"
            yield Flaw(slug, (*at, "links", place), message)
    for where, fields in ways:
        parties = [one for one, party in shared.parties.items() if set(fields) <= set(party.known_by)]
        if len(parties) != 1:
            found = " and ".join(parties) or "no party"
            yield Flaw(slug, where, f"{', '.join(fields)} leads to {found}; allowed is what one party is 'known_by'")


def _of_links(slug: str, name: str, collection: CollectionMap, systems: Mapping[str, SystemMap]) -> Iterator[Flaw]:
    """From a shared row no way goes on by what names one of its people: it would lead to the other's rows, too."""
    for place, link in enumerate(collection.links):
        head, dot, tail = link.to.partition(".")
        system, to = (head, tail) if dot else (slug, head)
        there = systems[system].collections.get(to) if system in systems else None
        if there is None or there.shared is None or there is collection or link.owns is False:
            continue
        own = collection.shared.parties.values() if collection.shared else ()
        several = {field for party in there.shared.parties.values() if party.several for field in of(party)}
        theirs = {field for party in there.shared.parties.values() for field in of(party)} - several
        if led := sorted(theirs & set(link.on.values()) - set(there.key)):
            message = f"'{link.to}' is shared, and its {', '.join(led)} leads to rows of everybody in it"
            yield Flaw(slug, ("collections", name, "links", place), message)
        elif not any(party.several and set(link.on) <= set(party.known_by) for party in own):
            message = f"'{link.to}' is shared, so these rows are everybody's in it: a party that is 'several' is needed"
            yield Flaw(slug, ("collections", name, "links", place), message)
