"""Supplements: rows that came in after the first manifest are listed, approved by a second person, and then erased.

A supplementary manifest follows the rules of the first one, for one system, and lists only rows that no earlier one
names. It has a digest and an approval of its own; its effects carry keys that no earlier effect had.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from uuid import UUID

import msgspec
from django.db import IntegrityError, transaction

from dsr.connectors import sharing
from dsr.connectors.contract import Batch
from dsr.datamap.schema import SystemMap
from dsr.law.actors import PORTAL, Actor, ActorKind
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import Approval, PlanItem, SubjectRequest, Supplement
from dsr.sealing.fields import Unsealable
from dsr.steps import bell, ledger, maps, permissions
from dsr.steps.deciding import approval, blocking
from dsr.steps.fulfilling import manifest, parts, search, sources
from dsr.steps.fulfilling.routes_back import routes_back
from dsr.steps.move import Conflict
from dsr.steps.recording import record

AGAIN = [ItemState.DONE, ItemState.QUARANTINED]


def possible(item: PlanItem) -> bool:
    """Whether a supplementary manifest can be asked for: an erasure found rows again, and none waits for its yes."""
    stuck = item.kind == Kind.ERASE and not item.deferred and item.state == ItemState.QUARANTINED
    return stuck and item.subject_request.state == State.APPROVED and not waiting(item.subject_request, item.system)


def waiting(subject_request: SubjectRequest, system: str = "") -> list[Supplement]:
    """Supplements that nobody has approved yet."""
    found = Supplement.objects.filter(subject_request=subject_request, approval=None)
    return list(found.filter(system=system) if system else found)


def known(subject_request: SubjectRequest, pk: UUID) -> Supplement | None:
    """One that waits for its approval."""
    return next((each for each in waiting(subject_request) if each.pk == pk), None)


def ask(item: PlanItem, *, by: Actor, at: datetime) -> None:
    """Have what came in listed for the system of an erase item. Raises Conflict, Forbidden."""
    permissions.require(by, permissions.Duty.REVIEW, item.subject_request)
    if not possible(item):
        message = "A supplementary manifest is for a system whose erasure found rows again, one at a time."
        raise Conflict(message)
    asked = {"asked_by": int(by.id)}
    fresh = {"state": ItemState.READY, "outcome": "", "note": "", "part": None, "counts": asked, "not_before": at}
    place = {"subject_request": item.subject_request, "kind": Kind.CLOSE, "system": item.system, "until": None}
    try:
        with transaction.atomic():
            again = PlanItem.objects.filter(**place, state__in=AGAIN)
            if not again.update(**fresh, attempts=0, tries=0, finished_at=None):
                PlanItem.objects.create(**place, **fresh, created_at=at)
            record.write(item.subject_request, "supplement:asked", by=by, at=at, item=str(item))
    except IntegrityError:
        message = "It is being listed already."
        raise Conflict(message) from None
    bell.ring_after_commit()


def close(item: PlanItem, *, at: datetime) -> None:
    """List what the route finds and no manifest names. Raises Unreachable, Rejected, Fenced."""
    subject_request = item.subject_request
    asked_by = int(item.counts["asked_by"])
    erasing = subject_request.items.get(kind=Kind.ERASE, system=item.system, until=None)
    system = maps.controller(subject_request.controller).systems[item.system]
    place = search.reach(erasing)
    with closing(place.connector):
        found = list(_found(erasing, place))
    known_lines = list(sources.lines(erasing))
    lines = _lines(subject_request, system, found, known_lines, at)
    if not lines:
        note = "Nothing new is there. Try the erasure again."
        ledger.finish(item, Outcome.NOTHING, at=at, counts={}, note=note)
        return
    summary = _summary(item.system, lines, known_lines)
    part = parts.write_lines(item, manifest.written(lines))
    with transaction.atomic():
        part.save(force_insert=True)
        ledger.finish(item, Outcome.FOUND, at=at, counts={"lines": summary})
        Supplement.objects.create(
            subject_request=subject_request,
            system=item.system,
            part=part,
            digest=part.sha256,
            summary=summary,
            closed_at=at,
            closed_by_id=asked_by,
        )
        record.write(subject_request, "supplement:closed", by=PORTAL, at=at, digest=part.sha256, item=str(item))


def _found(erasing: PlanItem, place: search.Reach) -> Iterator[Batch]:
    """What the route reaches now, from the manifest's keys of the parents as well."""
    routes, identities = routes_back(erasing, place)
    for route in routes:
        found = sharing.found(place.connector, route, identities)
        yield from (batch for batch in found if isinstance(batch, Batch))


