"""Search: the plan is made from proven identities; find items bring sealed Parts; an erasure's manifest is closed."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from django.db import transaction

from dsr.connectors import registry, sharing
from dsr.connectors.contract import Batch, Connector, Found, Rejected
from dsr.datamap.narrow import narrowed
from dsr.datamap.place import searched_at
from dsr.datamap.plan import ForeignKey, Plan, SystemPlan, compile_plan
from dsr.datamap.route import Identities, Key
from dsr.datamap.schema import ControllerMap, IdentityKind, SystemMap
from dsr.law.actors import PORTAL
from dsr.law.deadlines import local_day
from dsr.law.ladder import reaches
from dsr.law.rights import Right
from dsr.law.work import Kind, Outcome
from dsr.models import Identity, Manifest, Part, PlanItem, SubjectRequest
from dsr.package.part import keys_of
from dsr.steps import gates, ledger, maps
from dsr.steps.asking import scopes
from dsr.steps.deciding import carried, withholding
from dsr.steps.errands import bound
from dsr.steps.fulfilling import manifest, parts, taking_turns, travel
from dsr.steps.recording import record


def plan(subject_request: SubjectRequest, *, at: datetime, behind: Iterable[PlanItem] = ()) -> None:
    """Enter the find items of an accepted request into the ledger, each behind those it takes keys from.

    All stand behind the items in `behind`: before an erasure everything is stopped that would refill. The request
    names the version of the map that the plan was made by; `accept` has written it.
    """
    first = list(behind)
    controller_map = maps.controller(subject_request.controller)
    right = Right(subject_request.right)
    compiled = planned(subject_request, controller_map)
    items: dict[str, PlanItem] = {}
    behind_which: dict[PlanItem, list[PlanItem]] = {}
    for system in compiled.systems:
        item = items[system.system] = _item(subject_request, Kind.FIND, at, system.system)
        behind_which[item] = [*(one for one in travel.earlier(system, items) if one is not item), *first]
    if right is not Right.RECTIFICATION:  # which is answered by a letter
        last = Kind.CLOSE if right is Right.ERASURE else Kind.ASSEMBLE
        behind_which[_item(subject_request, last, at)] = [*items.values(), *first]
    _enter(behind_which)
    record.write(
        subject_request,
        "plan:made",
        by=PORTAL,
        at=at,
        systems=list(items),
        unreachable=list(compiled.unreachable),
        map_version=controller_map.version,
    )


def _enter(behind_which: Mapping[PlanItem, Iterable[PlanItem]]) -> None:
    """Write new items, each with those that have to be done before it."""
    PlanItem.objects.bulk_create(behind_which)
    waits = PlanItem.after.through
    edges = {(item.pk, one.pk) for item, those in behind_which.items() for one in those}
    waits.objects.bulk_create(waits(from_planitem_id=item, to_planitem_id=one) for item, one in edges)


def _narrowed(subject_request: SubjectRequest, whole: Plan, controller_map: ControllerMap) -> Plan:
    """What its right needs; where nobody proved a mailbox a change waits for whoever reads the addresses on file."""
    right = Right(subject_request.right)
    on_paper = right is not Right.ACCESS and subject_request.own_mailbox() is None
    return narrowed(whole, controller_map, right, scopes.only(subject_request), addresses=on_paper)


def planned(subject_request: SubjectRequest, controller_map: ControllerMap) -> Plan:
    """What the proven identities reach by this map, as far as the right needs it."""
    return _narrowed(subject_request, compile_plan(controller_map, proven(subject_request)), controller_map)


def _item(subject_request: SubjectRequest, kind: Kind, at: datetime, system: str = "") -> PlanItem:
    return PlanItem(subject_request=subject_request, kind=kind, system=system, not_before=at, created_at=at)


def proven(subject_request: SubjectRequest) -> dict[str, tuple[Key, ...]]:
    """The identities that enter a plan: those that are proven as surely as the request needs, and no others."""
    needed = subject_request.proof_needed
    return values_of(each for each in subject_request.identities.all() if reaches(each.rung, needed))


def values_of(identities: Iterable[Identity]) -> dict[str, tuple[Key, ...]]:
    """What the proven ones among them are asked by. A social sign-in is 'provider:id', two values."""
    values: dict[str, tuple[Key, ...]] = {}
    for identity in identities:  # a worker has read them with the request
        if identity.of_representative or identity.proven_at is None or not identity.value_sealed:
            continue  # after its time only a hash is left
        key = identity.value().split(":", 1) if identity.kind == IdentityKind.SOCIAL else [identity.value()]
        values[identity.kind] = (*values.get(identity.kind, ()), tuple(key))
    return values


@dataclass(frozen=True, slots=True)
class Reach:
    """One system's part of a request's plan: connector, routes, and the identities to ask by."""

    connector: Connector
    plan: SystemPlan
    identities: Identities
    whole: Plan


def reach(item: PlanItem) -> Reach:
    """What an item of a system works with. Raises Rejected."""
    plan, identities, whole = led(item)
    system = maps.controller(item.subject_request.controller).systems[item.system]
    return Reach(connect(system), plan, identities, whole)


def led(item: PlanItem) -> tuple[SystemPlan, Identities, Plan]:
    """What leads to an item's system, which is not asked; keys from other systems come from their sealed Parts.

    Raises Rejected: nothing does any more.
    """
    subject_request = item.subject_request
    controller_map = maps.controller(subject_request.controller)
    # A deferred item asks by its sealed keys alone: when its date comes, the identities may be forgotten.
    identities = proven(subject_request)
    whole = compile_plan(controller_map, IdentityKind if item.deferred else identities)
    compiled = _narrowed(subject_request, whole, controller_map)
    system = next((plan for plan in compiled.systems if plan.system == item.system), None)
    if system is None:
        message = "The data map does not lead to this system any more."
        raise Rejected(message)
    for key in system.needs:
        identities[key.kind] = tuple(_foreign_keys(subject_request, key))
    return system, identities, compiled


def connect(system: SystemMap) -> Connector:
    """A system's connector. Raises Rejected: a wrong setting is mended by a person, not by trying again."""
    try:
        return registry.build(system, os.environ)
    except ValueError as error:
        raise Rejected(str(error)) from error


