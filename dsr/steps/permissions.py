"""Who may do what: duties of staff by role and controller, and the data subject's own acts."""

from enum import StrEnum

from accounts.models import Membership, Role
from dsr.law.actors import Actor, ActorKind
from dsr.models import SubjectRequest


class Duty(StrEnum):
    """What one may be allowed to do with a request."""

    VIEW = "view"
    REVIEW = "review"
    APPROVE = "approve"
    OPERATE = "operate"  # retry items
    AUDIT = "audit"


DUTIES: dict[Role, frozenset[Duty]] = {
    Role.AGENT: frozenset({Duty.VIEW, Duty.REVIEW, Duty.OPERATE}),
    Role.APPROVER: frozenset({Duty.VIEW, Duty.APPROVE}),
    Role.PRIVACY_OFFICER: frozenset({Duty.VIEW, Duty.REVIEW, Duty.APPROVE, Duty.OPERATE, Duty.AUDIT}),
    Role.ENGINEER: frozenset({Duty.OPERATE}),
    Role.AUDITOR: frozenset({Duty.VIEW, Duty.AUDIT}),
}


class Forbidden(Exception):
    """This actor may not do that."""


def may(by: Actor, duty: Duty, subject_request: SubjectRequest) -> bool:
    """Whether a role of this staff member at this controller has the duty; read anew each time."""
    if by.kind is not ActorKind.STAFF:
        return by.kind is ActorKind.PORTAL
    roles = Membership.objects.filter(
        staff_id=by.id, staff__is_active=True, controller=subject_request.controller
    ).values_list("role", flat=True)
    return any(duty in DUTIES[Role(role)] for role in roles)


def require(by: Actor, duty: Duty, subject_request: SubjectRequest) -> None:
    """Raise Forbidden unless `may`."""
    if not may(by, duty, subject_request):
        message = f"{by} has no duty '{duty}' at {subject_request.controller}"
        raise Forbidden(message)