def _lines(
    subject_request: SubjectRequest, system: SystemMap, found: list[Batch], known: list[manifest.Line], at: datetime
) -> list[manifest.Line]:
    """What becomes of rows that no line names, and of those that are listed already and have to stay for them."""
    listed = set(sources.places(known))
    fates = list(search.fates(subject_request, system, found, at=at, anchors_from=lambda: found))
    before, now = _until(known), _until(fates)
    anew = {place for place in listed & set(now) if now[place] > before[place]}
    anew |= {place for place in _other_way(known, fates) if now[place] == before[place]}
    lines = []
    for line in fates:
        keys = [key for key in line.keys if (place := (line.collection, tuple(key))) in anew or place not in listed]
        if keys:
            lines.append(msgspec.structs.replace(line, keys=keys))
    return lines


def _other_way(known: list[manifest.Line], fates: list[manifest.Line]) -> set[sources.Place]:
    """Listed rows that somebody has come into since, or left, so that they would go in another way today."""
    ways = {place: line.way for line in known if line.others for place in sources.places([line])}
    today = {place: line.way for line in fates for place in sources.places([line])}
    return {place for place in ways.keys() & today.keys() if ways[place] is not today[place]}


def _until(lines: list[manifest.Line]) -> dict[sources.Place, str]:
    """Until when each row stays at the latest; empty: it goes."""
    until: dict[sources.Place, str] = {}
    for line in lines:
        for place in sources.places([line]):
            until[place] = max(line.until, until.get(place, ""))
    return until


def _summary(system: str, lines: list[manifest.Line], known: list[manifest.Line]) -> list[dict[str, object]]:
    """Counts of the list; what an earlier list said of the same rows is taken back by counts marked 'instead'."""
    listed = set(sources.places(known))
    counted = Counter[tuple[str, str, str, str]]()
    for line in lines:
        for place in sources.places([line]):
            counted[line.collection, line.rule, line.until, "again" if place in listed else ""] += 1
    anew = set(sources.places(lines))
    for line in known:
        taken = sum(place in anew for place in sources.places([line]))
        counted[line.collection, line.rule, line.until, "instead"] += taken
    names = ("collection", "rule", "until")
    return [
        {"system": system, **dict(zip(names, fate, strict=True)), "count": count, **({mark: True} if mark else {})}
        for (*fate, mark), count in counted.items()
        if count
    ]


def approve(supplement: Supplement, *, digest: str, by: Actor, at: datetime) -> None:
    """A second person approves what is listed, and the erasure of its system goes on. Raises Forbidden, Conflict."""
    subject_request = supplement.subject_request
    permissions.require(by, permissions.Duty.APPROVE, subject_request)
    first = {str(subject_request.accepted_by_id), str(supplement.closed_by_id)}
    if by.kind is not ActorKind.STAFF or by.id in first:
        message = "A second person has to approve: you accepted this request, or had this listed."
        raise permissions.Forbidden(message)
    if why := approval.why_not_by(subject_request, by):
        raise permissions.Forbidden(why)
    if blocking.blocks_erasure(subject_request):
        message = "A legal hold stands on this request: nothing of it is erased until that is released."
        raise Conflict(message)
    if digest != supplement.digest or _digest_on_disk(supplement) != digest:
        message = "This is not the manifest that was closed. Look at it again."
        raise Conflict(message)
    stuck = subject_request.items.filter(
        kind=Kind.ERASE, system=supplement.system, until=None, state=ItemState.QUARANTINED
    )
    try:
        with transaction.atomic():
            Approval.objects.create(
                subject_request=subject_request, supplement=supplement, digest=digest, by_id=int(by.id), at=at
            )
            goes_on = {"state": ItemState.READY, "handle_sealed": "", "waits_until": None, "note": "", "not_before": at}
            waits = SubjectRequest.objects.filter(pk=subject_request.pk, state=State.APPROVED)
            if not waits.exists() or not stuck.update(**goes_on, attempts=0, tries=0):
                message = "The erasure of this system does not wait any more."
                raise Conflict(message)
            record.write(subject_request, "supplement:approved", by=by, at=at, digest=digest)
    except IntegrityError:
        message = "Somebody else has approved this already."
        raise Conflict(message) from None
    bell.ring_after_commit()


def _digest_on_disk(supplement: Supplement) -> str:
    try:
        return parts.digest_of(supplement.part)
    except Unsealable:
        return ""
