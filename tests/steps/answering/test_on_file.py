"""Before a package leaves by hand, the account's own addresses are told, and wait with it; nobody does it all alone."""

from datetime import timedelta

import pytest
from django.core import mail

from accounts.models import Staff
from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Letter
from dsr.models import Event, LegalHold, Notice, SubjectRequest
from dsr.steps.answering import handover
from dsr.steps.asking import intake, vouching
from dsr.steps.deciding import blocking, review
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from tests.conftest import World
from tests.steps.by_letter import asked, packaged, walked


@pytest.fixture
def ready(world: World, dana: Actor, devi: Actor) -> SubjectRequest:
    """A letter names Sam's account; its package is made from what the systems hold."""
    return walked(world, dana, devi)


def on_file() -> str:
    """One of them: the account's own, or that of a sign-in elsewhere."""
    return min(each.addressee() for each in Notice.objects.filter(letter=Letter.ON_FILE))


def test_who_checked_who_asks_never_accepts_it(world: World, dana: Actor, devi: Actor) -> None:
    subject_request = asked(world, dana)
    vouching.vouch(subject_request, note="Called back", by=devi, at=world.at)
    with pytest.raises(Forbidden, match="you checked who asks"):
        review.accept(subject_request, by=devi, at=world.at)
    review.accept(subject_request, by=dana, at=world.at)
    assert subject_request.state == State.ACCEPTED


def test_the_address_on_file_is_told_that_somebody_asked_and_learns_no_data(
    ready: SubjectRequest, world: World
) -> None:
    address = on_file()
    world.letters()
    message = next(one for one in mail.outbox if one.to == [address])
    text = str(message.body)
    assert "a copy of your data" in text
    assert "Thursday 5 November 2026" in text
    assert "/joypix/ask/compromised-account/" in text
    assert [said for said in ("Sam", "Main St", "jp000001", address) if said in text] == []


def test_the_package_waits_two_business_days_for_whoever_reads_the_address_on_file(
    ready: SubjectRequest, world: World, eli: Actor
) -> None:
    with pytest.raises(Conflict, match="still on its way"):
        handover.take(ready, by=eli, at=world.at)
    world.letters()
    with pytest.raises(Conflict, match="5 Nov 2026"):
        handover.take(ready, by=eli, at=world.later(days=2))
    assert handover.take(ready, by=eli, at=world.later(days=1)).size


def test_who_proves_the_mailbox_on_file_and_objects_stops_the_package(
    ready: SubjectRequest, world: World, eli: Actor
) -> None:
    address = on_file()
    report = intake.Intake("joypix", Right.COMPROMISED_ACCOUNT, ((IdentityKind.EMAIL, address),), "It was not me")
    objection = intake.receive(report, by=SUBJECT, at=world.at)
    world.prove(objection)
    assert blocking.blocks_delivery(ready)
    with pytest.raises(Conflict, match="frozen"):
        handover.take(ready, by=eli, at=world.later(days=3))
    assert LegalHold.objects.filter(kind=LegalHold.FREEZE).exists()


def test_where_no_address_is_on_file_nobody_waits(world: World, dana: Actor, devi: Actor, eli: Actor) -> None:
    ready = packaged(world, dana, devi)
    assert not Notice.objects.filter(letter=Letter.ON_FILE).exists()
    assert handover.take(ready, by=eli, at=world.at).size


def test_the_second_taking_needs_a_reason_and_the_team_hears_of_it(
    world: World, dana: Actor, devi: Actor, eli: Actor, officer: Actor
) -> None:
    Staff.objects.filter(pk=officer.id).update(email="olga@example.com")
    ready = packaged(world, dana, devi)
    told = Notice.objects.filter(letter=Letter.TAKEN_AGAIN)
    handover.take(ready, by=eli, at=world.at)
    assert not told.exists()
    with pytest.raises(Conflict, match="once more"):
        handover.take(ready, by=eli, at=world.at)
    handover.take(ready, by=eli, at=world.at + timedelta(hours=1), reason="The stick broke")
    assert [notice.to for notice in told] == [f"staff:{officer.id}"]
    assert [event.why() for event in Event.objects.filter(tag="package:taken").order_by("id")] == [
        "",
        "The stick broke",
    ]
