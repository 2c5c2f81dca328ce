"""How one deadline is counted from its columns."""

from datetime import date

import pytest

from dsr.law.actors import Actor
from dsr.law.clocks import Pause
from dsr.models import Deadline
from dsr.steps.counting import pauses, reckoning
from tests.conftest import World
from tests.steps import timing


@pytest.mark.parametrize(
    ("today", "last"),
    [
        ("2026-11-05", "2026-11-05"),  # so far
        ("2026-11-30", "2026-11-17"),  # never beyond the day on which it ends by itself
        ("2026-11-01", "2026-11-03"),  # a clock that runs behind: at least its first day
    ],
)
def test_a_pause_that_is_open_counts_until_today_and_not_beyond_its_end(today: str, last: str) -> None:
    span = reckoning.running(date(2026, 11, 3), date(2026, 11, 17), timing.day(today))
    assert span is not None
    assert (span.first, span.last) == (date(2026, 11, 3), timing.day(last))


def test_while_a_question_is_open_staff_hear_of_the_date_only_when_it_is_missed(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    pauses.ask(subject_request, reason=Pause.INFORMATION_REQUIRED, question="Which?", by=dana, at=world.at)
    month = timing.deadline(subject_request, "gdpr")
    assert (month.due_on, month.attend_on) == (timing.day("2026-12-03"), timing.day("2026-12-04"))


def test_a_date_that_was_missed_rests_when_it_is_counted_again(world: World) -> None:
    subject_request = timing.reviewed(world, "elsewhere")
    timing.turn(world.later(days=24))
    promise = timing.deadline(subject_request, "house")
    reckoning.reckon(promise, at=world.at)
    assert promise.attend_on is None


@pytest.mark.parametrize(
    ("extended", "extended_term", "term"),
    [(False, "3 months", "1 month"), (True, "3 months", "3 months"), (True, "", "1 month")],
)
def test_the_longer_term_counts_once_it_was_taken_and_where_there_is_one(
    extended_term: str, term: str, *, extended: bool
) -> None:
    deadline = Deadline(term="1 month", extended_term=extended_term, extended=extended)
    assert reckoning.basis_of(deadline).term == term


def test_staff_are_told_on_these_days_and_no_other(world: World) -> None:
    subject_request = timing.filed(world, "elsewhere")  # due on Wednesday, 25 November
    edition = reckoning.edition_of(timing.deadline(subject_request, "house").edition_id)
    days = [str(day) for day in reckoning.stages(timing.day("2026-11-25"), edition)]
    assert days == ["2026-11-18", "2026-11-23", "2026-11-24", "2026-11-26"]
