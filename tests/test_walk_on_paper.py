"""The walk of an erasure without a mailbox: from a letter to the certificate of what was done."""

from datetime import date
from typing import Any

from django.core import mail

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Letter, NoticeState
from dsr.models import Certificate, Notice, SubjectRequest, Suppression
from dsr.record import certificate
from dsr.steps import sweeping
from dsr.steps.answering import handover
from dsr.steps.answering.handover import Given, Way
from dsr.steps.deciding import approval
from dsr.steps.post import notices
from dsr.steps.recording import sequencer, signing
from tests.conftest import SAM, World
from tests.steps import scenes
from tests.steps.by_letter import SAMS_ACCOUNT, accepted


def rows(world: World, statement: str) -> list[tuple[object, ...]]:
    with scenes.live(world) as database:
        return database.execute(statement).fetchall()


def certified(subject_request: SubjectRequest, world: World) -> dict[str, Any]:
    """What its certificate states, checked with public keys alone."""
    sequencer.sequence(at=world.later(seconds=15))
    sweeping.certify(at=world.at)
    jws = Certificate.objects.get(subject_request=subject_request).jws
    return certificate.verify(jws, signing.certificate_keys(), signing.log_keys()).statement


def test_a_letter_that_asks_for_an_erasure_walks_to_its_certificate(
    world: World, dana: Actor, devi: Actor, eli: Actor
) -> None:
    subject_request = accepted(world, dana, devi, Right.ERASURE)
    world.work(State.SEARCHED, subject_request)
    world.letters()
    approval.approve(subject_request, digest=subject_request.manifest.digest, by=eli, at=world.at)
    for notice in subject_request.notices.filter(state=NoticeState.TO_POST):
        notices.posted(notice, by=dana, at=world.at)
    world.later(days=14)
    world.work(State.PACKAGED, subject_request)
    assert rows(world, f"SELECT email FROM users WHERE id = '{SAMS_ACCOUNT}' AND email = '{SAM}'") == []
    told = sorted(message.to for message in mail.outbox if "on paper or by telephone" in str(message.body))
    assert told == [[SAM], ["sam@social.example"]]  # the account's own, and that of the sign-in elsewhere
    assert list(handover.take(subject_request, by=eli, at=world.at))
    handover.give(subject_request, Given(date(2026, 11, 17), Way.REGISTERED), by=eli, at=world.at)
    stated = certified(subject_request, world)
    assert (stated["right"], stated["state"], stated["channel"]) == ("erasure", "delivered", "letter")
    assert stated["manifest"] == subject_request.manifest.digest
    assert {telling.recipient for telling in subject_request.tellings.all()}
    assert Notice.objects.filter(letter=Letter.ON_FILE).count() == len(told)
    kept = subject_request.items.filter(kind=Kind.ERASE).exclude(until=None)
    assert {item.state for item in kept} == {ItemState.READY}
    assert {row.kind for row in Suppression.objects.filter(subject_request=subject_request)} >= {"email", "account"}
    world.later(days=3 * 366)
    world.work()
    assert rows(world, f"SELECT id FROM users WHERE id = '{SAMS_ACCOUNT}'") == []