def _foreign_keys(subject_request: SubjectRequest, key: ForeignKey) -> Iterable[Key]:
    part = Part.objects.filter(subject_request=subject_request, item__kind=Kind.FIND, item__system=key.system).first()
    if part is None or not part.wrapped_key:  # excluded by name; or forgotten, once the request was answered
        return ()
    return dict.fromkeys(keys_of(parts.found_in(part), key.collection, key.fields))


def find(item: PlanItem, *, at: datetime) -> None:
    """Ask one system for everything the plan reaches in it. Raises Unreachable, Rejected, Held, Fenced."""
    taking_turns.after_erasures(item, at=at)
    place = reach(item)
    bound.take_up(place.connector, item, at=at)
    if left_out := _left_out(item, place.plan):
        note = f"It is searched by way of {', '.join(left_out)}, which was left out."
        ledger.finish(item, Outcome.FAILED, at=at, counts={}, note=note)
        return
    bare = item.subject_request.right in {Right.ERASURE, Right.RECTIFICATION}
    system = maps.controller(item.subject_request.controller).systems[item.system]
    watch = carried.Watch(item.subject_request)
    found = watch.over(system, _everything(place))
    with closing(place.connector):
        part, tally = parts.write_found(item, _rows(found) if bare else found)
    nothing = not any(tally.rows.values())
    before = item.part
    with transaction.atomic():
        part.save(force_insert=True)
        outcome = Outcome.NOTHING if nothing else Outcome.FOUND
        counts = {"rows": tally.rows, "files": tally.files}
        asked = {"asked": searched_at(system, place.plan.routes)}
        ledger.finish(item, outcome, at=at, counts=counts, beside=asked, part=part)
        if place.plan.circle:
            travel.again(item, place.whole, part, before, at=at)
        if before is not None:  # it was asked once more
            parts.drop(before)
        watch.keep()
        watch.hold(at=at)


def _left_out(item: PlanItem, plan: SystemPlan) -> list[str]:
    """Systems whose keys this one needs, and that were not searched."""
    if not plan.after:
        return []
    earlier = item.subject_request.items.filter(kind=Kind.FIND, system__in=plan.after, outcome=Outcome.FAILED)
    return sorted(earlier.values_list("system", flat=True))


