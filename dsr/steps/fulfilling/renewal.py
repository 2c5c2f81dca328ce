"""A map that changes while a request is answered: nothing that it holds at the end stays unsearched without a word.

Before a manifest is closed or a package is put together, the plan is made anew when the map has another version: new
systems are searched, and so are those in which the map now names more, other places, or other ways to a row. The
request then names the version of that plan. After a manifest is closed its keys count; see versions.
"""

from datetime import datetime

from django.db import transaction

from dsr.datamap.place import searched_at
from dsr.datamap.plan import SystemPlan
from dsr.datamap.schema import ControllerMap
from dsr.law.actors import PORTAL
from dsr.law.rights import Right
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import PlanItem, SubjectRequest
from dsr.steps import bell, ledger, maps
from dsr.steps.answering import packaging
from dsr.steps.deciding import looking
from dsr.steps.fulfilling import deeds_told, search, stopping, supplement, travel, versions
from dsr.steps.recording import record

NOTE = "The data map has changed since the plan was made: what is new there is searched first."
SEARCHED = [Outcome.FOUND, Outcome.NOTHING]  # whoever left a system out has decided about it


def close(item: PlanItem, *, at: datetime) -> None:
    """Close the manifest of an erasure; for one system, a supplement to it. Raises Rejected, Fenced."""
    if item.system:
        supplement.close(item, at=at)
        return
    finds = packaging.searched(item.subject_request)
    versions.described(item.subject_request, finds, summary=())  # nothing is listed before this
    if not _renewed(item, at=at):
        search.close(item, finds, at=at)


def assemble(item: PlanItem, *, at: datetime) -> None:
    """Put the package together; of an erasure the manifest has said what was searched."""
    if item.subject_request.right in deeds_told.RIGHTS:
        deeds_told.assemble(item, at=at)
        return
    finds = packaging.searched(item.subject_request)
    versions.described(item.subject_request, finds)
    if item.subject_request.right == Right.ERASURE or not (_renewed(item, at=at) or looking.first(item, finds, at=at)):
        packaging.assemble(item, finds, at=at)


def _renewed(item: PlanItem, *, at: datetime) -> bool:
    """Whether more is searched first, by the map as it is now. Raises Fenced."""
    subject_request = item.subject_request
    controller_map = maps.controller(subject_request.controller)
    if subject_request.map_version == controller_map.version:
        return False
    plan = search.planned(subject_request, controller_map)
    known = {each.system: each for each in subject_request.items.filter(kind=Kind.FIND)}
    late: list[SystemPlan] = []
    for system in plan.systems:
        behind = system.after & {one.system for one in late}  # it is asked by keys of what is searched anew
        if _unsearched(system, controller_map, known.get(system.system), again=bool(behind)):
            late.append(system)
    with transaction.atomic():
        SubjectRequest.objects.filter(pk=subject_request.pk).update(map_version=controller_map.version)
        if late:
            item.after.add(*_entered(subject_request, late, known, at))
            ledger.postpone(item, note=NOTE, at=at)
        record.write(
            subject_request,
            "plan:renewed",
            by=PORTAL,
            at=at,
            systems=[system.system for system in late],
            unreachable=list(plan.unreachable),
            map_version=controller_map.version,
        )
    bell.ring_after_commit()
    subject_request.map_version = controller_map.version
    return bool(late)


def _unsearched(system: SystemPlan, controller_map: ControllerMap, item: PlanItem | None, *, again: bool) -> bool:
    """Whether the map names more in a system, other places or ways, than was searched; or new keys may lead there."""
    if item is None:
        return True
    asked = item.counts.get("asked")
    now = searched_at(controller_map.systems[system.system], system.routes)
    return item.outcome in SEARCHED and (again or (asked is not None and asked != now))


def _entered(
    subject_request: SubjectRequest, late: list[SystemPlan], known: dict[str, PlanItem], at: datetime
) -> list[PlanItem]:
    """The find items of these systems: new ones, behind a stop where there is one, or the old ones once more."""
    entered: dict[str, PlanItem] = {}
    stops = stopping.first(subject_request, at=at)
    for system in late:
        again = known.get(system.system)
        if again is None:
            again = PlanItem.objects.create(
                subject_request=subject_request, kind=Kind.FIND, system=system.system, not_before=at, created_at=at
            )
        else:
            fresh = {"state": ItemState.READY, "outcome": "", "finished_at": None, "not_before": at}
            PlanItem.objects.filter(pk=again.pk).update(**fresh)
        everywhere = {**known, **entered}
        again.after.add(*(one for one in travel.earlier(system, everywhere) if one.system != system.system), *stops)
        entered[system.system] = again
    return list(entered.values())
