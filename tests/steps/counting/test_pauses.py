"""A question to the person stops only the clocks whose law allows it, and always comes to an end."""

from datetime import timedelta

import pytest

from accounts.models import Role
from dsr.law.actors import SUBJECT, Actor
from dsr.law.clocks import Pause
from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.work import Letter
from dsr.models import ClockPause, Event, SubjectRequest
from dsr.steps.asking import cancellation
from dsr.steps.counting import clock, pauses, recounting
from dsr.steps.deciding import review
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from tests.conftest import World
from tests.steps import scenes, timing

WHICH = "Which of your two accounts do you mean?"


def ask(
    subject_request: SubjectRequest, world: World, by: Actor, reason: Pause = Pause.INFORMATION_REQUIRED
) -> ClockPause:
    pauses.ask(subject_request, reason=reason, question=WHICH, by=by, at=world.at)
    return ClockPause.objects.get(subject_request=subject_request, ended_at=None)


def test_a_prompt_question_stops_the_european_clock_and_our_promise(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    ask(subject_request, world, dana)
    timing.turn(world.later(days=3))
    assert timing.dates(subject_request) == {"house answer": "2026-12-01", "gdpr answer": "2026-12-07"}
    assert timing.deadline(subject_request, "gdpr").unpaused_on == timing.day("2026-12-03")
    assert timing.due_on(subject_request) == timing.day("2026-12-01")


def test_a_pause_counts_both_its_ends(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    world.later(days=1)
    ask(subject_request, world, dana)
    pauses.answer(subject_request, "The first.", by=SUBJECT, at=world.later(days=1))
    assert timing.deadline(subject_request, "gdpr").paused == "2026-11-04/2026-11-05"
    assert timing.deadline(subject_request, "gdpr").due_on == timing.day("2026-12-07")  # the 5th is a Saturday
    assert timing.due_on(subject_request) == timing.day("2026-11-30")


def test_a_question_asked_late_stops_nothing_in_europe_and_may_still_be_asked(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    before = timing.dates(subject_request)
    world.later(days=4)
    ask(subject_request, world, dana)
    timing.turn(world.later(days=3))
    assert timing.dates(subject_request) == before
    assert Event.objects.get(tag="question:asked").details["stops"] == []
    assert Letter.QUESTION in {notice.letter for notice in subject_request.notices.all()}


@pytest.mark.parametrize(("days", "stops"), [(0, True), (2, True), (3, False)])
def test_in_europe_a_question_on_the_second_business_day_is_the_last_that_stops_the_month(
    world: World, dana: Actor, days: int, *, stops: bool
) -> None:
    subject_request = timing.reviewed(world, "eea")
    world.later(days=days)
    named = [deadline.regime for deadline in pauses.stops(subject_request, Pause.INFORMATION_REQUIRED, at=world.at)]
    assert named == (["house", "gdpr"] if stops else [])


def test_a_promise_stands_still_when_the_proof_of_identity_starts_the_law_beside_it(world: World) -> None:
    subject_request = timing.reviewed(world, "uk")
    world.later(days=9)
    named = [deadline.regime for deadline in pauses.stops(subject_request, Pause.IDENTITY_REQUIRED, at=world.at)]
    assert named == ["house"]


def test_a_clock_can_be_stopped_on_its_last_day(world: World) -> None:
    subject_request = timing.reviewed(world, "elsewhere")
    world.later(days=22)
    assert pauses.stops(subject_request, Pause.INFORMATION_REQUIRED, at=world.at) != []
    assert pauses.stops(subject_request, Pause.INFORMATION_REQUIRED, at=world.later(days=1)) == []


def test_no_question_stops_a_californian_clock_nor_our_promise_beside_it(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "california")
    before = timing.dates(subject_request)
    ask(subject_request, world, dana)
    timing.turn(world.later(days=5))
    assert timing.dates(subject_request) == before


def test_in_britain_clarification_stops_access_even_when_it_is_asked_late(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "uk")
    world.later(days=9)
    ask(subject_request, world, dana)
    pauses.answer(subject_request, "The first.", by=SUBJECT, at=world.later(days=1))
    assert timing.deadline(subject_request, "uk-gdpr").paused == "2026-11-12/2026-11-13"


def test_in_britain_clarification_stops_nothing_but_access(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "uk", Right.ERASURE)
    ask(subject_request, world, dana)
    assert Event.objects.get(tag="question:asked").details["stops"] == []


def test_in_britain_a_proof_that_was_asked_for_starts_the_month_anew(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "uk")
    ask(subject_request, world, dana, Pause.IDENTITY_REQUIRED)
    pauses.answer(subject_request, "Order 7 was mine.", by=SUBJECT, at=world.later(days=5))
    month = timing.deadline(subject_request, "uk-gdpr")
    assert (month.starts_on, month.paused) == (timing.day("2026-11-08"), "")
    assert month.due_on == timing.day("2026-12-08")
    assert month.unpaused_on == timing.day("2026-12-03")
    assert timing.deadline(subject_request, "house").paused == "2026-11-03/2026-11-08"


def test_where_no_law_counts_a_question_stops_our_promise(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "elsewhere")
    world.later(days=1)
    ask(subject_request, world, dana)
    pauses.answer(subject_request, "The first.", by=SUBJECT, at=world.at)
    assert timing.due_on(subject_request) == timing.day("2026-11-27")  # the 26th is Thanksgiving


def test_the_letter_says_that_a_question_waits_and_not_what_it_is(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    ask(subject_request, world, dana)
    letter = world.letters()[-1]
    assert f"/joypix/requests/{subject_request.reference}/" in letter
    assert "17 November 2026" in letter
    assert WHICH not in letter


def test_question_and_answer_lie_sealed_and_the_record_commits_to_them(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    pause = ask(subject_request, world, dana)
    pauses.answer(subject_request, "The one of 2019.", by=SUBJECT, at=world.at)
    stored = str(ClockPause.objects.values().get()) + str([event.details for event in Event.objects.all()])
    assert WHICH not in stored
    assert "one of 2019" not in stored
    pause.refresh_from_db()
    assert (pause.question(), pause.answer()) == (WHICH, "The one of 2019.")
    assert all(Event.objects.get(tag=f"question:{tag}").commitment for tag in ("asked", "answered"))


def test_the_answer_ends_the_pause_and_the_owner_is_told(world: World) -> None:
    dana, _ = timing.member("dana", Role.AGENT), timing.member("max", Role.AGENT)
    subject_request = timing.reviewed(world, "eea")
    review.take(subject_request, by=dana, at=world.at)
    pause = ask(subject_request, world, dana)
    pauses.answer(subject_request, "The first.", by=SUBJECT, at=world.at)
    pause.refresh_from_db()
    assert (pause.ended_at, pause.ended_by) == (world.at, str(SUBJECT))
    assert timing.told(Letter.REPLIED) == [str(dana)]


def test_only_one_question_is_open_at_a_time(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    ask(subject_request, world, dana)
    with pytest.raises(Conflict, match="open already"):
        ask(subject_request, world, dana)
    assert ClockPause.objects.count() == 1


def test_nobody_is_asked_once_the_request_is_closed(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    cancellation.cancel(subject_request, by=SUBJECT, at=world.at)
    with pytest.raises(Conflict, match="answered or closed"):
        ask(subject_request, world, dana)


def test_nobody_is_asked_without_end(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    for _ in range(pauses.MOST):
        ask(subject_request, world, dana)
        pauses.end(subject_request, by=dana, at=world.later(days=2))
    with pytest.raises(Conflict, match="Decide with what is there"):
        ask(subject_request, world, dana)


@pytest.mark.parametrize("question", ["", "  \n", "x" * (pauses.WORDS + 1)])
def test_a_question_has_words_and_not_too_many(world: World, dana: Actor, question: str) -> None:
    subject_request = timing.reviewed(world, "eea")
    with pytest.raises(Conflict):
        pauses.ask(subject_request, reason=Pause.INFORMATION_REQUIRED, question=question, by=dana, at=world.at)
    assert not ClockPause.objects.exists()


def test_a_question_and_an_answer_may_be_as_long_as_they_say(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    longest = "x" * pauses.WORDS
    pauses.ask(subject_request, reason=Pause.INFORMATION_REQUIRED, question=longest, by=dana, at=world.at)
    pauses.answer(subject_request, longest, by=SUBJECT, at=world.at)
    assert ClockPause.objects.get().answer() == longest


def test_mallory_asks_nobody_and_answers_nothing(world: World, dana: Actor, ada: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    with pytest.raises(Forbidden):
        ask(subject_request, world, ada)
    ask(subject_request, world, dana)
    with pytest.raises(Forbidden):
        pauses.answer(subject_request, "It is me.", by=dana, at=world.at)
    with pytest.raises(Forbidden):
        pauses.end(subject_request, by=ada, at=world.at)


def test_staff_take_a_question_back_and_the_person_is_told(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    ask(subject_request, world, dana)
    pauses.end(subject_request, by=dana, at=world.later(days=1))
    assert timing.deadline(subject_request, "gdpr").paused == "2026-11-03/2026-11-04"
    assert "need not answer any more" in world.letters()[-1]
    with pytest.raises(Conflict, match="not open"):
        pauses.end(subject_request, by=dana, at=world.at)


def test_a_question_without_an_answer_ends_by_itself_after_fourteen_days(world: World) -> None:
    dana = timing.member("dana", Role.AGENT)
    subject_request = timing.reviewed(world, "eea")
    review.take(subject_request, by=dana, at=world.at)
    ask(subject_request, world, dana)
    world.later(days=14)
    assert not pauses.end_next(at=world.at)
    world.later(days=1)
    assert pauses.end_next(at=world.at)
    assert not pauses.end_next(at=world.at)
    assert timing.deadline(subject_request, "gdpr").paused == "2026-11-03/2026-11-17"
    assert timing.told(Letter.UNANSWERED) == [str(dana)]
    assert timing.told(Letter.QUESTION_OVER) == [""]
    assert Event.objects.get(tag="question:unanswered").actor == "portal"


def test_a_timetable_that_slept_gives_the_portal_no_more_days(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    ask(subject_request, world, dana)
    timing.turn(world.later(days=20))
    while_open = timing.dates(subject_request)
    pauses.end_next(at=world.at)
    assert timing.dates(subject_request) == while_open
    assert timing.deadline(subject_request, "gdpr").paused == "2026-11-03/2026-11-17"


def test_no_date_moves_backwards_while_a_question_is_open_or_when_it_ends(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    seen = [timing.dates(subject_request)]
    ask(subject_request, world, dana)
    for _ in range(10):
        seen.append(timing.dates(subject_request))
        timing.turn(world.later(days=1))
    pauses.answer(subject_request, "The first.", by=SUBJECT, at=world.at)
    seen.append(timing.dates(subject_request))
    for name in seen[0]:
        assert [dates[name] for dates in seen] == sorted(dates[name] for dates in seen)


def test_what_is_over_does_not_stand_still(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "elsewhere")
    timing.turn(world.later(days=25))
    ask(subject_request, world, dana)
    timing.turn(world.later(days=5))
    promise = timing.deadline(subject_request, "house")
    assert promise.breached_at is not None
    assert promise.due_on == timing.day("2026-11-25")


def test_a_request_that_closes_takes_its_question_along(world: World, eli: Actor, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea", Right.COMPLAINT)
    pause = ask(subject_request, world, dana)
    review.accept(subject_request, by=dana, at=world.at)
    review.answer(subject_request, text="We know enough.", by=dana, at=world.later(days=1))
    pause.refresh_from_db()
    assert pause.ended_at == world.at
    assert not pauses.end_next(at=world.later(days=30))


def test_of_two_who_ask_at_once_one_asks(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    pauses.ask(subject_request, reason=Pause.INFORMATION_REQUIRED, question=WHICH, by=dana, at=world.at)
    stale = SubjectRequest.objects.get()
    with pytest.raises(Conflict):
        pauses.ask(stale, reason=Pause.INFORMATION_REQUIRED, question="Again?", by=dana, at=world.at)
    assert Event.objects.filter(tag="question:asked").count() == 1


def test_of_an_answer_and_the_end_of_its_time_one_counts(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    pause = ask(subject_request, world, dana)
    world.later(days=15)
    ours = ClockPause.objects.filter(pk=pause.pk)
    with scenes.a_rival_before("SAVEPOINT", lambda: ours.update(ended_at=world.at, ended_by=str(SUBJECT))):
        assert pauses.end_next(at=world.at)
    assert not Event.objects.filter(tag="question:unanswered").exists()
    assert timing.told(Letter.QUESTION_OVER) == []


def test_the_clock_of_a_refused_request_is_settled_with_the_days_that_did_not_count(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    ask(subject_request, world, dana)
    review.refuse(subject_request, ground=Ground.IDENTITY_NOT_PROVEN, by=dana, at=world.later(days=10))
    month = timing.deadline(subject_request, "gdpr")
    assert month.paused == "2026-11-03/2026-11-13"
    assert month.breached_at is None
    assert not clock.running(SubjectRequest.objects.get())


def test_a_day_that_is_counted_twice_is_one_day(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "elsewhere")
    for _ in range(2):
        ask(subject_request, world, dana)
        pauses.end(subject_request, by=dana, at=world.at)
    assert timing.deadline(subject_request, "house").paused == "2026-11-03/2026-11-03"


def test_the_timetable_counts_once_a_day_and_again_when_a_day_begins_anywhere(world: World) -> None:
    assert recounting.daily(at=world.at)
    assert not recounting.daily(at=world.at + timedelta(minutes=5))
    assert recounting.daily(at=world.at + timedelta(days=1))
