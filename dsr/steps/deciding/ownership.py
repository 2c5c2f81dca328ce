"""Who answers for a request here: its owner, who can hand it over."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Staff
from dsr.law.actors import Actor, ActorKind
from dsr.models import SubjectRequest
from dsr.steps import permissions
from dsr.steps.counting import clock
from dsr.steps.move import Conflict
from dsr.steps.permissions import DUTIES, Duty
from dsr.steps.recording import record


def colleagues(subject_request: SubjectRequest) -> QuerySet[Staff]:
    """Everybody who may review for this controller, but the present owner."""
    roles = [role for role, duties in DUTIES.items() if Duty.REVIEW in duties]
    held = Staff.objects.filter(
        is_active=True, memberships__controller=subject_request.controller, memberships__role__in=roles
    )
    others = held if subject_request.owner_id is None else held.exclude(pk=subject_request.owner_id)
    return others.order_by("first_name", "username").distinct()


def assign(subject_request: SubjectRequest, *, to: Staff, by: Actor, at: datetime) -> None:
    """Give the request another owner. Raises Conflict when it got one meanwhile, or they may not review it."""
    permissions.require(by, Duty.REVIEW, subject_request)
    if not permissions.may(Actor(ActorKind.STAFF, str(to.pk)), Duty.REVIEW, subject_request):
        message = "Whoever gets it must be allowed to review requests of this controller."
        raise Conflict(message)
    if not clock.running(subject_request):
        message = "This request is answered or closed."
        raise Conflict(message)
    before = subject_request.owner_id
    with transaction.atomic():
        mine = SubjectRequest.objects.filter(pk=subject_request.pk, owner_id=before, answered_at=None)
        if mine.exclude(owner_id=to.pk).update(owner_id=to.pk) != 1:
            message = "Somebody else has changed this request meanwhile. Look at it again."
            raise Conflict(message)
        was = f"staff:{before}" if before else ""
        record.write(subject_request, "request:handed-over", by=by, at=at, to=f"staff:{to.pk}", before=was)
    subject_request.owner = to
