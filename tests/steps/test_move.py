"""A request moves in one way only, and each move happens once."""

import uuid
from datetime import UTC, datetime
from itertools import product

import pytest
from django.db import transaction

from dsr.law.actors import PORTAL, SUBJECT
from dsr.law.references import new_reference
from dsr.law.rights import Right
from dsr.law.states import CLOSED, MOVES, State, allowed
from dsr.models import Event, SubjectRequest
from dsr.steps.asking import intake
from dsr.steps.move import Conflict, move
from tests.steps import scenes

AT = datetime(2026, 11, 3, 9, tzinfo=UTC)
ILLEGAL = [(old, new) for old, new in product(State, State) if new not in MOVES[old]]


@pytest.fixture
def filed(db: None) -> SubjectRequest:
    information = intake.Intake("joypix", Right.PROCESSING_INFORMATION, ())
    return intake.receive(information, by=SUBJECT, at=AT)


def standing(subject_request: SubjectRequest, state: State, right: Right = Right.ACCESS) -> SubjectRequest:
    """A request like this one, put into a state by hand; what is asked never changes in a row that stands."""
    another = SubjectRequest.objects.get(pk=subject_request.pk)
    another.id, another.reference = uuid.uuid4(), new_reference()
    another.state, another.right = state, right
    another.save(force_insert=True)
    return another


def test_no_move_that_the_walk_does_not_name_is_made(filed: SubjectRequest) -> None:
    made = []
    before = Event.objects.count()
    for old, new in ILLEGAL:
        subject_request = standing(filed, old)
        try:
            move(subject_request, new, by=PORTAL, at=AT, event="test:moved")
        except Conflict:
            continue
        made.append((old, new))
    assert made == []
    assert Event.objects.count() == before


def test_what_is_closed_never_moves_again() -> None:
    assert [(right, old, new) for right, old, new in product(Right, CLOSED, State) if allowed(right, old, new)] == []


@pytest.mark.parametrize("right", sorted(set(Right) - {Right.PROCESSING_INFORMATION}))
def test_only_information_is_answered_without_a_proof(filed: SubjectRequest, right: Right) -> None:
    subject_request = standing(filed, State.RECEIVED, right)
    with pytest.raises(Conflict, match="cannot become delivered"):
        move(subject_request, State.DELIVERED, by=PORTAL, at=AT, event="test:moved")


def test_of_two_who_move_a_request_one_wins_and_one_event_is_written(filed: SubjectRequest) -> None:
    first = standing(filed, State.VERIFIED)
    second = SubjectRequest.objects.get(pk=first.pk)
    move(first, State.REFUSED, by=PORTAL, at=AT, event="test:moved")
    with pytest.raises(Conflict, match="meanwhile"), transaction.atomic():
        move(second, State.ACCEPTED, by=PORTAL, at=AT, event="test:moved")
    assert SubjectRequest.objects.get(pk=first.pk).state == State.REFUSED
    assert Event.objects.filter(tag="test:moved").count() == 1


def test_the_loser_of_a_race_in_the_last_moment_writes_nothing(filed: SubjectRequest) -> None:
    subject_request = standing(filed, State.VERIFIED)
    winner = SubjectRequest.objects.filter(pk=subject_request.pk)
    with (
        scenes.a_rival_before("SAVEPOINT", lambda: winner.update(state=State.CANCELLED)),
        pytest.raises(Conflict),
        transaction.atomic(),
    ):
        move(subject_request, State.ACCEPTED, by=PORTAL, at=AT, event="test:moved")
    assert winner.get().state == State.CANCELLED
    assert not Event.objects.filter(tag="test:moved").exists()


def test_a_move_whose_event_cannot_be_written_is_not_made(filed: SubjectRequest) -> None:
    subject_request = standing(filed, State.VERIFIED)
    with pytest.raises(TypeError), transaction.atomic():
        move(subject_request, State.ACCEPTED, by=PORTAL, at=AT, event="test:moved", detail=object())
    assert SubjectRequest.objects.get(pk=subject_request.pk).state == State.VERIFIED
