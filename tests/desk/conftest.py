"""Requests as they lie on the desk, and browsers of the cast."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts import staff
from accounts.models import Role, Staff
from dsr.law.actors import Actor, ActorKind
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.models import SubjectRequest
from dsr.steps.deciding import review
from tests import staging
from tests.conftest import World, dana_in


@pytest.fixture
def browser(sign_in: Callable[[str], Client]) -> Callable[[Role, str], Client]:
    """A signed-in browser of somebody with one role."""

    def of(role: Role, controller: str = "joypix") -> Client:
        name = f"{role.value}-{controller}"
        staff.add(name, name.title(), [(controller, role)])
        return sign_in(name)

    return of


@staging.scene()
def to_review(world: World) -> SubjectRequest:
    """Sam has proven the mailbox and waits."""
    subject_request = world.file(Right.ACCESS, details="Everything about order 7, please.")
    world.prove(subject_request)
    return subject_request


@staging.scene()
def to_answer(world: World) -> SubjectRequest:
    """Sam complains, Dana has accepted it."""
    subject_request = world.file(Right.COMPLAINT, details="Why do you write to me?")
    world.prove(subject_request)
    review.accept(subject_request, by=dana_in(), at=world.at)
    return subject_request


@staging.scene()
def to_approve(world: World) -> SubjectRequest:
    """Sam's erasure is searched, the manifest closed; Dana accepted it."""
    subject_request = world.file(Right.ERASURE)
    world.prove(subject_request)
    review.accept(subject_request, by=dana_in(), at=world.at)
    world.work(State.SEARCHED, subject_request)
    return subject_request


def actor(username: str) -> Actor:
    """A staff member as steps know them."""
    return Actor(ActorKind.STAFF, str(Staff.objects.get(username=username).pk))
