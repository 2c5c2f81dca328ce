"""A date that was missed stays missed, with its own date, whatever moves later; and the person is told once."""

from datetime import timedelta
from importlib import import_module

from django.apps import apps

from dsr.law.actors import SUBJECT, Actor
from dsr.law.clocks import ExtensionReason, Pause
from dsr.law.rights import Right
from dsr.law.work import Letter
from dsr.models import Deadline, Event, Notice, SubjectRequest
from dsr.steps.counting import extension, pauses, receipt, reminders
from dsr.steps.deciding import review
from dsr.steps.post import resending
from tests.conftest import World
from tests.steps import scenes, timing


def late_letters(world: World) -> list[str]:
    """The texts of all letters so far that say that we are late."""
    return [letter for letter in world.letters() if "We are late, and we are sorry" in letter or "我们迟了" in letter]


def extend(subject_request: SubjectRequest, world: World, by: Actor) -> None:
    words = "You ask for eleven years of data."
    extension.extend(subject_request, reason=ExtensionReason.COMPLEXITY, words=words, by=by, at=world.at)


def missed_on(subject_request: SubjectRequest) -> dict[str, str]:
    """The dates that were missed, as they stand now."""
    rows = Deadline.objects.filter(subject_request=subject_request).exclude(missed_on=None)
    return {str(row): str(row.missed_on) for row in rows}


def test_the_person_is_told_of_a_missed_promise_and_of_what_to_do_now(world: World) -> None:
    subject_request = timing.reviewed(world, "eea")
    timing.turn(world.later(days=23))
    [letter] = late_letters(world)
    assert "We had promised our answer by Wednesday 25 November 2026" in letter
    assert "it stays open, and you need not ask again" in letter
    assert "edpb.europa.eu" in letter
    assert "GDPR Art. 79" in letter
    assert f"/joypix/requests/{subject_request.reference}/" in letter


def test_the_person_is_told_once_of_each_date(world: World) -> None:
    timing.reviewed(world, "eea")
    for days in (23, 1, 8, 1):
        timing.turn(world.later(days=days))
    promise, law = late_letters(world)
    assert "The law" not in promise
    assert "The law (GDPR) gave us until Thursday 3 December 2026, and we missed it." in law
    assert "We had promised" not in law


def test_a_person_who_reads_chinese_is_told_in_chinese(world: World) -> None:
    subject_request = timing.reviewed(world, "eea")
    SubjectRequest.objects.filter(pk=subject_request.pk).update(language="zh-hans")
    timing.turn(world.later(days=23))
    [letter] = late_letters(world)
    assert "2026年11月25日" in letter
    assert "您的请求没有丢失" in letter


def test_a_receipt_that_was_confirmed_too_late_is_recorded_and_is_no_late_answer(world: World) -> None:
    subject_request = timing.filed(world, "california")
    timing.turn(world.later(days=14))
    assert missed_on(subject_request) == {"ccpa confirm": "2026-11-16"}
    assert timing.told(Letter.LATE) == []


def test_a_miss_that_is_recorded_by_another_is_recorded_once(world: World) -> None:
    timing.reviewed(world, "elsewhere")
    moment = world.at + timedelta(days=30)
    with scenes.a_rival_before("SAVEPOINT", lambda: reminders.tell_next(at=moment)):
        assert reminders.tell_next(at=moment)
    assert timing.told(Letter.LATE) == [""]


