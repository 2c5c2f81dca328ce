"""The gate before each system: one that is slow, dead or busy delays its own items only (a circuit breaker).

A system that missed its answer once is tried by one item at a time; after MISSES in a row it counts as silent, and
nothing of it is claimed before the next probe, whose pause doubles. One answer, and all may go in again.
The gate's row is locked for the moment of a claim, after the item's own: so its limits hold for all workers together.
Staff can shut it as well (see pausing); then nothing goes in, no probe either, until somebody opens it.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from dsr.datamap.schema import Pace, SystemMap
from dsr.law.actors import PORTAL
from dsr.law.work import ItemState, Kind
from dsr.models import Gate, PlanItem
from dsr.models.plan import state_among
from dsr.steps import bell, maps
from dsr.steps.recording import record

MISSES = 3  # in a row: then the system counts as silent
WINDOW = timedelta(minutes=10)  # a miss that lies further back is no reason for distrust any more
LONGEST_PAUSE = 3600.0  # seconds between two probes, and of a Retry-After as far as it concerns other items
DOUBLINGS = 12  # 2 ** 12 seconds are more than the longest pause
MINUTE = timedelta(minutes=1)
MOST = 30_000  # what the column holds

SILENT, BACK = "system:silent", "system:back"
PAUSED = "Staff paused this system. It goes on by itself once somebody lets it go on."
_CONTROLLER, _SYSTEM = OuterRef("subject_request__controller"), OuterRef("system")
_ASKS_SEVERAL = Q(kind=Kind.ADDRESSES)  # in one turn, and through none of their gates


def shut(at: datetime) -> Q:
    """A condition on items: nothing of their system is claimed at this moment."""
    resting = Q(not_before__gt=at) | Q(paused_at__isnull=False)
    here = Gate.objects.filter(resting, controller=_CONTROLLER, system=_SYSTEM)
    anywhere = Gate.objects.filter(controller=_CONTROLLER, paused_at__isnull=False)
    return Q(Exists(here)) | _ASKS_SEVERAL & Q(Exists(anywhere))


def left_alone() -> Exists:
    """A condition on items: staff have paused their system."""
    return Exists(Gate.objects.filter(controller=_CONTROLLER, system=_SYSTEM, paused_at__isnull=False))


def paused_before(item: PlanItem) -> Exists:
    """Whether staff have paused the system of this item by now: asked before each effect, beside something else."""
    return Exists(_of(item).filter(paused_at__isnull=False))


def paused_at(controller: str, system: str) -> bool:
    """The same for who asks another system than its item's."""
    return Gate.objects.filter(controller=controller, system=system).exclude(paused_at=None).exists()


def paused(controllers: list[str]) -> list[Gate]:
    """The systems of these controllers that staff have paused, for the longest time first."""
    found = Gate.objects.filter(controller__in=controllers).exclude(paused_at=None)
    return list(found.select_related("paused_by").order_by("paused_at"))


def left(controller: str, *, but: str = "") -> set[str]:
    """The systems of this controller that staff have paused, except the one that somebody insists on."""
    return {gate.system for gate in paused([controller])} - {but}


def pace(item: PlanItem) -> Pace:
    """How fast its system may be asked, as its map says."""
    system = _mapped(item)
    return system.pace if system else Pace()


def admit(item: PlanItem, *, at: datetime) -> bool:
    """Whether the item may be claimed now; call it in the transaction of the claim."""
    if _inside(item):
        return True
    gate, limits = _locked(item), pace(item)
    item.trusted = not gate.misses
    if gate.paused_at is not None:  # since the claim looked for what is due
        return False
    if gate.not_before is not None and gate.not_before > at:
        return False
    if _running_beside(item) >= (1 if gate.misses else limits.at_once):
        return False
    return limits.per_minute is None or _counted(gate, limits.per_minute, at)


def missed(item: PlanItem, *, seconds: float | None, at: datetime) -> None:
    """Its system did not answer; `seconds` is what it asked to wait. Call it after the item's own write."""
    if _inside(item):
        return
    with transaction.atomic():
        gate = _locked(item)
        lately = gate.missed_at is not None and at - gate.missed_at <= WINDOW
        gate.misses = min(gate.misses + 1, MOST) if lately or gate.silent_since else 1
        gate.missed_at = at
        pause = min(seconds or 0.0, LONGEST_PAUSE)
        if gate.misses >= MISSES:
            pause = max(pause, min(LONGEST_PAUSE, 2.0 ** min(gate.misses, DOUBLINGS)))
            if gate.silent_since is None:
                gate.silent_since = at
                record.write_for(gate.controller, SILENT, by=PORTAL, at=at, system=gate.system)
        if pause:
            gate.not_before = at + timedelta(seconds=pause)
        gate.save()


def answered(item: PlanItem, *, at: datetime) -> None:
    """Its system answered: all may go in again."""
    if item.trusted or _inside(item):  # a miss since it was claimed is for the next one that answers
        return
    gate = _of(item).filter(misses__gt=0).first()
    if gate is None:
        return
    with transaction.atomic():
        cleared = {"misses": 0, "missed_at": None, "silent_since": None, "not_before": None}
        rows = Gate.objects.filter(pk=gate.pk, misses=gate.misses).update(**cleared)
        if rows and gate.silent_since:
            since = gate.silent_since.isoformat()
            record.write_for(gate.controller, BACK, by=PORTAL, at=at, system=gate.system, since=since)
    bell.ring_after_commit()


def try_now(item: PlanItem, *, at: datetime) -> None:
    """Staff want it tried: it is the probe, without waiting for the next one."""
    _of(item).filter(not_before__gt=at).update(not_before=at)


def silent(controllers: list[str]) -> list[Gate]:
    """The systems of these controllers that do not answer, for the longest time first."""
    return list(Gate.objects.filter(controller__in=controllers).exclude(silent_since=None).order_by("silent_since"))


def _inside(item: PlanItem) -> bool:
    """The portal's own work and its own house have no gate: what waits there waits for itself alone."""
    system = _mapped(item)
    return not item.system or (system is not None and system.connector.kind == "portal")


def _mapped(item: PlanItem) -> SystemMap | None:
    """Its system, if the map still has it."""
    controller_map = maps.controllers().get(item.subject_request.controller)
    return controller_map.systems.get(item.system) if controller_map else None


def _of(item: PlanItem) -> QuerySet[Gate]:
    return Gate.objects.filter(controller=item.subject_request.controller, system=item.system)


def _locked(item: PlanItem) -> Gate:
    known = Gate.objects.select_for_update()
    return known.get_or_create(controller=item.subject_request.controller, system=item.system)[0]


def _running_beside(item: PlanItem) -> int:
    """How many others of its system run, by leases that stand."""
    running = PlanItem.objects.filter(state_among([ItemState.RUNNING]), Q(lease_until__gte=Now()), system=item.system)
    return running.filter(subject_request__controller=item.subject_request.controller).exclude(pk=item.pk).count()


def _counted(gate: Gate, most: int, at: datetime) -> bool:
    """Count one start of the present minute, if there is one left."""
    if gate.minute is None or not gate.minute <= at < gate.minute + MINUTE:
        gate.minute, gate.starts = at, 0
    if gate.starts >= most:
        return False
    gate.starts += 1
    gate.save(update_fields=["minute", "starts"])
    return True