def _rows(found: Iterator[Found]) -> Iterator[Found]:
    """Without the contents of files, which neither an erasure nor a rectification has a use for."""
    return (item for item in found if isinstance(item, Batch))


def _everything(place: Reach) -> Iterator[Found]:
    for route in place.plan.routes:
        yield from sharing.found(place.connector, route, place.identities)


def close(item: PlanItem, finds: Iterable[PlanItem], *, at: datetime) -> None:
    """Close the manifest of an erasure: every key that its `finds` found, its way or its ground. Raises Fenced."""
    controller_map = maps.controller(item.subject_request.controller)
    counted: dict[tuple[str, str, str, str], int] = defaultdict(int)

    def lines() -> Iterator[manifest.Line]:
        for line in _fates(item.subject_request, finds, controller_map, at):
            counted[line.system, line.collection, line.rule, line.until] += len(line.keys)
            yield line

    part = parts.write_lines(item, manifest.written(lines()))
    summary = [
        {"system": system, "collection": name, "rule": rule, "until": until, "count": count}
        for (system, name, rule, until), count in counted.items()
    ]
    with transaction.atomic():
        part.save(force_insert=True)
        ledger.finish(item, Outcome.FOUND, at=at, counts={"lines": summary}, part=part)
        Manifest.objects.create(
            subject_request=item.subject_request,
            part=part,
            digest=part.sha256,
            summary=summary,
            erases=any(line["until"] != manifest.NO_DAY.isoformat() for line in summary),
            closed_at=at,
        )
        record.write(item.subject_request, "manifest:closed", by=PORTAL, at=at, digest=part.sha256)


def _fates(
    subject_request: SubjectRequest, finds: Iterable[PlanItem], controller_map: ControllerMap, at: datetime
) -> Iterator[manifest.Line]:
    for item in finds:
        if item.part is not None:
            part = item.part
            read = partial(parts.found_in, part)
            yield from fates(subject_request, controller_map.systems[item.system], read(), at=at, anchors_from=read)


def fates(
    subject_request: SubjectRequest,
    system: SystemMap,
    found: Iterable[Found],
    *,
    at: datetime,
    anchors_from: Callable[[], Iterable[Found]],
) -> Iterator[manifest.Line]:
    """What becomes of the rows found in one system, as far as they are asked for; `anchors_from` gives them again."""
    retention = maps.controller(subject_request.controller).controller.retention
    refused = {place: row.ground for place, row in withholding.refused(subject_request).items()}
    calendar = maps.calendar(subject_request.controller)
    periods = {slug: rule.period.model_dump() for slug, rule in retention.items() if rule.period}
    rules = manifest.Rules(periods, refused, ZoneInfo(calendar.zone))
    asked = (one for one in found if scopes.within(subject_request, system.slug, one.collection))
    today = local_day(at, calendar)
    return manifest.lines_of(system, rules, asked, today, manifest.anchors(system, anchors_from))


def preview(controller: str, identities: Identities, *, insist: str = "") -> tuple[Plan, dict[str, int]]:
    """The plan for these identities with counts per 'system.collection'. Changes nothing. Raises Unreachable.

    Without a count stands what only a person could count, and what staff have paused, unless you `insist` on it.
    """
    controller_map = maps.controller(controller)
    paused = gates.left(controller, but=insist)
    plan = compile_plan(controller_map, identities)
    counts: dict[str, int] = {}

    def connected(slug: str) -> Connector:
        return connect(controller_map.systems[slug])

    # A person is asked for a request only: what is found by way of such a system is not counted either.
    live = (one for one in plan.systems if one.system not in paused)
    asked = Plan(tuple(one for one in live if not _by_people(connected(one.system))), plan.unreachable)
    known = travel.gathered(asked, identities, connected, {system.system for system in plan.systems})
    for system in asked.systems:
        with closing(connected(system.system)) as connector:
            for route in system.routes:
                counts[f"{system.system}.{route.name}"] = connector.count(route, known)
    return plan, counts


def _by_people(connector: Connector) -> bool:
    with closing(connector):
        return bound.uncounted(connector)
