"""Execution: erase by the approved manifest's keys, in chunks with one key each, then read back by keys and route."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import transaction
from django.db.models import Exists

from dsr.connectors.contract import Cell, Connector, Effect, Receipt, Rejected
from dsr.datamap.schema import CollectionMap
from dsr.law.actors import PORTAL
from dsr.law.deadlines import local_day
from dsr.law.states import State
from dsr.law.work import Kind, Outcome
from dsr.models import Part, PlanItem, SubjectRequest
from dsr.steps import gates, ledger, maps
from dsr.steps.answering import on_file
from dsr.steps.deciding import blocking, holds
from dsr.steps.errands import bound
from dsr.steps.fulfilling import (
    afterwards,
    calling,
    limits,
    manifest,
    parts,
    reading_back,
    reasking,
    search,
    sources,
    staying,
    strangers,
    suppression,
    taking_turns,
    versions,
    whole,
)
from dsr.steps.fulfilling.reasking import KeptRow, Rows
from dsr.steps.move import lock
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


def erase(item: PlanItem, *, at: datetime) -> None:
    """Erase one system's lines; what has STARTED there is polled later.

    Raises Unreachable, Rejected, Halted, Held, Fenced.
    """
    item.nothing_sent = not item.handle_sealed
    versions.same_places(item, lines_of(item))
    place = search.reach(item)
    bound.take_up(place.connector, item, at=at)
    calling.offer(place.connector, item)
    with closing(place.connector), taking_turns.on_its_day(item, at=at):
        if _nothing_to_ask(item, place):
            ledger.finish(item, _of_nothing(item), at=at, counts={})
            return
        stays = reasking.still_kept(item, place, at)
        effects = _polled(item, place.connector) if item.handle_sealed else _started(item, place, stays, at)
        pending = [effect.poll_in for effect in effects if effect.effect is Effect.STARTED]
        if pending:
            ledger.wait(item, seconds=min(pending), handle=msgspec.json.encode(effects).decode(), at=at)
            return
        kept = [*stays, *_kept_by_system(effects)]
        today = local_day(at, maps.calendar(item.subject_request.controller)).isoformat()
        if any(row.until and row.until < today for row in kept):
            message = "The system keeps rows until a day that has passed."
            raise Rejected(message)
        left = reading_back.survivors(item, place, kept)
    if left:
        message = f"Read back: {left} rows that should be gone are still there."
        raise Rejected(message)
    _record(item, kept, at)


def _nothing_to_ask(item: PlanItem, place: search.Reach) -> bool:
    """Whether nothing was found where only people could look again: elsewhere it is read back by the route alone."""
    return next(lines_of(item), None) is None and bound.uncounted(place.connector)


def _of_nothing(item: PlanItem) -> Outcome:
    """What an item says that had nothing to erase on its day."""
    return Outcome.KEPT if next(sources.lines(item), None) else Outcome.NOTHING


def _started(item: PlanItem, place: search.Reach, stays: list[KeptRow], at: datetime) -> list[Applied]:
    """Apply every line once, but for rows that stay. Rows that are not the person's any more are not touched.

    For them a person must look: before anything is erased, or on a deferred day, which nobody can leave out, after.
    """
    watch = limits.Watch(item.subject_request, item.system, lines_of(item), place.connector)
    watch.begin(item, at=at)
    but, bare = frozenset((row.collection, row.key) for row in stays), reasking.numbers(stays)
    strange = strangers.among((line for _, line in _named(item, but, bare)), item, place)
    _should_proceed(item, at, untouched=True)  # last: counting takes its time
    if strange and not item.deferred:
        raise Rejected(strangers.told(strange))
    effects = _effects(item, place.connector, watch, partial(_chunks, item, but | strange, bare - strange), at)
    if strange:
        raise Rejected(strangers.told(strange))
    return effects


def _effects(
    item: PlanItem, connector: Connector, watch: limits.Watch, chunks: Callable[[], Iterator[whole.Keyed]], at: datetime
) -> list[Applied]:
    """What each line did; the key of a line is the same in every attempt."""
    if few := whole.at_once(connector, chunks()):
        item.nothing_sent = False
        receipts = whole.erased(connector, few)
        return [_applied(chunk.collection, receipt) for (chunk, _), receipt in zip(few, receipts, strict=True)]
    whole.rehearsed(connector, chunks())
    item.nothing_sent = False
    effects = []
    for chunk, key in chunks():
        _should_proceed(item, at)
        watch.ask(chunk.collection, at=at)
        effects.append(_applied(chunk.collection, connector.erase(chunk, key)))
    return effects


def _chunks(item: PlanItem, but: Rows, bare: Rows) -> Iterator[whole.Keyed]:
    """Each line as the effect that erases it, with its key."""
    return ((line.chunk(_collection(item, line)), effect_key(item, name)) for name, line in _named(item, but, bare))


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
    return item.effect_key("erase", f"{item.pk}:{name}")


def lines_of(item: PlanItem) -> Iterator[manifest.Line]:
    """The lines that this item erases: of its system, due now or on its date."""
    return (line for _, line in _named(item))


def _named(item: PlanItem, but: Rows = frozenset(), bare: Rows = frozenset()) -> Iterator[tuple[str, manifest.Line]]:
    """Each of these lines with its name: a number in the first manifest, a number in a supplement's list.

    Without the rows in `but`; of the `bare` ones among these the number stays, which is a line of its own.
    """
    until = item.until.isoformat() if item.until else ""
    if item.source is None:
        message = "An erase item without a manifest."
        raise Halted(message)
    for listed, lines in sources.lists(item):
        for number, (listed_line, decided) in enumerate(each for each in lines if each[0].until == until):
            line, staying = sources.less(listed_line, but)
            taken, place = decided + staying, f"{listed}:" if listed else ""
            if line.keys:
                yield f"{place}{number}-{taken}" if taken else f"{place}{number}", line  # other rows: another effect
            if bare and (left := reasking.number(listed_line, bare, _collection(item, line))).keys:
                yield f"{place}{number}-bare-{len(left.keys)}", left


def _collection(item: PlanItem, line: manifest.Line) -> CollectionMap:
    return maps.controller(item.subject_request.controller).systems[item.system].collections[line.collection]


def _should_proceed(item: PlanItem, at: datetime, *, untouched: bool = False) -> None:
    """Asked before every effect: this worker's, approved by the digests that are read, held by nobody, no objection.

    `untouched`: in this claim nothing was sent yet.

    Raises Halted, Held, Fenced.
    """
    subject_request = item.subject_request  # as it was claimed: nobody proves anything more once it is approved
    try:
        state, (ours, held, told, copied, paused) = sources.check(
            item,
            Exists(ledger.mine(item)),
            Exists(blocking.now(subject_request)),
            Exists(on_file.letters(subject_request)),
            taking_turns.copy_under_way(item),
            gates.paused_before(item),
        )
    except sources.Unapproved as error:
        raise Halted(str(error)) from None
    if not ours:  # its lease ran out: what another worker has erased since may have made room for somebody else's rows
        raise ledger.Fenced
    if not item.deferred and state != State.APPROVED:
        message = f"The request is {state}."
        raise Halted(message)
    if held:
        raise holds.Held(untouched=untouched)
    if paused:
        raise holds.Held(gates.PAUSED, at, untouched=untouched)
    if until := on_file.waits(subject_request, at=at) if told and not item.deferred else None:
        raise holds.Held(holds.OBJECTS, until, untouched=untouched)
    if copied and untouched:  # what has begun goes on: half of it would be in no order with the copy
        raise taking_turns.after_copies(at)


def _kept_by_system(effects: list[Applied]) -> list[KeptRow]:
    return [
        KeptRow(effect.collection, tuple(key), until, reason)
        for effect in effects
        for key, until, reason in effect.kept
    ]


def _record(item: PlanItem, kept: list[KeptRow], at: datetime) -> None:
    """Done. What the system keeps until a day becomes deferred work, with a Part of its own."""
    counts: dict[str, dict[str, object]] = {}
    reasons = staying.Reasons(item)
    erased: Counter[str] = Counter()
    for line in lines_of(item):
        erased[line.collection] += len(line.keys)
        counts[line.collection] = {"way": line.way}
    erased.subtract(row.collection for row in kept)
    for collection, count in counts.items():
        rows = Counter((row.until, row.reason) for row in kept if row.collection == collection)
        stays = [{"until": until, "reason": reasons.named(reason), "count": n} for (until, reason), n in rows.items()]
        count.update(erased=erased[collection], kept=stays)
    lines = list(_later(item, [row for row in kept if row.until]))
    part = parts.write_lines(item, manifest.written(lines)) if lines else None
    taken = suppression.taken(item)
    with transaction.atomic():
        if item.deferred:
            lock(item.subject_request)  # before its items, as whoever reduces it in this moment takes them
        if part is not None:
            part.save(force_insert=True)
            defer(item.subject_request, part, {(line.system, line.until) for line in lines}, at=at)
        outcome = Outcome.KEPT if kept else Outcome.ERASED if counts else _of_nothing(item)
        columns: dict[str, Any] = {"part": part} if part else {}
        ledger.finish(item, outcome, at=at, counts=counts, **reasons.kept(), **columns)
        suppression.remember(item, taken, at=at)
        if item.deferred:
            afterwards.tell(item, at=at)


def _later(item: PlanItem, kept: list[KeptRow]) -> Iterator[manifest.Line]:
    """Rows that stay until a day, each in the way that was approved for it. Raises Rejected."""
    listed = {place: line for line in lines_of(item) for place in sources.places([line])} if kept else {}
    for row in kept:
        key = _plain(row.key)
        if (line := listed.get((row.collection, tuple(key)))) is None:
            message = "The system keeps rows that it was not asked for."
            raise Rejected(message)
        yield msgspec.structs.replace(line, keys=[key], until=row.until, rule=row.reason)


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
