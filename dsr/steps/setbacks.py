"""Turns that went wrong: whoever comes next passes them, and each has another turn after a pause that grows.

So what goes wrong every time keeps nobody behind it from their turn, whatever process comes next.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from dsr.law.states import CLOSED
from dsr.models import Certificate, Setback, SubjectRequest
from dsr.steps import ledger
from dsr.steps.frames import tell
from dsr.steps.turns import Piece

log = logging.getLogger(__name__)


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


def _left_behind(pk: UUID, error: Exception, *, at: datetime) -> tuple[Setback, str]:
    """The row that says until when nobody tries it, in the state it is in now; and the request's reference."""
    with transaction.atomic():
        reference, state = SubjectRequest.objects.values_list("reference", "state").get(pk=pk)
        fresh = {"state": state, "not_before": at}
        row, _ = Setback.objects.select_for_update().get_or_create(subject_request_id=pk, defaults=fresh)
        row.tries = row.tries + 1 if row.state == state else 1
        row.state, row.note = state, type(error).__name__
        row.not_before = at + timedelta(seconds=ledger.pause_after(min(row.tries, ledger.TRIES)))
        row.save()
    return row, reference


def standing() -> Q:
    """Of SubjectRequest: that its last turn went wrong, in the state it is in."""
    return Q(Exists(Setback.objects.filter(subject_request=OuterRef("pk"), state=OuterRef("state"))))


def forget_past() -> None:
    """Of requests that went on since, or have their certificate by now, nothing is said any more."""
    past = ~Q(state=F("subject_request__state"))
    past |= Q(state__in=CLOSED) & Q(Exists(Certificate.objects.filter(subject_request=OuterRef("pk"))))
    Setback.objects.filter(past).delete()
