"""One turn of a worker: claim an item, do it, and move its request on when it was the last one."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction

from dsr.connectors.contract import Rejected, Unreachable, Waiting
from dsr.law.work import Kind
from dsr.models import PlanItem, SubjectRequest
from dsr.package.report import ReportFailed
from dsr.sealing.fields import Unsealable
from dsr.steps import gates, ledger, setbacks, turns, walks
from dsr.steps.answering import partly
from dsr.steps.asking import second
from dsr.steps.deciding import carried, holds
from dsr.steps.frames import tell
from dsr.steps.fulfilling import (
    correcting,
    execution,
    previewing,
    renewal,
    search,
    stopping,
)
from dsr.steps.recording.sequencer import NotAsSigned
from dsr.steps.turns import Piece

log = logging.getLogger(__name__)

STALLED = 100  # requests of one sweep
UNMOVED = "cannot be moved on"

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


def do_next(*, at: datetime, among: Iterator[Piece] | None = None) -> bool:
    """Do the next due item, or the next `among` other pieces of work; whether there was one.

    The outermost edge of a worker: what nobody foresaw spoils one piece, and all others have their turn.
    """
    piece = _claimed(at=at) if among is None else next(among, None)
    if piece is None:
        return False
    try:
        piece.do()
    except (OperationalError, InterfaceError):
        raise  # the portal's own database: a lease runs out, and somebody tries again
    except Exception as error:  # noqa: BLE001 — as said above; nothing else in the portal catches all
        piece.spoilt(error)
    return True


def _claimed(*, at: datetime) -> Piece | None:
    item = ledger.claim(at=at)
    return Piece(partial(_work_on, item, at=at), partial(_stopped, item, at=at)) if item else None


def _work_on(item: PlanItem, *, at: datetime) -> None:
    """Do it; then moving its request on is a piece of its own, for what goes wrong there is no fault of the item."""
    try:
        with turns.held(item, at=at):
            _act(item, at=at)
    except ledger.Fenced:
        log.warning("fenced off: %s %s", item.pk, item)
        return
    subject_request = item.subject_request
    turn = setbacks.Due(subject_request.pk, subject_request.pk, again=False)
    act = partial(walks.walk_on, subject_request, at=at)  # not counted ahead: who dies here is found by a sweep
    do_next(at=at, among=iter([setbacks.piece(UNMOVED, turn, act, at=at)]))


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
    _advance(subject_request.pk, at=at)


def _advance(pk: UUID, *, at: datetime) -> None:
    walks.walk_on(SubjectRequest.objects.prefetch_related("identities").get(pk=pk), at=at)


def advance_stalled(*, at: datetime) -> None:
    """Requests whose worker died between its last item and the move, each in a turn of its own."""
    due = setbacks.due(walks.stalled(at), at=at, most=STALLED)
    acts = ((turn, partial(_advance, turn.subject_request, at=at)) for turn in due)
    pieces = (setbacks.counted(UNMOVED, turn, act, at=at) for turn, act in acts)
    while do_next(at=at, among=pieces):
        pass
