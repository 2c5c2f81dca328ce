"""A package without a mailbox to go to: second hands, one effect, dates that run, and no end by mere lapse."""

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DatabaseError

from accounts.models import Staff
from dsr.law.actors import PORTAL, SUBJECT, Actor
from dsr.law.deadlines import local_day
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Letter, NoticeState, Post
from dsr.models import Deadline, Download, Event, LegalHold, Notice, Package, SubjectRequest, sealed
from dsr.steps import maps
from dsr.steps.answering import delivery, handover
from dsr.steps.answering.handover import Given, Way
from dsr.steps.asking import vouching
from dsr.steps.deciding import holds, merging
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from dsr.steps.post import notices
from tests import staging
from tests.conftest import World, dana_in, devi_in
from tests.steps import scenes, taking
from tests.steps.by_letter import asked, packaged, walked

TODAY = date(2026, 11, 3)
BY_POST = Given(TODAY, Way.POST)


@staging.scene()
def ready(world: World) -> SubjectRequest:
    """Dana entered and accepted Sam's letter, Devi checked it; the package is made."""
    return packaged(world, dana_in(), devi_in())


def take(subject_request: SubjectRequest, world: World, by: Actor) -> bytes:
    return b"".join(handover.take(subject_request, by=by, at=world.at))


def freeze(subject_request: SubjectRequest, world: World, by: Actor) -> LegalHold:
    order = holds.Order("Its owner called", (world.at + timedelta(days=30)).date(), LegalHold.FREEZE)
    return holds.set_hold(subject_request, order, by=by, at=world.at)[0]


def open_dates(subject_request: SubjectRequest) -> int:
    return Deadline.objects.filter(subject_request=subject_request, met_at=None).count()


def test_a_package_without_a_mailbox_answers_nobody_yet(ready: SubjectRequest) -> None:
    letter = ready.notices.get(letter=Letter.READY)
    assert (ready.state, ready.answered_at) == (State.PACKAGED, None)
    assert open_dates(ready) > 0
    assert (letter.post, letter.state) == (Post.PAPER, NoticeState.TO_POST)
    assert not Event.objects.filter(tag="package:offered").exists()


def test_a_package_with_a_mailbox_is_offered_as_ever(answered: Callable[..., SubjectRequest]) -> None:
    subject_request = answered(Right.ACCESS)
    assert subject_request.answered_at is not None
    assert open_dates(subject_request) == 0
    assert not subject_request.packages.exclude(remind_at=None).exists()


def test_eli_takes_byte_for_byte_what_was_packed(ready: SubjectRequest, world: World, eli: Actor) -> None:
    package = ready.packages.get()
    packed = b"".join(delivery.opened(package))
    taken = take(ready, world, eli)
    assert taken == packed
    assert len(taken) == package.size
    assert zipfile.ZipFile(io.BytesIO(taken)).testzip() is None


def test_it_holds_what_sam_would_have_got_by_a_link(
    world: World, dana: Actor, devi: Actor, eli: Actor, answered: Callable[..., SubjectRequest]
) -> None:
    linked = zipfile.ZipFile(io.BytesIO(b"".join(taking.taken(answered(Right.ACCESS), at=world.at))))
    account = next(one for one in linked.namelist() if one.endswith("users.json"))
    number = json.loads(linked.read(account))[0]["id"]
    ready = walked(world, dana, devi, account=str(number))
    world.letters()
    world.later(days=3)
    by_hand = zipfile.ZipFile(io.BytesIO(take(ready, world, eli)))

    def below(archive: zipfile.ZipFile) -> dict[str, bytes]:
        of_sam = [name for name in archive.namelist() if "/data/app-database/" in name]
        return {name.partition("/")[2]: archive.read(name) for name in of_sam}

    assert below(by_hand)
    assert below(by_hand).items() <= below(linked).items()


def test_who_takes_it_stands_in_the_record_before_a_byte_leaves(
    ready: SubjectRequest, world: World, eli: Actor
) -> None:
    stream = handover.take(ready, by=eli, at=world.at)
    event = Event.objects.get(tag="package:taken")
    assert (event.actor, event.at) == (str(eli), world.at)
    assert Event.objects.filter(tag="request:viewed", actor=str(eli)).count() == 1
    assert Download.objects.get().actor == str(eli)
    b"".join(stream)


