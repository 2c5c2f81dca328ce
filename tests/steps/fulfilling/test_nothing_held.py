"""Who is not found hears that nothing is held, after the proof and when every system was asked; never 'erased'."""

import pytest

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Letter, Outcome
from tests.conftest import World
from tests.steps import scenes

GHOST = "nobody.at.all@example.org"


def test_a_ghost_is_told_that_nothing_was_found_in_every_system_and_not_that_it_was_erased(
    world: World, dana: Actor
) -> None:
    """A14: there was nobody to erase, and no system was told to."""
    before = {name: scenes.state_of(world.systems.folder / name) for name in ("joypix/database.sqlite3",)}
    own = scenes.accepted(world, dana, Right.ERASURE, email=GHOST)
    world.work(State.PACKAGED, own)
    finds = own.items.filter(kind=Kind.FIND).exclude(system="rightful")
    assert {item.outcome for item in finds} == {Outcome.NOTHING}
    assert {item.system for item in finds} == {"app-database", "media-store", "payment-institution"}
    assert not own.items.filter(kind=Kind.ERASE, outcome=Outcome.ERASED).exists()
    assert before == {name: scenes.state_of(world.systems.folder / name) for name in before}
    letter = world.letters()[-1]
    assert GHOST not in letter
    assert not own.events.filter(tag="item:erased").exists()


def test_nothing_is_said_to_be_held_while_one_system_does_not_answer(
    world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A8: no answer is no nothing; a person leaves the system out by name, and the answer says so."""
    monkeypatch.setenv("JOYPIX_PAYMENT_URL", "http://127.0.0.1:9/payment")
    own = scenes.accepted(world, dana, Right.ACCESS)
    world.work()
    own.refresh_from_db()
    assert own.state == State.ACCEPTED
    silent = own.items.get(kind=Kind.FIND, system="payment-institution")
    assert (silent.state, silent.outcome) == (ItemState.READY, "")
    assert not own.notices.filter(letter=Letter.READY).exists()
