"""A preview: what a search would find and an erasure would take, in counts, before anybody has accepted the request.

A worker looks, for web processes know no secret of a system. It asks by proven identifiers alone, changes nothing, and
keeps numbers only. They are forgotten when the request closes.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from functools import partial

from django.db import IntegrityError, transaction

from dsr.connectors import sharing
from dsr.connectors.contract import Batch, Connector, Rejected, Unreachable
from dsr.datamap.narrow import kinds_of
from dsr.datamap.plan import Plan, SystemPlan
from dsr.datamap.route import Identities, Route
from dsr.datamap.schema import ControllerMap, IdentityKind
from dsr.law.actors import Actor
from dsr.law.rights import SEARCHED, Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import PlanItem, SubjectRequest
from dsr.steps import bell, gates, ledger, maps, permissions
from dsr.steps.asking import scopes
from dsr.steps.errands import bound
from dsr.steps.fulfilling import search, travel
from dsr.steps.move import Conflict
from dsr.steps.recording import record

AGAIN = [ItemState.DONE, ItemState.QUARANTINED]
Row = dict[str, object]


def possible(subject_request: SubjectRequest) -> bool:
    """Whether a preview can be asked for: somebody has proven who asks, and nobody has decided yet."""
    return subject_request.state == State.VERIFIED and Right(subject_request.right) in SEARCHED


def ask(subject_request: SubjectRequest, *, by: Actor, at: datetime) -> None:
    """Have a worker look, for the first time or again. Raises Forbidden, Conflict."""
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    if not possible(subject_request):
        message = "A preview is for a request that is proven and not decided yet."
        raise Conflict(message)
    place = {"subject_request": subject_request, "kind": Kind.PREVIEW, "system": "", "until": None}
    fresh = {"state": ItemState.READY, "outcome": "", "note": "", "counts": {}, "not_before": at}
    try:
        with transaction.atomic():
            again = PlanItem.objects.filter(**place, state__in=AGAIN)
            if not again.update(**fresh, attempts=0, tries=0, finished_at=None):
                PlanItem.objects.create(**place, **fresh, created_at=at)
            record.write(subject_request, "preview:asked", by=by, at=at)
    except IntegrityError:
        message = "A preview is being made already."
        raise Conflict(message) from None
    bell.ring_after_commit()


def known(subject_request: SubjectRequest) -> PlanItem | None:
    """The preview of a request, made or on its way; None when nobody asked, or it is forgotten."""
    found = subject_request.items.filter(kind=Kind.PREVIEW).first()
    return found if found is not None and (found.counts or found.state != ItemState.DONE) else None


def read(subject_request: SubjectRequest, *, by: Actor, at: datetime) -> PlanItem | None:
    """The preview, if it is made; who looked is written down. Raises Forbidden."""
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    item = known(subject_request)
    if item is None or item.state != ItemState.DONE:
        return None
    record.write(subject_request, "preview:viewed", by=by, at=at, map_version=item.counts["map"])
    return item


def look(item: PlanItem, *, at: datetime) -> None:
    """Count in every system, as the map says now. A system that does not answer is named. Raises Fenced."""
    subject_request = item.subject_request
    controller_map = maps.controller(subject_request.controller)
    proven = search.proven(subject_request)
    plan = search.planned(subject_request, controller_map)
    systems = list(_Look(subject_request, controller_map, plan, proven, at).systems())
    counts = {"map": controller_map.version, "systems": systems, "unreachable": list(plan.unreachable)}
    with transaction.atomic():
        ledger.finish(item, Outcome.FOUND, at=at, counts={})  # no numbers in the record, which forgets nothing
        PlanItem.objects.filter(pk=item.pk, fence=item.fence).update(counts=counts)


class _Look:
    """One look at all systems of a plan."""

    def __init__(
        self,
        subject_request: SubjectRequest,
        controller_map: ControllerMap,
        plan: Plan,
        proven: Identities,
        at: datetime,
    ) -> None:
        self._request = subject_request
        self._map = controller_map
        self._plan = plan
        self._at = at
        # Why a system could not be counted. What staff paused is asked by nobody.
        self._notes = {gate.system: "paused" for gate in gates.paused([controller_map.controller.slug])}
        asked = Plan(tuple(system for system in plan.systems if self._answers(system)), plan.unreachable)
        self._known = travel.gathered(
            asked, proven, self._connect, {system.system for system in asked.systems}, self._missed
        )
        self._blind = self._missing()

    def systems(self) -> Iterator[Row]:
        """Each with its collections, or with what is in the way."""
        for system in self._plan.systems:
            rows: list[Row] = []
            if system.system not in self._notes:
                try:
                    with closing(self._connect(system.system)) as connector:
                        rows = [self._row(connector, system, route) for route in system.routes]
                        self._add_fates(connector, system, rows)
                except (Unreachable, Rejected) as error:
                    self._missed(system.system, error)
            note = self._notes.get(system.system, "")
            shown = [_told(route) for route in system.routes] if note else rows
            if not note and any((system.system, route.name) in self._blind for route in system.routes):
                note = "behind"
            yield {"system": system.system, "after": sorted(system.after), "note": note, "collections": shown}

    def _missing(self) -> set[tuple[str, str]]:
        """Collections that nobody can count: of systems that bring nothing, and what is asked by keys of such ones."""
        blind = {(system.system, route.name) for system, route in self._routes() if system.system in self._notes}
        while True:
            behind = {
                (system.system, route.name)
                for system, route in self._routes()
                for key in system.needs
                if (key.system, key.collection) in blind and key.kind in kinds_of(route)
            }
            if behind <= blind:
                return blind
            blind |= behind

    def _routes(self) -> Iterator[tuple[SystemPlan, Route]]:
        return ((system, route) for system in self._plan.systems for route in system.routes)

    def _connect(self, slug: str) -> Connector:
        return search.connect(self._map.systems[slug])

    def _missed(self, slug: str, error: Exception) -> None:
        self._notes[slug] = "silent" if isinstance(error, Unreachable) else "refused"

    def _answers(self, system: SystemPlan) -> bool:
        """Whether it can be asked, and without a person."""
        if system.system in self._notes:
            return False
        try:
            with closing(self._connect(system.system)) as connector:
                if bound.uncounted(connector):
                    self._notes[system.system] = "by-hand"
        except Rejected as error:
            self._missed(system.system, error)
        return system.system not in self._notes

    def _row(self, connector: Connector, system: SystemPlan, route: Route) -> Row:
        if (system.system, route.name) in self._blind:
            return _told(route)
        if self._request.right == Right.ERASURE and not scopes.within(self._request, system.system, route.name):
            return _told(route)
        return {**_told(route), "found": connector.count(route, self._known)}

    def _add_fates(self, connector: Connector, system: SystemPlan, rows: Iterable[Row]) -> None:
        """What an erasure would do with the rows: they stream by, and only their number stays."""
        if self._request.right != Right.ERASURE:
            return
        found = partial(self._batches, connector, system)
        described = self._map.systems[system.system]
        counted: dict[tuple[str, str, str, str], int] = {}
        for line in search.fates(self._request, described, found(), at=self._at, anchors_from=found):
            fate = (line.collection, "" if line.until else line.way, line.rule, line.until)
            counted[fate] = counted.get(fate, 0) + len(line.keys)
        for row in rows:
            row["fates"] = [
                {"way": way, "rule": rule, "until": until, "count": count}
                for (name, way, rule, until), count in counted.items()
                if name == row["collection"]
            ]

    def _batches(self, connector: Connector, system: SystemPlan) -> Iterator[Batch]:
        for route in (each for each in system.routes if (system.system, each.name) not in self._blind):
            yield from (one for one in sharing.found(connector, route, self._known) if isinstance(one, Batch))


def _told(route: Route) -> Row:
    """A collection, and by what it is asked: kinds of identifiers, and what leads there from elsewhere."""
    kinds = [seed.kind for seed in route.seeds]
    by = [kind for kind in kinds if kind in set(IdentityKind)]
    through = [kind.partition("(")[0] for kind in kinds if kind not in by] + [hop.to.name for hop in route.hops]
    return {"collection": route.name, "by": by, "through": list(dict.fromkeys(through)), "found": None}
