"""Staff hear of every date in time, once, and of nobody's data; a date that was missed stays missed."""

from datetime import timedelta

import pytest
from django.core import mail

from accounts.models import Role, Staff
from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.work import Letter
from dsr.models import Deadline, Event, Notice, SubjectRequest
from dsr.steps.counting import clock, pauses, reminders
from dsr.steps.deciding import ownership, review
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from tests.conftest import SAM, World
from tests.steps import scenes, timing
from tests.steps.counting.test_pauses import ask


@pytest.fixture
def owner(db: None) -> Actor:
    """Dana can be written to."""
    return timing.member("dana", Role.AGENT)


@pytest.fixture
def officer(db: None) -> Actor:
    """So can the privacy officer."""
    return timing.member("olga", Role.PRIVACY_OFFICER)


@pytest.fixture
def owned(world: World, owner: Actor, officer: Actor) -> SubjectRequest:
    """A request of Dana's by our promise alone: due on Wednesday, 25 November."""
    subject_request = timing.reviewed(world, "elsewhere")
    review.take(subject_request, by=owner, at=world.at)
    return subject_request


def on(world: World, day: str) -> None:
    """The timetable runs that day."""
    world.at = world.at.replace(month=int(day[:2]), day=int(day[3:]), hour=18)
    timing.turn(world.at)


def test_the_owner_is_reminded_five_and_two_business_days_before(
    owned: SubjectRequest, world: World, owner: Actor
) -> None:
    on(world, "11-17")
    assert timing.told(Letter.REMINDER) == []
    on(world, "11-18")
    assert timing.told(Letter.REMINDER) == [str(owner)]
    on(world, "11-19")
    on(world, "11-20")
    assert timing.told(Letter.REMINDER) == [str(owner)]
    on(world, "11-23")
    assert timing.told(Letter.REMINDER) == [str(owner)] * 2


def test_a_privacy_officer_is_told_the_business_day_before(
    owned: SubjectRequest, world: World, owner: Actor, officer: Actor
) -> None:
    on(world, "11-24")
    assert timing.told(Letter.ESCALATION) == [str(owner), str(officer)]
    assert timing.told(Letter.REMINDER) == []
    on(world, "11-25")
    assert timing.told(Letter.ESCALATION) == [str(owner), str(officer)]
    assert timing.told(Letter.MISSED) == []


def test_a_date_that_is_missed_is_recorded_and_told_to_both(
    owned: SubjectRequest, world: World, owner: Actor, officer: Actor
) -> None:
    on(world, "11-26")
    promise = timing.deadline(owned, "house")
    assert promise.breached_at == world.at
    assert timing.told(Letter.MISSED) == [str(owner), str(officer)]
    event = Event.objects.get(tag="deadline:missed")
    assert event.details == {"regime": "house", "duty": "answer", "due_on": "2026-11-25"}
    on(world, "11-27")
    assert Event.objects.filter(tag="deadline:missed").count() == 1


def test_a_late_answer_does_not_take_a_miss_back(world: World, owner: Actor) -> None:
    subject_request = timing.reviewed(world, "elsewhere", Right.COMPLAINT)
    review.accept(subject_request, by=owner, at=world.at)
    on(world, "11-26")
    missed_at = world.at
    review.answer(subject_request, text="At last.", by=owner, at=world.later(days=1))
    promise = timing.deadline(subject_request, "house")
    assert (promise.breached_at, promise.met_at) == (missed_at, world.at)


def test_without_an_owner_the_whole_team_is_reminded(world: World, owner: Actor, officer: Actor) -> None:
    max_ = timing.member("max", Role.AGENT)
    timing.member("elsewhere", Role.AGENT, controller="pixplus")
    timing.reviewed(world, "elsewhere")
    on(world, "11-18")
    assert timing.told(Letter.REMINDER) == [str(owner), str(max_)]


def test_staff_without_an_address_are_left_out_and_so_are_those_who_left(world: World, owner: Actor) -> None:
    mute = timing.member("mute", Role.AGENT, email=False)
    gone = timing.member("gone", Role.AGENT)
    Staff.objects.filter(pk=gone.id).update(is_active=False)
    subject_request = timing.reviewed(world, "elsewhere")
    review.take(subject_request, by=mute, at=world.at)
    on(world, "11-18")
    assert timing.told(Letter.REMINDER) == [str(owner)]


def test_a_reminder_names_reference_date_and_desk_and_no_person(owned: SubjectRequest, world: World) -> None:
    world.letters()
    mail.outbox.clear()
    on(world, "11-18")
    on(world, "11-24")
    on(world, "11-26")
    world.letters()
    to_staff = [message for message in mail.outbox if message.to != [SAM]]
    assert len(to_staff) == 5
    for message in to_staff:
        text = str(message.body) + str(message.subject)
        assert owned.reference in message.subject
        assert f"/desk/requests/{owned.reference}/" in text
        assert "25 November 2026" in text
        assert SAM not in text


def test_what_is_answered_reminds_nobody(world: World, owner: Actor) -> None:
    subject_request = timing.reviewed(world, "elsewhere", Right.COMPLAINT)
    review.accept(subject_request, by=owner, at=world.at)
    review.answer(subject_request, text="Here.", by=owner, at=world.at)
    on(world, "11-24")
    on(world, "11-30")
    assert not Notice.objects.filter(letter__in=[Letter.REMINDER, Letter.ESCALATION, Letter.MISSED]).exists()


