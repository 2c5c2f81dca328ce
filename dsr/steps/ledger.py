"""The ledger of work: claim with a lease and a fence, act outside of any transaction, record with the fence.

A claim ends by record, wait, release or quarantine; each names the fence, so a worker that was thought dead
and comes back changes nothing. Leases run by the database's clock; when an item is due is measured by `at`.
Now() is the moment at which the statement reached the database (STATEMENT_TIMESTAMP() on PostgreSQL), not the start
of its transaction: however long a transaction has been open, a lease begins now. Waiting for a row's lock inside the
statement shortens a lease by lock_timeout at most, and a lease that is too short costs a fence, never an effect.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Least, Now

from dsr.law.actors import PORTAL, Actor
from dsr.law.rights import Right
from dsr.law.states import CLOSED, State
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import PlanItem, SubjectRequest
from dsr.models.plan import OPEN, first_of, in_order, state_among
from dsr.steps import bell, gates, permissions
from dsr.steps.deciding import announced, blocking
from dsr.steps.move import Conflict, lock
from dsr.steps.recording import record

ATTEMPTS = 5  # claims without progress: a worker dies on this item each time
TRIES = 20  # answers missed: about nine hours with the growing pauses below
EFFECTS = (Kind.ERASE, Kind.CORRECT, Kind.STOP)  # what changes a system
AFTER_THE_END = (Kind.STOP, Kind.RESUME)  # what is done even though the request is refused or cancelled
UNTOUCHED = "item:untouched"  # it was claimed, and put back before anything was sent
LONGEST_PAUSE = 3600.0  # seconds
STILL_WORKING = "Its answer is overdue: the system says that it is still working on it."
OVERDUE = Q(state=ItemState.QUARANTINED, note=STILL_WORKING) & ~Q(handle_sealed="")  # it may be asked for all the same


class Fenced(Exception):
    """Another worker has claimed this item since: stop, and write nothing."""


def claim(*, at: datetime) -> PlanItem | None:
    """Take the next item that is due, or whose worker is gone. Its attempt is counted before it is made."""
    full: set[tuple[str, str]] = set()  # systems that take no more just now
    while True:
        with transaction.atomic():  # of its own for each look: nobody holds two gates
            while (item := _first(at, full)) is not None and item.attempts >= ATTEMPTS:
                quarantine(item, note=f"Its worker stopped {ATTEMPTS} times in a row.", at=at)
            if item is None:
                return None
            if gates.admit(item, at=at):
                return _taken(item)
            full.add((item.subject_request.controller, item.system))


def _taken(item: PlanItem) -> PlanItem | None:
    """The item with its lease and its fence, unless another worker was faster."""
    rows = PlanItem.objects.filter(pk=item.pk, fence=item.fence, state=item.state).update(
        state=ItemState.RUNNING,
        fence=item.fence + 1,
        attempts=item.attempts + 1,
        lease_until=Now() + timedelta(seconds=settings.DSR_LEASE_SECONDS),
    )
    if rows != 1:
        return None
    item.fence += 1
    item.attempts += 1
    item.state = ItemState.RUNNING
    return item


# Before an erasure that was approved first, for nobody had proven the mailbox (see stopping). What a system has taken
# on is none of them: no hold keeps it from its end, and who never asks takes it for stuck.
_STOPS_LAST = Q(
    kind=Kind.STOP, subject_request__right=Right.ERASURE, subject_request__state=State.APPROVED, handle_sealed=""
)


def _first(at: datetime, full: set[tuple[str, str]]) -> PlanItem | None:
    if not full:
        return first_of(_due, at)
    in_order()
    return _due(at, full).prefetch_related("subject_request__identities").first()


def _due(at: datetime, full: Iterable[tuple[str, str]] = ()) -> QuerySet[PlanItem]:
    due = _open_work().filter(not_before__lte=at).exclude(gates.shut(at))
    for controller, system in full:
        due = due.exclude(subject_request__controller=controller, system=system)
    if connection.features.has_select_for_update_skip_locked:
        return due.select_for_update(skip_locked=True, of=("self",))
    return due


def _open_work() -> QuerySet[PlanItem]:
    """Everything in a claim's statement that no moment changes."""
    earlier = PlanItem.objects.filter(before=OuterRef("pk")).exclude(state=ItemState.DONE)
    earlier = earlier.exclude(kind=Kind.ASSEMBLE_PART, state=ItemState.QUARANTINED)  # the whole needs no part
    return (
        PlanItem.objects.filter(state_among(OPEN), ~Q(state=ItemState.RUNNING) | Q(lease_until__lt=Now()))
        # What ran when a request was refused or cancelled comes back here, and finds no work any more; but what it
        # had stopped, or had begun to stop, is taken back then.
        .exclude(~Q(kind__in=AFTER_THE_END), subject_request__state__in=CLOSED, until=None)
        .exclude((Q(kind=Kind.ERASE) | _STOPS_LAST) & Q(blocking.on_items()))
        .exclude(Q(kind__in=announced.WAIT) & Q(announced.unposted()))
        .exclude(Q(kind=Kind.CORRECT) & Q(blocking.on_corrections()))
        .exclude(Exists(earlier))
        .order_by("not_before")
    )


