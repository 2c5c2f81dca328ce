"""A request comes in by every door: what is offered where, when it was received, and who proves what (P12, P15)."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Channel, Post
from dsr.models import Link, SubjectRequest
from dsr.steps import maps, permissions
from dsr.steps.asking import intake, verification, vouching
from dsr.steps.asking.intake import Intake, NotAccepted
from dsr.steps.deciding import blocking, review
from dsr.steps.move import Conflict
from tests.conftest import NOW, SAM, World
from tests.steps import timing

EMAIL = ((IdentityKind.EMAIL, SAM),)


def by_letter(right: Right = Right.COMPLAINT, **more: Any) -> Intake:
    """What Dana enters from a letter without an e-mail address."""
    known: dict[str, Any] = {
        "details": "Why do you write to me?",
        "channel": Channel.LETTER,
        "postal": "Sam Ortiz, 1 Main St",
    }
    return Intake("joypix", right, ((IdentityKind.ACCOUNT, "jp000001"),), **{**known, **more})


def test_where_somebody_lives_is_kept_and_decides_which_dates_apply(world: World) -> None:
    subject_request = intake.receive(Intake("joypix", Right.ACCESS, EMAIL, region="uk"), by=SUBJECT, at=NOW)
    assert subject_request.region == "uk"
    assert {row.regime for row in subject_request.deadlines.all()} == {"house", "uk-gdpr"}


def test_a_region_that_the_controller_does_not_know_is_refused(world: World) -> None:
    with pytest.raises(NotAccepted, match="where the person lives"):
        intake.receive(Intake("joypix", Right.ACCESS, EMAIL, region="atlantis"), by=SUBJECT, at=NOW)
    assert not SubjectRequest.objects.exists()


@pytest.mark.parametrize("controller", ["joypix", "pixplus"])
def test_to_complain_is_never_closed_to_anybody(world: World, controller: str) -> None:
    facts = maps.controller(controller).controller
    nowhere = facts.model_copy(update={"rights": {}, "regions": {}})
    assert all(intake.offered(facts, Right.COMPLAINT, region) for region in facts.regions)
    assert intake.offered(nowhere, Right.COMPLAINT, "")
    assert intake.offered(nowhere, Right.ACCESS, "") is None


def test_a_letter_counts_from_the_day_it_was_received(world: World, dana: Actor) -> None:
    received_at = NOW - timedelta(days=6)
    subject_request = intake.receive(by_letter(received_at=received_at), by=dana, at=NOW)
    assert subject_request.received_at == received_at
    assert subject_request.entered_at == NOW
    # 15 business days after Wednesday 28 October 2026: Veterans Day does not count.
    assert subject_request.due_on == date(2026, 11, 19)


@pytest.mark.parametrize(
    ("received_at", "why", "says"),
    [
        (NOW + timedelta(minutes=1), "", "cannot be in the future"),
        (NOW - timedelta(days=31), "", "Say why it is entered only now"),
    ],
)
def test_a_receipt_that_cannot_be_is_refused(
    world: World, dana: Actor, received_at: object, why: str, says: str
) -> None:
    with pytest.raises(NotAccepted, match=says):
        intake.receive(by_letter(received_at=received_at, why=why), by=dana, at=NOW)


def test_an_old_letter_is_entered_with_a_reason_that_the_record_keeps(world: World, dana: Actor) -> None:
    entered = by_letter(received_at=NOW - timedelta(days=40), why="It lay with reception.")
    subject_request = intake.receive(entered, by=dana, at=NOW)
    event = subject_request.events.get(tag="request:received")
    assert event.why() == "It lay with reception."
    assert "reception" not in str(event.details)


def test_nobody_moves_the_receipt_of_what_is_filed_on_the_web(world: World) -> None:
    with pytest.raises(NotAccepted, match="when it is filed"):
        intake.receive(Intake("joypix", Right.ACCESS, EMAIL, received_at=NOW - timedelta(1)), by=SUBJECT, at=NOW)


def test_who_does_not_review_enters_nothing(world: World, ada: Actor) -> None:
    with pytest.raises(permissions.Forbidden):
        intake.receive(by_letter(), by=ada, at=NOW)


def test_an_entry_by_staff_proves_nobody(world: World, dana: Actor) -> None:
    entered = by_letter(Right.RECTIFICATION, channel=Channel.EMAIL)  # then there is an address
    with_mail = Intake("joypix", Right.ACCESS, EMAIL, channel=Channel.TELEPHONE)
    with pytest.raises(NotAccepted, match="one e-mail address"):
        intake.receive(entered, by=dana, at=NOW)
    subject_request = intake.receive(with_mail, by=dana, at=NOW)
    assert subject_request.state == State.RECEIVED
    world.prove(subject_request)
    assert subject_request.state == State.VERIFIED


def test_without_any_address_nobody_can_be_answered(world: World, dana: Actor) -> None:
    with pytest.raises(NotAccepted, match="postal address"):
        intake.receive(by_letter(postal=""), by=dana, at=NOW)


def test_a_letter_on_paper_is_proven_by_a_second_person_and_answered_on_paper(
    world: World, dana: Actor, eli: Actor, devi: Actor
) -> None:
    subject_request = intake.receive(by_letter(), by=dana, at=NOW)
    with pytest.raises(permissions.Forbidden, match="second person"):
        vouching.vouch(subject_request, note="Compared the signature", by=dana, at=NOW)
    with pytest.raises(Conflict, match="how you checked"):
        vouching.vouch(subject_request, note=" ", by=devi, at=NOW)
    vouching.vouch(subject_request, note="Compared the signature", by=devi, at=NOW)
    assert subject_request.identities.get().proven_at == NOW
    review.accept(subject_request, by=dana, at=NOW)
    review.answer(subject_request, text="Because you asked us to.", by=dana, at=NOW)
    posts = set(subject_request.notices.values_list("post", flat=True))
    assert posts == {Post.PAPER}
    assert {notice.addressee() for notice in subject_request.notices.all()} == {"Sam Ortiz, 1 Main St"}


def test_a_vouched_report_of_a_compromised_account_freezes_it(world: World, dana: Actor, devi: Actor) -> None:
    subject_request = intake.receive(by_letter(Right.COMPROMISED_ACCOUNT), by=dana, at=NOW)
    assert not blocking.blocks_delivery(subject_request)
    vouching.vouch(subject_request, note="Called back under the number on file", by=devi, at=NOW)
    assert blocking.blocks_delivery(subject_request)


def test_the_british_month_starts_when_staff_vouch_for_who_asks(world: World, dana: Actor, devi: Actor) -> None:
    withdrawn = by_letter(Right.CONSENT_WITHDRAWAL, region="uk", purposes=world.purposes(Right.CONSENT_WITHDRAWAL))
    subject_request = intake.receive(withdrawn, by=dana, at=world.at)
    world.later(days=3)
    vouching.vouch(subject_request, note="Called back under the number on file", by=devi, at=world.at)
    assert timing.deadline(subject_request, "uk-gdpr").starts_on == date(2026, 11, 6)


def test_who_named_nothing_but_an_address_is_not_recorded_as_identified(world: World, dana: Actor, devi: Actor) -> None:
    nameless = Intake("joypix", Right.COMPLAINT, (), channel=Channel.LETTER, postal="Sam Ortiz, 1 Main St")
    subject_request = intake.receive(nameless, by=dana, at=NOW)
    vouching.vouch(subject_request, note="Compared name and address", by=devi, at=NOW)
    checked = subject_request.events.get(tag="postal:checked")
    assert checked.details["kinds"] == []
    assert not subject_request.events.filter(tag="identity:checked").exists()


def test_where_nothing_was_given_nothing_is_vouched_for(world: World, dana: Actor, devi: Actor) -> None:
    nameless = Intake("joypix", Right.COMPLAINT, (), channel=Channel.LETTER, postal="Sam Ortiz, 1 Main St")
    subject_request = intake.receive(nameless, by=dana, at=NOW)
    SubjectRequest.objects.update(postal_sealed="")
    subject_request.refresh_from_db()
    with pytest.raises(Conflict, match="nothing here that could be checked"):
        vouching.vouch(subject_request, note="Compared", by=devi, at=NOW)


def test_a_letter_on_paper_does_not_lapse_while_staff_have_not_checked_it(world: World, dana: Actor) -> None:
    subject_request = intake.receive(by_letter(), by=dana, at=NOW)
    assert not verification.lapse_next(at=NOW + timedelta(days=8))
    subject_request.refresh_from_db()
    assert subject_request.state == State.RECEIVED


def test_a_late_entry_has_seven_days_for_its_code_all_the_same(world: World, dana: Actor) -> None:
    entered = Intake("joypix", Right.ACCESS, EMAIL, channel=Channel.LETTER, received_at=NOW - timedelta(days=20))
    intake.receive(entered, by=dana, at=NOW)
    assert not verification.lapse_next(at=NOW + timedelta(days=6))
    assert verification.lapse_next(at=NOW + timedelta(days=8))


def test_staff_link_what_belongs_together(world: World, dana: Actor) -> None:
    first = world.file(Right.ACCESS)
    second = intake.receive(by_letter(related=first), by=dana, at=NOW)
    assert Link.objects.get(of=second).kind == Link.RELATED


@pytest.mark.parametrize("column", ["right", "controller", "reference"])
def test_what_is_asked_of_whom_never_changes(world: World, column: str) -> None:
    subject_request = world.file(Right.ACCESS)
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        SubjectRequest.objects.filter(pk=subject_request.pk).update(**{column: "erasure"})
    assert connection.vendor == "sqlite"
    subject_request.refresh_from_db()
    assert subject_request.right == Right.ACCESS
