"""A rectification from the proof to the closing letter: proposed by the person, decided by staff, read back."""

from datetime import timedelta

import pytest

from dsr.connectors.contract import Change, Effect, Receipt, Rejected, Unreachable
from dsr.connectors.sql import SqlDatabase
from dsr.law.actors import SUBJECT, Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Letter, Outcome
from dsr.models import Correction, Event, SubjectRequest
from dsr.steps import ledger, work
from dsr.steps.asking import cancellation
from dsr.steps.deciding import approval, holds
from dsr.steps.fulfilling import correctable, rectification
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from dsr.steps.post import resending
from tests.conftest import SAM, World
from tests.steps import scenes

NEW = "Samira"
MALLORY = "mallory@example.com"


def asked(world: World, dana: Actor, controller: str = "joypix", email: str = SAM) -> SubjectRequest:
    """Sam's data is found, and Sam is asked what is right."""
    subject_request = scenes.accepted(world, dana, Right.RECTIFICATION, controller, email)
    world.work(State.SEARCHED, subject_request)
    return subject_request


def the_field(subject_request: SubjectRequest, name: str) -> tuple[str, str]:
    """Place and name of the first field of this name."""
    return next((row.place, name) for row in correctable.rows(subject_request) for f in row.fields if f.name == name)


def proposed(world: World, dana: Actor, statement: str = "", **values: str) -> SubjectRequest:
    """Sam has sent new values."""
    subject_request = asked(world, dana)
    new = {the_field(subject_request, name): text for name, text in values.items()}
    rectification.propose(subject_request, new, statement=statement, at=world.at)
    return subject_request


def accept_all(world: World, dana: Actor, subject_request: SubjectRequest) -> None:
    """Dana accepts every value."""
    for row in subject_request.corrections.filter(decision=""):
        rectification.decide(row, accepted=True, words="", by=dana, at=world.at)
    subject_request.refresh_from_db()


def finish(world: World, subject_request: SubjectRequest) -> None:
    """Workers do their turn, and what nobody's item ends is moved on."""
    world.work()
    work.advance_stalled(at=world.at)
    world.work()  # the package, where nothing was to be corrected
    subject_request.refresh_from_db()


def nickname(world: World, email: str = SAM) -> str:
    """What the live system says."""
    with scenes.live(world) as database:
        return str(database.execute("SELECT nickname FROM users WHERE email = ?", [email]).fetchone()[0])


def outcomes(subject_request: SubjectRequest) -> dict[str, str]:
    """Per field what came of it."""
    return {row.field: row.outcome or row.decision for row in subject_request.corrections.all()}


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


def test_an_accepted_value_is_written_read_back_and_told(world: World, dana: Actor) -> None:
    subject_request = proposed(world, dana, nickname=NEW)
    accept_all(world, dana, subject_request)
    finish(world, subject_request)
    assert nickname(world) == NEW
    assert subject_request.state == State.DELIVERED
    assert outcomes(subject_request) == {"nickname": "corrected"}
    letter = world.letters()[-1]
    assert "Nickname" in letter
    assert NEW not in letter
    assert "authority" in letter
    assert "court" in letter


def test_nobody_elses_row_is_touched(world: World, dana: Actor) -> None:
    with scenes.live(world) as database:
        others = database.execute("SELECT * FROM users WHERE email != ? ORDER BY id", [SAM]).fetchall()
    subject_request = proposed(world, dana, nickname=NEW)
    accept_all(world, dana, subject_request)
    finish(world, subject_request)
    with scenes.live(world) as database:
        assert database.execute("SELECT * FROM users WHERE email != ? ORDER BY id", [SAM]).fetchall() == others


def test_recipients_are_told_after_a_correction(world: World, dana: Actor) -> None:
    subject_request = proposed(world, dana, nickname=NEW)
    accept_all(world, dana, subject_request)
    finish(world, subject_request)
    assert set(subject_request.tellings.values_list("recipient", flat=True)) == {"authorities", "successor"}


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


def test_a_value_that_changed_meanwhile_is_not_overwritten(world: World, dana: Actor) -> None:
    subject_request = proposed(world, dana, nickname=NEW)
    with scenes.live(world) as database:
        database.execute("UPDATE users SET nickname = 'Sammy' WHERE email = ?", [SAM])
    accept_all(world, dana, subject_request)
    finish(world, subject_request)
    assert nickname(world) == "Sammy"
    assert outcomes(subject_request) == {"nickname": "changed-meanwhile"}
    assert "changed in our systems" in world.letters()[-1]
    assert not subject_request.tellings.exists()


