"""One turn of a worker: claim an item, do it, and move its request on when it was the last one."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import reduce
from operator import or_

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, OuterRef, Q

from dsr.connectors.contract import Rejected, Unreachable, Waiting
from dsr.law.actors import PORTAL
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import PlanItem, SubjectRequest
from dsr.package.report import ReportFailed
from dsr.sealing.fields import Unsealable
from dsr.steps import gates, ledger, turns
from dsr.steps.answering import deeds, delivery, handover, on_file, partly
from dsr.steps.asking import second
from dsr.steps.deciding import announced, approval, blocking, carried, holds, looking
from dsr.steps.frames import tell
from dsr.steps.fulfilling import (
    correcting,
    execution,
    parts,
    previewing,
    rectification,
    renewal,
    search,
    sources,
    stopping,
    suppression,
    versions,
    withdrawal,
)
from dsr.steps.move import Conflict, move, pass_through
from dsr.steps.recipients import telling
from dsr.steps.recording.sequencer import NotAsSigned

log = logging.getLogger(__name__)

_COLUMNS = [field.name for field in SubjectRequest._meta.concrete_fields]

ACTS: dict[str, Callable[..., None]] = {
    Kind.FIND: search.find,
    Kind.CLOSE: renewal.close,
    Kind.ERASE: execution.erase,
    Kind.CORRECT: correcting.correct,
    Kind.ASSEMBLE: renewal.assemble,
    Kind.ASSEMBLE_PART: partly.assemble,
    Kind.STOP: stopping.stop,
    Kind.RESUME: stopping.resume,
    Kind.PREVIEW: previewing.look,
    Kind.ADDRESSES: second.look,
}


def do_next(*, at: datetime) -> bool:
    """Do the next due item; whether there was one."""
    item = ledger.claim(at=at)
    if item is None:
        return False
    try:
        with turns.held(item, at=at):
            _act(item, at=at)
    except ledger.Fenced:
        log.warning("fenced off: %s %s", item.pk, item)
    except (OperationalError, InterfaceError):
        raise  # the portal's own database: the lease runs out, and somebody tries again
    except Exception as error:  # noqa: BLE001 — the outermost edge of a worker: one item must not stop the others
        _stopped(item, error, at=at)
    else:
        item.subject_request.refresh_from_db(fields=_COLUMNS)  # whom it is about was read with the claim
        _walk_on(item.subject_request, at=at)
    return True


def _stopped(item: PlanItem, error: Exception, *, at: datetime) -> None:
    """What nobody foresaw is for a person; unless another worker has the item by now, and then it is theirs."""
    tell(log, "stopped", f"{item.pk} {item}", error)
    try:
        ledger.quarantine(item, note=f"Something is wrong in the portal itself ({type(error).__name__}).", at=at)
    except ledger.Fenced:
        log.warning("fenced off: %s %s", item.pk, item)


def _act(item: PlanItem, *, at: datetime) -> None:
    """Do it; every way in which a system can fail has its own end in the ledger."""
    try:
        carried.look_again(item, at=at)
        ACTS[item.kind](item, at=at)
        gates.answered(item, at=at)
    except Unreachable as error:
        with transaction.atomic():
            ledger.release(item, seconds=error.retry_in, note=f"No answer: {error}", at=at)
            gates.missed(item, seconds=error.retry_in, at=at)
    except Waiting as waiting:
        ledger.wait(item, seconds=waiting.poll_in, handle=waiting.handle, at=at)
        gates.answered(item, at=at)
    except holds.Held as held:
        holds.wait(item, at=at, held=held)
    except (OSError, ReportFailed) as error:  # disk full, store down, PDF's process killed: nothing half was left
        ledger.release(item, seconds=None, note=_unwritten(error), at=at)
    except (Rejected, execution.Halted) as error:
        ledger.quarantine(item, note=str(error), at=at)
    except NotAsSigned as error:
        note = f"No package is sealed while the record is not as it was signed: {error}. Run manage.py verify_audit."
        ledger.quarantine(item, note=note, at=at)
    except Unsealable as error:
        ledger.quarantine(item, note=f"A sealed file is missing, or not as it was written: {error}", at=at)


def _unwritten(error: OSError | ReportFailed) -> str:
    if isinstance(error, OSError):
        return f"The portal could not write: {error.strerror}"
    return f"The PDF was not made: {error}"


def advance(subject_request: SubjectRequest, *, at: datetime) -> None:
    """Move the request on when all items before its next state are done. Safe to call at any time."""
    _walk_on(SubjectRequest.objects.prefetch_related("identities").get(pk=subject_request.pk), at=at)


def _walk_on(subject_request: SubjectRequest, *, at: datetime) -> None:
    walk = WALKS.get(Right(subject_request.right), {})
    try:
        while (step := walk.get(State(subject_request.state))) and step(subject_request, at):
            pass
    except Conflict:
        log.info("another worker moved %s on", subject_request.reference)


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
    items = list(subject_request.items.filter(until=None).select_related("part"))
    if any(item.state != ItemState.DONE for item in items if item.kind in {Kind.STOP, Kind.ERASE}):
        return False
    manifest = sources.first(subject_request)
    summary = sources.summary(subject_request, listed=manifest)
    finds = [item for item in items if item.kind == Kind.FIND]
    if versions.gone(subject_request, summary, finds):
        return False
    names = suppression.names(subject_request, finds) if manifest is not None else set()
    with transaction.atomic():
        move(subject_request, State.CARRIED_OUT, by=PORTAL, at=at, event="request:carried-out")
        if manifest is not None:
            if dates := sources.dates(summary):
                execution.defer(subject_request, manifest.part, dates, at=at)
            suppression.remember(subject_request, names, at=at)
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


def advance_stalled(*, at: datetime) -> None:
    """Requests whose worker died between its last item and the move."""
    open_items = PlanItem.objects.filter(subject_request=OuterRef("pk"), until=None).exclude(state=ItemState.DONE)
    # Nothing waits for a preview, or for a look at which addresses are on file.
    open_items = open_items.exclude(Q(kind__in=[Kind.PREVIEW, Kind.ADDRESSES]) | deeds.in_vain(at=at))
    waiting = Q(state=State.SEARCHED, right=Right.ERASURE) & Q(manifest__erases=True)  # for a second person
    waiting |= rectification.undecided() | withdrawal.waiting() | (Q(state=State.CARRIED_OUT) & blocking.on_requests())
    idle = SubjectRequest.objects.filter(_between_moves()).exclude(waiting).exclude(Exists(open_items))
    for subject_request in idle[:100]:
        try:
            advance(subject_request, at=at)
        except Exception as error:  # noqa: BLE001 — as above: one request must not hide those behind it
            tell(log, "cannot be moved on", subject_request.reference, error)


def _between_moves() -> Q:
    """Requests in a state that their walk leaves by itself."""
    places = [Q(right=right, state__in=list(walk)) for right, walk in WALKS.items()]
    return reduce(or_, places)
