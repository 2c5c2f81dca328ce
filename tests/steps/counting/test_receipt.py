"""The day of receipt may turn out to be earlier, as long as an answer is due and the calendar reaches back."""

from datetime import UTC, datetime, timedelta

import pytest

from dsr.law.actors import SUBJECT, Actor
from dsr.law.rights import Right
from dsr.models import Event, SubjectRequest
from dsr.steps.asking import cancellation
from dsr.steps.counting import receipt
from dsr.steps.deciding import review
from dsr.steps.move import Conflict
from tests.conftest import World
from tests.steps import timing

FIRST_OF_THE_CALENDAR = datetime(2025, 1, 1, 12, tzinfo=UTC)


def backdate(subject_request: SubjectRequest, received_at: datetime, world: World, by: Actor) -> None:
    receipt.backdate(subject_request, received_at=received_at, why="The stamp on the letter.", by=by, at=world.at)


def test_a_receipt_before_the_first_day_of_its_calendar_is_refused_and_changes_nothing(
    world: World, dana: Actor
) -> None:
    subject_request = timing.reviewed(world, "eea")
    before = timing.dates(subject_request)
    with pytest.raises(Conflict, match="begins on 1 January 2025"):
        backdate(subject_request, FIRST_OF_THE_CALENDAR - timedelta(days=1), world, dana)
    assert SubjectRequest.objects.get().received_at == subject_request.received_at
    assert timing.dates(subject_request) == before


def test_the_first_day_of_its_calendar_is_early_enough(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    backdate(subject_request, FIRST_OF_THE_CALENDAR, world, dana)
    assert timing.deadline(subject_request, "gdpr").receipt_on == timing.day("2025-01-01")


def test_a_receipt_at_the_same_moment_is_no_move(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    with pytest.raises(Conflict, match="only move backwards"):
        backdate(subject_request, subject_request.received_at, world, dana)
    assert not Event.objects.filter(tag="request:backdated").exists()


def test_the_receipt_of_an_answered_request_does_not_move(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea", Right.COMPLAINT)
    review.accept(subject_request, by=dana, at=world.at)
    review.answer(subject_request, text="Here.", by=dana, at=world.at)
    with pytest.raises(Conflict, match="answered or closed"):
        backdate(subject_request, world.at - timedelta(days=1), world, dana)


def test_the_receipt_of_a_cancelled_request_does_not_move(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    cancellation.cancel(subject_request, by=SUBJECT, at=world.at)
    with pytest.raises(Conflict, match="answered or closed"):
        backdate(subject_request, world.at - timedelta(days=1), world, dana)


def test_a_receipt_confirmed_too_late_after_all_counts_as_missed(world: World, dana: Actor) -> None:
    subject_request = timing.filed(world, "california")
    world.prove(subject_request)
    assert timing.deadline(subject_request, "ccpa", "confirm").met_at == world.at
    backdate(subject_request, world.at - timedelta(days=20), world, dana)
    assert timing.deadline(subject_request, "ccpa", "confirm").missed_on == timing.day("2026-10-26")


def test_a_receipt_confirmed_on_the_last_day_after_all_was_in_time(world: World, dana: Actor) -> None:
    subject_request = timing.filed(world, "california")
    world.prove(subject_request)
    backdate(subject_request, world.at - timedelta(days=12), world, dana)
    confirm = timing.deadline(subject_request, "ccpa", "confirm")
    assert (confirm.due_on, confirm.missed_on) == (timing.day("2026-11-03"), None)
