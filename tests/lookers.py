"""People who look at an answer before it leaves, where a controller asks for it."""

from collections.abc import Callable
from datetime import datetime

from accounts import staff
from accounts.models import Role, Staff
from dsr.law.actors import Actor, ActorKind
from dsr.models import SubjectRequest
from dsr.steps.deciding import looking


def redactor(name: str) -> Actor:
    """Somebody who looks, for both controllers."""
    staff.add(name, name.title(), [("joypix", Role.REDACTOR), ("pixplus", Role.REDACTOR)])
    return Actor(ActorKind.STAFF, str(Staff.objects.get(username=name).pk))


def looked_at(subject_request: SubjectRequest, wait: Callable[[], object], at: datetime) -> None:
    """As many as are asked for look at what goes out, and say yes; `wait` until it waits for them."""
    for number in range(looking.asked(subject_request)):
        wait()
        by = redactor(f"looker-{number}")
        looking.look(subject_request, digest=looking.seen(subject_request), by=by, at=at)
