"""Reports of a child or of a compromised account reach staff at once, and run to their end (J14, P11)."""

import pytest
from django.core import mail

from accounts.models import Staff
from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.models import Event
from dsr.steps.deciding import blocking, review
from dsr.steps.move import Conflict
from tests.conftest import SAM, World
from tests.steps.deciding.test_holds import reported


@pytest.mark.parametrize("right", [Right.COMPROMISED_ACCOUNT, Right.CHILD])
def test_staff_are_alerted_at_once_and_again_when_it_is_proven(world: World, dana: Actor, right: Right) -> None:
    Staff.objects.filter(pk=dana.id).update(email="dana@joypix.example")
    report = world.file(right, details="Please look.")
    world.letters()
    alerts = [message for message in mail.outbox if message.to == ["dana@joypix.example"]]
    assert len(alerts) == 1
    assert "is not proven yet" in alerts[0].body
    world.prove(report)
    world.letters()
    alerts = [message for message in mail.outbox if message.to == ["dana@joypix.example"]]
    assert "is proven" in alerts[-1].body
    assert SAM not in "".join(f"{message.subject}{message.body}" for message in alerts)


def test_strangers_cannot_flood_staff_with_reports_that_nobody_proves(world: World, dana: Actor) -> None:
    Staff.objects.filter(pk=dana.id).update(email="dana@joypix.example")
    for number in range(30):
        world.file(Right.CHILD, email=f"stranger{number}@example.com", details="x")
    world.letters()
    assert len([message for message in mail.outbox if message.to == ["dana@joypix.example"]]) == 20


def test_a_report_is_answered_only_with_a_word_on_the_freeze(world: World, dana: Actor) -> None:
    report = reported(world)
    review.accept(report, by=dana, at=world.at)
    with pytest.raises(Conflict, match="Say what becomes of the freeze"):
        review.answer(report, text="We looked.", by=dana, at=world.at)
    report.refresh_from_db()
    assert report.state == State.ACCEPTED
    review.answer(report, text="We looked.", freeze="keep", by=dana, at=world.at)
    assert blocking.blocks_delivery(report)
    assert Event.objects.filter(tag="hold:kept").count() == 1


def test_a_report_can_end_its_freeze_with_the_answer(world: World, dana: Actor) -> None:
    report = reported(world)
    review.accept(report, by=dana, at=world.at)
    review.answer(report, text="All is well.", freeze="release", by=dana, at=world.at)
    assert blocking.standing(report) == []
    assert report.state == State.DELIVERED
