"""A sweep does items first, and what the calendar says beside them."""

from datetime import datetime

import pytest

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.work import Kind
from dsr.models import PlanItem, Turn
from dsr.steps import sweeping, work
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
