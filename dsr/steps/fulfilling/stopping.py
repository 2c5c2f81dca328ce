"""Stopping: processing ends for a person before its effects are told of, or before an erasure, so that nothing refills.

A stop item marks the person's rows in one system: those of withdrawn purposes, and for the erasure of an account the
account itself. How much still ran is written down before the first effect: a worker that dies after it leaves behind
whether there was anything to stop. A resume item takes the stop of an account back; a consent is never given again.

Of an erasure for whom nobody proved the account's own mailbox nothing is stopped before it is approved and the days
are over in which whoever reads an address on file can object: a stranger's letter disables no account. What comes in
meanwhile shows when it is read back.
"""

import json
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import F, Q

from dsr.connectors.contract import Connector, Effect, Receipt, Rejected
from dsr.datamap.plan import SystemPlan, compile_plan
from dsr.datamap.route import Key, Route
from dsr.datamap.schema import ACCOUNT, ControllerMap, IdentityKind, Stop
from dsr.law.rights import Right
from dsr.law.states import CLOSED, State
from dsr.law.work import Kind, Outcome
from dsr.models import PlanItem, SubjectRequest, Withdrawal
from dsr.steps import gates, ledger, maps
from dsr.steps.answering import on_file
from dsr.steps.asking import scopes
from dsr.steps.deciding import blocking, holds
from dsr.steps.fulfilling import search, travel


def first(subject_request: SubjectRequest, *, at: datetime) -> list[PlanItem]:
    """Before everything is erased the account is disabled and consent stopped, so that nothing refills."""
    if subject_request.right != Right.ERASURE or subject_request.own_mailbox() is None:
        return []
    return plan(subject_request, at=at)


def last(subject_request: SubjectRequest, *, begins: datetime, at: datetime) -> list[PlanItem]:
    """The same for whom nobody proved the account's own mailbox: not before erasing may begin."""
    if subject_request.own_mailbox() is not None:
        return []
    return plan(subject_request, begins=begins, at=at)


def plan(subject_request: SubjectRequest, *, at: datetime, begins: datetime | None = None) -> list[PlanItem]:
    """Enter one stop item for each system that the proven identities reach and that has something to stop; once."""
    controller_map = maps.controller(subject_request.controller)
    compiled = compile_plan(controller_map, search.proven(subject_request))
    wanted = names(subject_request)
    stopping = [system for system in compiled.systems if _stops(controller_map, system, wanted)]
    if not stopping:
        return []
    there = set(subject_request.items.filter(kind=Kind.STOP).values_list("system", flat=True))
    return [
        PlanItem.objects.create(
            subject_request=subject_request,
            kind=Kind.STOP,
            system=system.system,
            not_before=begins or at,
            created_at=at,
        )
        for system in stopping
        if system.system not in there
    ]


def names(subject_request: SubjectRequest) -> list[str]:
    """What is stopped for a request: withdrawn purposes; or the account and every consent, before all is erased."""
    if subject_request.right == Right.CONSENT_WITHDRAWAL:
        return list(Withdrawal.objects.filter(subject_request=subject_request).values_list("purpose", flat=True))
    if not scopes.takes_everything(subject_request):
        return []
    purposes = maps.controller(subject_request.controller).controller.purposes
    return [ACCOUNT, *(slug for slug, purpose in purposes.items() if purpose.withdrawable)]


def _stops(controller_map: ControllerMap, system: SystemPlan, wanted: list[str]) -> dict[str, Stop]:
    """The stops of one system that are wanted, where a route leads to their collection."""
    reached = {route.name for route in system.routes}
    stops = controller_map.systems[system.system].stops
    return {name: stops[name] for name in wanted if name in stops and stops[name].collection in reached}


def unreached(controller_map: ControllerMap, kinds: Iterable[IdentityKind], purposes: Iterable[str]) -> list[str]:
    """The purposes, of those that something here can stop, to which no identifier of these kinds leads."""
    compiled = compile_plan(controller_map, kinds)
    wanted = list(purposes)
    reached = {name for system in compiled.systems for name in _stops(controller_map, system, wanted)}
    stoppable = {name for system in controller_map.systems.values() for name in system.stops}
    return [name for name in wanted if name in stoppable - reached]


