"""Requests of people of one region, and their dates."""

from collections.abc import Callable
from datetime import date, datetime

from accounts import staff
from accounts.models import Role, Staff
from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor, ActorKind
from dsr.law.rights import Right
from dsr.law.work import Letter
from dsr.models import Deadline, Notice, SubjectRequest
from dsr.steps.asking import intake
from dsr.steps.counting import recounting, reminders
from tests.conftest import SAM, World

File = Callable[..., SubjectRequest]


def filed(world: World, region: str = "eea", right: Right = Right.ACCESS, controller: str = "joypix") -> SubjectRequest:
    """Sam asks on the web, and says where Sam lives."""
    purposes = ("marketing",) if right is Right.CONSENT_WITHDRAWAL else ()
    asked = intake.Intake(controller, right, ((IdentityKind.EMAIL, SAM),), region=region, purposes=purposes)
    return intake.receive(asked, by=SUBJECT, at=world.at)


def reviewed(world: World, region: str = "eea", right: Right = Right.ACCESS) -> SubjectRequest:
    """The same, with the mailbox proven: it waits for somebody here."""
    subject_request = filed(world, region, right)
    world.prove(subject_request)
    return subject_request


def dates(subject_request: SubjectRequest) -> dict[str, str]:
    """Each date by its regime and duty."""
    rows = Deadline.objects.filter(subject_request=subject_request)
    return {str(row): row.due_on.isoformat() for row in rows}


def deadline(subject_request: SubjectRequest, regime: str, duty: str = "answer") -> Deadline:
    """One of them, as it stands now."""
    return Deadline.objects.get(subject_request=subject_request, regime=regime, duty=duty)


def due_on(subject_request: SubjectRequest) -> date:
    """The date in the queue, as it stands now."""
    return SubjectRequest.objects.get(pk=subject_request.pk).due_on


def day(text: str) -> date:
    return date.fromisoformat(text)


def member(username: str, *roles: Role, email: bool = True, controller: str = "joypix") -> Actor:
    """Somebody at the desk who can be written to."""
    address = f"{username}@example.com" if email else ""
    staff.add(username, username.title(), [(controller, role) for role in roles], email=address)
    return Actor(ActorKind.STAFF, str(Staff.objects.get(username=username).pk))


def told(letter: Letter) -> list[str]:
    """Who got a letter of this kind, in order."""
    return [notice.to for notice in Notice.objects.filter(letter=letter).order_by("created_at", "to")]


def turn(at: datetime) -> None:
    """What the timetable does at that moment."""
    recounting.daily(at=at)
    for _ in range(100):
        if not reminders.tell_next(at=at):
            return
    raise AssertionError("the reminders never come to rest")
