"""Mistakes in where the map says that a mailbox was last seen: what cannot be read there would never be noticed."""

from collections.abc import Collection, Iterator, Mapping

from dsr.datamap.circles import target
from dsr.datamap.flaw import Flaw, Where, unknown
from dsr.datamap.schema import CollectionMap, Controller, IdentityKind, SystemMap
from dsr.datamap.secrets import secret

_AT: Where = ("proof", "unseen")
_MAY_BE = frozenset({"text", "date"})  # `type` says how a new value is typed; a moment is no address and no number


def flaws(controller: Controller, systems: Mapping[str, SystemMap], broken: Collection[str]) -> Iterator[Flaw]:
    """Every mistake; what would need a `broken` system is not judged."""
    unseen = controller.proof.unseen
    if unseen is None or unseen.system in broken:
        return
    yield from unknown(None, (*_AT, "system"), (unseen.system,), systems, "system")
    if unseen.system not in systems:
        return
    collections = systems[unseen.system].collections
    yield from unknown(None, (*_AT, "collection"), (unseen.collection,), collections, "collection")
    if unseen.collection not in collections:
        return
    collection = collections[unseen.collection]
    yield from unknown(None, (*_AT, "field"), (unseen.field,), collection.fields, "field")
    if unseen.field in collection.fields and (why := _no_moment(collection, unseen.field)):
        message = f"found '{unseen.field}'; allowed is a field that holds a moment: this one {why}"
        yield Flaw(None, (*_AT, "field"), message)
    if collection.shared is not None:
        message = f"found '{unseen.collection}'; its rows concern several people, and no moment says who was there"
        yield Flaw(None, (*_AT, "collection"), message)
    if not broken and (unseen.system, unseen.collection) not in _reached(systems):
        message = f"found '{unseen.collection}'; allowed is what an e-mail address leads to, and none leads there"
        yield Flaw(None, (*_AT, "collection"), message)


def _no_moment(collection: CollectionMap, name: str) -> str:
    """What the map says of a field that no moment is; empty: nothing speaks against it."""
    field = collection.fields[name]
    found_by = {one for fields in collection.found_by.values() for one in fields}
    if name in collection.key or name in found_by or any(name in link.on for link in collection.links):
        return "is what rows are known or found by"
    if field.rectifiable:
        return "can be changed by who asks"
    if secret(field):
        return "is 'never_export', so it is never read"
    if field.type not in _MAY_BE or field.codes or field.currency or field.decimals or name == collection.files:
        return "holds something else, as the map says"
    return ""


def _reached(systems: Mapping[str, SystemMap]) -> set[tuple[str, str]]:
    """System and collection of all that an e-mail address leads to."""
    ways = {
        (slug, name): {target(slug, link) for link in collection.links if link.owns is not False}
        for slug, system in systems.items()
        for name, collection in system.collections.items()
    }
    found = {
        (slug, name)
        for slug, system in systems.items()
        for name, collection in system.collections.items()
        if IdentityKind.EMAIL in collection.found_by
    }
    while more := {place for place, those in ways.items() if those & found} - found:
        found |= more
    return found
