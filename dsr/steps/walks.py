"""What moves a request on by itself, once the items before its next state are done."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from dsr.law.actors import PORTAL
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import PlanItem, SubjectRequest
from dsr.steps.answering import deeds, delivery, handover, on_file
from dsr.steps.deciding import announced, approval, blocking, looking
from dsr.steps.fulfilling import execution, parts, rectification, sources, versions, withdrawal
from dsr.steps.move import Conflict, move, pass_through
from dsr.steps.recipients import telling

log = logging.getLogger(__name__)

_COLUMNS = [field.name for field in SubjectRequest._meta.concrete_fields]


def walk_on(subject_request: SubjectRequest, *, at: datetime) -> None:
    """As far as it can go now, from the state that is known. Safe to call at any time.

    Where another worker has moved it on meanwhile, it goes on from there: that one may have left the rest to us.
    """
    for _ in range(2):
        try:
            _walk(subject_request, at)
        except Conflict:
            log.info("another worker moved %s on", subject_request.reference)
            subject_request.refresh_from_db(fields=_COLUMNS)  # whom it is about stays as it was read
        else:
            return


def _walk(subject_request: SubjectRequest, at: datetime) -> None:
    walk = WALKS.get(Right(subject_request.right), {})
    while (step := walk.get(State(subject_request.state))) and step(subject_request, at):
        pass


def _read(subject_request: SubjectRequest, at: datetime) -> bool:
    """What only reads is approved and carried out as soon as every find item is done."""
    items = list(subject_request.items.filter(until=None))
    finds = [item for item in items if item.kind == Kind.FIND]
    if any(item.state != ItemState.DONE for item in finds):
        return False
    steps = [(State.SEARCHED, "request:searched"), (State.APPROVED, "plan:approved")]
    # While people look at it first, it can still be cancelled.
    if not looking.asked(subject_request) and not versions.gone(subject_request, (), finds):
        steps.append((State.CARRIED_OUT, "request:carried-out"))
    pass_through(subject_request, steps, by=PORTAL, at=at)
    return all(item.state == ItemState.DONE for item in items if item.kind == Kind.ASSEMBLE)


def _searched(subject_request: SubjectRequest, at: datetime) -> bool:
    """Every find item is done; an erasure's manifest is closed as well."""
    if not _done(subject_request, Kind.FIND, Kind.CLOSE):
        return False
    addresses = on_file.to_warn(subject_request)
    with transaction.atomic():
        move(subject_request, State.SEARCHED, by=PORTAL, at=at, event="request:searched")
        on_file.tell(subject_request, addresses, at=at)
    return True


def _approved(subject_request: SubjectRequest, at: datetime) -> bool:
    """What only reads approves itself; an erasure waits for a second person, unless nothing was found."""
    manifest = sources.first(subject_request)
    if manifest is not None and (manifest.erases or _failed(subject_request)):
        return False
    with transaction.atomic():
        move(subject_request, State.APPROVED, by=PORTAL, at=at, event="plan:approved")
        if manifest is not None:
            approval.plan_erasure(subject_request, manifest, at, at=at)
    return True


def _carried_out(subject_request: SubjectRequest, at: datetime) -> bool:
    """Every effect that is due now is done; what is kept is entered for its date."""
    grace = subject_request.erase_after
    early = grace is not None and at < grace
    if early or announced.waits(subject_request):
        return False
    if looking.asked(subject_request) and not _done(subject_request, Kind.ASSEMBLE):
        return False
    items = list(subject_request.items.filter(until=None))
    if any(item.state != ItemState.DONE for item in items if item.kind in {Kind.STOP, Kind.ERASE}):
        return False
    manifest = sources.first(subject_request)
    summary = sources.summary(subject_request, listed=manifest)
    finds = [item for item in items if item.kind == Kind.FIND]
    if versions.gone(subject_request, summary, finds):
        return False
    with transaction.atomic():
        move(subject_request, State.CARRIED_OUT, by=PORTAL, at=at, event="request:carried-out")
        if manifest is not None:
            left = approval.left_whole(subject_request)
            if dates := sources.dates(row for row in summary if row["system"] not in left):
                execution.defer(subject_request, manifest.part, dates, at=at)
            telling.erased(subject_request, summary, at=at)
    return True


