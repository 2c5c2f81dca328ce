"""A rectification from the proof to the closing letter: proposed by the person, decided by staff."""

from datetime import timedelta

import pytest

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Kind, Letter
from dsr.models import Correction, Event, SubjectRequest
from dsr.steps import ledger
from dsr.steps.asking import cancellation
from dsr.steps.fulfilling import correctable, rectification
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from dsr.steps.post import resending
from tests.conftest import World
from tests.steps import scenes
from tests.steps.fulfilling.rectifying import (
    NEW,
    accept_all,
    asked,
    finish,
    nickname,
    proposed,
    the_field,
)


def test_only_systems_with_something_to_correct_are_asked(world: World, dana: Actor) -> None:
    subject_request = asked(world, dana)
    found = scenes.found(subject_request)
    assert "app-database.users" in found
    assert set(subject_request.items.values_list("kind", flat=True)) == {Kind.FIND}
    for place in found:
        system, collection = place.split(".")
        assert any(row.collection == collection and row.system == system for row in correctable.rows(subject_request))


def test_sam_is_asked_by_a_letter_that_names_the_last_day_and_no_value(world: World, dana: Actor) -> None:
    subject_request = asked(world, dana)
    letter = world.letters()[-1]
    assert subject_request.proposal.last_day == subject_request.due_on - timedelta(days=1)
    assert f"{subject_request.proposal.last_day:%-d %B %Y}" in letter
    assert nickname(world) not in letter


def test_what_is_declined_stays_and_the_letter_says_why(world: World, dana: Actor) -> None:
    before = nickname(world)
    subject_request = proposed(world, dana, nickname=NEW)
    row = subject_request.corrections.get()
    rectification.decide(row, accepted=False, words="This is how you signed up.", by=dana, at=world.at)
    finish(world, subject_request)
    assert nickname(world) == before
    assert subject_request.state == State.DELIVERED
    assert not subject_request.tellings.exists()
    assert "This is how you signed up." in world.letters()[-1]


def test_declining_takes_words(world: World, dana: Actor) -> None:
    row = proposed(world, dana, nickname=NEW).corrections.get()
    with pytest.raises(Conflict, match="why"):
        rectification.decide(row, accepted=False, words="  ", by=dana, at=world.at)
    row.refresh_from_db()
    assert row.decision == ""


def test_a_decision_is_never_changed(world: World, dana: Actor) -> None:
    subject_request = proposed(world, dana, nickname=NEW, language="fr")
    row = subject_request.corrections.get(field="nickname")
    rectification.decide(row, accepted=True, words="", by=dana, at=world.at)
    with pytest.raises(Conflict, match="decided already"):
        rectification.decide(row, accepted=False, words="No after all.", by=dana, at=world.at)
    row.refresh_from_db()
    assert row.decision == Correction.ACCEPTED


def test_nothing_is_written_before_every_value_is_decided(world: World, dana: Actor) -> None:
    before = nickname(world)
    subject_request = proposed(world, dana, nickname=NEW, language="fr")
    row = subject_request.corrections.get(field="nickname")
    rectification.decide(row, accepted=True, words="", by=dana, at=world.at)
    finish(world, subject_request)
    assert subject_request.state == State.SEARCHED
    assert nickname(world) == before


def test_who_only_audits_decides_nothing(world: World, dana: Actor, ada: Actor) -> None:
    row = proposed(world, dana, nickname=NEW).corrections.get()
    with pytest.raises(Forbidden):
        rectification.decide(row, accepted=True, words="", by=ada, at=world.at)


def test_events_and_letters_hold_no_value(world: World, dana: Actor) -> None:
    before = nickname(world)
    subject_request = proposed(world, dana, statement="My flat is on the third floor.", nickname="Canary-7f3a")
    accept_all(world, dana, subject_request)
    rectification.respond(subject_request, text="It is noted.", by=dana, at=world.at)
    finish(world, subject_request)
    written = [str(event.details) for event in subject_request.events.all()] + world.letters()
    assert not [text for text in written if "Canary-7f3a" in text or f"'{before}'" in text or "third floor" in text]
    rows = [*Correction.objects.values_list("before_sealed", "proposed_sealed", "key_sealed")]
    assert not [row for row in rows if "Canary" in str(row) or before in str(row)]


def test_an_unchanged_value_is_no_proposal(world: World, dana: Actor) -> None:
    subject_request = asked(world, dana)
    place = the_field(subject_request, "nickname")
    with pytest.raises(Conflict, match="Nothing is changed"):
        rectification.propose(subject_request, {place: nickname(world)}, statement="", at=world.at)
    assert rectification.awaited(subject_request) is not None


