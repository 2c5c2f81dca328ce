"""Giving up: a package that nobody can be handed is destroyed, and its request closed with the reason.

Nothing was answered then, so no date counts as kept: what was over is missed, the others are not needed any more.
"""

from datetime import datetime
from enum import StrEnum
from functools import partial

from django.db import transaction

from dsr.law.actors import Actor
from dsr.law.states import State
from dsr.law.work import Letter
from dsr.models import Package, SubjectRequest, sealed
from dsr.steps.answering import handover, on_file
from dsr.steps.deciding import blocking
from dsr.steps.move import Conflict, move
from dsr.steps.post import notices

GIVEN_UP = "package:given-up"


class Why(StrEnum):
    """Why nobody can be handed it."""

    WITHDREW = "withdrew"
    DIED = "died"
    MOVED = "moved-away"
    UNKNOWN = "unknown"


def give_up(subject_request: SubjectRequest, why: Why, *, reason: str, by: Actor, at: datetime) -> None:
    """Destroy the package that waits, and close its request. Raises Forbidden, Conflict."""
    handover.check(subject_request, by)
    reason = reason.strip()[: handover.REASON]
    with transaction.atomic():
        if message := _why_not(subject_request, reason):
            raise Conflict(message)
        move(
            subject_request,
            State.CANCELLED,
            by=by,
            at=at,
            event=GIVEN_UP,
            secret={"reason": reason},
            because=why,
        )
        _destroy(subject_request)
        note = "Taken back: the package was not handed over."
        notices.take_back(subject_request, notices.COVERING, note, by=by, at=at)
        if why is Why.WITHDREW:
            notices.queue(subject_request, Letter.CANCELLED, at=at, given_up=True)
        on_file.end(subject_request, Letter.CANCELLED, note, by=by, at=at, given_up=True)


def _why_not(subject_request: SubjectRequest, reason: str) -> str:
    if not handover.waiting(subject_request):
        return "This package does not wait to be handed over. Look at the request again."
    if blocking.standing(subject_request):
        return "A legal hold or a freeze stands: nothing is destroyed until it is released."
    return "" if reason else "Write what you know, and how you tried to reach the person."


def _destroy(subject_request: SubjectRequest) -> None:
    """The key in this transaction, the file after it."""
    pks = list(subject_request.packages.values_list("pk", flat=True))
    Package.objects.filter(pk__in=pks).update(wrapped_key="", others_sealed="", remind_at=None)

    transaction.on_commit(partial(sealed.remove_files, pks))
