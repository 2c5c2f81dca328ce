"""What a person says became of a task, and the second look at an erasure by hand.

The rule of the second look: what one member of staff erased counts as erased when another one has looked, by the keys
and by the identifiers, and confirms that it is gone. The answer says 'confirmed by hand', never 'read back'.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast

from django.db import transaction

from dsr.connectors.contract import Batch, Found
from dsr.datamap.schema import SystemMap
from dsr.law.actors import Actor, ActorKind
from dsr.law.deadlines import local_day
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import Errand, PlanItem, SubjectRequest
from dsr.steps import ledger, maps, permissions, waking
from dsr.steps.deciding import blocking, carried
from dsr.steps.errands import asking, links
from dsr.steps.fulfilling import execution, parts
from dsr.steps.move import Conflict
from dsr.steps.permissions import Duty, Forbidden
from dsr.steps.recording import record

WORDS = 300  # characters: as long as an item's note
NOT_POSSIBLE = "It cannot be done by hand; the task says why."
BARE = frozenset({Right.ERASURE, Right.RECTIFICATION})  # which have no use for the contents of files
_OVER = "This task is over, or somebody else has answered it. Look at it again."


@dataclass(frozen=True, slots=True)
class Erased:
    """What somebody erased by hand: rows of each collection, and which stay, until when and why."""

    counts: Mapping[str, int]
    kept: tuple[str, ...] = ()  # keys as the page spells them
    until: date | None = None
    because: str = ""


@dataclass(slots=True)
class _Listed:
    """The rows that a task lists."""

    counts: dict[str, int] = field(default_factory=dict)
    keys: dict[str, list[tuple[str, tuple[object, ...]]]] = field(default_factory=dict)


def bring(errand: Errand, found: Iterable[Found], *, by: Actor, at: datetime) -> None:
    """What was found, checked and sealed as any other system's find. Raises Forbidden, Conflict."""
    item = _open(errand, Kind.FIND, by, at)
    bare = item.subject_request.right in BARE
    watch = carried.Watch(item.subject_request)
    brought = watch.over(_system(item), iter([one for one in found if isinstance(one, Batch) or not bare]))
    part, tally = parts.write_found(item, brought)
    with transaction.atomic():
        part.save(force_insert=True)
        _answer(errand, Errand.FOUND, by=by, at=at, counts=dict(tally.rows))
        _finish(item, Outcome.FOUND, at=at, counts={"rows": tally.rows, "files": tally.files}, part=part)
        watch.keep()
        watch.hold(at=at)


def nothing(errand: Errand, *, by: Actor, at: datetime) -> None:
    """Nothing is there: the search is over; an erasure waits for the second look. Raises Forbidden, Conflict."""
    item = _open(errand, errand.item.kind, by, at)
    with transaction.atomic():
        _answer(errand, Errand.NOTHING, by=by, at=at)
        if item.kind == Kind.FIND:
            part, tally = parts.write_found(item, iter(()))
            part.save(force_insert=True)
            counts = {"rows": tally.rows, "files": tally.files}
            _finish(item, Outcome.NOTHING, at=at, counts=counts, part=part)
        else:
            asking.tell(errand, asking.SECOND, at=at)


def erased(errand: Errand, done: Erased, *, by: Actor, at: datetime) -> None:
    """It is erased, as far as it does not stay; now a second person looks. Raises Forbidden, Conflict."""
    item = _open(errand, Kind.ERASE, by, at)
    listed = _listed(item)
    unknown = [key for key in done.kept if key not in listed.keys]
    if unknown:
        message = f"{len(unknown)} of the keys that stay are not on the list of this task."
        raise Conflict(message)
    kept = [row for key in dict.fromkeys(done.kept) for row in listed.keys[key]]
    if kept and not done.because.strip():
        message = "Say why these rows stay: the person is told."
        raise Conflict(message)
    today = local_day(at, maps.calendar(item.subject_request.controller))
    if kept and done.until is not None and done.until <= today:
        message = "The day until which rows stay has to lie in the future."
        raise Conflict(message)
    for name, count in listed.counts.items():
        stays = sum(row[0] == name for row in kept)
        if done.counts.get(name, 0) + stays != count:
            title = _system(item).collections[name].title
            message = f"{title}: {count} rows are listed; erased and staying have to be as many together."
            raise Conflict(message)
    columns: dict[str, object] = {"kept_until": done.until if kept else None}
    columns["kept_sealed"] = errand.sealed_kept(kept)
    columns["because_sealed"] = errand.sealed_because(done.because.strip()[:WORDS]) if kept else ""
    with transaction.atomic():
        _answer(errand, Errand.ERASED, by=by, at=at, counts=dict(done.counts), kept=len(kept), **columns)
        asking.tell(errand, asking.SECOND, at=at)


def cannot(errand: Errand, because: str, *, by: Actor, at: datetime) -> None:
    """It cannot be done: staff leave the system out by name, or send it back to work. Raises Forbidden, Conflict."""
    item = _open(errand, errand.item.kind, by, at)
    if not because.strip():
        message = "Say why it cannot be done."
        raise Conflict(message)
    with transaction.atomic():
        sealed = errand.sealed_because(because.strip()[:WORDS])
        rows = Errand.objects.filter(pk=errand.pk, answer="", confirmed_at=None).update(because_sealed=sealed)
        if rows != 1:
            raise Conflict(_OVER)
        links.spend(errand, by, at=at)
        told = {"reason": because.strip()}
        record.write(item.subject_request, "task:impossible", by=by, at=at, secret=told, item=str(item))
        try:
            ledger.quarantine(item, note=NOT_POSSIBLE, at=at)
        except ledger.Fenced:
            raise Conflict(_OVER) from None