def mine(item: PlanItem) -> QuerySet[PlanItem]:
    """The row, as long as nobody has claimed it since: every write after a claim goes through it."""
    return PlanItem.objects.filter(pk=item.pk, fence=item.fence).exclude(state=ItemState.DONE)


def _close(item: PlanItem, **columns: object) -> None:
    """Write under the fence. Raises Fenced."""
    if mine(item).update(lease_until=None, **columns) != 1:
        raise Fenced
    for name, value in columns.items():
        setattr(item, name, value)


def finish(
    item: PlanItem,
    outcome: Outcome,
    *,
    at: datetime,
    counts: Mapping[str, object],
    beside: Mapping[str, object] | None = None,
    secret: Mapping[str, object] | None = None,
    **columns: object,
) -> None:
    """The item is done; call it in the transaction that keeps what it brought. Raises Fenced.

    What stands `beside` the counts is for the portal's own use, and not in the Event, which commits to the `secret`.
    """
    _close(
        item,
        state=ItemState.DONE,
        outcome=outcome,
        counts={**counts, **(beside or {})},
        finished_at=at,
        attempts=0,
        handle_sealed="",
        waits_until=None,
        **({"note": ""} | columns),
    )
    tag = {Outcome.NOTHING: "found"}.get(outcome, outcome.value)
    told: dict[str, Any] = {"item": str(item), "outcome": outcome, "counts": counts}
    record.write(item.subject_request, f"item:{tag}", by=PORTAL, at=at, secret=secret, **told)
    bell.ring_after_commit()


def remember(item: PlanItem, *, counts: Mapping[str, object]) -> None:
    """Keep what stood there before the first effect, for whoever comes after a crash. Raises Fenced."""
    if mine(item).update(counts=counts) != 1:
        raise Fenced


def wait(item: PlanItem, *, seconds: float, handle: str, at: datetime) -> None:
    """An asynchronous effect has started: ask again later, until it is due (Pace.job_days). Raises Fenced."""
    due = item.waits_until or at + (item.patience or timedelta(days=gates.pace(item).job_days))
    begun = {"handle_sealed": item.sealed_handle(handle), "waits_until": due}
    if at > due:
        quarantine(item, note=STILL_WORKING, at=at, **begun)
        return
    _close(
        item,
        **begun,
        state=ItemState.WAITING,
        not_before=_unless_called(item, at + timedelta(seconds=max(seconds, 0.5))),
        attempts=0,
        tries=0,
        note="The system is working on it.",
    )
    del item.not_before  # the database knows it


def _unless_called(item: PlanItem, due: datetime) -> Case:
    """When to ask again: sooner if the system called while it was asked, which moves the moment (see calling)."""
    return Case(When(not_before=item.not_before, then=Value(due)), default=Least(F("not_before"), Value(due)))


def release(item: PlanItem, *, seconds: float | None, note: str, at: datetime) -> None:
    """The system does not answer: try later, with growing pauses; after TRIES a person must look."""
    tries = item.tries + 1
    if tries >= TRIES:
        quarantine(item, note=note, at=at)
        return
    pause = max(seconds or 0.0, pause_after(tries))
    state = ItemState.WAITING if item.handle_sealed else ItemState.READY
    with transaction.atomic():
        _close(
            item,
            state=state,
            tries=tries,
            attempts=0,
            not_before=at + timedelta(seconds=pause),
            note=note[:300],
        )
        record.write(item.subject_request, "item:unanswered", by=PORTAL, at=at, item=str(item), tries=tries)
        _untouched(item, untouched=item.nothing_sent, at=at)


