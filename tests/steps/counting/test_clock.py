"""Two dates for every request: what we promised, and what the law of the person's region says."""

from datetime import UTC, datetime, timedelta

import pytest

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor
from dsr.law.files import law_version
from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Channel, Letter
from dsr.models import CalendarEdition, Deadline, Event, SubjectRequest
from dsr.models.clock import promise_on, statutory_on
from dsr.steps import maps
from dsr.steps.asking import cancellation, intake
from dsr.steps.counting import receipt
from dsr.steps.deciding import review
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from tests.conftest import SAM, World
from tests.steps import timing


def test_sam_of_germany_has_our_promise_and_a_month_by_law(world: World) -> None:
    subject_request = timing.filed(world, "eea")
    assert timing.dates(subject_request) == {"house answer": "2026-11-25", "gdpr answer": "2026-12-03"}
    assert timing.due_on(subject_request) == timing.day("2026-11-25")
    assert promise_on(subject_request) == timing.day("2026-11-25")
    assert statutory_on(subject_request) == timing.day("2026-12-03")


def test_a_californian_opt_out_is_due_before_our_promise_for_saturdays_count(world: World) -> None:
    subject_request = timing.filed(world, "california", Right.CONSENT_WITHDRAWAL)
    assert timing.dates(subject_request) == {"house answer": "2026-11-25", "ccpa answer": "2026-11-21"}
    assert timing.due_on(subject_request) == timing.day("2026-11-21")


def test_where_no_law_counts_our_promise_stands_alone(world: World) -> None:
    subject_request = timing.filed(world, "elsewhere")
    assert timing.dates(subject_request) == {"house answer": "2026-11-25"}
    assert statutory_on(subject_request) is None


def test_a_person_who_names_no_region_has_our_promise(world: World) -> None:
    assert timing.dates(timing.filed(world, "")) == {"house answer": "2026-11-25"}


def test_a_californian_hears_within_ten_business_days_that_the_request_arrived(world: World) -> None:
    subject_request = timing.filed(world, "california")
    assert timing.dates(subject_request)["ccpa confirm"] == "2026-11-16"
    assert timing.deadline(subject_request, "ccpa", "confirm").met_at is None
    world.letters()
    assert timing.deadline(subject_request, "ccpa", "confirm").met_at == world.at
    assert timing.deadline(subject_request, "ccpa").met_at is None


def test_the_calendar_is_kept_once_however_many_requests_count_by_it(world: World) -> None:
    timing.filed(world, "eea")
    timing.filed(world, "uk")
    assert CalendarEdition.objects.count() == 1


def test_receipt_law_and_calendar_are_frozen_at_intake(world: World) -> None:
    subject_request = timing.filed(world, "eea")
    assert subject_request.law_version == law_version()
    event = Event.objects.get(tag="clock:started")
    assert event.details["edition"] == CalendarEdition.objects.get().version
    assert event.details["due"] == {"house answer": "2026-11-25", "gdpr answer": "2026-12-03"}


