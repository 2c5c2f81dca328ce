"""Pausing one system: nothing goes in there until it is resumed, as after an incident, or when a processor asks.

It is the gate before that system (see gates), shut by a person: its items stay ready, lose no tries, and no clock
stands still for them. What runs in that moment stops before its next effect; a search comes to its end.
"""

from datetime import datetime

from django.db import transaction

from dsr.law.actors import Actor
from dsr.models import Gate
from dsr.steps import bell, maps, permissions
from dsr.steps.move import Conflict
from dsr.steps.recording import record

REASON = 2_000  # characters
PAUSED, RESUMED = "system:paused", "system:resumed"


def pause(controller: str, system: str, *, reason: str, by: Actor, at: datetime) -> None:
    """Leave it alone from now on. Raises Forbidden, Conflict."""
    permissions.require_at(by, permissions.Duty.PAUSE, controller)
    if not reason.strip():
        message = "Say why nothing may go in: the record keeps it, and colleagues read it."
        raise Conflict(message)
    known = maps.controller(controller).systems.get(system)
    if known is None or known.connector.kind == "portal":
        message = "There is no such system, or it is the portal itself."
        raise Conflict(message)
    with transaction.atomic():
        gate, _ = Gate.objects.get_or_create(controller=controller, system=system)
        why = gate.sealed_reason(reason.strip()[:REASON])
        shut = Gate.objects.filter(pk=gate.pk, paused_at=None)
        if shut.update(paused_at=at, paused_by_id=int(by.id), reason_sealed=why) != 1:
            message = "Somebody else has paused it already."
            raise Conflict(message)
        told = {"reason": reason.strip()[:REASON]}
        record.write_for(controller, PAUSED, by=by, at=at, secret=told, system=system)


def resume(controller: str, system: str, *, by: Actor, at: datetime) -> None:
    """Let it go on. Whether it answers is seen by whoever goes in first. Raises Forbidden, Conflict."""
    permissions.require_at(by, permissions.Duty.PAUSE, controller)
    with transaction.atomic():
        gate = Gate.objects.select_for_update().filter(controller=controller, system=system).first()
        if gate is None or gate.paused_at is None:
            message = "It is not paused."
            raise Conflict(message)
        since = gate.paused_at.isoformat()
        gate.paused_at, gate.paused_by, gate.reason_sealed = None, None, ""
        gate.save(update_fields=["paused_at", "paused_by", "reason_sealed"])
        record.write_for(controller, RESUMED, by=by, at=at, system=system, since=since)
    bell.ring_after_commit()
