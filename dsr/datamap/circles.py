"""Links that go in circles: where they may, what must be said of them, and which systems wait for each other."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from dsr.datamap.erasing import linking
from dsr.datamap.flaw import Flaw
from dsr.datamap.schema import Link, SystemMap

_BY_PEOPLE = frozenset(("manual", "email"))  # kinds that nobody asks twice for one request
_LOOPS = frozenset(("sql",))  # kinds that follow rows of one collection to their end
_SAY = "say of each of these links 'owns: true' (the row is the same person's) or 'owns: false' (it only points)"


def target(system: str, link: Link) -> tuple[str, str]:
    """System and collection that a link points to."""
    head, dot, tail = link.to.partition(".")
    return (head, tail) if dot else (system, head)


def groups(systems: Mapping[str, SystemMap]) -> tuple[tuple[str, ...], ...]:
    """Systems so that each stands behind those it takes keys from; those that wait for each other stand together."""
    waits = {
        slug: {
            target(slug, link)[0]
            for collection in system.collections.values()
            for link in collection.links
            if link.owns is not False
        }
        & set(systems)
        for slug, system in systems.items()
    }
    order: list[tuple[str, ...]] = []
    left = {slug: _behind(slug, waits) for slug in systems}
    while left:
        done = {slug for group in order for slug in group}
        free = sorted(slug for slug in left if left[slug] - done - {slug} <= {s for s in left if slug in left[s]})
        first = free[0]
        group = sorted(slug for slug in free if slug == first or (slug in left[first] and first in left[slug]))
        # Whom an identity finds brings keys; the others have something to be asked by then.
        order.append(tuple(sorted(group, key=lambda slug: not _found(systems[slug]))))
        for slug in group:
            del left[slug]
    return tuple(order)


def _behind(slug: str, waits: Mapping[str, set[str]]) -> set[str]:
    """Every system whose keys lead to this one, by way of others as well."""
    found: set[str] = set()
    fresh = set(waits[slug])
    while fresh:
        found |= fresh
        fresh = {further for one in fresh for further in waits[one]} - found
    return found


def _found(system: SystemMap) -> bool:
    return any(collection.found_by for collection in system.collections.values())


def flaws(systems: Mapping[str, SystemMap]) -> Iterator[Flaw]:
    """Circles of which nothing is said, or which nobody could follow to their end; links that only point nowhere."""
    yield from _circles_said(systems)
    for slug, system in systems.items():
        for name, collection in system.collections.items():
            for place, link in enumerate(collection.links):
                message = _of_link(slug, name, link, system)
                if message:
                    yield Flaw(slug, ("collections", name, "links", place), message)
    for group in groups(systems):
        by_people = [slug for slug in group if systems[slug].connector.kind in _BY_PEOPLE]
        if len(group) > 1 and by_people:
            message = f"these systems wait for each other's keys: {', '.join(group)}; people are not asked twice"
            yield Flaw(by_people[0], ("collections",), message)


def _of_link(slug: str, name: str, link: Link, system: SystemMap) -> str:
    there = target(slug, link)
    if there == (slug, name) and link.owns and system.connector.kind not in _LOOPS:
        return (
            f"a system of kind {system.connector.kind} cannot follow its own rows to their end: 'owns: false' is needed"
        )
    if link.owns is False and there[0] == slug and there[1] in system.collections:
        key = system.collections[there[1]].key
        if set(link.on.values()) != set(key):
            return f"a link that only points meets the key there: {', '.join(key)}"
        if not set(link.on) - {*system.collections[name].key, *linking(system.collections[name])}:
            return "a link that only points is emptied: it needs a field that neither the key nor another link has"
    return ""


def _circles_said(systems: Mapping[str, SystemMap]) -> Iterator[Flaw]:
    """Each circle once. Of each of its links is said whether it owns; within a system only rows of one collection."""
    links = {
        (f"{slug}.{name}", ".".join(target(slug, link))): (slug, name, link)
        for slug, system in systems.items()
        for name, collection in system.collections.items()
        for link in reversed(collection.links)
        if link.owns is not False
    }
    for circle in _circles(links):
        steps = [links[step] for step in pairwise(circle)]
        slug, name, _ = steps[0]
        where = ("collections", name, "links")
        walk = f"the links go in a circle: {' → '.join(circle)}"
        if any(link.owns is None for _, _, link in steps):
            yield Flaw(slug, where, f"{walk}; {_SAY}")
        elif len(steps) > 1 and len({system for system, _, _ in steps}) == 1:
            message = "within a system they are followed where rows of one collection point at each other"
            yield Flaw(slug, where, f"{walk}; {message}: say of one link 'owns: false'")


def _circles(edges: Iterable[tuple[str, str]]) -> list[tuple[str, ...]]:
    """The circles of a directed graph, each by one of its walks, first equal to last."""
    graph: dict[str, list[str]] = {}
    for one, to in edges:
        graph.setdefault(one, []).append(to)
    found: list[tuple[str, ...]] = []
    done: set[str] = set()

    def visit(at: str, path: tuple[str, ...]) -> None:
        if at in path:
            found.append((*path[path.index(at) :], at))
        elif at not in done:
            for to in dict.fromkeys(graph.get(at, ())):
                visit(to, (*path, at))
            done.add(at)

    for start in graph:
        visit(start, ())
    return found
