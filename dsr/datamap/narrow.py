"""A plan cut down to what a right needs: nothing is asked of a system that the answer has no use for."""

from collections.abc import Collection, Iterator

from dsr.datamap.plan import ForeignKey, Plan, SystemPlan
from dsr.datamap.portable import portable_fields
from dsr.datamap.route import Route
from dsr.datamap.schema import CollectionMap, ControllerMap
from dsr.law.rights import Right


def rectifiable_fields(collection: CollectionMap) -> tuple[str, ...]:
    """The fields that a person may have corrected. What a row is known by, and what is never shown, is none."""
    return tuple(
        name
        for name, field in collection.fields.items()
        if field.rectifiable and not field.never_export and name not in collection.key
    )


def narrowed(plan: Plan, controller_map: ControllerMap, right: Right, only: Collection[str] = ()) -> Plan:
    """The routes that this right needs, and those that bring keys for them from other systems.

    `only` names the collections of an erasure's scope, each 'system.collection'; empty: all.
    """
    needed: set[tuple[str, str]] = set()
    systems: list[SystemPlan] = []
    for system in reversed(plan.systems):  # those that take keys stand behind those that bring them
        routes = tuple(
            route
            for route in system.routes
            if (system.system, route.name) in needed
            or (
                (not only or f"{system.system}.{route.name}" in only)
                and _wanted(controller_map, right, system.system, route.name)
            )
        )
        if not routes:
            continue
        kinds = {kind for route in routes for kind in _kinds(route)}
        needs: tuple[ForeignKey, ...] = tuple(key for key in system.needs if key.kind in kinds)
        needed |= {(key.system, key.collection) for key in needs}
        systems.append(SystemPlan(system.system, routes, needs))
    return Plan(tuple(reversed(systems)), plan.unreachable)


def _wanted(controller_map: ControllerMap, right: Right, system: str, collection: str) -> bool:
    if right is Right.RECTIFICATION:
        return bool(rectifiable_fields(controller_map.systems[system].collections[collection]))
    if right is Right.PORTABILITY:
        return bool(portable_fields(controller_map, system, collection))
    return True


def _kinds(route: Route) -> Iterator[str]:
    """What a route starts from, its parents' starts included."""
    yield from (seed.kind for seed in route.seeds)
    for hop in route.hops:
        yield from _kinds(hop.to)