def why_not_confirm(errand: Errand, by: Actor) -> str:
    """Why this staff member cannot take the second look; empty when they can."""
    if not permissions.may(by, Duty.OPERATE, errand.item.subject_request):
        return "Your role does not allow this."
    if by.kind is ActorKind.STAFF and by.id == str(errand.answered_by_id):
        return "A second person has to look: you said what became of it."
    return ""


def confirm(errand: Errand, *, by: Actor, at: datetime) -> None:
    """A second person looked: it is gone, but for what stays. The ledger goes on. Raises Forbidden, Conflict."""
    item = _second(errand, by)
    with transaction.atomic():
        waiting = Errand.objects.filter(pk=errand.pk, confirmed_at=None).exclude(answer="")
        if not waiting.update(confirmed_at=at, confirmed_by_id=int(by.id)):
            raise Conflict(_OVER)
        record.write(item.subject_request, "task:confirmed", by=by, at=at, item=str(item))
        waking.wake(PlanItem.objects.filter(pk=item.pk), at=at)


def send_back(errand: Errand, *, by: Actor, at: datetime) -> None:
    """A second person looked: something is still there. The task is open again. Raises Forbidden, Conflict."""
    item = _second(errand, by)
    anew = {"answer": "", "answered_at": None, "answered_by": None, "kept_until": None}
    with transaction.atomic():
        waiting = Errand.objects.filter(pk=errand.pk, confirmed_at=None).exclude(answer="")
        if not waiting.update(**anew, kept_sealed="", because_sealed=""):
            raise Conflict(_OVER)
        record.write(item.subject_request, "task:sent-back", by=by, at=at, item=str(item))
        asking.tell(errand, asking.AGAIN, at=at)


def _open(errand: Errand, kind: str, by: Actor, at: datetime) -> PlanItem:
    """The item of a task that may be answered now."""
    item = PlanItem.objects.select_related("subject_request").get(pk=errand.pk)
    if not links.may_act(errand, by, at=at):
        permissions.require(by, Duty.OPERATE, item.subject_request)
        if by.kind is not ActorKind.STAFF:
            raise Forbidden
    if item.state == ItemState.DONE or item.kind != kind or item.kind not in {Kind.FIND, Kind.ERASE}:
        raise Conflict(_OVER)
    _not_held(item)
    return item


def _second(errand: Errand, by: Actor) -> PlanItem:
    why = why_not_confirm(errand, by)
    if why or by.kind is not ActorKind.STAFF:
        raise Forbidden(why)
    item = PlanItem.objects.select_related("subject_request").get(pk=errand.pk)
    if item.state == ItemState.DONE:
        raise Conflict(_OVER)
    return item


def _not_held(item: PlanItem) -> None:
    """What a hold or the person's own word has stopped is not to be erased, so nobody says that they did."""
    if item.kind != Kind.ERASE:
        return
    subject_request = SubjectRequest.objects.get(pk=item.subject_request_id)
    if blocking.blocks_erasure(subject_request):
        message = "A legal hold stands: erase nothing until it is released."
        raise Conflict(message)
    if not item.deferred and subject_request.state != State.APPROVED:
        message = "This erasure is not approved any more: erase nothing."
        raise Conflict(message)


def _answer(
    errand: Errand,
    answer: str,
    *,
    by: Actor,
    at: datetime,
    counts: dict[str, int] | None = None,
    kept: int = 0,
    **columns: object,
) -> None:
    rows = Errand.objects.filter(pk=errand.pk, answer="", confirmed_at=None)
    who = links.spend(errand, by, at=at)
    if not rows.update(answer=answer, answered_at=at, answered_by_id=who, **{"because_sealed": ""} | columns):
        raise Conflict(_OVER)
    errand.answer, errand.answered_at, errand.answered_by_id = answer, at, who
    told: dict[str, Any] = {"rows": sum((counts or {}).values()), **({"kept_rows": kept} if kept else {})}
    item = errand.item
    record.write(item.subject_request, "task:answered", by=by, at=at, item=str(item), said=answer, **told)


def _finish(item: PlanItem, outcome: Outcome, *, at: datetime, counts: dict[str, object], **columns: object) -> None:
    try:
        ledger.finish(item, outcome, at=at, counts=counts, **cast("dict[str, Any]", columns))
    except ledger.Fenced:
        raise Conflict(_OVER) from None


def _system(item: PlanItem) -> SystemMap:
    return maps.controller(item.subject_request.controller).systems[item.system]


def _listed(item: PlanItem) -> _Listed:
    listed = _Listed()
    for line in execution.lines_of(item):
        listed.counts[line.collection] = listed.counts.get(line.collection, 0) + len(line.keys)
        for key in line.keys:
            listed.keys.setdefault(asking.spelled(tuple(key)), []).append((line.collection, tuple(key)))
    return listed
