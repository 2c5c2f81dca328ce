"""After a restored backup: who was erased before is found by the suppression ledger, and erased again.

By the ordinary ways: the request's scope and refusals, the map's rules of today, a manifest sealed before the first
deletion, holds and limits asked before each chunk, and read back. Safe to repeat.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from django.db import transaction

from dsr.connectors import sharing
from dsr.connectors.contract import Ability, Batch, Connector, Rejected, Surveying, Unreachable
from dsr.datamap.erasing import blank, new_values
from dsr.datamap.narrow import narrowed
from dsr.datamap.plan import Plan, SystemPlan, compile_plan
from dsr.datamap.route import Hop, Key, Route, Seed
from dsr.datamap.schema import ControllerMap, IdentityKind, SystemMap, Way
from dsr.datamap.sharing import party_of
from dsr.law.actors import PORTAL
from dsr.law.rights import Right
from dsr.law.work import Kind, Outcome
from dsr.models import PlanItem, SubjectRequest, sealed
from dsr.package.part import keys_of
from dsr.sealing.fields import keyed_hash
from dsr.sealing.keyring import Role
from dsr.steps import gates
from dsr.steps.asking import scopes
from dsr.steps.deciding import blocking, carried
from dsr.steps.fulfilling import calling, limits, manifest, parts, search, suppression
from dsr.steps.fulfilling.routes_back import by_key, from_keys
from dsr.steps.recording import record

_ONLY = "What rows restored elsewhere lead to is erased here as well; look for the rest by hand"
_PAUSED = "staff have paused it: nothing was asked there. Once it is resumed run this again, or name it by --system"
_NEVER = "rows bear a name that was erased, and were not erased themselves: nothing of them is touched"
_NOT_HERE = "rows are led to, where this erasure took nothing: none of them is touched. Look whose they are"
PORTAL_KIND = "portal"  # restored apart; it reduces its own record by itself


@dataclass(slots=True)
class Told:
    """One thing that the operator is told. What is `open` needs somebody to look, or the command once more."""

    system: str
    says: str
    reference: str = ""
    open: bool = False
    unasked: bool = False  # nothing is known of it


@dataclass(slots=True)
class _Back:
    """What came back of one request's person: rows by system and collection."""

    subject_request: SubjectRequest
    keys: dict[str, dict[str, dict[Key, None]]] = field(default_factory=dict)  # by system and _own_key


def replay(about: ControllerMap, *, only: str = "", dry_run: bool, at: datetime) -> Iterator[Told]:
    """Look through the live systems, or one of them, and erase again what was erased before.

    What staff have paused is left alone, and stays open, unless it is `only` this one that is wanted.
    """
    backs: dict[object, _Back] = {}
    if (lost := suppression.lost(about.controller.slug))[0]:
        says = (
            f"{lost[0]} hashes cannot be compared: suppression.json lacks their key ({', '.join(lost[1])}); put it back"
        )
        yield Told("suppression ledger", says, open=True)
    for slug, system in about.systems.items():
        if system.connector.kind == PORTAL_KIND or only not in {"", slug}:
            continue
        if _left_alone(about.controller.slug, slug, only):
            yield Told(slug, _PAUSED, open=True)
        else:
            yield from _look(about, system, backs)
    for back in backs.values():
        yield from _again(about, back, only=only, dry_run=dry_run, at=at)


def _left_alone(controller: str, system: str, only: str) -> bool:
    """Whether staff have paused it by now, and nobody insists."""
    return system != only and gates.paused_at(controller, system)


def _look(about: ControllerMap, system: SystemMap, backs: dict[object, _Back]) -> Iterator[Told]:
    """Stream the identity columns of one system."""
    roots = [name for name in system.collections if suppression.columns(about, system, name)]
    try:
        with closing(search.connect(system)) as connector:
            if Ability.SURVEY not in connector.abilities:
                yield Told(system.slug, f"not replayable: its identity columns cannot be read. {_ONLY}", unasked=True)
                return
            if not roots:
                yield Told(system.slug, f"not replayable: none of its columns names a person. {_ONLY}", unasked=True)
            survey = cast("Surveying", connector).survey()
            for name in roots:
                if not system.collections[name].created:
                    says = f"{name}: not replayable: the map names no 'created' to tell restored rows from new ones"
                    yield Told(system.slug, says, unasked=True)
                    continue
                yield from _looked(system, name, suppression.given_back(about, system, name, survey), backs, connector)
    except (Unreachable, Rejected) as error:
        yield Told(system.slug, f"no answer: {error}", open=True)


