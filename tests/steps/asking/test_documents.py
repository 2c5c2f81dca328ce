"""A document is the last resort: off unless turned on, out of reach while something else works, and gone at once."""

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from dsr.law.actors import SUBJECT, Actor
from dsr.law.ladder import Rung
from dsr.law.states import State
from dsr.models import Evidence, SubjectRequest, sealed
from dsr.steps import maps
from dsr.steps.asking import cancellation, documents, ladder
from dsr.steps.deciding import review
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from tests.conftest import SAM, World
from tests.steps.representing import PDF
from tests.steps.vouching import needing

AMAL = "amal@example.com"  # no other address of hers is on file


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """JoyPix as it would be, had it turned documents on."""
    known = maps.controller("joypix")
    proof = known.controller.proof.model_copy(update={"documents": True})
    turned = known.model_copy(update={"controller": known.controller.model_copy(update={"proof": proof})})
    original = maps.controller
    monkeypatch.setattr(maps, "controller", lambda slug: turned if slug == "joypix" else original(slug))


def waiting(world: World, email: str = AMAL) -> SubjectRequest:
    """The mailbox is proven, and a worker has looked for other addresses."""
    own = needing(world, Rung.SECOND, email=email)
    world.prove(own)
    world.work()
    own.refresh_from_db()
    return own


def test_nobody_is_asked_for_a_document_unless_the_controller_turned_it_on(world: World, dana: Actor) -> None:
    own = waiting(world)
    with pytest.raises(Conflict, match="asks nobody for a document"):
        documents.ask(own, reason="Nothing else works.", by=dana, at=world.at)
    with pytest.raises(Conflict):
        documents.hand_in(own, PDF, at=world.at)
    assert not Evidence.objects.exists()


def test_nobody_is_asked_for_one_while_an_address_on_file_works(taken: None, world: World, dana: Actor) -> None:
    own = waiting(world, SAM)
    with pytest.raises(Conflict, match="Another address is on file"):
        documents.ask(own, reason="Nothing else works.", by=dana, at=world.at)
    unproven = needing(world, Rung.SECOND, email=AMAL)
    with pytest.raises(Conflict, match="Only where the mailbox is proven"):
        documents.ask(unproven, reason="Nothing else works.", by=dana, at=world.at)
    plain = needing(world, Rung.MAILBOX, email=AMAL)
    world.prove(plain)
    with pytest.raises(Conflict, match="Only where the mailbox is proven, and more"):
        documents.ask(plain, reason="Nothing else works.", by=dana, at=world.at)


def test_with_the_decision_row_and_file_are_gone_and_only_the_note_stays(
    taken: None,
    world: World,
    dana: Actor,
    devi: Actor,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    own = waiting(world)
    with pytest.raises(Conflict, match="cannot sign in"):
        documents.ask(own, reason=" ", by=dana, at=world.at)
    assert not documents.wanted(own)
    documents.ask(own, reason="The account is closed, so no sign-in works.", by=dana, at=world.at)
    documents.hand_in(own, PDF, at=world.at)
    with pytest.raises(Conflict):
        documents.hand_in(own, PDF, at=world.at)  # one at a time
    row = Evidence.objects.get()
    path = sealed.file_path(row.pk)
    assert path.exists()
    with django_capture_on_commit_callbacks(execute=True):
        documents.check(own, note="Name and address of the account agree.", by=dana, at=world.at)
    assert not Evidence.objects.exists()
    assert not path.exists()
    assert own.events.get(tag=documents.CHECKED).why() == "Name and address of the account agree."
    with pytest.raises(Forbidden, match="you checked the document"):
        review.accept(own, by=dana, at=world.at)
    review.accept(own, by=devi, at=world.at)
    assert own.state == State.ACCEPTED


def test_what_does_not_show_it_is_destroyed_and_proves_nothing(taken: None, world: World, dana: Actor) -> None:
    own = waiting(world)
    documents.ask(own, reason="The account is closed.", by=dana, at=world.at)
    documents.hand_in(own, PDF, at=world.at)
    documents.reject(own, note="Another name stands on it.", by=dana, at=world.at)
    assert not Evidence.objects.exists()
    assert not ladder.reached(SubjectRequest.objects.get(pk=own.pk))
    assert documents.wanted(own)  # another one can be sent
    assert "did not show that it is you, and is destroyed" in " ".join(world.letters()[-1].split())


def test_no_document_lies_where_somebody_decided_at_that_moment(taken: None, world: World, dana: Actor) -> None:
    own = waiting(world)
    documents.ask(own, reason="The account is closed.", by=dana, at=world.at)
    as_it_was = SubjectRequest.objects.get()
    cancellation.cancel(own, by=SUBJECT, at=world.at)
    with pytest.raises(Conflict, match="Nobody asked"):
        documents.hand_in(as_it_was, PDF, at=world.at)
    assert not Evidence.objects.exists()


def test_an_address_on_file_that_is_not_enough_leaves_nobody_without_a_way(
    taken: None, world: World, dana: Actor
) -> None:
    own = needing(world, Rung.APP, email=SAM)
    world.prove(own)
    world.work()
    own.refresh_from_db()
    assert own.others_sealed
    documents.ask(own, reason="The account is closed, so no sign-in works.", by=dana, at=world.at)
    assert documents.wanted(own)
