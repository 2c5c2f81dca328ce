"""A sweep does items first, and what the calendar says beside them."""

from datetime import datetime

import pytest
from django.core import mail
from django.db import OperationalError

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Kind
from dsr.models import Identity, PlanItem, SoughtRequest, Turn
from dsr.steps import sweeping, work
from dsr.steps.asking import seeking
from tests.conftest import World
from tests.steps import scenes


def test_a_sweep_that_begins_between_two_looks_counts_the_new_day_all_the_same(world: World, dana: Actor) -> None:
    scenes.accepted(world, dana, Right.ACCESS)
    assert sweeping.sweep(lambda: world.later(seconds=1), after=2)
    assert Turn.objects.filter(name="recount").exclude(slot="").exists()


def test_a_sweep_that_ends_before_its_look_is_due_does_items_alone(world: World, dana: Actor) -> None:
    accepted = scenes.accepted(world, dana, Right.ACCESS)
    assert not sweeping.sweep(lambda: world.at, after=2)
    assert not accepted.items.exclude(state="done").exists()
    assert not Turn.objects.filter(name="recount").exists()


def test_after_each_long_item_comes_a_look_at_the_calendar_as_it_is_then(
    world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted = scenes.accepted(world, dana, Right.ACCESS)
    searched: list[datetime] = []
    looked: list[datetime] = []

    def slowly(item: PlanItem, *, at: datetime) -> None:
        find(item, at=at)
        searched.append(world.later(minutes=5))

    def look(*, at: datetime) -> bool:
        looked.append(at)
        return False

    find = work.ACTS[Kind.FIND]
    monkeypatch.setitem(work.ACTS, Kind.FIND, slowly)
    monkeypatch.setattr(sweeping, "TIMETABLE", (look,))
    sweeping.sweep(lambda: world.at, seconds=3600)
    assert len(searched) == accepted.items.filter(kind=Kind.FIND).count() > 1
    assert looked[: len(searched)] == searched


def test_a_turn_by_the_calendar_that_goes_wrong_spoils_itself_alone(
    world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stalled = scenes.accepted(world, dana, Right.ACCESS)
    stalled.items.all().delete()
    looked: list[datetime] = []

    def wrong(*, at: datetime) -> bool:
        raise ZeroDivisionError

    def look(*, at: datetime) -> bool:
        looked.append(at)
        return False

    monkeypatch.setattr(sweeping, "TIMETABLE", (wrong, look))
    assert sweeping.sweep(lambda: world.at)
    stalled.refresh_from_db()
    assert (looked, stalled.state != State.ACCEPTED) == ([world.at], True)
    assert "a turn of the timetable went wrong: tests.steps.test_sweeping.wrong: ZeroDivisionError at" in caplog.text


def test_a_mailbox_that_cannot_be_read_keeps_no_other_request_from_its_reminder_and_its_end(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    broken = world.file(Right.ACCESS)
    world.later(seconds=1)
    other = world.file(Right.ACCESS, email="zoe@example.com")
    Identity.objects.filter(subject_request=broken).update(value_sealed="spoilt")
    for days, letter in ((2, "unproven"), (6, "lapsed")):
        world.later(days=days)
        sweeping.sweep(lambda: world.later(seconds=1), seconds=20)
        assert other.notices.filter(letter=letter).exists()
        assert f"no letter '{letter}': {broken.reference}: Unsealable at" in caplog.text
    broken.refresh_from_db()
    assert broken.state == State.LAPSED


def test_a_database_that_is_gone_ends_the_sweep(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*, at: datetime) -> bool:
        raise OperationalError

    monkeypatch.setattr(sweeping, "TIMETABLE", (gone,))
    with pytest.raises(OperationalError):
        sweeping.sweep(lambda: world.at)


def test_a_flood_of_who_seeks_keeps_no_other_letter_waiting(world: World) -> None:
    world.file(Right.ACCESS)  # its code waits to be sent
    for number in range(20):
        seeking.seek("joypix", "ZZZ-ZZZ-ZZZ", f"m{number}@example.com", at=world.at)
    sweeping.post(lambda: world.later(seconds=1), seconds=6)
    assert len(mail.outbox) == 1
    assert SoughtRequest.objects.exists()