def _looked(
    system: SystemMap,
    name: str,
    given_back: Iterable[suppression.Back],
    backs: dict[object, _Back],
    connector: Connector,
) -> Iterator[Told]:
    """Take what came back to one collection, and tell of the rows that may be newer ones."""
    doubtful: dict[str, set[Key]] = {}
    others: dict[str, set[Key]] = {}
    for row in given_back:
        key = tuple(manifest.spelled(cell) for cell in row.key)
        part = scopes.of_part(row.subject_request)  # then it leads to what was erased, and is none of it
        if not (row.listed or part):
            others.setdefault(row.subject_request.reference, set()).add(key)
            continue
        if not (row.sure or part):
            doubtful.setdefault(row.subject_request.reference, set()).add(key)
            continue
        back = backs.setdefault(row.subject_request.pk, _Back(row.subject_request))
        place = _own_key(name, party_of(system.collections[name], row.columns))
        back.keys.setdefault(system.slug, {}).setdefault(place, {})[key] = None
    for reference, keys in others.items():
        yield Told(system.slug, f"{name}: {len(keys)} {_NEVER}", reference)
    for reference, keys in doubtful.items():
        if left := _whole(system, name, keys, connector):
            says = (
                f"{name}: {len(left)} rows stay, for '{system.collections[name].created}' does not tell whether they "
                "are older than the erasure. Look whose they are; mend that date, or erase them there"
            )
            yield Told(system.slug, says, reference, open=True)


def _whole(system: SystemMap, name: str, keys: set[Key], connector: Connector) -> set[Key]:
    """Those of the rows that no erasure has emptied: of a tombstone the date is gone as well."""
    collection = system.collections[name]
    ways = {} if collection.erase.way in {Way.DELETE, Way.KEEP} else {collection.erase.way: new_values(collection)}
    if collection.erase.tombstone:
        ways[Way.TOMBSTONE] = blank(collection)
    for way, new in ways.items():
        line = manifest.Line(system.slug, name, way, [[manifest.spelled(part) for part in key] for key in keys], new)
        chunks = (piece.chunk(collection) for piece in manifest.pieces([line]))
        keys = {key for chunk in chunks for key in connector.read_back(chunk)}
    return keys


def _again(about: ControllerMap, back: _Back, *, only: str, dry_run: bool, at: datetime) -> Iterator[Told]:
    """Everything of one request's person, unless something stands in its way."""
    subject_request = back.subject_request
    if blocking.blocks_erasure(subject_request):
        yield Told("", "a legal hold stands: nothing is erased", subject_request.reference, open=True)
        return
    whole = compile_plan(about, IdentityKind)
    try:
        plan = narrowed(whole, about, Right.ERASURE, scopes.only(subject_request))
    except Rejected as error:
        yield Told("", str(error), subject_request.reference, open=True)
    else:
        yield from _along(about, plan, back, only=only, dry_run=dry_run, at=at)


def _along(about: ControllerMap, plan: Plan, back: _Back, *, only: str, dry_run: bool, at: datetime) -> Iterator[Told]:
    """System by system; keys travel from one to the next."""
    subject_request = back.subject_request
    identities: dict[str, tuple[Key, ...]] = {}
    # Those that wait for each other once for each of them: so a key gets all the way round.
    for system in (one for group in plan.groups for _ in group for one in group):
        described = about.systems[system.system]
        if described.connector.kind == PORTAL_KIND:
            continue
        mine = {place: tuple(keys) for place, keys in back.keys.get(system.system, {}).items()}
        known = {**identities, **mine}
        if not mine and not any(identities.get(key.kind) for key in system.needs):
            continue
        try:
            with closing(_entered(described, about.controller.slug, only)) as connector:
                found = _found(connector, system, known)
                for later in (key for each in plan.systems for key in each.needs if key.system == system.system):
                    keys = keys_of(iter(found), later.collection, later.fields)
                    identities[later.kind] = tuple(dict.fromkeys((*identities.get(later.kind, ()), *keys)))
                if found and only in {"", system.system}:
                    yield from _met(subject_request, described, connector, found, only=only, dry_run=dry_run, at=at)
        except (Unreachable, Rejected) as error:
            yield Told(system.system, str(error), subject_request.reference, open=True)


def _entered(system: SystemMap, controller: str, only: str) -> Connector:
    """Its connector. Raises Rejected, also while staff have paused it."""
    if _left_alone(controller, system.slug, only):
        message = f"{_PAUSED}. What its rows lead to waits, too"
        raise Rejected(message)
    return search.connect(system)