def postpone(item: PlanItem, *, note: str, at: datetime) -> None:
    """Nothing failed; other items come first. Raises Fenced."""
    _close(item, state=ItemState.READY, attempts=0, not_before=at, note=note[:300])


def put_back(item: PlanItem, *, note: str, untouched: bool, not_before: datetime, at: datetime) -> None:
    """Something stands in its way: it waits, and nothing counts against it.

    Where neither this claim nor an earlier one sent anything to a system (`untouched`: not this one), the record says
    so, and the person can still cancel.
    """
    with transaction.atomic():
        rows = mine(item).update(
            state=ItemState.READY, lease_until=None, attempts=0, not_before=not_before, note=note[:300]
        )
        if rows:
            _untouched(item, untouched=untouched, at=at)


def _untouched(item: PlanItem, *, untouched: bool, at: datetime) -> None:
    """Write that no claim so far sent anything, if that is so."""
    if untouched and not item.deferred and not touched(item, item.fence - 1):
        record.write(item.subject_request, UNTOUCHED, by=PORTAL, at=at, item=str(item), claim=item.fence)


def begun(item: PlanItem) -> bool:
    """Whether an effect of it may have been sent; when in doubt it may."""
    return item.state == ItemState.RUNNING or touched(item, item.fence)


def touched(item: PlanItem, claims: int) -> bool:
    """Whether one of so many claims may have sent something: all but those of which the record says otherwise."""
    if not claims:
        return False
    put_back = item.subject_request.events.filter(tag=UNTOUCHED)
    return {"item": str(item), "claim": claims} not in put_back.values_list("details", flat=True)


def pause_after(tries: int) -> float:
    """How many seconds an item rests after so many answers missed."""
    return min(LONGEST_PAUSE, 2.0**tries)


def quarantine(item: PlanItem, *, note: str, at: datetime, **columns: object) -> None:
    """A person must look. Raises Fenced."""
    with transaction.atomic():
        _close(item, state=ItemState.QUARANTINED, note=note[:300], **columns)
        record.write(item.subject_request, "item:quarantined", by=PORTAL, at=at, item=str(item))
        _untouched(item, untouched=item.nothing_sent, at=at)


def retry(item: PlanItem, *, by: Actor, at: datetime) -> None:
    """Staff send a quarantined or pausing item back to work. Raises Conflict, Forbidden."""
    permissions.require(by, permissions.Duty.OPERATE, item.subject_request)
    pausing = Q(state__in=[ItemState.READY, ItemState.WAITING], tries__gt=0)
    with transaction.atomic():
        stuck = PlanItem.objects.filter(Q(state=ItemState.QUARANTINED) | pausing, pk=item.pk)
        stuck = stuck.exclude(~Q(kind__in=AFTER_THE_END), subject_request__state__in=CLOSED, until=None)
        anew = {"attempts": 0, "tries": 0, "not_before": at, "waits_until": None, "note": ""}
        # What only takes its time is asked for, and waited for, once more.
        rows = stuck.filter(OVERDUE).update(state=ItemState.WAITING, **anew)
        # All else anew, with the keys of before: a system that still knows them answers as it did.
        rows = rows or stuck.update(state=ItemState.READY, handle_sealed="", **anew)
        if rows != 1:
            message = "This item cannot be tried again now."
            raise Conflict(message)
        gates.try_now(item, at=at)
        record.write(item.subject_request, "item:retried", by=by, at=at, item=str(item))
    bell.ring_after_commit()


def call_off(subject_request: SubjectRequest) -> None:
    """Take a request's open items off the ledger; those that run find it out before their next effect.

    Its effects are locked first: what a worker puts back in this moment is called off before anybody claims it again,
    and what is claimed by then shows as begun. The request comes before its items, as for everybody who takes both.
    A stop that a system has taken on comes to its end first: only then can it be taken back.
    """
    lock(subject_request)
    effects = subject_request.items.filter(kind__in=EFFECTS, until=None)
    list(effects.select_for_update(no_key=True).order_by("pk"))
    idle = [ItemState.READY, ItemState.WAITING, ItemState.QUARANTINED, ItemState.TO_LOOK]
    started = Q(kind=Kind.STOP, state=ItemState.WAITING)
    subject_request.items.filter(~started, state__in=idle, until=None).update(state=ItemState.DONE, note="Called off.")
