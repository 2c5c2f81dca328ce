"""The pickup code: who handed a document in opens the answer by it, and who only reads the mail has not got it."""

import pytest

from dsr.law.actors import Actor
from dsr.law.ladder import Rung
from dsr.law.work import Asker
from dsr.models import Proof, StepUp, SubjectRequest
from dsr.steps.answering import opening
from dsr.steps.asking import documents, intake, pickup, representation, sessions
from dsr.steps.asking.verification import Confirmation
from dsr.steps.deciding import review
from dsr.steps.move import Conflict
from tests.conftest import World
from tests.steps.asking.test_documents import AMAL, taken, waiting
from tests.steps.representing import GRETA, PDF, asked_by

__all__ = ["taken"]


@pytest.fixture
def own(taken: None, world: World, dana: Actor) -> SubjectRequest:
    """Amal is asked for a document."""
    found = waiting(world)
    documents.ask(found, reason="The account is closed.", by=dana, at=world.at)
    return found


def session(world: World, address: str = AMAL) -> str:
    """A browser in which the mailbox was proven."""
    return str(sessions.begin("joypix", address, "Firefox", whole=False, at=world.at).pk)


def test_it_opens_once_staff_say_that_the_document_shows_it_and_as_often_as_needed(
    own: SubjectRequest, world: World, dana: Actor, devi: Actor
) -> None:
    code = documents.hand_in(own, PDF, at=world.at)
    here = session(world)
    assert opening.by_pickup_code(own, code, here, at=world.at) is Confirmation.NONE
    documents.check(own, note="Name and address agree.", by=dana, at=world.at)
    own = SubjectRequest.objects.get(pk=own.pk)
    review.accept(own, by=devi, at=world.at)
    assert opening.by_pickup_code(own, code[::-1], here, at=world.at) is Confirmation.WRONG
    assert not opening.shown(own, [here], at=world.at)
    for browser in (here, session(world)):
        assert opening.by_pickup_code(own, code.lower(), browser, at=world.at) is Confirmation.CONFIRMED
        assert opening.shown(own, [browser], at=world.at)
    world.later(hours=1)
    assert not opening.shown(own, [here], at=world.at)


def test_it_stands_in_no_letter_no_event_and_no_row(own: SubjectRequest, world: World, dana: Actor) -> None:
    code = documents.hand_in(own, PDF, at=world.at)
    documents.check(own, note="Name and address agree.", by=dana, at=world.at)
    bare = code.replace(" ", "")
    assert not any(bare in letter.replace(" ", "") for letter in world.letters())
    assert not any(bare in str(event.details) for event in own.events.all())
    assert bare not in Proof.objects.get(purpose=Proof.PICKUP).code_hash


def test_there_is_one_for_each_document_and_nobody_gets_a_second(
    own: SubjectRequest, world: World, dana: Actor
) -> None:
    """Else who takes the mailbox over before staff have looked has one of their own, and ends Amal's."""
    with pytest.raises(Conflict):
        pickup.give(own, at=world.at)  # no document lies here
    code = documents.hand_in(own, PDF, at=world.at)
    with pytest.raises(Conflict, match="shown already"):
        pickup.give(own, at=world.at)
    documents.check(own, note="Name and address agree.", by=dana, at=world.at)
    with pytest.raises(Conflict):
        pickup.give(own, at=world.at)
    assert opening.by_pickup_code(own, code, session(world), at=world.at) is Confirmation.CONFIRMED


def test_what_came_with_a_document_that_did_not_show_it_opens_nothing(
    own: SubjectRequest, world: World, dana: Actor
) -> None:
    forged = documents.hand_in(own, PDF, at=world.at)
    documents.reject(own, note="Another name stands on it.", by=dana, at=world.at)
    real = documents.hand_in(own, PDF, at=world.at)
    documents.check(own, note="Name and address agree.", by=dana, at=world.at)
    tries = [opening.by_pickup_code(own, code, session(world), at=world.at) for code in (forged, real)]
    assert tries == [Confirmation.WRONG, Confirmation.CONFIRMED]


def test_sixty_wrong_tries_end_the_hour_and_no_wrong_try_ends_the_code(
    own: SubjectRequest, world: World, dana: Actor
) -> None:
    code = documents.hand_in(own, PDF, at=world.at)
    documents.check(own, note="Name and address agree.", by=dana, at=world.at)
    here = session(world)
    tries = [opening.by_pickup_code(own, "22222222", here, at=world.at) for _ in range(61)]
    assert tries == [Confirmation.WRONG] * 60 + [Confirmation.USED_UP]
    assert opening.by_pickup_code(own, code, here, at=world.at) is Confirmation.USED_UP
    world.later(hours=1)
    assert opening.by_pickup_code(own, code, session(world), at=world.at) is Confirmation.CONFIRMED
    assert StepUp.objects.get().rung == Rung.STAFF


def test_a_guardian_has_one_until_staff_have_seen_that_they_may_ask(
    world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "needed", lambda *_: Rung.SECOND)
    own = asked_by(world, Asker.GUARDIAN)
    with pytest.raises(Conflict):
        pickup.give(own, at=world.at)  # the guardian's mailbox is not proven
    world.prove(own)
    own = SubjectRequest.objects.get(pk=own.pk)
    code = pickup.give(own, at=world.at)
    representation.check(own, note="A birth certificate names both.", by=dana, at=world.at)
    own = SubjectRequest.objects.get(pk=own.pk)
    with pytest.raises(Conflict):
        pickup.give(own, at=world.at)
    here = session(world, GRETA)
    assert not opening.shown(own, [here], at=world.at)
    assert opening.by_pickup_code(own, code, here, at=world.at) is Confirmation.CONFIRMED
    assert opening.shown(own, [here], at=world.at)


def test_where_the_mailbox_was_enough_nobody_gets_one(world: World) -> None:
    own = asked_by(world, Asker.GUARDIAN)
    world.prove(own)
    own.refresh_from_db()
    assert not pickup.awaited(own)
