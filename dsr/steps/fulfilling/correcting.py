"""Correcting: write what was accepted, with one key per collection, and read it back over a second connection."""

from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime

import msgspec
from django.db import transaction
from django.db.models import Exists

from dsr.connectors.contract import Change, Connector, Effect, Receipt, Rejected
from dsr.datamap.schema import CollectionMap
from dsr.datamap.values import corrected, same
from dsr.law.states import State
from dsr.law.work import Outcome
from dsr.models import Correction, PlanItem, SubjectRequest
from dsr.steps import gates, ledger, maps
from dsr.steps.answering import on_file
from dsr.steps.deciding import blocking, holds
from dsr.steps.fulfilling import correctable, search
from dsr.steps.fulfilling.execution import Halted, effect_key

CORRECTED, CHANGED, FAILED = "corrected", "changed-meanwhile", "failed"  # outcomes of a field

Changes = Mapping[str, list[tuple[Correction, Change]]]  # by collection


class Sent(msgspec.Struct):
    """What became of one collection's changes, as it is remembered between polls."""

    effect: Effect
    handle: str = ""
    poll_in: float = 0.0


def correct(item: PlanItem, *, at: datetime) -> None:
    """Correct one system's fields; what has STARTED there is polled later.

    Raises Unreachable, Rejected, Halted, Held, Fenced.
    """
    item.nothing_sent = not item.handle_sealed
    changes = _changes(item)
    with closing(search.reach(item).connector) as connector:
        sent = _polled(item, connector) if item.handle_sealed else _sent(item, connector, changes, at)
    pending = [each.poll_in for each in sent if each.effect is Effect.STARTED]
    if pending:
        ledger.wait(item, seconds=min(pending), handle=msgspec.json.encode(sent).decode(), at=at)
        return
    outcomes = _read_back(item, changes)
    if FAILED in outcomes.values():
        _note(item, outcomes)
        message = f"Read back: {Counter(outcomes.values())[FAILED]} values are still what they were."
        raise Rejected(message)
    _record(item, outcomes, at)


def _changes(item: PlanItem) -> Changes:
    """What was accepted, in an order that is the same in every attempt."""
    known = maps.controller(item.subject_request.controller).systems[item.system].collections
    rows = item.subject_request.corrections.filter(system=item.system, decision=Correction.ACCEPTED)
    changes: dict[str, list[tuple[Correction, Change]]] = {}
    for row in rows.order_by("collection", "field", "id"):
        changes.setdefault(row.collection, []).append((row, _change(row, known.get(row.collection))))
    return changes


def _change(row: Correction, collection: CollectionMap | None) -> Change:
    if collection is None or row.field not in collection.fields:
        message = f"The data map does not describe {row} any more."
        raise Rejected(message)
    try:
        after = corrected(collection.fields[row.field], row.text("proposed"))
    except ValueError:
        message = f"The data map has changed: what was accepted does not fit {row} any more."
        raise Rejected(message) from None
    key = tuple(msgspec.json.decode(row.text("key")))
    return Change(row.collection, collection.key, key, row.field, correctable.from_json(row.text("before")), after)


def _sent(item: PlanItem, connector: Connector, changes: Changes, at: datetime) -> list[Sent]:
    sent: list[Sent] = []
    for number, pairs in enumerate(changes.values()):
        _should_proceed(item, at, untouched=not sent)
        item.nothing_sent = False
        receipt = connector.correct(tuple(change for _, change in pairs), effect_key(item, number))
        sent.append(_remembered(receipt))
    return sent


def _polled(item: PlanItem, connector: Connector) -> list[Sent]:
    return [
        _remembered(connector.poll(each.handle), each.handle) if each.effect is Effect.STARTED else each
        for each in msgspec.json.decode(item.handle(), type=list[Sent])
    ]


def _remembered(receipt: Receipt, handle: str = "") -> Sent:
    return Sent(receipt.effect, receipt.handle or handle, receipt.poll_in)


def _should_proceed(item: PlanItem, at: datetime, *, untouched: bool) -> None:
    """Asked before every effect: it may have been cancelled, or frozen, or its owner has days to object still.

    Raises Halted, Held, Fenced.
    """
    found = SubjectRequest.objects.values_list("state", gates.paused_before(item), Exists(ledger.mine(item)))
    state, paused, ours = found.get(pk=item.subject_request_id)
    if not ours:  # another worker has written it, and somebody may have changed it since
        raise ledger.Fenced
    if state != State.APPROVED:
        message = f"The request is {state}."
        raise Halted(message)
    if paused:
        raise holds.Held(gates.PAUSED, at, untouched=untouched)
    if blocking.blocks_delivery(item.subject_request):  # whoever took the account over must not change its address
        raise holds.Held(untouched=untouched)
    if until := on_file.waits(item.subject_request, at=at):
        raise holds.Held(holds.OBJECTS, until, untouched=untouched)


def _read_back(item: PlanItem, changes: Changes) -> dict[Correction, str]:
    """What each field says now, asked over a connection of its own: no receipt is believed."""
    outcomes = {}
    with closing(search.reach(item).connector) as second:
        for pairs in changes.values():
            values = second.read_values(tuple(change for _, change in pairs))
            for (row, change), value in zip(pairs, values, strict=True):
                if same(value, change.after):
                    outcomes[row] = CORRECTED
                else:
                    outcomes[row] = FAILED if same(value, change.before) else CHANGED
    return outcomes


def _note(item: PlanItem, outcomes: Mapping[Correction, str]) -> None:
    """Keep what was read, though the item is not done: should it be left out, what is corrected is said to be."""
    with transaction.atomic():
        if ledger.mine(item).update(handle_sealed="") != 1:
            raise ledger.Fenced
        _write(outcomes)


def _record(item: PlanItem, outcomes: Mapping[Correction, str], at: datetime) -> None:
    counts: dict[str, Counter[str]] = {}
    for row, outcome in outcomes.items():
        counts.setdefault(row.collection, Counter())[outcome] += 1
    done = Outcome.CORRECTED if CORRECTED in outcomes.values() else Outcome.FAILED
    with transaction.atomic():
        _write(outcomes)
        ledger.finish(item, done, at=at, counts=counts)


def _write(outcomes: Mapping[Correction, str]) -> None:
    for outcome in set(outcomes.values()):
        pks = [row.pk for row, each in outcomes.items() if each == outcome]
        Correction.objects.filter(pk__in=pks).update(outcome=outcome)
