"""Sam asks for a copy and for erasure at the same time: what the copy says was all there at one moment."""

from datetime import timedelta

import pytest

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind
from dsr.models import PlanItem, SubjectRequest
from dsr.steps import work
from dsr.steps.fulfilling import taking_turns
from tests.conftest import SAM, World
from tests.steps import scenes

APP = "app-database"


def due(world: World, dana: Actor, eli: Actor) -> SubjectRequest:
    """An erasure of Sam's whose grace is over."""
    erasure = scenes.approved(world, dana, eli)
    erasure.refresh_from_db()
    assert erasure.erase_after
    world.at = erasure.erase_after + timedelta(seconds=1)
    return erasure


def alone(item: PlanItem, world: World) -> PlanItem:
    """Let it be the next that a worker takes, and no other."""
    others = PlanItem.objects.exclude(pk=item.pk).filter(state=ItemState.READY)
    later = world.at + timedelta(days=400)
    waiting = list(others.values_list("pk", "not_before"))
    others.update(not_before=later)
    PlanItem.objects.filter(pk=item.pk).update(not_before=world.at)
    work.do_next(at=world.at)
    for pk, not_before in waiting:
        PlanItem.objects.filter(pk=pk, not_before=later).update(not_before=not_before)
    item.refresh_from_db()
    return item


def test_an_erasure_waits_until_the_copy_is_taken(world: World, dana: Actor, eli: Actor) -> None:
    erasure = due(world, dana, eli)
    copy = scenes.accepted(world, dana, Right.ACCESS)
    item = alone(scenes.item_of(erasure, Kind.ERASE, APP), world)
    assert (item.state, item.note) == (ItemState.READY, taking_turns.COPY_FIRST)
    assert item.not_before > world.at
    scenes.work_on(world, copy, Kind.FIND)
    assert alone(item, world).state == ItemState.DONE
    assert scenes.item_of(copy, Kind.FIND, APP).counts["rows"]["users"] == 1


def test_a_copy_is_not_taken_while_an_erasure_is_at_work(world: World, dana: Actor, eli: Actor) -> None:
    erasure = due(world, dana, eli)
    copy = scenes.accepted(world, dana, Right.ACCESS)
    running = PlanItem.objects.filter(pk=scenes.item_of(erasure, Kind.ERASE, APP).pk)
    running.update(state=ItemState.RUNNING, lease_until=world.at + timedelta(days=400))
    item = alone(scenes.item_of(copy, Kind.FIND, APP), world)
    assert (item.state, item.note) == (ItemState.READY, taking_turns.ERASURE_FIRST)
    running.update(state=ItemState.DONE, lease_until=None)
    assert alone(item, world).state == ItemState.DONE


@pytest.mark.parametrize("why", ["somebody else's", "given up", "taken already"])
def test_nothing_else_keeps_an_erasure_waiting(why: str, world: World, dana: Actor, eli: Actor) -> None:
    erasure = due(world, dana, eli)
    copy = scenes.accepted(world, dana, Right.ACCESS, email="max@example.com" if why == "somebody else's" else SAM)
    if why != "somebody else's":
        state = ItemState.QUARANTINED if why == "given up" else ItemState.DONE
        copy.items.filter(kind=Kind.FIND).update(state=state)
    assert alone(scenes.item_of(erasure, Kind.ERASE, APP), world).state == ItemState.DONE


def test_an_unproven_request_in_sams_name_keeps_no_erasure_waiting(world: World, dana: Actor, eli: Actor) -> None:
    erasure = due(world, dana, eli)
    copy = scenes.accepted(world, dana, Right.ACCESS)
    copy.identities.update(proven_at=None)
    assert alone(scenes.item_of(erasure, Kind.ERASE, APP), world).state == ItemState.DONE


def test_both_come_to_their_end(world: World, dana: Actor, eli: Actor) -> None:
    erasure = due(world, dana, eli)
    copy = scenes.accepted(world, dana, Right.ACCESS)
    for _ in range(60):
        world.at += timedelta(seconds=15)
        while work.do_next(at=world.at):
            pass
        erasure.refresh_from_db()
        copy.refresh_from_db()
        if {erasure.state, copy.state} == {State.PACKAGED}:
            break
    assert {erasure.state, copy.state} == {State.PACKAGED}
    assert sum(copy.items.get(kind=Kind.FIND, system=APP).counts["rows"].values()) > 0
