"""Blast limits: an erasure that would take more of a collection than its map expects of one person stops.

Asked before each chunk, by the map and the raised limits of that moment, of what this erasure has taken and is about to
take; of all collections, before the first. The share is one of the rows that were there when it began, which are
counted once and written down: the table is not counted for each chunk, nor anew, and smaller, after a crash.
Only a privacy officer raises a limit, for one request and so many rows, with a reason; nothing raises it for all.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import cast

from django.db import transaction

from dsr.connectors.contract import Ability, Connector, Rejected, Surveying
from dsr.datamap.schema import Erase
from dsr.law.actors import PORTAL, Actor
from dsr.law.work import ItemState, Kind
from dsr.models import BlastLimit, PlanItem, SubjectRequest
from dsr.steps import bell, ledger, maps, permissions
from dsr.steps.fulfilling import manifest
from dsr.steps.move import Conflict
from dsr.steps.recording import record

FEW = 1_000  # rows: a share of less says nothing, for small tables have few people in them
REASON = 2_000  # characters
THERE = "there"  # in an item's counts until it is done: how many rows the collection had when it began


class Over(Rejected):
    """More rows would go than the map lets one request take."""


class Watch:
    """Over the lines of one system that one request erases."""

    def __init__(
        self, subject_request: SubjectRequest, system: str, lines: Iterable[manifest.Line], connector: Connector
    ) -> None:
        self._request = subject_request
        self._system = system
        self._connector = connector
        self._there: dict[str, int | None] = {}
        self._rows = Counter[str]()
        for line in lines:
            self._rows[line.collection] += len(line.keys)

    def begin(self, item: PlanItem, *, at: datetime) -> None:
        """Before the first chunk of an item, of every collection. Raises as ask does, and Fenced.

        What was there when its first attempt began stands with the item.
        """
        known = {name: count[THERE] for name, count in item.counts.items() if THERE in count}
        self._there = dict(known)
        try:
            for collection in self._rows:
                self.ask(collection, at=at)
        finally:
            counted = {name: {THERE: rows} for name, rows in self._there.items() if rows is not None}
            if len(counted) > len(known):
                ledger.remember(item, counts=counted)

    def ask(self, collection: str, *, at: datetime) -> None:
        """Before a chunk of this collection. Raises Over; Unreachable, when the live table cannot be counted."""
        erase = maps.controller(self._request.controller).systems[self._system].collections[collection].erase
        rows = self._rows[collection]
        said = self._said(erase, collection, rows)
        if not said or _raised(self._request, self._system, collection, rows):
            return
        found = BlastLimit.objects.filter(
            subject_request=self._request, system=self._system, collection=collection, rows=rows
        )
        with transaction.atomic():
            if not found.exists():
                BlastLimit.objects.create(
                    subject_request=self._request, system=self._system, collection=collection, rows=rows, met_at=at
                )
                _record(self._request, "limit:met", found[0], by=PORTAL, at=at)
        message = f"{collection}: {said} A privacy officer can raise the limit for this request."
        raise Over(message)

    def _said(self, erase: Erase, collection: str, rows: int) -> str:
        """What is wrong; empty, when nothing is."""
        if rows > erase.most:
            return f"{rows:,} rows would go; the map lets one request take {erase.most:,}."
        if rows <= FEW:
            return ""
        there = self._counted(collection)
        if there is not None and rows > erase.share * there:
            return f"{rows:,} of {there:,} rows would go; the map lets one request take {erase.share:.2%}."
        return ""

    def _counted(self, collection: str) -> int | None:
        """How many rows were there; None, where the system cannot be asked."""
        if collection not in self._there:
            can = Ability.SURVEY in self._connector.abilities
            survey = cast("Surveying", self._connector).survey() if can else None
            self._there[collection] = survey.total(collection) if survey else None
        return self._there[collection]


def _raised(subject_request: SubjectRequest, system: str, collection: str, rows: int) -> bool:
    known = BlastLimit.objects.filter(subject_request=subject_request, system=system, collection=collection)
    return known.filter(rows__gte=rows).exclude(raised_at=None).exists()


def met(subject_request: SubjectRequest, system: str = "") -> list[BlastLimit]:
    """Limits that stop this request now, and that nobody has raised."""
    found = BlastLimit.objects.filter(subject_request=subject_request, raised_at=None).order_by("system", "collection")
    return list(found.filter(system=system) if system else found)


def raise_it(limit: BlastLimit, *, reason: str, by: Actor, at: datetime) -> None:
    """Let this request take so many rows of this collection. Raises Forbidden, Conflict."""
    subject_request = limit.subject_request
    permissions.require(by, permissions.Duty.RAISE, subject_request)
    if not reason.strip():
        message = "Say why so many rows may go: the record keeps it."
        raise Conflict(message)
    columns = {
        "raised_at": at,
        "raised_by_id": int(by.id),
        "reason_sealed": limit.sealed_reason(reason.strip()[:REASON]),
    }
    with transaction.atomic():
        if BlastLimit.objects.filter(pk=limit.pk, raised_at=None).update(**columns) != 1:
            message = "Somebody else has raised it already."
            raise Conflict(message)
        waits = {"kind": Kind.ERASE, "system": limit.system, "state": ItemState.QUARANTINED}
        goes_on = {"state": ItemState.READY, "note": "", "not_before": at, "attempts": 0, "tries": 0}
        subject_request.items.filter(**waits).update(**goes_on)
        _record(subject_request, "limit:raised", limit, by=by, at=at, secret={"reason": reason.strip()})
    bell.ring_after_commit()


def _record(
    subject_request: SubjectRequest,
    tag: str,
    limit: BlastLimit,
    *,
    by: Actor,
    at: datetime,
    secret: dict[str, object] | None = None,
) -> None:
    place, rows = limit.system, limit.rows
    record.write(
        subject_request, tag, by=by, at=at, secret=secret, system=place, collection=limit.collection, rows=rows
    )
