"""The person stops a request, until its effects have begun."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Letter
from dsr.models import SubjectRequest
from dsr.steps import ledger
from dsr.steps.fulfilling import parts, stopping
from dsr.steps.move import Conflict, move
from dsr.steps.post import notices

POSSIBLE = frozenset({State.RECEIVED, State.VERIFIED, State.ACCEPTED, State.SEARCHED, State.APPROVED})


def possible(subject_request: SubjectRequest) -> bool:
    """Whether the request can still be cancelled."""
    return subject_request.state in POSSIBLE and not _begun(subject_request)


def cancel(subject_request: SubjectRequest, *, by: Actor, at: datetime) -> None:
    """Cancel, take open items off the ledger. Raises Conflict once erasing has begun."""
    with transaction.atomic():
        # Called off first: an item that is claimed from here on is not there any more.
        ledger.call_off(subject_request)
        if _begun(subject_request):
            message = _("What you asked for has begun and cannot be stopped any more.")
            raise Conflict(message)
        move(
            subject_request,
            State.CANCELLED,
            by=by,
            at=at,
            event="request:cancelled",
            columns={"answered_at": at},
        )
        resumed = bool(stopping.plan_resume(subject_request, at=at))
        parts.forget(subject_request)
        notices.queue(subject_request, Letter.CANCELLED, at=at, resumed=resumed)


def _begun(subject_request: SubjectRequest) -> bool:
    """An item that changes a system runs, or has been claimed before (a fence of 0 means never)."""
    # The stop before an erasure is taken back; the stop of a withdrawal is what was asked for.
    effects = [Kind.ERASE, Kind.CORRECT] + [Kind.STOP] * (subject_request.right == Right.CONSENT_WITHDRAWAL)
    items = subject_request.items.filter(kind__in=effects, until=None)
    return items.filter(state=ItemState.RUNNING).exists() or items.filter(fence__gt=0).exists()
