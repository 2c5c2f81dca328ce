"""Who has not proven the mailbox a day after a request named it is reminded once; people read their mail late."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from dsr.connectors import registry
from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Asker, Channel, Letter, NoticeState
from dsr.models import Event, Notice, Proof, SubjectRequest
from dsr.steps.asking import cancellation, intake, verification
from dsr.steps.deciding.floods import FLOOD
from dsr.steps.post import notices
from tests.conftest import SAM, World
from tests.steps import by_letter, scenes
from tests.steps.keys import add_a_key
from tests.steps.representing import GRETA, asked_by

NOBODY = "nobody@example.com"
CODE = re.compile(r"\b[2-9A-Z]{4} [2-9A-Z]{4}\b")


def remind(world: World) -> list[Notice]:
    """The timetable has its turns; every reminder so far."""
    while verification.remind_next(at=world.at):
        pass
    return list(Notice.objects.filter(letter=Letter.UNPROVEN))


def proven(world: World, subject_request: SubjectRequest) -> None:
    world.prove(subject_request)


def cancelled(world: World, subject_request: SubjectRequest) -> None:
    cancellation.cancel(subject_request, by=SUBJECT, at=world.at)


def lapsed(world: World, _: SubjectRequest) -> None:
    assert verification.lapse_next(at=world.later(days=8))


def absorbed(world: World, _: SubjectRequest) -> None:
    """Its owner proved another one like it: exact copies that strangers filed end with that."""
    for _copy in range(FLOOD):
        world.file(Right.ACCESS)
    world.later(minutes=1)
    world.prove(world.file(Right.ACCESS))


ENDS = [proven, cancelled, lapsed, absorbed]


def test_a_day_after_a_request_was_filed_its_mailbox_is_reminded_once(world: World) -> None:
    subject_request = world.file(Right.ACCESS)
    world.later(hours=24, microseconds=-1)
    assert not remind(world)
    world.later(microseconds=2)
    assert [notice.addressee() for notice in remind(world)] == [SAM]
    for _day in range(6):
        world.later(hours=23)
        assert len(remind(world)) == 1
    assert subject_request.notices.filter(letter=Letter.UNPROVEN).count() == 1


def test_the_reminder_names_reference_right_and_last_day_and_leads_to_a_page_that_sends_a_new_code(
    world: World,
) -> None:
    subject_request = world.file(Right.ERASURE)  # on Tuesday 3 November
    world.letters()
    world.later(hours=25)
    remind(world)
    text = world.letters()[-1]
    for said in (subject_request.reference, "erasure of your data", "by itself on Tuesday 10 November 2026"):
        assert said in text
    assert f"/joypix/requests/{subject_request.reference}/\n" in text
    assert "You did not ask for this? Do nothing: the request ends by itself." in text


def test_the_reminder_holds_no_code_and_ends_none(world: World) -> None:
    world.file(Right.ACCESS)
    world.letters()
    world.later(hours=25)
    before = list(Proof.objects.values())
    remind(world)
    assert not CODE.search(world.letters()[-1])
    assert list(Proof.objects.values()) == before


def test_the_day_it_names_is_the_one_on_which_the_request_ends(world: World) -> None:
    subject_request = world.file(Right.ACCESS)
    world.later(hours=25)
    remind(world)
    assert "Tuesday 10 November 2026" in world.letters()[-1]
    assert not verification.lapse_next(at=subject_request.received_at + timedelta(days=7))
    assert verification.lapse_next(at=subject_request.received_at + timedelta(days=7, seconds=1))


def test_an_agents_request_reminds_the_person_of_who_asks(world: World) -> None:
    asked_by(world, Asker.AGENT)
    world.later(hours=25)
    assert [notice.addressee() for notice in remind(world)] == [SAM]
    assert "Alma Agent asked us for something in your name" in world.letters()[-1]


def test_a_guardian_is_reminded_at_their_own_mailbox_and_never_the_childs(world: World) -> None:
    asked_by(world, Asker.GUARDIAN)
    world.later(hours=25)
    assert [notice.addressee() for notice in remind(world)] == [GRETA]


@pytest.mark.parametrize("ended", ENDS)
def test_nobody_is_reminded_of_what_is_proven_or_over(
    world: World, ended: Callable[[World, SubjectRequest], None]
) -> None:
    ended(world, world.file(Right.ACCESS))
    world.later(hours=25)
    assert not remind(world)


@pytest.mark.parametrize("ended", [proven, cancelled])
def test_a_reminder_that_waits_in_the_outbox_is_not_sent_once_it_is_over(
    world: World, ended: Callable[[World, SubjectRequest], None]
) -> None:
    subject_request = world.file(Right.ACCESS)
    world.letters()
    verification.ask(subject_request, at=world.later(hours=25))
    remind(world)
    waiting = Notice.objects.filter(letter=Letter.UNPROVEN)
    waiting.update(not_before=world.at + timedelta(hours=1))  # the mail server is down
    ended(world, subject_request)
    world.later(hours=2)
    letters = world.letters()
    assert waiting.get().state == NoticeState.FAILED
    assert not [text for text in letters if "has not begun" in text]


def test_staff_who_enter_a_letter_without_a_mailbox_cause_no_reminder(world: World, dana: Actor) -> None:
    subject_request = by_letter.asked(world, dana)
    for _day in range(8):
        world.later(days=1)
        assert not remind(world)
    subject_request.refresh_from_db()
    assert subject_request.state == State.RECEIVED


def test_what_staff_entered_late_is_reminded_a_day_after_its_entry(world: World, dana: Actor) -> None:
    given = intake.Intake(
        "joypix",
        Right.ACCESS,
        ((IdentityKind.EMAIL, SAM),),
        channel=Channel.LETTER,
        received_at=world.at - timedelta(days=5),
    )
    intake.receive(given, by=dana, at=world.at)
    world.later(hours=23)
    assert not remind(world)
    world.later(hours=2)
    remind(world)
    assert "by itself on Tuesday 10 November 2026" in world.letters()[-1]


def test_who_slept_for_a_week_reminds_of_nothing_that_is_about_to_end(world: World) -> None:
    world.file(Right.ACCESS)
    world.later(days=7, seconds=1)
    assert not remind(world)


def test_however_many_requests_a_stranger_files_the_mailbox_is_reminded_once_a_day(world: World) -> None:
    for _ in range(30):
        world.file(Right.ACCESS)
    world.file(Right.ACCESS, "pixplus")
    world.file(Right.ACCESS, email=NOBODY)
    world.later(hours=25)
    assert sorted(notice.addressee() for notice in remind(world)) == [NOBODY, SAM]
    world.later(days=5)
    assert len(remind(world)) == 2  # those that were passed over are not made up for


def test_a_change_of_keys_within_the_day_buys_no_second_reminder(
    world: World, tmp_path: Path, settings: Settings
) -> None:
    world.file(Right.ACCESS)
    settings.DSR_KEYS = add_a_key(settings.DSR_KEYS, tmp_path)
    world.later(hours=1)
    world.file(Right.ACCESS)
    world.later(hours=23, minutes=1)
    assert len(remind(world)) == 1
    world.later(hours=1)
    assert len(remind(world)) == 1


def test_whether_an_address_is_known_shows_in_no_reminder_and_no_system_is_asked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object) -> None:
        pytest.fail("a system was asked before the proof")

    monkeypatch.setattr(registry, "build", asked)
    both = {email: world.file(Right.ACCESS, email=email).reference for email in (SAM, NOBODY)}
    world.letters()
    world.later(hours=25)
    remind(world)
    said = [text for text in world.letters() if "has not begun" in text]
    assert len(said) == 2
    blank = {re.sub("|".join(both.values()), "REFERENCE", text) for text in said}
    assert len(blank) == 1
    assert not [text for text in said if SAM in text or NOBODY in text]


def test_of_two_workers_one_reminds_and_a_mailbox_hears_of_one_request(world: World) -> None:
    for _ in range(2):
        world.file(Right.ACCESS)
    world.later(hours=25)
    with scenes.a_rival_before("SAVEPOINT", lambda: remind(world)):
        assert verification.remind_next(at=world.at)
    assert len(remind(world)) == 1


def test_a_worker_that_slept_for_a_day_over_what_it_took_reminds_nobody_again(world: World) -> None:
    world.file(Right.ACCESS)
    world.later(hours=25)
    with scenes.a_rival_before("SAVEPOINT", lambda: remind(world)):
        assert verification.remind_next(at=world.at + timedelta(hours=30))
    assert len(remind(world)) == 1


def test_a_worker_that_dies_while_it_reminds_leaves_it_to_the_next_who_does_it_once(world: World) -> None:
    world.file(Right.ACCESS)
    world.later(hours=25)
    with scenes.dying(notices, "queue"):
        verification.remind_next(at=world.at)
    assert len(remind(world)) == 1
    world.letters()
    assert Event.objects.filter(tag="notice:sent", details__letter=Letter.UNPROVEN).count() == 1
