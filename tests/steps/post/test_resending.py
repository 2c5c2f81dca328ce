"""A letter that goes out once more says what is true now."""

from datetime import date

import pytest

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.work import Letter
from dsr.models import LegalHold, Notice, SubjectRequest
from dsr.steps.deciding import holds
from dsr.steps.deciding.holds import Order
from dsr.steps.move import Conflict
from dsr.steps.post import resending
from tests.conftest import World
from tests.steps import scenes

LEGAL = Order("A claim is before the court.", date(2026, 12, 24), person=True)
FROZEN = Order("Reported by telephone.", date(2026, 12, 31), kind=LegalHold.FREEZE, person=True)


def held_by_person(world: World, dana: Actor, *orders: Order) -> list[LegalHold]:
    """Sam is held, by way of another request."""
    first = world.file(Right.COMPLAINT)
    world.prove(first)
    return [holds.set_hold(first, order, by=dana, at=world.at)[0] for order in orders]


def letter_of(subject_request: SubjectRequest, letter: Letter, world: World) -> Notice:
    world.letters()
    found = subject_request.notices.filter(letter=letter).first()
    assert found is not None
    return found


def test_of_a_hold_on_the_person_the_letter_goes_out_again(world: World, dana: Actor) -> None:
    erasure = scenes.searched(world, dana)
    held_by_person(world, dana, LEGAL)
    resending.send_again(letter_of(erasure, Letter.HELD, world), by=dana, at=world.at)
    again = world.letters()[-1]
    assert "called a legal hold" in again
    assert "24 December 2026" in again


def test_of_two_that_hold_the_freeze_is_named_for_it_holds_more(world: World, dana: Actor) -> None:
    erasure = scenes.searched(world, dana)
    held_by_person(world, dana, LEGAL, FROZEN)
    resending.send_again(letter_of(erasure, Letter.HELD, world), by=dana, at=world.at)
    assert "31 December 2026" in world.letters()[-1]


def test_a_legal_hold_is_no_reason_to_write_to_who_asked_for_a_copy(world: World, dana: Actor) -> None:
    access = scenes.packaged(world)
    freeze, _ = held_by_person(world, dana, FROZEN, LEGAL)
    notice = letter_of(access, Letter.HELD, world)
    holds.release(freeze, by=dana, at=world.at)
    with pytest.raises(Conflict, match="does not hold any more"):
        resending.send_again(notice, by=dana, at=world.at)


def test_that_it_has_ended_is_not_said_again_while_another_hold_stands(world: World, dana: Actor) -> None:
    erasure = scenes.searched(world, dana)
    hold = held_by_person(world, dana, LEGAL)[0]
    holds.release(hold, by=dana, at=world.at)
    notice = letter_of(erasure, Letter.RELEASED, world)
    assert resending.holds(notice, world.at)
    holds.set_hold(erasure, LEGAL, by=dana, at=world.at)
    assert not resending.holds(notice, world.at)
