"""A hold is released, or what is kept is reduced, while somebody else has the request. Django is set up by who imports.

Whoever takes a request and its items takes the request first, so that no two wait for each other.
"""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import wait
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from dsr.connectors.contract import Batch
from dsr.law.actors import SUBJECT, Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Channel, ItemState, Kind
from dsr.models import LegalHold, PlanItem, SubjectRequest
from dsr.steps import ledger
from dsr.steps.answering import keeping
from dsr.steps.asking import cancellation
from dsr.steps.deciding import holds
from dsr.steps.fulfilling import execution, parts, rectification
from tests.postgresql import threads

PATIENCE = 120.0  # seconds
WAITS = "SELECT cardinality(pg_blocking_pids(%s)) > 0"


class Beside:
    """An act on a connection of its own."""

    def __init__(self, act: Callable[[], object]) -> None:
        """Begin, and go on until it waits for somebody or is done."""
        self._act, self._connected, self._pid = act, threading.Event(), 0
        self._going = threads.begun(self._run)
        self._connected.wait(PATIENCE)
        with connection.cursor() as cursor:
            while not self._going.done():
                cursor.execute(WAITS, [self._pid])
                if cursor.fetchone()[0]:
                    return
                wait([self._going], 0.01)

    def ended(self) -> str:
        """How it came out."""
        return threads.outcome_of(self._going)

    def _run(self) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                self._pid = cursor.fetchone()[0]
            self._connected.set()
            self._act()
        finally:
            self._connected.set()


def beside_a_cancellation(by: Actor, at: datetime) -> dict[str, object]:
    """The person cancels, and waits for one item that a worker writes; then the hold is released."""
    own = _request(Right.ERASURE, State.APPROVED, at)
    first, last = sorted([uuid.uuid4(), uuid.uuid4()])
    for pk in (last, first):  # the order in which the table holds them is not the order of their numbers
        due = {"kind": Kind.ERASE, "system": str(pk), "not_before": at + timedelta(hours=1), "created_at": at}
        PlanItem.objects.create(pk=pk, subject_request=own, note=holds.Held().note, **due)
    hold = _held(own, LegalHold.LEGAL, by, at)
    with transaction.atomic():
        PlanItem.objects.filter(pk=first).update(tries=1)
        cancels = Beside(lambda: cancellation.cancel(SubjectRequest.objects.get(pk=own.pk), by=SUBJECT, at=at))
        releases = Beside(lambda: holds.release(LegalHold.objects.get(pk=hold.pk), by=by, at=at))
    outcomes = [cancels.ended(), releases.ended()]
    own.refresh_from_db()
    return {"outcomes": outcomes, "state": str(own.state), "told": own.notices.filter(letter="released").count()}


def beside_a_search(by: Actor, at: datetime) -> dict[str, object]:
    """The search of a frozen request ends, not committed, when the freeze is released."""
    own = _request(Right.RECTIFICATION, State.ACCEPTED, at)
    due = {"kind": Kind.FIND, "system": "app-database", "not_before": at, "created_at": at, "state": ItemState.DONE}
    item = PlanItem(subject_request=own, **due)
    fields, row = ("id", "email", "nickname"), ("jp1", "sam@example.com", "Sam")
    item.part, _ = parts.write_found(item, iter([Batch("users", fields, (row,))]))
    item.part.save(force_insert=True)
    item.save(force_insert=True)
    hold = _held(own, LegalHold.FREEZE, by, at)
    with transaction.atomic():
        rectification.searched(own, at)
        releases = Beside(lambda: holds.release(hold, by=by, at=at))
    outcome = releases.ended()
    asked = own.notices.filter(letter="correctable").count()
    return {"outcome": outcome, "asked": asked}


def beside_a_reduction(at: datetime) -> dict[str, object]:
    """The last kept rows are erased, not committed, when the time of their request is over."""
    own = _request(Right.ERASURE, State.DELIVERED, at - timedelta(days=3000))
    SubjectRequest.objects.filter(pk=own.pk).update(closed_at=at - timedelta(days=2900))
    item = PlanItem(subject_request=own, kind=Kind.ERASE, system="app-database", until=date(2026, 1, 1))
    item.source = parts.write_lines(item, iter(()))
    item.source.save(force_insert=True)
    item.not_before = item.created_at = at - timedelta(days=2000)
    item.save(force_insert=True)
    claimed = ledger.claim(at=at)
    assert claimed is not None
    assert claimed.pk == item.pk
    reductions: list[Beside] = []

    def in_turn(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:  # noqa: ANN401 — Django's signature
        done = execute(sql, *rest)
        if sql.startswith('UPDATE "dsr_planitem"') and not reductions:
            reductions.append(Beside(lambda: keeping.reduce_next(at=at)))
        return done

    with connection.execute_wrapper(in_turn):
        execution._record(claimed, [], at)  # noqa: SLF001 — the end of an erasure, whose effects need a system
    (reduces,) = reductions
    outcome = reduces.ended()
    own.refresh_from_db()
    return {"outcome": outcome, "reduced": own.reduced_at == at}


def _request(right: Right, state: State, at: datetime) -> SubjectRequest:
    asked = {"controller": "joypix", "right": right, "received_at": at, "due_on": at.date() + timedelta(days=30)}
    number = SubjectRequest.objects.count()
    return SubjectRequest.objects.create(reference=f"H{number}", state=state, channel=Channel.LETTER, **asked)


def _held(own: SubjectRequest, kind: str, by: Actor, at: datetime) -> LegalHold:
    order = holds.Order("Feared", at.date() + timedelta(days=90), kind)
    return holds.set_hold(own, order, by=by, at=at)[0]
