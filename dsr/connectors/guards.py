"""What every connector looks at before it changes anything, and how it sums up what it did."""

from collections.abc import Sequence

from dsr.connectors.contract import Change, Effect, Receipt, Rejected
from dsr.datamap.route import Route
from dsr.datamap.schema import Stop, SystemMap


def correctable(system: SystemMap, changes: Sequence[Change]) -> str:
    """The one collection of the changes, all of which the map allows. Raises Rejected."""
    named = {change.collection for change in changes}
    if len(named) != 1 or not named <= set(system.collections):
        raise Rejected(f"{system.slug}: changes are made in one known collection at a time")
    (name,) = named
    collection = system.collections[name]
    for change in changes:
        described = collection.fields.get(change.field)
        if described is None or not described.rectifiable or change.field in collection.key:
            raise Rejected(f"{name}: the map does not let '{change.field[:64]}' be corrected")
        if change.key_fields != collection.key or len(change.key) != len(collection.key):
            raise Rejected(f"{name}: rows are named by their key only")
    return name


def stoppable(system: SystemMap, stop: Stop, route: Route) -> Stop:
    """The stop, if it stands in the map and the route leads to its rows. Raises Rejected."""
    if stop not in system.stops.values() or route.name != stop.collection:
        raise Rejected(f"{system.slug}: the map has no such stop in '{route.name}'")
    return stop


def corrections(outcomes: tuple[Effect, ...]) -> Receipt:
    """The receipt of a correction that is over."""
    done = outcomes.count(Effect.DONE)
    effect = Effect.DONE if done == len(outcomes) else Effect.KEPT
    note = (
        "" if effect is Effect.DONE else "some values changed meanwhile, or their rows are gone; they stay as they are"
    )
    return Receipt(effect, count=done, note=note, outcomes=outcomes)