def test_a_clock_that_stands_still_reminds_nobody_and_reminds_again_when_it_runs(
    owned: SubjectRequest, world: World, owner: Actor
) -> None:
    on(world, "11-16")
    ask(owned, world, owner)
    for day in ("11-18", "11-20", "11-24"):
        on(world, day)
    assert timing.told(Letter.REMINDER) == []
    pauses.end(owned, by=owner, at=world.at)
    assert timing.due_on(owned) == timing.day("2026-12-07")
    on(world, "11-30")
    assert timing.told(Letter.REMINDER) == [str(owner)]


def test_each_date_is_reminded_of_by_itself(world: World, owner: Actor) -> None:
    timing.reviewed(world, "eea")
    for day in range(16, 31):
        on(world, f"11-{day}")
    on(world, "12-01")
    assert len(timing.told(Letter.REMINDER)) == 4


def test_a_timetable_that_slept_tells_the_latest_and_no_older_one(owned: SubjectRequest, world: World) -> None:
    on(world, "12-15")
    assert timing.told(Letter.REMINDER) + timing.told(Letter.ESCALATION) == []
    assert len(timing.told(Letter.MISSED)) == 2


def test_two_timetables_at_the_same_moment_tell_once(owned: SubjectRequest, world: World) -> None:
    moment = world.at + timedelta(days=30)

    def the_other() -> None:
        assert reminders.tell_next(at=moment)

    with scenes.a_rival_before("SAVEPOINT", the_other):
        assert reminders.tell_next(at=moment)
    assert len(timing.told(Letter.MISSED)) == 2
    assert timing.told(Letter.LATE) == [""]
    assert Event.objects.filter(tag="deadline:missed").count() == 1


def test_an_unanswered_reminder_that_meets_an_answer_is_not_sent(owned: SubjectRequest, world: World) -> None:
    moment = world.at + timedelta(days=30)
    met = Deadline.objects.filter(subject_request=owned)
    with scenes.a_rival_before("SAVEPOINT", lambda: met.update(met_at=moment)):
        assert reminders.tell_next(at=moment)
    assert timing.told(Letter.MISSED) + timing.told(Letter.LATE) == []
    assert not Event.objects.filter(tag="deadline:missed").exists()


def test_a_request_is_handed_over_to_a_colleague(owned: SubjectRequest, world: World, owner: Actor) -> None:
    max_ = Staff.objects.get(pk=timing.member("max", Role.AGENT).id)
    ownership.assign(owned, to=max_, by=owner, at=world.at)
    assert SubjectRequest.objects.get().owner == max_
    event = Event.objects.get(tag="request:handed-over")
    assert event.details == {"to": f"staff:{max_.pk}", "before": str(owner)}


def test_of_two_who_hand_over_one_does(owned: SubjectRequest, world: World, owner: Actor, officer: Actor) -> None:
    max_ = Staff.objects.get(pk=timing.member("max", Role.AGENT).id)
    stale = SubjectRequest.objects.get()
    ownership.assign(owned, to=max_, by=owner, at=world.at)
    with pytest.raises(Conflict, match="meanwhile"):
        ownership.assign(stale, to=Staff.objects.get(pk=officer.id), by=owner, at=world.at)
    assert SubjectRequest.objects.get().owner == max_


def test_nobody_gets_a_request_they_may_not_review(owned: SubjectRequest, world: World, owner: Actor) -> None:
    ada = Staff.objects.get(pk=timing.member("ada", Role.AUDITOR).id)
    with pytest.raises(Conflict, match="allowed to review"):
        ownership.assign(owned, to=ada, by=owner, at=world.at)
    assert ada not in ownership.colleagues(owned)


def test_mallory_hands_nothing_over(owned: SubjectRequest, world: World) -> None:
    auditor = timing.member("ada", Role.AUDITOR)
    with pytest.raises(Forbidden):
        ownership.assign(owned, to=Staff.objects.get(pk=auditor.id), by=auditor, at=world.at)


def test_a_date_that_was_missed_before_it_is_counted_again_lets_the_timetable_rest(
    owned: SubjectRequest, world: World
) -> None:
    stale = timing.deadline(owned, "house")
    on(world, "11-26")
    clock.recounted(stale, at=world.at)
    assert timing.deadline(owned, "house").attend_on is None
    on(world, "11-27")
    assert len(timing.told(Letter.MISSED)) == 2


def test_a_missed_date_that_somebody_set_again_does_not_keep_the_timetable_busy(
    owned: SubjectRequest, world: World
) -> None:
    on(world, "11-26")
    Deadline.objects.filter(subject_request=owned, regime="house").update(attend_on=timing.day("2026-11-20"))
    assert not reminders.tell_next(at=world.at)


def test_a_date_that_moves_while_its_miss_is_written_is_not_missed(owned: SubjectRequest, world: World) -> None:
    moment = world.at + timedelta(days=30)
    moved = Deadline.objects.filter(subject_request=owned)
    with scenes.a_rival_before("SAVEPOINT", lambda: moved.update(due_on=timing.day("2027-01-29"))):
        assert reminders.tell_next(at=moment)
    assert timing.told(Letter.MISSED) == []
    assert not moved.exclude(breached_at=None).exists()
