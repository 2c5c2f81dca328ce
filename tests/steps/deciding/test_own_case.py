"""Who works here decides nothing about their own data, and no such answer leaves by one pair of hands."""

import pytest

from accounts import staff
from accounts.models import Role, Staff
from dsr.law.actors import Actor, ActorKind
from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind
from dsr.steps.deciding import approval, looking, review
from dsr.steps.move import Conflict
from dsr.steps.permissions import OWN, Duty, Forbidden, may
from tests.conftest import SAM, World
from tests.lookers import redactor
from tests.steps import looks


@pytest.fixture
def sam(db: None) -> Actor:
    """Sam works at JoyPix too, as its privacy officer; the account writes the address in capitals."""
    staff.add("sam", "Sam", [("joypix", Role.PRIVACY_OFFICER)], email=SAM.upper())
    return Actor(ActorKind.STAFF, str(Staff.objects.get(username="sam").pk))


def test_staff_have_no_duty_in_a_request_of_their_own(world: World, sam: Actor, dana: Actor) -> None:
    own = world.file(Right.ACCESS)
    world.prove(own)
    other = world.file(Right.ACCESS, email="li.wei@example.com")
    assert {duty: may(sam, duty, own) for duty in Duty} == dict.fromkeys(Duty, False)
    assert may(sam, Duty.APPROVE, other)
    assert may(dana, Duty.REVIEW, own)
    with pytest.raises(Forbidden, match="your own"):
        review.accept(own, by=sam, at=world.at)


def test_staff_do_not_approve_their_own_erasure(world: World, sam: Actor, dana: Actor, eli: Actor) -> None:
    own = world.file(Right.ERASURE)
    world.prove(own)
    review.accept(own, by=dana, at=world.at)
    world.work(State.SEARCHED, own)
    with pytest.raises(Forbidden, match=OWN):
        approval.approve(own, digest=own.manifest.digest, by=sam, at=world.at)
    approval.approve(own, digest=own.manifest.digest, by=eli, at=world.at)


def test_an_answer_about_staff_leaves_only_after_a_second_person_looked(
    world: World, sam: Actor, officer: Actor
) -> None:
    own = world.file(Right.ACCESS)
    world.prove(own)
    review.accept(own, by=officer, at=world.at)
    world.work(State.APPROVED, own)
    assert looking.waits(own)
    for by, why in ((officer, "you accepted it"), (sam, "your own")):
        with pytest.raises(Forbidden, match=why):
            looks.look(own, by, world)
    assert looks.look(own, redactor("rhea"), world)
    world.work(State.PACKAGED, own)


def test_a_refused_erasure_stays_refused_and_asking_again_needs_an_approval_of_its_own(
    world: World, dana: Actor
) -> None:
    refused = world.file(Right.ERASURE)
    world.prove(refused)
    review.refuse(refused, ground=Ground.NOT_IDENTIFIABLE, by=dana, at=world.at)
    written = list(refused.events.order_by("id").values())
    with pytest.raises(Conflict):
        review.accept(refused, by=dana, at=world.at)
    again = world.file(Right.ERASURE)
    world.prove(again)
    review.accept(again, by=dana, at=world.at)
    world.work(State.SEARCHED, again)
    refused.refresh_from_db()
    assert (refused.state, again.state) == (State.REFUSED, State.SEARCHED)  # an approver decides about it anew
    assert list(refused.events.order_by("id").values())[: len(written)] == written
    assert not again.items.filter(kind=Kind.ERASE, state=ItemState.DONE).exists()