def test_more_time_leaves_the_date_that_was_missed_where_it_was(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    timing.turn(world.later(days=24))
    extend(subject_request, world, dana)
    assert missed_on(subject_request) == {"house answer": "2026-11-25"}
    assert timing.dates(subject_request)["house answer"] == "2026-12-17"


def test_more_time_that_comes_before_the_timetable_hides_no_miss(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    world.later(days=24)
    extend(subject_request, world, dana)
    timing.turn(world.at)
    assert missed_on(subject_request) == {"house answer": "2026-11-25"}
    assert Event.objects.get(tag="deadline:missed").details["due_on"] == "2026-11-25"
    assert timing.told(Letter.LATE) == [""]


def test_more_time_on_the_last_day_misses_nothing(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    world.later(days=22)
    extend(subject_request, world, dana)
    assert missed_on(subject_request) == {}


def test_more_time_while_a_date_stands_still_misses_nothing(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    pauses.ask(subject_request, reason=Pause.INFORMATION_REQUIRED, question="Which?", by=dana, at=world.at)
    world.later(days=26)  # the timetable sleeps: the promise still stands where it was when we asked
    extend(subject_request, world, dana)
    assert missed_on(subject_request) == {}


def test_a_proof_that_starts_the_month_anew_hides_no_month_that_was_missed(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "uk")
    world.later(days=25)
    pauses.ask(subject_request, reason=Pause.IDENTITY_REQUIRED, question="Who?", by=dana, at=world.at)
    pauses.answer(subject_request, "Sam.", by=SUBJECT, at=world.later(days=9))
    assert timing.dates(subject_request)["uk-gdpr answer"] == "2027-01-07"
    assert missed_on(subject_request)["uk-gdpr answer"] == "2026-12-03"


def test_more_time_that_turns_out_to_have_come_too_late_shows_the_first_date_as_missed(
    world: World, dana: Actor
) -> None:
    subject_request = timing.reviewed(world, "eea")
    world.later(days=22)
    extend(subject_request, world, dana)
    arrived = world.at - timedelta(days=32)
    receipt.backdate(subject_request, received_at=arrived, why="The stamp.", by=dana, at=world.at)
    assert missed_on(subject_request) == {"house answer": "2026-11-16", "gdpr answer": "2026-11-24"}
    assert timing.dates(subject_request)["gdpr answer"] == "2027-01-25"


def test_more_time_that_was_in_time_all_the_same_misses_nothing(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    world.later(days=10)
    extend(subject_request, world, dana)
    arrived = world.at - timedelta(days=22)  # the fifteenth business day was the day on which more time was taken
    receipt.backdate(subject_request, received_at=arrived, why="The stamp.", by=dana, at=world.at)
    assert missed_on(subject_request) == {}


def test_a_receipt_that_moves_back_leaves_the_recorded_date(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "elsewhere")
    timing.turn(world.later(days=24))
    arrived = world.at - timedelta(days=40)
    receipt.backdate(subject_request, received_at=arrived, why="The stamp.", by=dana, at=world.at)
    timing.turn(world.at)
    assert missed_on(subject_request) == {"house answer": "2026-11-25"}


def test_an_answer_that_comes_late_before_the_timetable_noticed_is_told_as_late(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "elsewhere", Right.COMPLAINT)
    review.accept(subject_request, by=dana, at=world.at)
    review.answer(subject_request, text="At last.", by=dana, at=world.later(days=30))
    [letter] = late_letters(world)
    assert "answered or has ended by now" in letter
    assert "it stays open" not in letter
    assert missed_on(subject_request) == {"house answer": "2026-11-25"}


def test_a_letter_that_we_are_late_can_be_sent_again_and_names_what_was_missed_since(world: World, dana: Actor) -> None:
    timing.reviewed(world, "eea")
    timing.turn(world.later(days=23))
    first = late_letters(world)
    timing.turn(world.later(days=8))
    world.letters()
    resending.send_again(Notice.objects.filter(letter=Letter.LATE).earliest("created_at"), by=dana, at=world.at)
    again = late_letters(world)[-1]
    assert len(first) == 1
    assert "Wednesday 25 November 2026" in again
    assert "Thursday 3 December 2026" in again


def test_a_miss_of_before_gets_the_date_that_its_event_names(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    timing.turn(world.later(days=24))
    extend(subject_request, world, dana)
    Deadline.objects.update(missed_on=None)
    import_module("dsr.migrations.0007_missed_dates").name_the_dates(apps, None)
    assert missed_on(subject_request) == {"house answer": "2026-11-25"}
