"""A correction is written into its system and read back, or said not to have been: never believed."""

import pytest

from dsr.connectors.contract import Change, Effect, Receipt, Rejected, Unreachable
from dsr.connectors.sql import SqlDatabase
from dsr.law.actors import SUBJECT, Actor
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Letter, Outcome
from dsr.steps import ledger
from dsr.steps.asking import cancellation
from dsr.steps.deciding import approval, holds
from dsr.steps.fulfilling import correctable, rectification
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from tests.conftest import SAM, World
from tests.steps import scenes
from tests.steps.fulfilling.rectifying import (
    MALLORY,
    NEW,
    accept_all,
    asked,
    finish,
    nickname,
    outcomes,
    proposed,
    the_field,
)


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