def test_nothing_is_handed_out_when_the_record_cannot_be_written(
    ready: SubjectRequest, world: World, eli: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> str:
        raise DatabaseError

    monkeypatch.setattr("dsr.steps.recording.record.leaf_hash", full)
    with pytest.raises(DatabaseError):
        handover.take(ready, by=eli, at=world.at)
    assert not Download.objects.exists()


def test_with_the_handing_over_the_request_is_answered_as_of_that_day(
    ready: SubjectRequest, world: World, eli: Actor
) -> None:
    take(ready, world, eli)
    world.later(days=2)
    handover.give(ready, Given(TODAY, Way.REGISTERED, "RR 12 345"), by=eli, at=world.at)
    ready.refresh_from_db()
    event = Event.objects.get(tag="package:handed-over")
    assert ready.state == State.DELIVERED
    assert ready.answered_at is not None
    assert local_day(ready.answered_at, maps.calendar("joypix")) == TODAY
    assert {local_day(row.met_at, maps.calendar("joypix")) for row in ready.deadlines.all() if row.met_at} == {TODAY}
    assert (event.details["given_on"], event.details["way"], event.at) == ("2026-11-03", "registered", world.at)
    assert event.why() == "RR 12 345"
    assert "RR" not in str(event.details)


def test_the_letters_and_the_end_of_the_package_follow(ready: SubjectRequest, world: World, eli: Actor) -> None:
    take(ready, world, eli)
    handover.give(ready, BY_POST, by=eli, at=world.at)
    closing = Notice.objects.get(letter=Letter.HANDED_OVER)
    assert Notice.objects.get(letter=Letter.READY).state == NoticeState.SENT
    assert "by post on Tuesday 3 November 2026" in notices.on_paper(closing).text
    assert "Complain to the supervisory authority" in notices.on_paper(closing).text
    world.later(days=settings.DSR_PACKAGE_DAYS)
    assert not delivery.expire_next(at=world.at)
    assert delivery.expire_next(at=world.later(days=1))
    package = Package.objects.get()
    assert package.wrapped_key == ""
    assert not sealed.file_path(package.pk).exists()
    with pytest.raises(Conflict, match="destroyed"):
        take(ready, world, eli)


def test_no_lapse_of_time_delivers_it_and_the_team_is_reminded(ready: SubjectRequest, world: World, eli: Actor) -> None:
    assert Notice.objects.filter(letter=Letter.TO_HAND_OVER, to=f"staff:{eli.id}").count() == 0
    world.later(days=settings.DSR_PACKAGE_DAYS * 2)
    assert not delivery.expire_next(at=world.at)
    ready.refresh_from_db()
    assert ready.state == State.PACKAGED
    assert take(ready, world, eli)


def test_staff_learn_of_it_at_once_every_three_days_and_not_afterwards(
    world: World, dana: Actor, devi: Actor, eli: Actor
) -> None:
    Staff.objects.filter(pk=eli.id).update(email="eli@example.com")
    ready = packaged(world, dana, devi)
    told = Notice.objects.filter(letter=Letter.TO_HAND_OVER, to=f"staff:{eli.id}")
    assert told.count() == 1
    assert not handover.remind_next(at=world.later(days=2))
    assert handover.remind_next(at=world.later(days=1))
    assert not handover.remind_next(at=world.at)
    assert told.count() == 2
    take(ready, world, eli)
    handover.give(ready, Given(local_day(world.at, maps.calendar("joypix")), Way.POST), by=eli, at=world.at)
    assert not handover.remind_next(at=world.later(days=9))


def test_a_date_that_passes_before_it_left_is_missed(ready: SubjectRequest, world: World, eli: Actor) -> None:
    take(ready, world, eli)
    day = ready.due_on + timedelta(days=1)
    world.later(days=(day - TODAY).days)
    handover.give(ready, Given(day, Way.POST), by=eli, at=world.at)
    assert Event.objects.filter(tag="deadline:missed").exists()


def test_a_date_is_kept_by_the_day_on_which_it_left_not_by_the_day_of_the_entry(
    ready: SubjectRequest, world: World, eli: Actor
) -> None:
    take(ready, world, eli)
    world.later(days=(ready.due_on - TODAY).days + 1)
    handover.give(ready, BY_POST, by=eli, at=world.at)
    assert not Event.objects.filter(tag="deadline:missed").exists()


def test_who_entered_checked_or_accepted_it_never_takes_it(
    world: World, dana: Actor, devi: Actor, officer: Actor, eli: Actor
) -> None:
    for entered, checked in ((officer, devi), (dana, officer)):
        ready = packaged(world, entered, checked)
        with pytest.raises(Forbidden, match="second person"):
            take(ready, world, officer)
        take(ready, world, eli)
        with pytest.raises(Forbidden, match="second person"):
            handover.give(ready, BY_POST, by=officer, at=world.at)


def test_nobody_without_the_role_takes_it(
    ready: SubjectRequest, world: World, dana: Actor, ada: Actor, engineer: Actor
) -> None:
    for by in (dana, ada, engineer, SUBJECT, PORTAL):
        with pytest.raises(Forbidden):
            take(ready, world, by)
        with pytest.raises(Forbidden):
            handover.give(ready, BY_POST, by=by, at=world.at)
    assert not Download.objects.exists()


def test_no_member_of_staff_takes_the_package_of_a_person_with_a_mailbox(
    answered: Callable[..., SubjectRequest], world: World, eli: Actor
) -> None:
    subject_request = answered(Right.ACCESS)
    with pytest.raises(Forbidden, match="for the person alone"):
        take(subject_request, world, eli)


def test_a_freeze_keeps_it_here(ready: SubjectRequest, world: World, dana: Actor, eli: Actor, officer: Actor) -> None:
    take(ready, world, eli)
    hold = freeze(ready, world, dana)
    with pytest.raises(Conflict, match="frozen"):
        take(ready, world, eli)
    with pytest.raises(Conflict, match="frozen"):
        handover.give(ready, BY_POST, by=eli, at=world.at)
    assert not handover.remind_next(at=world.later(days=9))
    holds.release(hold, by=officer, at=world.at)
    assert ready.packages.get().expires_at is None
    handover.give(ready, BY_POST, by=eli, at=world.at)
    assert ready.state == State.DELIVERED


def test_a_freeze_that_is_set_in_this_moment_is_met_as_well(
    ready: SubjectRequest, world: World, dana: Actor, eli: Actor
) -> None:
    def frozen() -> None:
        freeze(ready, world, dana)

    with scenes.a_rival_before("SAVEPOINT", frozen), pytest.raises(Conflict, match="frozen"):
        take(ready, world, eli)
    assert not Download.objects.exists()


def test_of_two_who_mark_it_at_once_one_has_an_effect(
    ready: SubjectRequest, world: World, eli: Actor, officer: Actor
) -> None:
    take(ready, world, eli)
    rival = SubjectRequest.objects.get(pk=ready.pk)

    def first() -> None:
        handover.give(rival, Given(TODAY, Way.IN_PERSON), by=officer, at=world.at)

    with scenes.a_rival_before("SAVEPOINT", first), pytest.raises(Conflict):
        handover.give(ready, BY_POST, by=eli, at=world.at)
    assert Event.objects.get(tag="package:handed-over").actor == str(officer)
    assert Notice.objects.filter(letter=Letter.HANDED_OVER).count() == 1
    with pytest.raises(Conflict, match="does not wait"):
        handover.give(rival, BY_POST, by=eli, at=world.at)


@pytest.mark.parametrize(
    ("days", "says"), [(1, "future"), (-1, "not made yet")], ids=["tomorrow", "before the package"]
)
def test_a_day_that_cannot_be_is_refused(ready: SubjectRequest, world: World, eli: Actor, days: int, says: str) -> None:
    take(ready, world, eli)
    with pytest.raises(Conflict, match=says):
        handover.give(ready, Given(TODAY + timedelta(days=days), Way.POST), by=eli, at=world.at)
    ready.refresh_from_db()
    assert ready.state == State.PACKAGED


def test_what_nobody_took_cannot_have_left(ready: SubjectRequest, world: World, eli: Actor) -> None:
    with pytest.raises(Conflict, match="Nobody has downloaded"):
        handover.give(ready, BY_POST, by=eli, at=world.at)
    world.later(days=2)
    take(ready, world, eli)
    with pytest.raises(Conflict, match="only after that day"):
        handover.give(ready, BY_POST, by=eli, at=world.at)


def test_a_duplicate_waits_until_its_original_has_left(
    ready: SubjectRequest, world: World, dana: Actor, devi: Actor, eli: Actor
) -> None:
    SubjectRequest.objects.filter(pk=ready.pk).update(state=State.ACCEPTED)
    again = asked(world, dana)
    vouching.vouch(again, note="Called back", by=devi, at=world.at)
    ready.refresh_from_db()
    merging.merge(again, ready, by=devi, at=world.at)
    SubjectRequest.objects.filter(pk=ready.pk).update(state=State.PACKAGED)
    ready.refresh_from_db()
    assert not merging.end_next(at=world.at)
    take(ready, world, eli)
    handover.give(ready, BY_POST, by=eli, at=world.at)
    assert merging.end_next(at=world.at)
    again.refresh_from_db()
    assert again.state == State.DELIVERED


def test_a_portable_copy_goes_the_same_way_and_its_letter_says_what_is_inside(
    world: World, dana: Actor, devi: Actor, eli: Actor
) -> None:
    ready = walked(world, dana, devi, Right.PORTABILITY)
    letter = notices.on_paper(ready.notices.get(letter=Letter.READY)).text
    assert "portability.json" in letter
    world.letters()
    world.later(days=3)
    assert zipfile.ZipFile(io.BytesIO(take(ready, world, eli))).testzip() is None


def test_the_letters_speak_chinese(world: World, dana: Actor, devi: Actor, eli: Actor) -> None:
    ready = packaged(world, dana, devi)
    SubjectRequest.objects.filter(pk=ready.pk).update(language="zh-hans")
    ready.refresh_from_db()
    take(ready, world, eli)
    covering = notices.queue(ready, Letter.READY, at=world.at, size=1, sha256="ab")
    handover.give(ready, BY_POST, by=eli, at=world.at)
    assert covering is not None
    closing = notices.on_paper(ready.notices.get(letter=Letter.HANDED_OVER))
    assert "我们" in closing.text
    assert "by post" not in closing.text


def test_a_process_without_the_key_to_packages_says_so_and_records_no_taking(
    ready: SubjectRequest, world: World, eli: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(settings.DSR_KEYS, tmp_path / "keys")
    (tmp_path / "keys" / "packages.json").unlink()
    monkeypatch.setattr(settings, "DSR_KEYS", tmp_path / "keys")
    with pytest.raises(Conflict, match=r"packages\.json"):
        take(ready, world, eli)
    assert not Download.objects.exists()