def test_a_holiday_that_is_added_later_moves_no_date(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    subject_request = timing.filed(world, "eea")
    before = timing.dates(subject_request)
    calendar = maps.calendar("joypix")
    closed = type(calendar)(
        calendar.country, calendar.zone, calendar.subdivision, frozenset({timing.day("2026-11-10")})
    )
    monkeypatch.setattr(maps, "calendar", lambda _: closed)
    timing.turn(world.later(days=1))
    assert timing.dates(subject_request) == before


def test_the_day_of_receipt_is_the_local_one_to_the_last_second(world: World) -> None:
    world.at = datetime(2026, 11, 4, 7, 59, 59, tzinfo=UTC)  # 23:59:59 on the 3rd in Los Angeles
    last_second = timing.filed(world, "eea")
    world.at = datetime(2026, 11, 4, 8, 0, tzinfo=UTC)
    midnight = timing.filed(world, "eea")
    assert timing.dates(last_second)["gdpr answer"] == "2026-12-03"
    assert timing.dates(midnight)["gdpr answer"] == "2026-12-04"


def test_a_letter_counts_from_the_day_it_arrived_not_from_its_entry(world: World, dana: Actor) -> None:
    arrived = world.at - timedelta(days=6)
    asked = intake.Intake(
        "joypix",
        Right.ACCESS,
        ((IdentityKind.EMAIL, SAM),),
        channel=Channel.LETTER,
        region="eea",
        received_at=arrived,
        why="The stamp on the letter.",
    )
    subject_request = intake.receive(asked, by=dana, at=world.at)
    assert timing.dates(subject_request)["gdpr answer"] == "2026-11-30"  # the 28th is a Saturday
    assert subject_request.received_at == arrived


def test_the_british_month_starts_with_the_proof_and_the_earlier_date_stays_visible(world: World) -> None:
    subject_request = timing.filed(world, "uk")
    world.later(days=3)
    assert timing.deadline(subject_request, "uk-gdpr").due_on == timing.day("2026-12-03")
    world.prove(subject_request)
    proven = timing.deadline(subject_request, "uk-gdpr")
    assert proven.starts_on == timing.day("2026-11-06")
    assert proven.due_on == timing.day("2026-12-07")  # the 6th is a Sunday
    assert proven.unpaused_on == timing.day("2026-12-03")
    assert timing.due_on(subject_request) == timing.day("2026-11-25")  # our promise never waits for a proof


def test_the_month_of_the_european_union_does_not_wait_for_the_proof(world: World) -> None:
    subject_request = timing.filed(world, "eea")
    world.later(days=3)
    world.prove(subject_request)
    assert timing.deadline(subject_request, "gdpr").due_on == timing.day("2026-12-03")


@pytest.mark.parametrize("state", ["refused", "cancelled"])
def test_what_is_over_has_no_open_date(world: World, dana: Actor, state: str) -> None:
    subject_request = timing.reviewed(world, "eea")
    over(subject_request, state, world, dana)
    assert not Deadline.objects.filter(met_at=None).exists()
    timing.turn(world.later(days=60))
    assert not Deadline.objects.exclude(breached_at=None).exists()


def over(subject_request: SubjectRequest, state: str, world: World, dana: Actor) -> None:
    if state == "refused":
        review.refuse(subject_request, ground=Ground.IDENTITY_NOT_PROVEN, by=dana, at=world.at)
    else:
        cancellation.cancel(subject_request, by=SUBJECT, at=world.at)


def test_an_answer_that_came_too_late_is_recorded_as_late_though_no_timetable_ran(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea", Right.COMPLAINT)
    review.accept(subject_request, by=dana, at=world.at)
    review.answer(subject_request, text="Here it is.", by=dana, at=world.later(days=30))
    promise = timing.deadline(subject_request, "house")
    assert (promise.breached_at, promise.met_at) == (world.at, world.at)
    assert Event.objects.get(tag="deadline:missed").details["regime"] == "house"


def test_the_receipt_moves_backwards_with_a_reason_and_every_date_with_it(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    earlier = world.at - timedelta(days=5)
    receipt.backdate(subject_request, received_at=earlier, why="It lay in the other mailbox.", by=dana, at=world.at)
    assert timing.dates(subject_request) == {"house answer": "2026-11-20", "gdpr answer": "2026-11-30"}
    assert timing.due_on(subject_request) == timing.day("2026-11-20")
    assert SubjectRequest.objects.get().received_at == earlier
    event = Event.objects.get(tag="request:backdated")
    assert "mailbox" not in str(event.details)
    assert event.commitment


def test_the_receipt_never_moves_forwards(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    with pytest.raises(Conflict, match="only move backwards"):
        receipt.backdate(subject_request, received_at=world.at + timedelta(days=1), why="x", by=dana, at=world.at)
    assert timing.dates(subject_request)["gdpr answer"] == "2026-12-03"


def test_the_receipt_does_not_move_without_a_reason(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    with pytest.raises(Conflict, match="how you know"):
        receipt.backdate(subject_request, received_at=world.at - timedelta(days=1), why=" ", by=dana, at=world.at)


def test_mallory_moves_no_receipt(world: World, ada: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    with pytest.raises(Forbidden):
        receipt.backdate(subject_request, received_at=world.at - timedelta(days=1), why="x", by=ada, at=world.at)


def test_a_receipt_moved_so_far_back_that_a_date_is_over_makes_it_missed(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "california")
    timing.turn(world.at)
    receipt.backdate(subject_request, received_at=world.at - timedelta(days=50), why="Found it.", by=dana, at=world.at)
    timing.turn(world.at)
    missed = {str(row) for row in Deadline.objects.exclude(breached_at=None)}
    assert missed == {"house answer", "ccpa answer", "ccpa confirm"}


def test_a_proof_that_started_the_month_stays_when_the_receipt_moves(world: World, dana: Actor) -> None:
    subject_request = timing.filed(world, "uk")
    world.later(days=3)
    world.prove(subject_request)
    receipt.backdate(
        subject_request, received_at=world.at - timedelta(days=10), why="By telephone.", by=dana, at=world.at
    )
    month = timing.deadline(subject_request, "uk-gdpr")
    assert month.due_on == timing.day("2026-12-07")
    assert month.unpaused_on == timing.day("2026-11-27")


def test_information_that_is_answered_at_once_has_kept_its_dates(world: World) -> None:
    asked = intake.Intake("joypix", Right.PROCESSING_INFORMATION, (), region="eea")
    subject_request = intake.receive(asked, by=SUBJECT, at=world.at)
    assert subject_request.state == State.DELIVERED
    assert {row.met_at for row in subject_request.deadlines.all()} == {world.at}


def test_a_sent_receipt_and_nothing_else_confirms(world: World) -> None:
    subject_request = timing.filed(world, "california")
    subject_request.notices.filter(letter=Letter.RECEIVED).update(state="failed")
    world.letters()
    assert timing.deadline(subject_request, "ccpa", "confirm").met_at is None
