"""Mistakes in what a system's map lets be corrected or stopped."""

from collections.abc import Iterator

from dsr.datamap.flaw import Flaw, Where, unknown
from dsr.datamap.schema import ACCOUNT, NOW, CollectionMap, Controller, Stop, SystemMap
from dsr.datamap.secrets import secret


def flaws(controller: Controller, slug: str, system: SystemMap) -> Iterator[Flaw]:
    """Every mistake of one system."""
    for name, collection in system.collections.items():
        yield from _of_collection(slug, ("collections", name), collection)
    for key, stop in system.stops.items():
        where: Where = ("stops", key)
        yield from _of_purpose(controller, slug, where, key)
        if key == ACCOUNT and stop.undo is None:
            message = "is missing; an erasure can be cancelled, and the account is opened again then"
            yield Flaw(slug, (*where, "undo"), message)
        yield from unknown(slug, (*where, "collection"), (stop.collection,), system.collections, "collection")
        if stop.collection in system.collections:
            yield from _of_stop(slug, where, stop, system.collections[stop.collection])


def _of_collection(slug: str, at: Where, collection: CollectionMap) -> Iterator[Flaw]:
    if collection.item_title:
        yield from unknown(slug, (*at, "item_title"), (collection.item_title,), collection.fields, "field")
    tied = {*collection.key, collection.files, *(own for link in collection.links for own in link.on)}
    for name, field in collection.fields.items():
        where: Where = (*at, "fields", name)
        if field.rectifiable and (secret(field) or name in tied):
            message = "found true; a key, a link, a file or a field that is never shown cannot be corrected"
            yield Flaw(slug, (*where, "rectifiable"), message)
        if field.type == "choice" and not field.codes:
            yield Flaw(slug, (*where, "codes"), "is missing; a choice is made among its codes")


def _of_purpose(controller: Controller, slug: str, where: Where, key: str) -> Iterator[Flaw]:
    stoppable = [name for name, one in controller.purposes.items() if one.withdrawable and one.stopped_at == "here"]
    yield from unknown(slug, where, (key,), (ACCOUNT, *stoppable), "purpose")


def _of_stop(slug: str, where: Where, stop: Stop, collection: CollectionMap) -> Iterator[Flaw]:
    fields = collection.fields
    yield from unknown(slug, (*where, "when"), stop.when, fields, "field")
    yield from unknown(slug, (*where, "set"), stop.set, fields, "field")
    if not stop.set:
        yield Flaw(slug, (*where, "set"), "found nothing; a stop is seen by the values it leaves")
    if any(not values for values in stop.when.values()):
        yield Flaw(slug, (*where, "when"), "found no value; such a stop would never reach a row")
    found_by = {own for each in collection.found_by.values() for own in each}
    tied = {*collection.key, *found_by, *(own for link in collection.links for own in link.on)}
    for name in sorted(set(stop.set) & tied):
        yield Flaw(slug, (*where, "set", name), "is what rows are found by, and stays")
    if stop.undo is not None and set(stop.undo) != set(stop.set):
        yield Flaw(slug, (*where, "undo"), f"names other fields than 'set': {', '.join(stop.set)}")
    if stop.undo and NOW in stop.undo.values():
        yield Flaw(slug, (*where, "undo"), f"'{NOW}' is for 'set' alone")