def test_what_is_not_read_back_is_never_called_corrected(
    world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lie(_self: SqlDatabase, changes: tuple[Change, ...], _key: str) -> Receipt:
        return Receipt(Effect.DONE, len(changes))

    monkeypatch.setattr(SqlDatabase, "correct", lie)
    subject_request = proposed(world, dana, nickname=NEW)
    accept_all(world, dana, subject_request)
    finish(world, subject_request)
    item = scenes.item_of(subject_request, Kind.CORRECT, "app-database")
    assert item.state == ItemState.QUARANTINED
    assert outcomes(subject_request) == {"nickname": "failed"}
    assert subject_request.state == State.APPROVED


def test_a_failed_item_is_sent_back_to_work_and_corrects(
    world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:

        def refuse(_self: SqlDatabase, _changes: tuple[Change, ...], _key: str) -> Receipt:
            message = "no write access"
            raise Rejected(message)

        patch.setattr(SqlDatabase, "correct", refuse)
        subject_request = proposed(world, dana, nickname=NEW)
        accept_all(world, dana, subject_request)
        finish(world, subject_request)
    ledger.retry(scenes.item_of(subject_request, Kind.CORRECT, "app-database"), by=dana, at=world.at)
    finish(world, subject_request)
    assert outcomes(subject_request) == {"nickname": "corrected"}
    assert nickname(world) == NEW


def test_a_system_left_out_is_named_as_failed(world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(_self: SqlDatabase, _changes: tuple[Change, ...], _key: str) -> Receipt:
        message = "no answer"
        raise Unreachable(message)

    monkeypatch.setattr(SqlDatabase, "correct", silent)
    subject_request = proposed(world, dana, nickname=NEW)
    accept_all(world, dana, subject_request)
    world.work()
    item = scenes.item_of(subject_request, Kind.CORRECT, "app-database")
    approval.exclude(item, reason="The database is being moved.", by=dana, at=world.at)
    finish(world, subject_request)
    assert subject_request.state == State.DELIVERED
    assert outcomes(subject_request) == {"nickname": "failed"}
    assert "could not correct" in world.letters()[-1]


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


def test_what_was_found_is_destroyed_with_the_answer_and_the_values_stay_sealed(world: World, dana: Actor) -> None:
    before = nickname(world)
    subject_request = proposed(world, dana, nickname=NEW)
    accept_all(world, dana, subject_request)
    finish(world, subject_request)
    assert not subject_request.parts.exclude(wrapped_key="").exists()
    (line,) = correctable.lines(subject_request)
    assert (line.before, line.proposed) == (before, NEW)


def test_a_value_by_which_a_system_knows_sam_is_not_offered(world: World, dana: Actor) -> None:
    subject_request = asked(world, dana)
    place = the_field(subject_request, "nickname")[0]
    assert "email" not in {field.name for row in correctable.rows(subject_request) for field in row.fields}
    with pytest.raises(Conflict, match="Nothing is changed"):
        rectification.propose(subject_request, {(place, "email"): MALLORY}, statement="", at=world.at)


def test_one_staff_member_alone_never_changes_an_address(world: World, officer: Actor) -> None:
    subject_request = scenes.address_proposed(world, officer, MALLORY)
    with pytest.raises(Forbidden, match="second person"):
        rectification.decide(subject_request.corrections.get(), accepted=True, words="", by=officer, at=world.at)
    assert subject_request.corrections.get().decision == ""


def test_who_does_not_approve_never_changes_an_address(world: World, dana: Actor, officer: Actor) -> None:
    subject_request = scenes.address_proposed(world, officer, MALLORY)
    with pytest.raises(Forbidden):
        rectification.decide(subject_request.corrections.get(), accepted=True, words="", by=dana, at=world.at)


def test_declining_an_address_takes_one_person(world: World, dana: Actor) -> None:
    subject_request = scenes.address_proposed(world, dana, MALLORY)
    row = subject_request.corrections.get()
    rectification.decide(row, accepted=False, words="Change it in your account.", by=dana, at=world.at)
    assert outcomes(subject_request) == {"email": "declined"}


def test_an_identifier_is_corrected_and_the_old_address_is_told(world: World, dana: Actor, eli: Actor) -> None:
    subject_request = scenes.address_proposed(world, dana, "samira@example.com")
    (line,) = correctable.lines(subject_request)
    accept_all(world, eli, subject_request)
    finish(world, subject_request)
    assert line.identifying
    assert nickname(world, "samira@example.com")
    notice = subject_request.notices.get(letter=Letter.CORRECTED)
    assert notice.addressee() == SAM
    assert "We write to the old address" in world.letters()[-1]


def test_a_frozen_account_is_neither_shown_nor_corrected(world: World, dana: Actor) -> None:
    subject_request = proposed(world, dana, nickname=NEW)
    accept_all(world, dana, subject_request)
    holds.freeze(subject_request, at=world.at)
    before = nickname(world)
    finish(world, subject_request)
    assert nickname(world) == before
    assert subject_request.state == State.APPROVED


def test_a_cancelled_request_corrects_nothing(world: World, dana: Actor) -> None:
    subject_request = proposed(world, dana, nickname=NEW)
    cancellation.cancel(subject_request, by=SUBJECT, at=world.at)
    with pytest.raises(Conflict):
        rectification.decide(subject_request.corrections.get(), accepted=True, words="", by=dana, at=world.at)
    assert not subject_request.items.filter(kind=Kind.CORRECT).exists()


def test_a_duty_of_review_alone_is_enough_to_leave_a_system_out(world: World, dana: Actor) -> None:
    subject_request = proposed(world, dana, nickname=NEW)
    assert approval.exclusion_duty(subject_request) == "review"


def test_outcomes_are_counted_in_the_ledger_without_values(world: World, dana: Actor) -> None:
    subject_request = proposed(world, dana, nickname=NEW)
    accept_all(world, dana, subject_request)
    finish(world, subject_request)
    item = scenes.item_of(subject_request, Kind.CORRECT, "app-database")
    assert item.outcome == Outcome.CORRECTED
    assert item.counts == {"users": {"corrected": 1}}


def test_a_closing_letter_that_is_sent_again_says_the_same(world: World, dana: Actor) -> None:
    subject_request = proposed(world, dana, nickname=NEW)
    accept_all(world, dana, subject_request)
    finish(world, subject_request)
    first = world.letters()[-1]
    notice = subject_request.notices.get(letter=Letter.CORRECTED)
    resending.send_again(notice, by=dana, at=world.at)
    assert world.letters()[-1] == first


def test_a_correction_that_takes_its_time_is_polled_and_sent_once(
    world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, keys = SqlDatabase.correct, []

    def started(self: SqlDatabase, changes: tuple[Change, ...], key: str) -> Receipt:
        keys.append(key)
        original(self, changes, key)
        return Receipt(Effect.STARTED, handle="ticket-7", poll_in=1.0)

    monkeypatch.setattr(SqlDatabase, "correct", started)
    monkeypatch.setattr(SqlDatabase, "poll", lambda _self, handle: Receipt(Effect.DONE, handle=handle))
    subject_request = proposed(world, dana, nickname=NEW)
    accept_all(world, dana, subject_request)
    world.work()
    assert scenes.item_of(subject_request, Kind.CORRECT, "app-database").state == ItemState.WAITING
    world.later(seconds=5)
    finish(world, subject_request)
    assert outcomes(subject_request) == {"nickname": "corrected"}
    assert len(keys) == 1


@pytest.mark.parametrize("written", [True, False])
def test_what_is_in_doubt_is_settled_by_reading_back(
    world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch, *, written: bool
) -> None:
    original = SqlDatabase.correct

    def doubtful(self: SqlDatabase, changes: tuple[Change, ...], key: str) -> Receipt:
        if written:
            original(self, changes, key)
        return Receipt(Effect.IN_DOUBT)

    monkeypatch.setattr(SqlDatabase, "correct", doubtful)
    subject_request = proposed(world, dana, nickname=NEW)
    accept_all(world, dana, subject_request)
    finish(world, subject_request)
    assert outcomes(subject_request) == {"nickname": "corrected" if written else "failed"}
    assert subject_request.state == (State.DELIVERED if written else State.APPROVED)


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
