"""Who is told at the desk: the owner of a request, or the team; and the privacy officers. By e-mail, nothing else."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from accounts.models import Role, Staff
from dsr.law.work import Letter
from dsr.models import SubjectRequest
from dsr.steps.post import notices


def answerable(subject_request: SubjectRequest) -> list[Staff]:
    """The owner; where there is none who can be written to, every agent of the controller."""
    agents = _reached(subject_request, Role.AGENT)
    owner = subject_request.owner
    return [owner] if owner and owner.is_active and owner.email else list(agents)


def officers(subject_request: SubjectRequest) -> list[Staff]:
    """The privacy officers of the controller."""
    return list(_reached(subject_request, Role.PRIVACY_OFFICER))


def tell(
    subject_request: SubjectRequest, letter: Letter, staff: Iterable[Staff], *, at: datetime, **context: Any
) -> None:
    """Queue the letter to each of them, once. It names the reference, dates and the desk, and no person."""
    for member in {each.pk: each for each in staff}.values():
        notices.queue(subject_request, letter, at=at, to_staff=member, **context)


def _reached(subject_request: SubjectRequest, role: Role) -> QuerySet[Staff]:
    held = {"memberships__controller": subject_request.controller, "memberships__role": role}
    return Staff.objects.filter(is_active=True, **held).exclude(email="").order_by("pk").distinct()