@dataclass(frozen=True, slots=True)
class Place:
    """One system as a stop item works with it."""

    connector: Connector
    stops: dict[str, Stop]
    routes: dict[str, Route]
    identities: dict[str, tuple[Key, ...]]

    def running(self, name: str) -> int:
        """How many of the person's rows are not stopped."""
        stop = self.stops[name]
        return self.connector.still_running(stop, self.routes[stop.collection], self.identities)


def _place(item: PlanItem) -> Place:
    controller_map = maps.controller(item.subject_request.controller)
    identities = search.proven(item.subject_request)
    compiled = compile_plan(controller_map, identities)
    system = next((plan for plan in compiled.systems if plan.system == item.system), None)
    if system is None:
        message = "The data map does not lead to this system any more."
        raise Rejected(message)

    def connected(slug: str) -> Connector:
        if gates.paused_at(controller_map.controller.slug, slug):
            raise holds.Held(gates.PAUSED, untouched=True)
        return search.connect(controller_map.systems[slug])

    identities = travel.gathered(compiled, identities, connected, {system.system})  # nothing was searched yet
    routes = {route.name: route for route in system.routes}
    stops = _stops(controller_map, system, names(item.subject_request))
    return Place(search.connect(controller_map.systems[item.system]), stops, routes, identities)


def stop(item: PlanItem, *, at: datetime) -> None:
    """Stop in one system, and read back that nothing runs any more. Raises Unreachable, Rejected, Held, Fenced."""
    item.nothing_sent = not item.handle_sealed
    if _called_off(item, at):
        return
    _should_proceed(item, at)
    place = _place(item)
    with closing(place.connector):
        _remember(item, place)
        if _called_off(item, at):  # asked again: looking takes its time
            return
        item.nothing_sent = False
        receipts = _polled(item, place) if item.handle_sealed else _started(item, place, "stop")
        if _waits(item, receipts, at):
            return
        left = sum(place.running(name) for name in place.stops)
    if left:
        message = f"Read back: {left} rows are not stopped."
        raise Rejected(message)
    outcome = Outcome.STOPPED if any(item.counts.values()) else Outcome.NOTHING
    ledger.finish(item, outcome, at=at, counts=item.counts)


def _called_off(item: PlanItem, at: datetime) -> bool:
    """Whether its request has ended since, and nothing of this claim has begun. Raises Fenced."""
    ended = SubjectRequest.objects.filter(pk=item.subject_request_id, state__in=CLOSED).exists()
    if not ended or item.handle_sealed:
        return False
    # What ran is of use only where an earlier claim may have stopped it: nothing else is taken back.
    counts = item.counts if ledger.touched(item, item.fence - 1) else {}
    ledger.finish(item, Outcome.NOTHING, at=at, counts=counts, note="Called off.")
    return True


def _should_proceed(item: PlanItem, at: datetime) -> None:
    """What was approved first stops only what nothing holds, and what nobody can object to any more. Raises Held."""
    subject_request = SubjectRequest.objects.get(pk=item.subject_request_id)
    if subject_request.right != Right.ERASURE or subject_request.state != State.APPROVED or item.handle_sealed:
        return
    if blocking.blocks_erasure(subject_request):
        raise holds.Held(untouched=True)
    if until := on_file.waits(subject_request, at=at):
        raise holds.Held(holds.OBJECTS, until, untouched=True)


def _remember(item: PlanItem, place: Place) -> None:
    """Write down what runs before the first effect; whoever comes after a crash finds it. Raises Fenced."""
    if not item.counts:
        item.counts = {name: place.running(name) for name in place.stops}
        ledger.remember(item, counts=item.counts)


def _started(item: PlanItem, place: Place, verb: str) -> dict[str, Receipt]:
    act = place.connector.stop if verb == "stop" else place.connector.resume
    receipts = {}
    for name, stop in place.stops.items():
        if not ledger.mine(item).exists():  # another worker did it, and it may have been taken back since
            raise ledger.Fenced
        receipts[name] = act(stop, place.routes[stop.collection], place.identities, effect_key(item, name))
    return receipts


