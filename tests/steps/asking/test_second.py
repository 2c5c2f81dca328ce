"""A second channel: an address that is on file already, which nobody names."""

import pytest
from django.core import mail

from dsr.law.actors import Actor
from dsr.law.ladder import Rung
from dsr.law.states import State
from dsr.models import Proof, SubjectRequest
from dsr.steps.asking import ladder, second, verification
from dsr.steps.asking.verification import Confirmation
from dsr.steps.deciding import review
from dsr.steps.fulfilling import search
from dsr.steps.move import Conflict
from tests.conftest import SAM, World
from tests.steps import scenes
from tests.steps.vouching import needing

OTHER = "sam@social.example"


def waiting(world: World, email: str = SAM) -> SubjectRequest:
    """The mailbox is proven, and a worker has looked."""
    own = needing(world, Rung.SECOND, email=email)
    world.prove(own)
    world.work()
    own.refresh_from_db()
    return own


def test_a_code_goes_to_the_other_address_on_file_and_both_prove_who_asks(world: World, dana: Actor) -> None:
    own = needing(world, Rung.SECOND)
    world.work()
    assert not own.items.exists()  # before the mailbox is proven no system is asked
    world.prove(own)
    world.work()
    own.refresh_from_db()
    with pytest.raises(Conflict, match="another address on file"):
        review.accept(own, by=dana, at=world.at)
    assert second.ask(own, at=world.at)
    code = world.code()
    assert mail.outbox[-1].to == [OTHER]
    assert second.confirm(own, code[::-1], at=world.at) is Confirmation.WRONG
    assert second.confirm(own, code, at=world.at) is Confirmation.CONFIRMED
    assert second.confirm(own, code, at=world.at) is Confirmation.NONE
    review.accept(own, by=dana, at=world.at)
    own = SubjectRequest.objects.get()
    assert search.proven(own) == {"email": ((SAM,),)}  # the other address proves, and is not searched by
    assert (own.state, own.others()) == (State.ACCEPTED, [OTHER])  # for the answer needs a code there as well


def test_neither_code_does_the_work_of_the_other(world: World) -> None:
    own = waiting(world)
    verification.ask(own, at=world.at)
    first = world.code()
    assert second.ask(own, at=world.at)
    other = world.code()
    assert second.confirm(own, first, at=world.at) is Confirmation.WRONG
    assert verification.confirm(own, other, at=world.at) is Confirmation.WRONG
    world.later(minutes=10)
    assert second.confirm(own, other, at=world.at) is Confirmation.EXPIRED
    assert not ladder.reached(own)


def test_five_wrong_codes_end_it_and_an_hour_brings_five(world: World) -> None:
    own = waiting(world)
    assert [second.ask(own, at=world.at) for _ in range(6)] == [True] * 5 + [False]
    code = world.code()
    tries = [second.confirm(own, "22222222", at=world.at) for _ in range(5)]
    assert tries == [Confirmation.WRONG] * 4 + [Confirmation.USED_UP]
    assert second.confirm(own, code, at=world.at) is Confirmation.USED_UP
    assert not Proof.objects.filter(purpose=Proof.SECOND).exclude(spent_at=None).exists()


def test_where_no_other_address_is_on_file_no_code_goes_anywhere(world: World) -> None:
    own = waiting(world, "amal@example.com")
    sent = len(world.letters())
    assert (own.others(), second.possible(own), second.ask(own, at=world.at)) == ([], False, False)
    assert len(world.letters()) == sent


def test_the_mailbox_in_another_spelling_is_no_second_channel(world: World) -> None:
    """Whoever reads Sam's mailbox would read that code as well."""
    with scenes.live(world) as database:
        database.execute("UPDATE social_signins SET email = 'Sam+tag@example.com' WHERE email = ?", [OTHER])
    own = waiting(world)
    assert (own.others(), second.possible(own)) == ([], False)


def test_codes_are_counted_by_the_mailbox_and_a_new_request_brings_no_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "MAILBOX_CODES_PER_HOUR", 3)
    first, again = waiting(world), waiting(world)
    assert [second.ask(one, at=world.at) for one in (first, first, first, again)] == [True] * 3 + [False]
    world.later(hours=1)
    assert second.ask(again, at=world.at)
