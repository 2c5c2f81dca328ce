"""Keys on their way from system to system; between systems that wait for each other they go round until none is new."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import datetime

from dsr.connectors.contract import Connector, Found, Rejected, Unreachable
from dsr.datamap.plan import ForeignKey, Plan, SystemPlan
from dsr.datamap.route import Identities, Key
from dsr.law.actors import PORTAL
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import Part, PlanItem
from dsr.package.part import keys_of
from dsr.steps import bell
from dsr.steps.fulfilling import parts
from dsr.steps.recording import record

Keys = dict[str, tuple[Key, ...]]
Connect = Callable[[str], Connector]
Missed = Callable[[str, Exception], None]  # a system, and why it brings nothing


def gathered(
    plan: Plan, identities: Identities, connect: Connect, wanted: set[str], missed: Missed | None = None
) -> Keys:
    """The identities, and the keys by which the `wanted` systems are asked, from live systems and nothing else of them.

    Raises Unreachable, Rejected; or tells `missed` of the system, which brings nothing then.
    """
    known: Keys = dict(identities)
    needed = _ancestors(plan, wanted)
    for group in plan.groups:
        askable = [system for system in group if system.system in needed]
        while sum(_tried(system, plan, known, connect, missed) for system in askable) and len(group) > 1:
            continue  # every one of them, and all again for what is new
    return known


def _ancestors(plan: Plan, wanted: set[str]) -> set[str]:
    """Systems whose keys lead to these, by way of others as well."""
    after = {system.system: system.after for system in plan.systems}
    found: set[str] = set()
    fresh = {one for slug in wanted for one in after.get(slug, ())}
    while fresh:
        found |= fresh
        fresh = {further for one in fresh for further in after.get(one, ())} - found
    return found


def _tried(system: SystemPlan, plan: Plan, known: Keys, connect: Connect, missed: Missed | None) -> bool:
    try:
        return _asked(system, plan, known, connect)
    except (Unreachable, Rejected) as error:
        if missed is None:
            raise
        missed(system.system, error)
        return False


def _asked(system: SystemPlan, plan: Plan, known: Keys, connect: Connect) -> bool:
    """Ask one system for the keys that others take from it; whether one of them is new."""
    before = {key.kind: set(known.get(key.kind, ())) for key in _taken(plan, system.system)}
    with closing(connect(system.system)) as connector:
        for key in _taken(plan, system.system):
            for route in (route for route in system.routes if route.name == key.collection):
                found = keys_of(connector.find(route, known), key.collection, key.fields)
                known[key.kind] = tuple(dict.fromkeys((*known.get(key.kind, ()), *found)))
    return any(set(known.get(kind, ())) - keys for kind, keys in before.items())


def _taken(plan: Plan, system: str) -> list[ForeignKey]:
    """The keys that others take from a system."""
    return list(dict.fromkeys(key for each in plan.systems for key in each.needs if key.system == system))


def earlier(system: SystemPlan, items: Mapping[str, PlanItem]) -> Iterator[PlanItem]:
    """The items that a find item stands behind: in a circle all that are there, so that one runs at a time."""
    return (item for slug, item in items.items() if slug in system.after | system.circle)


def again(item: PlanItem, plan: Plan, part: Part, before: Part | None, *, at: datetime) -> None:
    """Ask once more whoever was asked before this item brought keys; call it in the transaction of its end.

    It ends, for keys only come to it: a system is asked again by new ones alone.
    """
    circle = next((system.circle for system in plan.systems if system.system == item.system), frozenset())
    late = {
        system.system
        for system in plan.systems
        if system.system in circle
        for key in system.needs
        if key.system == item.system and _keys(part, key) - _keys(before, key)
    }
    done = PlanItem.objects.filter(subject_request=item.subject_request, kind=Kind.FIND, system__in=late)
    fresh = {"state": ItemState.READY, "outcome": "", "finished_at": None, "not_before": at}
    for one in done.filter(state=ItemState.DONE, outcome__in=[Outcome.FOUND, Outcome.NOTHING]):
        PlanItem.objects.filter(pk=one.pk).update(**fresh)
        record.write(item.subject_request, "item:asked-again", by=PORTAL, at=at, item=str(one))
        bell.ring_after_commit()


def _keys(part: Part | None, key: ForeignKey) -> set[Key]:
    if part is None or not part.wrapped_key:
        return set()
    found: Iterator[Found] = parts.found_in(part)
    return set(keys_of(found, key.collection, key.fields))