def _polled(item: PlanItem, place: Place) -> dict[str, Receipt]:
    handles: dict[str, str] = json.loads(item.handle())
    polled = {name: place.connector.poll(handle) for name, handle in handles.items()}
    return {
        name: receipt if receipt.handle or receipt.effect is not Effect.STARTED else _named(receipt, handles[name])
        for name, receipt in polled.items()
    }


def _named(receipt: Receipt, handle: str) -> Receipt:
    return Receipt(receipt.effect, handle=handle, poll_in=receipt.poll_in)


def _waits(item: PlanItem, receipts: dict[str, Receipt], at: datetime) -> bool:
    """Whether a system has only started; then it is asked again later."""
    started = {name: receipt for name, receipt in receipts.items() if receipt.effect is Effect.STARTED}
    if started:
        handles = json.dumps({name: receipt.handle for name, receipt in started.items()})
        ledger.wait(item, seconds=min(receipt.poll_in for receipt in started.values()), handle=handles, at=at)
    return bool(started)


def effect_key(item: PlanItem, name: str) -> str:
    """Idempotency key of one stop of one item: opaque, and equal in every attempt."""
    return item.effect_key(str(item.kind), f"{item.pk}:{name}")


def resumable(subject_request: SubjectRequest) -> list[PlanItem]:
    """What disabled the account before an erasure, and is taken back when that is cancelled or refused."""
    if subject_request.right != Right.ERASURE:
        return []
    items = subject_request.items.filter(kind=Kind.STOP, fence__gt=0)
    return [item for item in items if _of_account(item) and ledger.begun(item)]


def _of_account(item: PlanItem) -> bool:
    """Whether it disables the account: as the map says, or as it wrote down itself before the map was changed."""
    system = maps.controller(item.subject_request.controller).systems.get(item.system)
    return ACCOUNT in item.counts or (system is not None and ACCOUNT in system.stops)


def plan_resume(subject_request: SubjectRequest, *, at: datetime) -> bool:
    """After a cancellation or a refusal: open the account again that was disabled for it; whether there is one."""
    begun = resumable(subject_request)
    for item in begun:
        resume = PlanItem.objects.create(
            subject_request=subject_request, kind=Kind.RESUME, system=item.system, not_before=at, created_at=at
        )
        resume.after.add(item)
    return bool(begun)


def resume(item: PlanItem, *, at: datetime) -> None:
    """Enable an account again that the same request has disabled. Raises Unreachable, Rejected, Fenced."""
    stopped = item.subject_request.items.get(kind=Kind.STOP, system=item.system)
    disabled = stopped.counts.get(ACCOUNT, 0)
    if not disabled:
        ledger.finish(item, Outcome.NOTHING, at=at, counts={})
        return
    found = _place(item)
    with closing(found.connector):
        place = _account_of(found)
        receipts = _polled(item, place) if item.handle_sealed else _started(item, place, "resume")
        if _waits(item, receipts, at):
            return
        runs = place.running(ACCOUNT)
    if runs < disabled:
        message = "Read back: the account is still disabled."
        raise Rejected(message)
    ledger.finish(item, Outcome.RESUMED, at=at, counts={ACCOUNT: disabled})


def _account_of(place: Place) -> Place:
    """The account alone, of all that was stopped there. Raises Rejected."""
    if ACCOUNT not in place.stops:
        message = "The data map does not say any more how the account is disabled here."
        raise Rejected(message)
    return replace(place, stops={ACCOUNT: place.stops[ACCOUNT]})


def disables(subject_request: SubjectRequest) -> bool:
    """Whether the account is disabled for it, or at once, which letter and page say; not what waits for its day."""
    if subject_request.right != Right.ERASURE:
        return False
    now = Q(fence__gt=0) | Q(not_before__lte=F("created_at"))
    stops = subject_request.items.filter(now, kind=Kind.STOP)
    return any(_of_account(item) and (item.not_before <= item.created_at or ledger.begun(item)) for item in stops)
