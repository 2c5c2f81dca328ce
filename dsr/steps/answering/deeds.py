"""Packages of a rectification and of a withdrawal: what was done, made before the letter that closes the request.

Whoever has no mailbox gets it all by that letter, on paper. Nobody waits long for a package that cannot be made: then
the letter goes without one, for it says all of it.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from dsr.law.rights import Right
from dsr.law.work import ItemState, Kind
from dsr.models import PlanItem, SubjectRequest
from dsr.steps.answering import delivery, on_file
from dsr.steps.move import Conflict

PATIENCE = timedelta(hours=1)  # from the first time that it could not be made
NOTE = "Called off: it could not be made in time, and the letter went without it."
RIGHTS = (Right.RECTIFICATION, Right.CONSENT_WITHDRAWAL)


def enter(subject_request: SubjectRequest, *, at: datetime) -> None:
    """Have its package made. Call it within the move to carried out."""
    if subject_request.mailbox() is not None:
        PlanItem.objects.create(subject_request=subject_request, kind=Kind.ASSEMBLE, not_before=at, created_at=at)


def in_vain(*, at: datetime) -> Q:
    """Of PlanItem: that it was to make such a package, and failed; nothing waits for it any more."""
    late = Q(state=ItemState.READY, tries__gt=0, created_at__lte=at - PATIENCE)
    return Q(kind=Kind.ASSEMBLE, subject_request__right__in=RIGHTS) & (Q(state=ItemState.QUARANTINED) | late)


def made(subject_request: SubjectRequest, *, at: datetime) -> bool:
    """Whether nothing of it is still to be made."""
    to_make = subject_request.items.filter(kind=Kind.ASSEMBLE).exclude(state=ItemState.DONE)
    return not to_make.exclude(in_vain(at=at)).exists()


def offer(subject_request: SubjectRequest, *, at: datetime) -> dict[str, Any]:
    """Offer what was made; what the closing letter says of it. Within the move to delivered. Raises Conflict."""
    subject_request.items.filter(in_vain(at=at)).update(state=ItemState.DONE, note=NOTE)
    if not made(subject_request, at=at):
        message = "A worker makes the package just now."
        raise Conflict(message)
    if not subject_request.packages.filter(offered_at=None).exists():
        return {}
    delivery.begin(subject_request, at=at, waits=on_file.waits(subject_request, at=at))
    return told(subject_request, at=at)


def told(subject_request: SubjectRequest, *, at: datetime) -> dict[str, Any]:
    """The same for a letter that is sent once more; nothing, once the offer has ended."""
    return {"expires_on": delivery.offered_until(subject_request, at=at)}
