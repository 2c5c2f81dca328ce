"""What a request needs moves up by one member of staff, and down by two alone."""

import random
from collections.abc import Callable
from itertools import chain

import pytest

from dsr.law.actors import Actor
from dsr.law.ladder import NEEDED, Rung, reaches
from dsr.law.rights import Right
from dsr.models import SubjectRequest
from dsr.steps.asking import documents, ladder, vouching
from dsr.steps.deciding import review
from dsr.steps.fulfilling import previewing
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from tests.conftest import World
from tests.steps.vouching import needing

Act = Callable[[SubjectRequest, Actor], object]


def acts_of(world: World) -> list[Act]:
    """Everything at the desk that touches who asks, before a decision."""
    moves = [
        (
            lambda one, by, to=to: ladder.require_more(one, to, by=by, at=world.at),
            lambda one, by, to=to: ladder.propose_less(one, to, reason="The person called.", by=by, at=world.at),
        )
        for to in NEEDED
    ]
    others: list[Act] = [
        lambda one, by: ladder.agree(one, by=by, at=world.at),
        lambda one, by: review.accept(one, by=by, at=world.at),
        lambda one, by: documents.ask(one, reason="No sign-in.", by=by, at=world.at),
        lambda one, by: documents.check(one, note="Seen.", by=by, at=world.at),
        lambda one, by: vouching.vouch(one, note="Known.", by=by, at=world.at),
        lambda one, by: previewing.ask(one, by=by, at=world.at),
    ]
    return [*chain.from_iterable(moves), *others]


def test_no_path_of_one_member_of_staff_lowers_what_is_needed(world: World, officer: Actor) -> None:
    """A privacy officer may propose and agree; alone, in whatever order, what is needed never goes down (A3)."""
    own = needing(world, Rung.SECOND)
    world.prove(own)
    acts, chance = acts_of(world), random.Random(7)
    needed = Rung(own.proof_needed)
    refused = set()
    for act in chance.choices(acts, k=60):
        try:
            act(own, officer)
        except (Conflict, Forbidden) as why:
            refused.add(type(why))
        own = SubjectRequest.objects.get(pk=own.pk)
        assert reaches(own.proof_needed, needed)
        assert own.state == "verified"
        needed = Rung(own.proof_needed)
    assert refused == {Conflict, Forbidden}
    assert needed is Rung.APP  # it went up
    assert ladder.proposed(own) is not None  # and what was proposed waits for somebody else


def test_two_people_lower_it_and_the_record_says_why(world: World, dana: Actor, eli: Actor, devi: Actor) -> None:
    own = needing(world, Rung.APP)
    world.prove(own)
    with pytest.raises(Conflict, match="why"):
        ladder.propose_less(own, Rung.MAILBOX, reason="  ", by=dana, at=world.at)
    ladder.propose_less(own, Rung.MAILBOX, reason="The account was closed last year.", by=dana, at=world.at)
    with pytest.raises(Conflict, match="second person"):
        ladder.propose_less(own, Rung.SECOND, reason="Another.", by=devi, at=world.at)
    with pytest.raises(Forbidden):
        ladder.agree(own, by=devi, at=world.at)  # no approver
    with pytest.raises(Conflict, match="not proven surely enough"):
        review.accept(own, by=dana, at=world.at)
    ladder.agree(own, by=eli, at=world.at)
    review.accept(own, by=dana, at=world.at)
    assert own.events.get(tag="proof:less-proposed").why() == "The account was closed last year."
    assert own.events.get(tag="proof:lowered").actor == str(eli)


def test_what_a_second_person_declines_stays_needed_and_somebody_can_propose_anew(
    world: World, dana: Actor, eli: Actor
) -> None:
    own = needing(world, Rung.APP)
    world.prove(own)
    ladder.propose_less(own, Rung.MAILBOX, reason="The person called.", by=dana, at=world.at)
    with pytest.raises(Forbidden):
        ladder.decline(own, by=dana, at=world.at)  # no approver
    ladder.decline(own, by=eli, at=world.at)
    with pytest.raises(Forbidden, match="Nobody has proposed"):
        ladder.agree(own, by=eli, at=world.at)
    own.refresh_from_db()
    assert own.proof_needed == Rung.APP
    assert own.events.get(tag="proof:less-declined").actor == str(eli)
    assert own.events.get(tag="proof:less-proposed").why() == "The person called."
    ladder.propose_less(own, Rung.SECOND, reason="Another.", by=dana, at=world.at)
    assert ladder.proposed(own) is not None


def test_what_is_needed_is_frozen_with_the_decision_and_never_asked_of_who_stops_something(
    world: World, dana: Actor
) -> None:
    withdrawing = world.file(Right.CONSENT_WITHDRAWAL)
    with pytest.raises(Conflict):
        ladder.require_more(withdrawing, Rung.APP, by=dana, at=world.at)
    own = needing(world, Rung.MAILBOX)
    world.prove(own)
    review.accept(own, by=dana, at=world.at)
    with pytest.raises(Conflict):
        ladder.require_more(own, Rung.APP, by=dana, at=world.at)


def test_who_is_asked_for_more_is_told_once_the_mailbox_is_proven(world: World, dana: Actor) -> None:
    own = needing(world, Rung.MAILBOX)
    ladder.require_more(own, Rung.SECOND, by=dana, at=world.at)
    assert not any("need to be surer" in text for text in world.letters())  # who has not proven anything learns nothing
    assert not own.items.exists()  # and no system is asked
    world.prove(own)
    told = [text for text in world.letters() if "need to be surer" in text]
    assert len(told) == 1
    assert f"/joypix/requests/{own.reference}/" in told[0]
