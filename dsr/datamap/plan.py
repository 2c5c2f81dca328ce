"""The plan: which collections the proven identities reach, by which routes, and which system waits for which."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dsr.datamap.circles import groups
from dsr.datamap.erasing import pointed_at as is_pointed_at
from dsr.datamap.route import Hop, Loop, Route, Seed
from dsr.datamap.schema import ControllerMap, SystemMap


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Keys that another system's find brings: values of `fields` in `system.collection`."""

    system: str
    collection: str
    fields: tuple[str, ...]

    @property
    def kind(self) -> str:
        """The text under which the keys stand among the identities."""
        return f"{self.system}.{self.collection}({','.join(self.fields)})"


@dataclass(frozen=True, slots=True)
class SystemPlan:
    """Work on one system. Routes stand in the order of erasure: rows that point at others go before these."""

    system: str
    routes: tuple[Route, ...]
    needs: tuple[ForeignKey, ...]
    circle: frozenset[str] = frozenset()  # systems that wait for each other's keys, with this one: see Plan.groups

    @property
    def after(self) -> frozenset[str]:
        """Systems whose find must be done first."""
        return frozenset(key.system for key in self.needs)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do in which systems; `unreachable` names collections no proven identity leads to."""

    systems: tuple[SystemPlan, ...]
    unreachable: tuple[str, ...]

    @property
    def groups(self) -> tuple[tuple[SystemPlan, ...], ...]:
        """The systems in their order; those of one circle together: they are asked until none brings a new key."""
        members = [(system.circle or frozenset({system.system}), system) for system in self.systems]
        return tuple(
            tuple(system for there, system in members if there == circle)
            for circle in dict.fromkeys(circle for circle, _ in members)
        )


def compile_plan(controller_map: ControllerMap, proven: Iterable[str]) -> Plan:
    """Compile the map for these kinds of identity."""
    kinds = frozenset(proven)
    plans: dict[str, SystemPlan] = {}
    for group in groups(controller_map.systems):
        _group(controller_map, group, kinds, plans)
    reached = {f"{slug}.{route.name}" for slug, plan in plans.items() for route in plan.routes}
    unreachable = tuple(
        f"{slug}.{name}"
        for slug, system in controller_map.systems.items()
        for name in system.collections
        if f"{slug}.{name}" not in reached
    )
    return Plan(tuple(plans.values()), unreachable)


def _group(
    controller_map: ControllerMap, group: tuple[str, ...], kinds: frozenset[str], plans: dict[str, SystemPlan]
) -> None:
    """Plan systems that wait for each other: again and again, until no more collections are reached in them."""
    circle = frozenset(group) if len(group) > 1 else frozenset()
    reached = -1
    while reached < (reached := sum(len(plans[slug].routes) for slug in group if slug in plans)):
        for slug in group:
            plan = _system_plan(controller_map.systems[slug], kinds, plans, circle)
            if plan.routes:
                plans[slug] = plan


def _system_plan(
    system: SystemMap, kinds: frozenset[str], earlier: Mapping[str, SystemPlan], circle: frozenset[str]
) -> SystemPlan:
    routes: dict[str, Route | None] = {}
    needs: dict[str, ForeignKey] = {}
    for name in system.collections:
        _route(name, system, kinds, earlier, routes, needs)
    found = (routes[name] for name in erasure_order(system))
    return SystemPlan(system.slug, tuple(route for route in found if route is not None), tuple(needs.values()), circle)


def erasure_order(system: SystemMap) -> tuple[str, ...]:
    """The collections so that rows that point at others go before these.

    A row points by its link's field, as an order at its customer. Where that field is the row's own key and meets
    none there, the other row points here, as a customer at an address: it goes first, unless another link forbids.
    """
    before: dict[str, set[str]] = {name: set() for name in system.collections}
    pointed_at: dict[str, set[str]] = {name: set() for name in system.collections}
    for name, collection in system.collections.items():
        for link in collection.links:
            if link.to in before and link.to != name and link.owns is not False:
                if is_pointed_at(collection, link, system.collections):
                    pointed_at[name].add(link.to)
                else:
                    before[link.to].add(name)
    left = list(reversed(system.collections))
    order: list[str] = []
    while left:
        free = [name for name in left if not before[name] & set(left)]  # links go in no circle
        order.append(next((name for name in free if not pointed_at[name] & set(left)), free[0]))
        left.remove(order[-1])
    return tuple(order)


def _route(
    name: str,
    system: SystemMap,
    kinds: frozenset[str],
    earlier: Mapping[str, SystemPlan],
    routes: dict[str, Route | None],
    needs: dict[str, ForeignKey],
) -> Route | None:
    """The route to one collection, along the links that say whose a row is."""
    if name in routes:
        return routes[name]
    collection = system.collections[name]
    seeds = [Seed(kind, fields) for kind, fields in collection.found_by.items() if kind in kinds]
    hops, loops = [], []
    for link in (link for link in collection.links if link.owns is not False):
        fields, to_fields = tuple(link.on), tuple(link.on.values())
        if link.to == name:
            loops.append(Loop(fields, to_fields))
        elif "." in link.to:
            other, to_name = link.to.split(".")
            if other in earlier and any(route.name == to_name for route in earlier[other].routes):
                key = ForeignKey(other, to_name, to_fields)
                needs[key.kind] = key
                seeds.append(Seed(key.kind, fields))
        elif parent := _route(link.to, system, kinds, earlier, routes, needs):
            hops.append(Hop(fields, parent, to_fields))
    routes[name] = Route(name, collection, tuple(seeds), tuple(hops), tuple(loops)) if seeds or hops else None
    return routes[name]
