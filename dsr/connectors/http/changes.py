"""What a service is told to correct or to stop, and what its answers to that mean."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeGuard

from dsr.connectors.contract import Cell, Change, Effect, Receipt, Rejected
from dsr.connectors.guards import corrections
from dsr.datamap.schema import NOW, Stop
from dsr.datamap.values import same

Item = Mapping[str, object]
_OUTCOMES = {"done": Effect.DONE, "changed": Effect.KEPT, "absent": Effect.ABSENT}


def correction(changes: Sequence[Change]) -> dict[str, object]:
    """The body of a correction; the service compares each `before` again, for only it can do so in one step."""
    return {
        "changes": [
            {"id": change.key[0], "field": change.field, "before": _json(change.before), "after": _json(change.after)}
            for change in changes
        ]
    }


def corrected(place: str, body: Item, asked: int) -> Receipt:
    """Read the outcome of a correction that is over. Raises Rejected."""
    told = body.get("outcomes")
    if body.get("status") != "done" or not isinstance(told, list) or len(told) != asked:
        raise Rejected(f"{place}: the service does not say what became of each change")
    try:
        return corrections(tuple(_OUTCOMES[one] for one in told))
    except (KeyError, TypeError):
        raise Rejected(f"{place}: the service names an outcome that we do not know") from None


def stopped(place: str, body: Item, asked: int) -> Receipt:
    """Read the outcome of a stop that is over. Raises Rejected; counts that do not add up are in doubt."""
    changed, unchanged = body.get("changed"), body.get("unchanged")
    if body.get("status") != "done" or not (_is_count(changed) and _is_count(unchanged)):
        raise Rejected(f"{place}: the service does not say how many rows it stopped")
    if changed + unchanged != asked:
        return Receipt(Effect.IN_DOUBT, count=changed, note="the counts do not add up")
    return Receipt(Effect.DONE, count=changed) if changed else Receipt(Effect.ABSENT)


def runs(stop: Stop, item: Item) -> bool:
    """Whether a row is meant by the stop, and not stopped yet."""
    return _meant(stop, item, stop.when) and not _stands(stop, item)


def is_stopped(stop: Stop, item: Item) -> bool:
    """Whether a row is meant by the stop, and the stop is in force; what it changed itself tells nothing."""
    when = {name: values for name, values in stop.when.items() if name not in stop.set}
    return _meant(stop, item, when) and _stands(stop, item)


def _meant(stop: Stop, item: Item, when: Mapping[str, tuple[str, ...]]) -> bool:
    for name in (*when, *stop.set):
        if name not in item:
            raise Rejected(f"{stop.collection}: the service does not tell '{name}'")
    return all(any(same(item[name], value) for value in values) for name, values in when.items())


def _stands(stop: Stop, item: Item) -> bool:
    return all(item[name] is not None if value == NOW else same(item[name], value) for name, value in stop.set.items())


def _is_count(found: object) -> TypeGuard[int]:
    return isinstance(found, int) and not isinstance(found, bool) and found >= 0


def _json(value: Cell) -> object:
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes):
        raise Rejected("bytes cannot be sent as a value")
    return value.isoformat()