def _found(connector: Connector, plan: SystemPlan, identities: Mapping[str, tuple[Key, ...]]) -> list[Batch]:
    """The rows that the restored ones lead to, children first."""
    routes = [_rooted(from_keys(route)) for route in plan.routes]
    found = (each for route in routes for each in sharing.found(connector, route, identities))
    return [each for each in found if isinstance(each, Batch)]


def _rooted(route: Route) -> Route:
    """The same route, which starts at keys of its own rows as well, and at no identity: newer rows stay away."""
    seeds = [seed for seed in route.seeds if seed.kind not in set(IdentityKind)]
    hops = tuple(Hop(hop.fields, _rooted(hop.to), hop.to_fields) for hop in route.hops)
    shared = route.collection.shared
    parties = tuple(shared.parties) if shared else ("",)
    own = [Seed(_own_key(route.name, party), route.collection.key, party) for party in parties]
    return Route(route.name, route.collection, (*seeds, *own), hops, route.loops)


def _own_key(collection: str, party: str) -> str:
    """The kind of identity under which keys of restored rows stand; of shared rows by whose they are."""
    return by_key(f"{collection}:{party}" if party else collection)


def _met(
    subject_request: SubjectRequest,
    system: SystemMap,
    connector: Connector,
    found: list[Batch],
    *,
    only: str,
    dry_run: bool,
    at: datetime,
) -> Iterator[Told]:
    """What becomes of the rows that were found: erased again where this request erased any, and by its scope."""
    done = subject_request.items.filter(kind=Kind.ERASE, outcome__in=[Outcome.ERASED, Outcome.KEPT])
    if system.slug not in done.values_list("system", flat=True):  # not approved there, or staff left it out
        yield Told(system.slug, f"{sum(len(each.rows) for each in found)} {_NOT_HERE}", subject_request.reference)
        return
    watch = carried.Watch(subject_request)
    watch.look(system, found)
    if scopes.of_part(subject_request):
        found = [suppression.listed(system, each, subject_request) for each in found]
    fates = search.fates(subject_request, system, found, at=at, anchors_from=lambda: found)
    lines = [line for line in manifest.pieces(fates) if not line.until]
    if dry_run and lines:
        rows = sum(len(line.keys) for line in lines)
        yield Told(system.slug, f"{rows} rows to erase again", subject_request.reference, open=True)
    elif lines:
        watch.hold(at=at)  # by another name of the person
        yield _erased(subject_request, system, connector, lines, only=only, at=at)


def _erased(
    subject_request: SubjectRequest,
    system: SystemMap,
    connector: Connector,
    lines: list[manifest.Line],
    *,
    only: str,
    at: datetime,
) -> Told:
    item = PlanItem(subject_request=subject_request, kind=Kind.ERASE, system=system.slug)  # of no ledger
    part = parts.write_lines(item, manifest.written(lines))
    with transaction.atomic():
        part.save(force_insert=True)
        record.write(subject_request, "replay:listed", by=PORTAL, at=at, system=system.slug, digest=part.sha256)
    watch = limits.Watch(subject_request, system.slug, lines, connector)
    calling.offer(connector, item)  # who calls there finds nothing that waits
    kept: set[tuple[str, Key]] = set()  # by the system's own word
    for number, line in enumerate(lines):
        if blocking.blocks_erasure(subject_request):
            return Told(system.slug, "a legal hold stands: the rest stays", subject_request.reference, open=True)
        if _left_alone(subject_request.controller, system.slug, only):
            return Told(system.slug, f"the rest stays: {_PAUSED}", subject_request.reference, open=True)
        watch.ask(line.collection, at=at)
        key = keyed_hash(sealed.ring(Role.EFFECTS), "replay", f"{part.pk}:{number}")
        receipt = connector.erase(line.chunk(system.collections[line.collection]), key)
        kept.update((line.collection, row.key) for row in receipt.kept)
    if left := _left(system, lines, kept):
        return Told(system.slug, f"{left} rows are still there: run this again", subject_request.reference, open=True)
    with transaction.atomic():
        gone = sum(len(line.keys) for line in lines) - len(kept)
        record.write(subject_request, "erasure:replayed", by=PORTAL, at=at, system=system.slug, rows=gone)
    says = f"{gone} rows erased again and read back" + (f"; it keeps {len(kept)} itself" if kept else "")
    return Told(system.slug, says, subject_request.reference)


def _left(system: SystemMap, lines: list[manifest.Line], kept: set[tuple[str, Key]]) -> int:
    """How many rows are still there and should not be, asked over a connection of its own."""
    with closing(search.connect(system)) as second:
        return sum(
            (line.collection, key) not in kept
            for line in lines
            for key in second.read_back(line.chunk(system.collections[line.collection]))
        )
