"""Mistakes in how a system's map lets rows be erased, and in what their age is counted from."""

from collections.abc import Iterator, Mapping

from dsr.datamap import erasing
from dsr.datamap.flaw import Flaw, Where, unknown
from dsr.datamap.schema import CollectionMap, Keep, Link, SystemMap, Way
from dsr.datamap.secrets import secret


def flaws(slug: str, system: SystemMap) -> Iterator[Flaw]:
    """Every mistake of one system."""
    for name, collection in system.collections.items():
        at: Where = ("collections", name)
        yield from _of_way(slug, at, collection)
        if collection.erase.way is Way.KEEP:
            yield from _of_endless(slug, at, collection)
        for place, link in enumerate(collection.links):
            yield from _of_parent(slug, (*at, "links", place), link, collection, system.collections)
        if collection.created:
            yield from unknown(slug, (*at, "created"), (collection.created,), collection.fields, "field")
        if collection.ages_from:
            yield from _of_anchor(slug, (*at, "ages_from"), collection, collection.ages_from, system.collections)
        if collection.keep:
            yield from _of_anchor(slug, (*at, "keep", "since"), collection, collection.keep.since, system.collections)
            yield from _of_keep(slug, (*at, "keep"), collection, collection.keep, system.collections)


def _of_way(slug: str, at: Where, collection: CollectionMap) -> Iterator[Flaw]:
    erase, key = collection.erase, set(collection.key)
    where: Where = (*at, "erase")
    if erase.way is Way.UNLINK:
        linking = erasing.linking(collection)
        if stays := [name for name in linking if name in key]:
            message = f"'unlink' empties {', '.join(stays)}, which is part of the key; 'tombstone' keeps the key alone"
            yield Flaw(slug, where, message)
        for name in sorted(set(erase.set) - set(linking)):
            yield Flaw(slug, (*where, "set", name), f"is no field that links; 'unlink' empties {', '.join(linking)}")
    if erase.way is Way.TOMBSTONE:
        named = sorted({name for fields in collection.found_by.values() for name in fields} & key)
        if named:
            message = f"the key holds {', '.join(named)}, by which a person is known: 'tombstone' would keep it"
            yield Flaw(slug, where, message)
        if not set(collection.fields) - key:
            yield Flaw(slug, where, "nothing but the key is described here; 'tombstone' would change nothing")
    if erase.way in {Way.DELETE, Way.KEEP} and erase.set and not erase.tombstone:
        yield Flaw(slug, (*where, "set"), f"'{erase.way}' writes no new values")


def _of_endless(slug: str, at: Where, collection: CollectionMap) -> Iterator[Flaw]:
    """Rows that stay without a day beside a date from which one could be named: they would stay for ever."""
    if collection.keep:
        message = "'way: keep' keeps every row and names no day; take it away, and this rule keeps rows until theirs"
        yield Flaw(slug, (*at, "keep"), message)
    elif collection.ages_from:
        keep = f"keep: {{rule: {collection.retention}, since: {collection.ages_from}}}"
        message = f"'way: keep' lets no row go, however old; write '{keep}' in its place, and rows go on their day"
        yield Flaw(slug, (*at, "ages_from"), message)


def _of_parent(
    slug: str, where: Where, link: Link, own: CollectionMap, siblings: Mapping[str, CollectionMap]
) -> Iterator[Flaw]:
    """A row that the map keeps points to its parent, which may not vanish before it, and should not stay whole."""
    parent = siblings.get(link.to)
    gone = parent is not None and parent.erase.way is Way.DELETE and not parent.erase.tombstone
    if own.keep and gone and link.owns is not False:
        yield Flaw(slug, where, f"rows kept here point to '{link.to}', which needs 'erase: {{tombstone: true}}'")


def _of_keep(
    slug: str, where: Where, collection: CollectionMap, keep: Keep, siblings: Mapping[str, CollectionMap]
) -> Iterator[Flaw]:
    """What decides whether a row stays has to be named, and to be read."""
    yield from unknown(slug, (*where, "when"), keep.when, collection.fields, "field")
    if any(not values for values in keep.when.values()):
        yield Flaw(slug, (*where, "when"), "found no value; such a rule would never keep a row")
    there = erasing.anchor(collection, keep.since)
    since = (siblings.get(there[0].to), there[1]) if there else (collection, keep.since)
    for part, (owner, name) in (("since", since), *(("when", (collection, name)) for name in keep.when)):
        if owner and name in owner.fields and name not in owner.key and secret(owner.fields[name]):
            message = f"{name} is 'never_export': it is not read, so nothing tells which rows stay"
            yield Flaw(slug, (*where, part), message)


def _of_anchor(
    slug: str, where: Where, collection: CollectionMap, told: str, siblings: Mapping[str, CollectionMap]
) -> Iterator[Flaw]:
    if "." not in told:
        yield from unknown(slug, where, (told,), collection.fields, "field")
        return
    there = erasing.anchor(collection, told)
    if there is None or there[0].to not in siblings:
        links = ", ".join(link.to for link in collection.links if link.to in siblings) or "none"
        yield Flaw(slug, where, f"found '{told}'; allowed are fields of its own, and of what it links to: {links}")
    else:
        yield from unknown(slug, where, (there[1],), siblings[there[0].to].fields, f"field of {there[0].to}")
