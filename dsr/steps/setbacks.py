"""Turns that went wrong: whoever comes next passes them, and each has another turn after a pause that grows.

So what goes wrong every time keeps nobody behind it from their turn, whatever process comes next.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from dsr.law.states import CLOSED
from dsr.models import Certificate, Setback, SubjectRequest
from dsr.steps import ledger
from dsr.steps.frames import tell
from dsr.steps.turns import Piece

log = logging.getLogger(__name__)

BROKEN_OFF = "the process or the database broke it off"  # and could not say so itself


class Due(NamedTuple):
    """Whose turn it is: a row, its request, and whether the turn before went wrong."""

    row: Any  # its primary key
    subject_request: UUID
    again: bool


def due(rows: QuerySet[Any], *, at: datetime, most: int, of: str = "") -> list[Due]:
    """Those of the rows whose turn it is: first what never went wrong, then what waits longest.

    `of` is the way from a row to its request, such as 'subject_request__'.
    """
    mine = Setback.objects.filter(subject_request=OuterRef(f"{of}pk"), state=OuterRef(f"{of}state"))
    found = rows.annotate(again=Subquery(mine.values("not_before"))).filter(Q(again=None) | Q(again__lte=at))
    found = found.order_by(F("again").asc(nulls_first=True), "pk")
    return [Due(row, pk, again is not None) for row, pk, again in found.values_list("pk", f"{of}id", "again")[:most]]


def piece(what: str, turn: Due, act: Callable[[], object], *, at: datetime) -> Piece:
    """One turn: where it goes wrong the log tells `what`, and it is left behind; else what went wrong is forgotten."""

    def do() -> None:
        act()
        if turn.again:
            Setback.objects.filter(pk=turn.subject_request).delete()

    def spoilt(error: Exception) -> None:
        row, reference = _left_behind(turn.subject_request, error, at=at)
        tell(log, what, f"{reference}, times: {row.tries}", error)

    return Piece(do, spoilt)


def counted(what: str, turn: Due, act: Callable[[], object], *, at: datetime) -> Piece:
    """The same for a turn that a sweep finds: its row is written before, so who dies over it leaves it behind too."""
    first = piece(what, turn._replace(again=True), act, at=at)

    def do() -> None:
        if _begun(turn.subject_request, at=at):
            first.do()

    return Piece(do, first.spoilt)


def _begun(pk: UUID, *, at: datetime) -> bool:
    """Leave it behind for as long as a lease, in a transaction of its own; False: another worker has it by now.

    It counts as gone wrong once its time is over, and its row says still that it was begun.
    """
    with transaction.atomic():
        row, state = _row(pk, at=at)
        if row.state == state and row.not_before > at:
            return False
        if row.state != state:
            row.tries = 0
        elif row.note == BROKEN_OFF:
            row.tries += 1
        row.state, row.note = state, BROKEN_OFF
        pause = max(settings.DSR_LEASE_SECONDS, _pause(row.tries + 1))
        row.not_before = at + timedelta(seconds=pause)
        row.save()
    return True


def _row(pk: UUID, *, at: datetime) -> tuple[Setback, str]:
    """Its row, locked, as it was or new; and the state that the request is in now. Call it in a transaction."""
    state = SubjectRequest.objects.values_list("state", flat=True).get(pk=pk)
    fresh = {"state": state, "not_before": at}
    return Setback.objects.select_for_update().get_or_create(subject_request_id=pk, defaults=fresh)[0], state


def _pause(tries: int) -> float:
    return ledger.pause_after(min(tries, ledger.TRIES))


def _left_behind(pk: UUID, error: Exception, *, at: datetime) -> tuple[Setback, str]:
    """The row that says until when nobody tries it, in the state it is in now; and the request's reference."""
    with transaction.atomic():
        reference = SubjectRequest.objects.values_list("reference", flat=True).get(pk=pk)
        row, state = _row(pk, at=at)
        row.tries = row.tries + 1 if row.state == state else 1
        row.state, row.note = state, type(error).__name__
        row.not_before = at + timedelta(seconds=_pause(row.tries))
        row.save()
    return row, reference


def standing() -> Q:
    """Of SubjectRequest: that its last turn went wrong, in the state it is in; not that its first has just begun."""
    wrong = Setback.objects.filter(tries__gt=0, state=OuterRef("state"))
    return Q(Exists(wrong.filter(subject_request=OuterRef("pk"))))


def forget_past() -> None:
    """Of requests that went on since, or have their certificate by now, nothing is said any more."""
    past = ~Q(state=F("subject_request__state"))
    past |= Q(state__in=CLOSED) & Q(Exists(Certificate.objects.filter(subject_request=OuterRef("pk"))))
    Setback.objects.filter(past).delete()
