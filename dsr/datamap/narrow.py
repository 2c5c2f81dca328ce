"""A plan cut down to what a right needs: nothing is asked of a system that the answer has no use for."""

from collections.abc import Callable, Collection, Iterator

from dsr.datamap.plan import ForeignKey, Plan, SystemPlan
from dsr.datamap.portable import portable_fields
from dsr.datamap.route import Route
from dsr.datamap.schema import CollectionMap, ControllerMap, IdentityKind
from dsr.datamap.secrets import forbidden_by, secret
from dsr.datamap.sharing import address_fields
from dsr.law.rights import Right


def rectifiable_fields(collection: CollectionMap, laws: Collection[str] = ()) -> tuple[str, ...]:
    """The fields that a person may have corrected. What a row is known by, and what is never shown, is none.

    `laws` are those under which the person asks: the form shows present values, and some forbid it (see secrets).
    """
    return tuple(
        name
        for name, field in collection.fields.items()
        if field.rectifiable and not secret(field) and not forbidden_by(field, laws) and name not in collection.key
    )


def narrowed(
    plan: Plan,
    controller_map: ControllerMap,
    right: Right,
    only: Collection[str] = (),
    *,
    addresses: bool = False,
) -> Plan:
    """The routes that this right needs, and those that bring keys for them from other systems.

    `only` names the collections of an erasure's scope, each 'system.collection'; empty: all. `addresses` says that
    those which hold a person's e-mail address are needed too: whoever reads it is told before anything is changed.
    """

    def wanted(system: str, collection: str) -> bool:
        described = controller_map.systems[system].collections[collection]
        if addresses and (IdentityKind.EMAIL in described.found_by or address_fields(described)):
            return True
        asked = not only or f"{system}.{collection}" in only
        return asked and _wanted(controller_map, right, system, collection)

    needed: set[tuple[str, str]] = set()
    while True:  # in a circle a system that stands behind may bring keys as well
        systems, more = _cut(plan, wanted, needed)
        if more <= needed:
            return Plan(tuple(reversed(systems)), plan.unreachable)
        needed |= more


def _cut(
    plan: Plan, wanted: Callable[[str, str], bool], known: set[tuple[str, str]]
) -> tuple[list[SystemPlan], set[tuple[str, str]]]:
    """The systems, last first, with the routes that are wanted or known to bring keys; and which ones bring keys."""
    needed = set(known)
    systems: list[SystemPlan] = []
    for system in reversed(plan.systems):  # those that take keys stand behind those that bring them
        routes = tuple(
            route
            for route in system.routes
            if (system.system, route.name) in needed or wanted(system.system, route.name)
        )
        if not routes:
            continue
        kinds = {kind for route in routes for kind in kinds_of(route)}
        needs: tuple[ForeignKey, ...] = tuple(key for key in system.needs if key.kind in kinds)
        needed |= {(key.system, key.collection) for key in needs}
        systems.append(SystemPlan(system.system, routes, needs, system.circle))
    return systems, needed


def _wanted(controller_map: ControllerMap, right: Right, system: str, collection: str) -> bool:
    if right is Right.RECTIFICATION:
        return bool(rectifiable_fields(controller_map.systems[system].collections[collection]))
    if right is Right.PORTABILITY:
        return bool(portable_fields(controller_map, system, collection))
    return True


def kinds_of(route: Route) -> Iterator[str]:
    """What a route starts from, its parents' starts included."""
    yield from (seed.kind for seed in route.seeds)
    for hop in route.hops:
        yield from kinds_of(hop.to)
