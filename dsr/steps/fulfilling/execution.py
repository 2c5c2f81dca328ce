"""Execution: erase by the approved manifest's keys, in chunks with one key each, then read back by keys and route."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
from django.db import transaction

from dsr.connectors.contract import Batch, Cell, Connector, Effect, Receipt, Rejected
from dsr.datamap.route import Hop, Key, Route, Seed
from dsr.datamap.schema import CollectionMap, Way
from dsr.law.actors import PORTAL
from dsr.law.deadlines import local_day
from dsr.law.states import State
from dsr.law.work import Kind, Outcome
from dsr.models import Part, PlanItem, SubjectRequest, sealed
from dsr.sealing.fields import keyed_hash
from dsr.sealing.keyring import Role
from dsr.steps import ledger, maps
from dsr.steps.asking import scopes
from dsr.steps.deciding import blocking, holds
from dsr.steps.errands import bound
from dsr.steps.fulfilling import limits, manifest, parts, search, sources, versions
from dsr.steps.recording import record


class Halted(Exception):
    """The request may not be carried out (any more): cancelled, or the manifest is not the approved one."""


class Applied(msgspec.Struct):
    """What became of one line, as it is remembered between polls."""

    collection: str
    effect: Effect
    handle: str = ""
    poll_in: float = 0.0
    kept: list[tuple[list[str | int | float | bool | None], str, str]] = []  # key, ISO date or '', reason


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A row that the system itself keeps; until is an ISO date, or empty when it names no day."""

    collection: str
    key: Key
    until: str
    reason: str


def erase(item: PlanItem, *, at: datetime) -> None:
    """Erase one system's lines; what has STARTED there is polled later.

    Raises Unreachable, Rejected, Halted, Held, Fenced.
    """
    versions.same_places(item, lines_of(item))
    place = search.reach(item)
    bound.take_up(place.connector, item, at=at)
    with closing(place.connector):
        effects = _polled(item, place.connector) if item.handle_sealed else _started(item, place.connector, at)
        pending = [effect.poll_in for effect in effects if effect.effect is Effect.STARTED]
        if pending:
            ledger.wait(item, seconds=min(pending), handle=msgspec.json.encode(effects).decode(), at=at)
            return
        kept = _kept_by_system(effects)
        today = local_day(at, maps.calendar(item.subject_request.controller)).isoformat()
        if any(row.until and row.until < today for row in kept):
            message = "The system keeps rows until a day that has passed."
            raise Rejected(message)
        survivors = _survivors(item, place, kept)
    if survivors:
        message = f"Read back: {survivors} rows that should be gone are still there."
        raise Rejected(message)
    _record(item, kept, at)


def _started(item: PlanItem, connector: Connector, at: datetime) -> list[Applied]:
    """Apply every line once; the key of a line is the same in every attempt."""
    effects = []
    watch = limits.Watch(item.subject_request, item.system, lines_of(item), connector)
    for name, line in _named(item):
        _should_proceed(item)
        watch.ask(line.collection, at=at)
        receipt = connector.erase(line.chunk(_collection(item, line)), effect_key(item, name))
        effects.append(_applied(line.collection, receipt))
    return effects


def _polled(item: PlanItem, connector: Connector) -> list[Applied]:
    effects = msgspec.json.decode(item.handle(), type=list[Applied])
    return [
        _applied(effect.collection, connector.poll(effect.handle), effect.handle)
        if effect.effect is Effect.STARTED
        else effect
        for effect in effects
    ]


def _applied(collection: str, receipt: Receipt, handle: str = "") -> Applied:
    kept = [(_plain(row.key), row.until.isoformat() if row.until else "", row.reason) for row in receipt.kept]
    return Applied(collection, receipt.effect, receipt.handle or handle, receipt.poll_in, kept)


def effect_key(item: PlanItem, name: int | str) -> str:
    """Idempotency key of one line of one item: opaque, and equal in every attempt."""
    return keyed_hash(sealed.ring(Role.EFFECTS), "erase", f"{item.pk}:{name}")


def lines_of(item: PlanItem) -> Iterator[manifest.Line]:
    """The lines that this item erases: of its system, due now or on its date."""
    return (line for _, line in _named(item))


def _named(item: PlanItem) -> Iterator[tuple[str, manifest.Line]]:
    """Each of these lines with its name: a number in the first manifest, a number in a supplement's list."""
    until = item.until.isoformat() if item.until else ""
    if item.source is None:
        message = "An erase item without a manifest."
        raise Halted(message)
    for listed, lines in sources.lists(item):
        for number, (line, taken) in enumerate(each for each in lines if each[0].until == until):
            if line.keys:
                name = f"{number}-{taken}" if taken else str(number)  # other rows: an effect of its own
                yield f"{listed}:{name}" if listed else name, line


def _collection(item: PlanItem, line: manifest.Line) -> CollectionMap:
    return maps.controller(item.subject_request.controller).systems[item.system].collections[line.collection]


def _should_proceed(item: PlanItem) -> None:
    """Asked before every effect: still approved, by the digests that are read, and held by nobody.

    Raises Halted, Held.
    """
    subject_request = SubjectRequest.objects.get(pk=item.subject_request_id)
    try:
        sources.check(item)
    except sources.Unapproved as error:
        raise Halted(str(error)) from None
    if not item.deferred and subject_request.state != State.APPROVED:
        message = f"The request is {subject_request.state}."
        raise Halted(message)
    if blocking.blocks_erasure(subject_request):
        raise holds.Held


