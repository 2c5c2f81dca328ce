"""More time: once, before the first date, for a reason that every law here knows, and with a letter."""

from datetime import timedelta

import pytest

from dsr.law.actors import SUBJECT, Actor
from dsr.law.clocks import ExtensionReason
from dsr.law.regimes import REASONS, Regime
from dsr.law.rights import Right
from dsr.law.work import Letter
from dsr.models import Event, Extension, SubjectRequest
from dsr.steps.asking import cancellation
from dsr.steps.counting import extension
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from tests.conftest import World
from tests.steps import timing

WHY = "You ask for eleven years of data from nine systems."


def extend(subject_request: SubjectRequest, world: World, by: Actor) -> None:
    extension.extend(subject_request, reason=ExtensionReason.COMPLEXITY, words=WHY, by=by, at=world.at)


def test_an_extension_makes_three_months_of_one_and_doubles_the_promise(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    extend(subject_request, world, dana)
    assert timing.dates(subject_request) == {"house answer": "2026-12-17", "gdpr answer": "2027-02-03"}
    assert timing.due_on(subject_request) == timing.day("2026-12-17")


def test_the_person_gets_a_letter_with_the_reason_and_the_date(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    extend(subject_request, world, dana)
    letter = world.letters()[-1]
    assert WHY in letter
    assert "3 February 2027" in letter
    assert "your request is complex" in letter
    assert Extension.objects.get().words() == WHY
    assert WHY not in str(Event.objects.get(tag="clock:extended").details)


def test_there_is_no_second_extension(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    extend(subject_request, world, dana)
    with pytest.raises(Conflict, match="no second time"):
        extend(subject_request, world, dana)
    assert Event.objects.filter(tag="clock:extended").count() == 1
    assert timing.told(Letter.EXTENDED) == [""]


def test_an_extension_on_the_first_date_is_in_time_and_a_day_later_is_too_late(world: World, dana: Actor) -> None:
    in_time, late = timing.reviewed(world, "eea"), timing.reviewed(world, "eea")
    world.later(days=30)
    extend(in_time, world, dana)
    world.later(days=1)
    with pytest.raises(Conflict, match="first date is over"):
        extend(late, world, dana)
    assert timing.dates(late)["gdpr answer"] == "2026-12-03"


def test_an_opt_out_of_california_is_never_extended(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "california", Right.CONSENT_WITHDRAWAL)
    with pytest.raises(Conflict, match="CPRA does not allow it"):
        extend(subject_request, world, dana)
    assert timing.dates(subject_request) == {"house answer": "2026-11-25", "ccpa answer": "2026-11-21"}


def test_californian_access_takes_ninety_days_in_all(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "california")
    extend(subject_request, world, dana)
    assert timing.dates(subject_request)["ccpa answer"] == "2027-02-01"


def test_a_date_that_was_not_extended_keeps_its_reminders_and_a_miss_stays(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    timing.turn(world.later(days=24))
    extend(subject_request, world, dana)
    timing.turn(world.at)
    promise = timing.deadline(subject_request, "house")
    assert promise.breached_at is not None
    assert promise.attend_on is None


def test_a_reason_that_the_law_of_the_person_does_not_know_is_refused(
    world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Regime, "extension_reasons", property(lambda law: () if law.slug == "gdpr" else REASONS))
    subject_request = timing.reviewed(world, "eea")
    with pytest.raises(Conflict, match="no reason for more time by: GDPR"):
        extend(subject_request, world, dana)
    assert not Extension.objects.exists()


def test_where_no_law_counts_our_promise_is_extended_by_its_own_rule(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "elsewhere")
    extend(subject_request, world, dana)
    assert timing.dates(subject_request) == {"house answer": "2026-12-17"}
    assert timing.due_on(subject_request) == timing.day("2026-12-17")


def test_the_letter_about_more_time_names_the_laws_and_not_our_promise_as_one(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    extend(subject_request, world, dana)
    assert [limit["law"] for limit in extension.told(Extension.objects.get())["laws"]] == ["GDPR"]


def test_the_words_for_more_time_may_be_as_long_as_they_say(world: World, dana: Actor) -> None:
    subject_request, words = timing.reviewed(world, "eea"), "x" * extension.WORDS
    extension.extend(subject_request, reason=ExtensionReason.NUMBER, words=words, by=dana, at=world.at)
    assert Extension.objects.get().words() == words


@pytest.mark.parametrize("words", ["", "   ", "x" * (extension.WORDS + 1)])
def test_an_extension_is_explained_in_words_a_letter_can_hold(world: World, dana: Actor, words: str) -> None:
    subject_request = timing.reviewed(world, "eea")
    with pytest.raises(Conflict, match="Write for the person"):
        extension.extend(subject_request, reason=ExtensionReason.NUMBER, words=words, by=dana, at=world.at)
    assert not Extension.objects.exists()


def test_what_is_closed_is_not_extended(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    cancellation.cancel(subject_request, by=SUBJECT, at=world.at)
    with pytest.raises(Conflict, match="answered or closed"):
        extend(subject_request, world, dana)


def test_mallory_takes_no_time(world: World, ada: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    with pytest.raises(Forbidden):
        extend(subject_request, world, ada)


def test_the_unpaused_date_of_an_extended_clock_is_the_extended_one(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    extend(subject_request, world, dana)
    month = timing.deadline(subject_request, "gdpr")
    assert month.unpaused_on == month.due_on
    assert month.due_on - world.at.date() > timedelta(days=90)
