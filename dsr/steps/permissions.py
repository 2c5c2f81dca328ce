"""Who may do what: duties of staff by role and controller, and the data subject's own acts."""

from enum import StrEnum

from django.db.models import QuerySet

from accounts.models import Membership, Role, Staff
from dsr.datamap.schema import IdentityKind
from dsr.law.actors import Actor, ActorKind
from dsr.models import Identity, SubjectRequest, sealed


class Duty(StrEnum):
    """What one may be allowed to do with a request."""

    VIEW = "view"
    REVIEW = "review"
    APPROVE = "approve"
    OPERATE = "operate"  # retry items
    AUDIT = "audit"
    RAISE = "raise"  # a limit of the map, for one request
    PAUSE = "pause"  # a system, for all requests, and let it go on
    RELEASE = "release"  # see what would go out, leave out what concerns others, and let it go


DUTIES: dict[Role, frozenset[Duty]] = {
    Role.AGENT: frozenset({Duty.VIEW, Duty.REVIEW, Duty.OPERATE}),
    Role.APPROVER: frozenset({Duty.VIEW, Duty.APPROVE}),
    Role.PRIVACY_OFFICER: frozenset(
        {Duty.VIEW, Duty.REVIEW, Duty.APPROVE, Duty.OPERATE, Duty.AUDIT, Duty.RAISE, Duty.PAUSE, Duty.RELEASE}
    ),
    Role.ENGINEER: frozenset({Duty.OPERATE, Duty.PAUSE}),
    Role.AUDITOR: frozenset({Duty.VIEW, Duty.AUDIT}),
    Role.REDACTOR: frozenset({Duty.VIEW, Duty.RELEASE}),
}


OWN = "This request is your own, or names your address: colleagues work on it."


class Forbidden(Exception):
    """This actor may not do that."""


def may(by: Actor, duty: Duty, subject_request: SubjectRequest) -> bool:
    """Whether a role of this staff member at this request's controller has the duty; read anew each time.

    Nobody has a duty in a request of their own: colleagues work on it, and the portal shows it to its person.
    """
    return may_at(by, duty, subject_request.controller) and not own(by, subject_request)


def own(by: Actor, subject_request: SubjectRequest) -> bool:
    """Whether a staff member's own address is named by the request, in whatever way it is written."""
    if by.kind is not ActorKind.STAFF:
        return False
    return _names(subject_request, Staff.objects.filter(pk=by.id))


def of_staff(subject_request: SubjectRequest) -> bool:
    """Whether it is about, or asked by, somebody who works here or did: its answer leaves by four eyes."""
    return _names(subject_request, Staff.objects.all())


def _names(subject_request: SubjectRequest, who: QuerySet[Staff]) -> bool:
    """Whether it names the address of one of them."""
    addresses = who.exclude(email="").values_list("email", flat=True)
    hashes = [known for address in addresses for known in sealed.held_by(IdentityKind.EMAIL, address)]
    named = Identity.objects.filter(subject_request=subject_request, kind=IdentityKind.EMAIL, folded__in=hashes)
    return bool(hashes) and named.exists()


def may_at(by: Actor, duty: Duty, controller: str) -> bool:
    """The same for what is about no request."""
    if by.kind is not ActorKind.STAFF:
        return by.kind is ActorKind.PORTAL
    roles = Membership.objects.filter(staff_id=by.id, staff__is_active=True, controller=controller)
    return any(duty in DUTIES[Role(role)] for role in roles.values_list("role", flat=True))


def require(by: Actor, duty: Duty, subject_request: SubjectRequest) -> None:
    """Raise Forbidden unless `may`."""
    require_at(by, duty, subject_request.controller)
    if own(by, subject_request):
        raise Forbidden(OWN)


def require_at(by: Actor, duty: Duty, controller: str) -> None:
    """Raise Forbidden unless `may_at`."""
    if not may_at(by, duty, controller):
        message = f"{by} has no duty '{duty}' at {controller}"
        raise Forbidden(message)


def team(controller: str, duty: Duty = Duty.REVIEW) -> list[Staff]:
    """The active staff of a controller who have a duty: whom to tell when nobody owns something."""
    roles = [role for role, duties in DUTIES.items() if duty in duties]
    members = Staff.objects.filter(is_active=True, memberships__controller=controller, memberships__role__in=roles)
    return list(members.distinct().order_by("pk"))