def _kept_by_system(effects: list[Applied]) -> list[KeptRow]:
    return [
        KeptRow(effect.collection, tuple(key), until, reason)
        for effect in effects
        for key, until, reason in effect.kept
    ]


def _survivors(item: PlanItem, place: search.Reach, kept: list[KeptRow]) -> int:
    """How many rows are still there that should not be: by the manifest's keys, and by the route.

    The keys alone miss what came in since; the route alone proves nothing once its parents are gone or hold no
    name any more, so it starts at the manifest's keys of the parents as well.
    """
    stay = {(row.collection, row.key) for row in kept} | set(_standing(item))
    found = 0
    for line in lines_of(item):
        still = place.connector.read_back(line.chunk(_collection(item, line)))
        found += len({(line.collection, key) for key in still} - {(row.collection, row.key) for row in kept})
    routes, identities = routes_back(item, place)
    for route in routes:
        if not scopes.within(item.subject_request, item.system, route.name):
            continue
        for batch in place.connector.find(route, identities):
            if isinstance(batch, Batch):
                places = [batch.fields.index(name) for name in route.collection.key]
                found += sum((route.name, tuple(_plain(row[i] for i in places))) not in stay for row in batch.rows)
    return found


def routes_back(item: PlanItem, place: search.Reach) -> tuple[list[Route], dict[str, tuple[Key, ...]]]:
    """The plan's routes, which also start at the manifest's keys of every parent, and what to ask them by.

    On its date a deferred item asks by those keys only: who has come back since has a new account, which stays.
    """
    identities = {} if item.deferred else dict(place.identities)
    parents = {hop.to.name for route in place.plan.routes for hop in route.hops}
    keys: dict[str, dict[Key, None]] = {name: {} for name in parents}
    for line in sources.lines(item):
        if line.collection in parents:
            keys[line.collection].update(dict.fromkeys(tuple(key) for key in line.keys))
    identities |= {by_key(name): tuple(found) for name, found in keys.items()}
    return [from_keys(route) for route in place.plan.routes], identities


def from_keys(route: Route) -> Route:
    """The same route, which also starts at the keys of every parent."""
    seeds = [Seed(by_key(hop.to.name), hop.fields) for hop in route.hops if hop.to_fields == hop.to.collection.key]
    hops = [Hop(hop.fields, from_keys(hop.to), hop.to_fields) for hop in route.hops]
    return Route(route.name, route.collection, (*route.seeds, *seeds), tuple(hops))


def by_key(collection: str) -> str:
    """The kind of identity under which keys of a collection stand."""
    return f"manifest:{collection}"


def _standing(item: PlanItem) -> Iterator[tuple[str, Key]]:
    """Rows that the manifest leaves standing: kept until a later day, or kept without what names a person."""
    for line in sources.lines(item):
        later = bool(line.until) and (item.until is None or line.until > item.until.isoformat())
        if later or line.way is not Way.DELETE:
            yield from ((line.collection, tuple(key)) for key in line.keys)


def _record(item: PlanItem, kept: list[KeptRow], at: datetime) -> None:
    """Done. What the system keeps until a day becomes deferred work, with a Part of its own."""
    counts: dict[str, dict[str, object]] = {}
    erased: Counter[str] = Counter()
    for line in lines_of(item):
        erased[line.collection] += len(line.keys)
        counts[line.collection] = {"way": line.way}
    erased.subtract(row.collection for row in kept)
    for collection, count in counts.items():
        rows = Counter((row.until, row.reason) for row in kept if row.collection == collection)
        stays = [{"until": until, "reason": reason, "count": n} for (until, reason), n in rows.items()]
        count.update(erased=erased[collection], kept=stays)
    lines = [
        manifest.Line(item.system, row.collection, Way.DELETE, [_plain(row.key)], {}, row.until, row.reason)
        for row in kept
        if row.until
    ]
    part = parts.write_lines(item, manifest.written(lines)) if lines else None
    with transaction.atomic():
        if part is not None:
            part.save(force_insert=True)
            defer(item.subject_request, part, {(line.system, line.until) for line in lines}, at=at)
        outcome = Outcome.KEPT if kept else Outcome.ERASED
        ledger.finish(item, outcome, at=at, counts=counts, **({"part": part} if part else {}))


def _plain(key: Iterable[Cell]) -> list[str | int | float | bool | None]:
    """A key as the manifest spells it: dates and decimals as text."""
    return [manifest.spelled(part) for part in key]


def defer(subject_request: SubjectRequest, part: Part, dates: Iterable[tuple[str, str]], *, at: datetime) -> None:
    """Ledger items that erase kept rows of (system, ISO date) on the day after that date (J9)."""
    zone = ZoneInfo(maps.calendar(subject_request.controller).zone)
    for system, until in sorted(dates):
        day = date.fromisoformat(until)
        if day == manifest.NO_DAY:
            continue  # stays until a person decides
        PlanItem.objects.create(
            subject_request=subject_request,
            kind=Kind.ERASE,
            system=system,
            source=part,
            until=day,
            not_before=datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC),
            created_at=at,
        )
        record.write(subject_request, "item:kept", by=PORTAL, at=at, item=f"erase {system}", until=until)