def test_a_value_that_does_not_fit_its_field_is_not_taken(world: World, dana: Actor) -> None:
    subject_request = asked(world, dana)
    place = the_field(subject_request, "language")
    with pytest.raises(Conflict, match="Language"):
        rectification.propose(subject_request, {place: "no language"}, statement="", at=world.at)
    assert not subject_request.corrections.exists()


def test_a_field_that_the_map_does_not_offer_is_left_alone(world: World, dana: Actor) -> None:
    subject_request = asked(world, dana)
    place = the_field(subject_request, "nickname")[0]
    with pytest.raises(Conflict, match="Nothing is changed"):
        rectification.propose(subject_request, {(place, "password_hash"): "x"}, statement="", at=world.at)


def test_values_are_sent_once(world: World, dana: Actor) -> None:
    subject_request = proposed(world, dana, nickname=NEW)
    with pytest.raises(Conflict, match="any more"):
        rectification.propose(subject_request, {("x", "y"): "z"}, statement="again", at=world.at)
    assert subject_request.corrections.count() == 1


def test_a_statement_alone_is_answered_in_words(world: World, dana: Actor) -> None:
    subject_request = proposed(world, dana, statement="I was a member since 2019.")
    finish(world, subject_request)
    assert subject_request.state == State.SEARCHED
    subject_request.refresh_from_db()
    rectification.respond(subject_request, text="We put it beside your account.", by=dana, at=world.at)
    finish(world, subject_request)
    assert subject_request.state == State.DELIVERED
    assert subject_request.answer() == "We put it beside your account."


def test_who_says_nothing_is_reminded_once_after_two_weeks(world: World, dana: Actor) -> None:
    subject_request = asked(world, dana)
    world.later(days=13, hours=23)
    assert not rectification.remind_next(at=world.at)
    world.later(hours=1)
    assert rectification.remind_next(at=world.at)
    assert not rectification.remind_next(at=world.at)
    assert subject_request.notices.filter(letter=Letter.CORRECTABLE_STILL).count() == 1
    assert subject_request.events.filter(tag="correction:reminded").count() == 1


def test_a_request_without_proposals_ends_after_its_last_day_with_an_honest_letter(world: World, dana: Actor) -> None:
    subject_request = asked(world, dana)
    world.later(days=(subject_request.proposal.last_day - world.at.date()).days)
    assert not rectification.end_next(at=world.at)
    world.later(days=1)
    assert rectification.end_next(at=world.at)
    assert not rectification.end_next(at=world.at)
    subject_request.refresh_from_db()
    assert subject_request.state == State.DELIVERED
    letter = world.letters()[-1]
    assert "entered no new values" in letter
    assert "Ask again" in letter


def test_a_late_search_still_leaves_days_after_the_reminder(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.RECTIFICATION)
    SubjectRequest.objects.filter(pk=subject_request.pk).update(due_on=world.at.date())
    world.work(State.SEARCHED, subject_request)
    assert subject_request.proposal.last_day == world.at.date() + timedelta(days=17)


def test_nothing_found_is_answered_at_once(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.RECTIFICATION, email="nobody@example.com")
    finish(world, subject_request)
    assert subject_request.state == State.DELIVERED
    assert "found none" in world.letters()[-1]


def test_sam_can_cancel_until_correcting_begins(world: World, dana: Actor) -> None:
    subject_request = proposed(world, dana, nickname=NEW)
    assert cancellation.possible(subject_request)
    accept_all(world, dana, subject_request)
    ledger.claim(at=world.at)
    assert not cancellation.possible(subject_request)


def test_a_closing_letter_that_is_sent_again_says_the_same(world: World, dana: Actor) -> None:
    subject_request = proposed(world, dana, nickname=NEW)
    accept_all(world, dana, subject_request)
    finish(world, subject_request)
    first = world.letters()[-1]
    notice = subject_request.notices.get(letter=Letter.CORRECTED)
    resending.send_again(notice, by=dana, at=world.at)
    assert world.letters()[-1] == first


def test_the_words_of_a_decision_and_of_an_answer_are_bound_to_the_record(world: World, dana: Actor) -> None:
    subject_request = proposed(world, dana, statement="It was sold.", nickname="Samuel")
    rectification.respond(subject_request, text="It is noted.", by=dana, at=world.at)
    one = subject_request.corrections.get()
    rectification.decide(one, accepted=False, words="It belongs to another.", by=dana, at=world.at)
    responded = Event.objects.get(tag="correction:responded")
    declined = Event.objects.get(tag="correction:declined")
    assert (responded.why(), declined.why()) == ("It is noted.", "It belongs to another.")
    assert responded.commitment
    assert declined.commitment
    assert "another" not in str(declined.details)