def _packaged(subject_request: SubjectRequest, at: datetime) -> bool:
    """The package is assembled: release it and offer it."""
    if not _done(subject_request, Kind.ASSEMBLE) or blocking.blocks_delivery(subject_request):
        return False
    by_hand = handover.by_hand(subject_request)  # then it is answered when somebody hands it over
    addresses = on_file.to_tell(subject_request)
    with transaction.atomic():
        columns: dict[str, object] = {} if by_hand else {"answered_at": at}
        move(subject_request, State.PACKAGED, by=PORTAL, at=at, event="package:released", columns=columns)
        on_file.tell(subject_request, addresses, at=at)  # first: the letter with the package says until when it waits
        if by_hand:
            handover.offer(subject_request, at=at)
        else:
            delivery.offer(subject_request, at=at)
        parts.forget(subject_request)
    return True


Step = Callable[[SubjectRequest, datetime], bool]

_TO_A_PACKAGE: dict[State, Step] = {
    State.ACCEPTED: _searched,
    State.SEARCHED: _approved,
    State.APPROVED: _carried_out,
    State.CARRIED_OUT: _packaged,
}
# What moves a request on by itself, once the items before it are done.
WALKS: dict[Right, dict[State, Step]] = {
    Right.ACCESS: _TO_A_PACKAGE | {State.ACCEPTED: _read},
    Right.PORTABILITY: _TO_A_PACKAGE | {State.ACCEPTED: _read},
    Right.ERASURE: _TO_A_PACKAGE,
    Right.CONSENT_WITHDRAWAL: {
        State.VERIFIED: withdrawal.begin,
        State.ACCEPTED: withdrawal.approve,
        State.APPROVED: withdrawal.carry_out,
        State.CARRIED_OUT: withdrawal.answer,
    },
    Right.RECTIFICATION: {
        State.ACCEPTED: rectification.searched,
        State.SEARCHED: rectification.settle,
        State.APPROVED: rectification.carried_out,
        State.CARRIED_OUT: rectification.answered,
    },
}


def _failed(subject_request: SubjectRequest) -> bool:
    """A system was left out of the search: what it holds is not known, so a person decides."""
    return subject_request.items.filter(kind=Kind.FIND, outcome=Outcome.FAILED).exists()


def _done(subject_request: SubjectRequest, *kinds: Kind) -> bool:
    items = subject_request.items.filter(kind__in=kinds, until=None)
    return not items.exclude(state=ItemState.DONE).exists()


def stalled(at: datetime) -> QuerySet[SubjectRequest]:
    """Requests that wait for no item and for no person: their worker died before the move."""
    open_items = PlanItem.objects.filter(subject_request=OuterRef("pk"), until=None).exclude(state=ItemState.DONE)
    # Nothing waits for a preview, or for a look at which addresses are on file.
    open_items = open_items.exclude(Q(kind__in=[Kind.PREVIEW, Kind.ADDRESSES]) | deeds.in_vain(at=at))
    left_out = PlanItem.objects.filter(subject_request=OuterRef("pk"), kind=Kind.FIND, outcome=Outcome.FAILED)
    searched = Q(state=State.SEARCHED, right=Right.ERASURE)
    waiting = searched & (Q(manifest__erases=True) | Q(Exists(left_out)))  # for a second person
    waiting |= rectification.undecided() | withdrawal.waiting() | (Q(state=State.CARRIED_OUT) & blocking.on_requests())
    return SubjectRequest.objects.filter(_between_moves()).exclude(waiting).exclude(Exists(open_items))


def _between_moves() -> Q:
    """Requests in a state that their walk leaves by itself."""
    places = [Q(right=right, state__in=list(walk)) for right, walk in WALKS.items()]
    return reduce(or_, places)
