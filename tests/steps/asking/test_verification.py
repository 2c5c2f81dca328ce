"""Nothing is revealed or changed before the mailbox is proven (M6)."""

from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor
from dsr.law.rights import URGENT, Right
from dsr.law.states import State
from dsr.law.work import Letter
from dsr.models import Event, Identity, Notice, Proof, SubjectRequest, sealed
from dsr.steps.asking import cancellation, intake, verification
from dsr.steps.asking.verification import Confirmation
from dsr.steps.deciding import review
from dsr.steps.fulfilling import search
from tests.conftest import NOW, SAM, World
from tests.steps import scenes
from tests.steps.keys import add_a_key

MALLORY = "mallory@example.com"


def wrong(code: str) -> str:
    """A code that is not this one."""
    return ("3" if code[0] == "2" else "2") + code[1:]


def test_the_right_code_proves_the_mailbox_and_verifies_the_request(world: World) -> None:
    subject_request = world.file(Right.ACCESS)
    world.prove(subject_request)
    subject_request.refresh_from_db()
    assert subject_request.state == State.VERIFIED
    assert subject_request.identities.get().proven_at == NOW


@pytest.mark.parametrize("typed", ["{0} {1}", " {0}-{1} ", "{0}.{1}"])
def test_a_code_may_be_typed_as_it_is_written(world: World, typed: str) -> None:
    subject_request = world.file(Right.ACCESS)
    code = world.code()
    spelled = typed.format(code[:4], code[4:])
    assert verification.confirm(subject_request, spelled, at=world.at) is Confirmation.CONFIRMED


def test_five_wrong_codes_end_the_code(world: World) -> None:
    subject_request = world.file(Right.ACCESS)
    code = world.code()
    results = [verification.confirm(subject_request, wrong(code), at=world.at) for _ in range(5)]
    assert results == [Confirmation.WRONG] * 4 + [Confirmation.USED_UP]
    assert verification.confirm(subject_request, code, at=world.at) is Confirmation.USED_UP
    assert SubjectRequest.objects.get().state == State.RECEIVED


def test_after_five_wrong_codes_a_new_one_works_and_nothing_is_lost(world: World) -> None:
    subject_request = world.file(Right.ACCESS, details="My orders, please.")
    code = world.code()
    for _ in range(6):
        verification.confirm(subject_request, wrong(code), at=world.at)
    assert verification.ask(subject_request, at=world.later(minutes=1))
    world.prove(subject_request)
    subject_request.refresh_from_db()
    assert (subject_request.state, subject_request.details()) == (State.VERIFIED, "My orders, please.")


def test_a_code_of_one_request_proves_no_other(world: World) -> None:
    mine = world.file(Right.ACCESS)
    code = world.code()
    other = world.file(Right.ERASURE)
    world.letters()
    assert verification.confirm(other, code, at=world.at) is Confirmation.WRONG
    assert verification.confirm(mine, code, at=world.at) is Confirmation.CONFIRMED


def test_a_code_that_was_moved_to_another_row_proves_nothing(world: World) -> None:
    mine = world.file(Right.ACCESS, email=MALLORY)
    code = world.code()
    stolen = Proof.objects.get().code_hash
    other = world.file(Right.ACCESS)
    world.letters()
    Proof.objects.filter(identity__subject_request=other).update(code_hash=stolen)
    assert verification.confirm(other, code, at=world.at) is Confirmation.WRONG
    assert mine.identities.get().proven_at is None


def test_a_code_for_signing_in_verifies_nothing(world: World) -> None:
    subject_request = world.file(Right.ACCESS)
    world.prove(subject_request)
    verification.ask_sign_in("joypix", subject_request.reference, SAM, at=world.later(minutes=1))
    assert verification.confirm(subject_request, world.code(), at=world.at) is Confirmation.NONE


def test_a_code_for_verifying_signs_nobody_in_later(world: World) -> None:
    subject_request = world.file(Right.ACCESS)
    world.prove(subject_request)
    verification.ask(subject_request, at=world.later(minutes=1))
    code = world.code()
    assert verification.confirm_sign_in("joypix", subject_request.reference, code, at=world.at) is None


def test_a_code_works_for_ten_minutes(world: World) -> None:
    subject_request = world.file(Right.ACCESS)
    code = world.code()
    at = world.at + timedelta(minutes=10) - timedelta(microseconds=1)
    assert verification.confirm(subject_request, code, at=at) is Confirmation.CONFIRMED


def test_a_code_dies_after_ten_minutes(world: World) -> None:
    subject_request = world.file(Right.ACCESS)
    code = world.code()
    assert verification.confirm(subject_request, code, at=world.later(minutes=10)) is Confirmation.EXPIRED


def test_a_newer_code_ends_the_older_one(world: World) -> None:
    subject_request = world.file(Right.ACCESS)
    older = world.code()
    verification.ask(subject_request, at=world.later(minutes=1))
    newer = world.code()
    assert verification.confirm(subject_request, older, at=world.at) is Confirmation.WRONG
    assert verification.confirm(subject_request, newer, at=world.at) is Confirmation.CONFIRMED


def test_a_code_is_spent_once(world: World) -> None:
    subject_request = world.file(Right.ACCESS)
    code = world.code()
    verification.confirm(subject_request, code, at=world.at)
    assert verification.confirm(subject_request, code, at=world.at) is Confirmation.NONE


def test_of_two_who_type_the_code_at_once_one_wins(world: World) -> None:
    subject_request = world.file(Right.ACCESS)
    code = world.code()
    rival = Proof.objects.filter(spent_at=None)
    with scenes.a_rival_before('"spent_at" = ', lambda: rival.update(spent_at=world.at)):
        assert verification.confirm(subject_request, code, at=world.at) is Confirmation.NONE
    assert not Event.objects.filter(tag="identity:confirmed").exists()


def test_tries_at_once_are_counted_too(world: World) -> None:
    subject_request = world.file(Right.ACCESS)
    code = world.code()
    # Others used up the tries after this one had read that there were some left.
    with scenes.a_rival_before('"tries" = ', lambda: Proof.objects.update(tries=verification.TRIES)):
        assert verification.confirm(subject_request, code, at=world.at) is Confirmation.USED_UP
    assert subject_request.identities.get().proven_at is None


def test_at_most_five_codes_an_hour_are_sent_for_one_request(world: World) -> None:
    subject_request = world.file(Right.ACCESS)
    asked = [verification.ask(subject_request, at=world.later(minutes=1)) for _ in range(6)]
    assert asked == [True] * 4 + [False] * 2
    assert verification.ask(subject_request, at=world.later(hours=1))


def test_filing_again_and_again_does_not_buy_codes_without_end(world: World) -> None:
    for _ in range(verification.MAILBOX_CODES_PER_HOUR + 5):
        world.file(Right.ACCESS)
    assert Proof.objects.count() == verification.MAILBOX_CODES_PER_HOUR


def test_a_request_beyond_the_last_code_is_received_without_one_and_proven_later(world: World) -> None:
    for _ in range(verification.MAILBOX_CODES_PER_HOUR + 1):
        subject_request = world.file(Right.ACCESS)
    assert not Notice.objects.filter(subject_request=subject_request).exists()  # no flood of letters either
    assert verification.ask(subject_request, at=world.later(hours=1, seconds=1))
    world.prove(subject_request)
    assert subject_request.identities.get().proven_at == world.at


def test_what_strangers_file_for_a_mailbox_keeps_its_owner_from_nothing(world: World) -> None:
    subject_request = world.file(Right.ACCESS)
    world.prove(subject_request)
    for _ in range(verification.MAILBOX_CODES_PER_HOUR + 1):
        world.file(Right.ACCESS)
    verification.ask_sign_in("joypix", subject_request.reference, SAM, at=world.later(minutes=1))
    signed_in = verification.confirm_sign_in("joypix", subject_request.reference, world.code(), at=world.at)
    assert signed_in == subject_request


@pytest.mark.parametrize("report", sorted(URGENT))
def test_a_flood_of_requests_never_keeps_a_report_from_its_code(world: World, report: Right) -> None:
    for _ in range(verification.MAILBOX_CODES_PER_HOUR + 1):
        flood = world.file(Right.ACCESS)
    filed = world.file(report)
    assert not verification.asked(flood)
    assert verification.asked(filed)


def test_reports_buy_no_codes_without_end(world: World) -> None:
    for _ in range(verification.MAILBOX_CODES_PER_HOUR + 1):
        filed = world.file(Right.COMPROMISED_ACCOUNT)
    assert not verification.asked(filed)


def test_codes_for_one_mailbox_take_none_from_another(world: World) -> None:
    for _ in range(verification.MAILBOX_CODES_PER_HOUR + 1):
        world.file(Right.ACCESS, email=MALLORY)
    subject_request = world.file(Right.ACCESS)
    assert subject_request.identities.get().proofs.count() == 1


def test_a_request_that_stays_unproven_lapses_after_seven_days_with_a_letter(world: World) -> None:
    subject_request = world.file(Right.ACCESS)
    assert not verification.lapse_next(at=world.later(days=7))
    assert verification.lapse_next(at=world.later(seconds=1))
    subject_request.refresh_from_db()
    assert subject_request.state == State.LAPSED
    assert "7 days" in world.letters()[-1]
    assert not verification.lapse_next(at=world.at)


def test_a_proven_request_never_lapses(world: World) -> None:
    subject_request = world.file(Right.ACCESS)
    world.prove(subject_request)
    assert not verification.lapse_next(at=world.later(days=30))


def test_of_two_sweepers_one_lets_a_request_lapse(world: World) -> None:
    world.file(Right.ACCESS)
    world.later(days=8)
    with scenes.a_rival_before("SAVEPOINT", lambda: verification.lapse_next(at=world.at)):
        assert verification.lapse_next(at=world.at)
    assert Event.objects.filter(tag="request:lapsed").count() == 1
    assert Notice.objects.filter(letter=Letter.LAPSED).count() == 1


def test_no_code_is_sent_for_a_request_that_is_closed(world: World) -> None:
    subject_request = world.file(Right.ACCESS)
    cancellation.cancel(subject_request, by=SUBJECT, at=world.at)
    assert not verification.ask(subject_request, at=world.later(minutes=1))


@pytest.mark.parametrize(
    ("controller", "reference", "email"),
    [
        ("joypix", "222-222-222", SAM),
        ("joypix", "nonsense", SAM),
        ("joypix", "", SAM),
        ("joypix", None, MALLORY),
        ("joypix", None, "sam@example.org"),
        ("joypix", None, ""),
        ("pixplus", None, SAM),
    ],
)
def test_signing_in_with_a_wrong_reference_or_address_sends_nothing_and_says_nothing(
    world: World, controller: str, reference: str | None, email: str
) -> None:
    subject_request = world.file(Right.ACCESS)
    world.prove(subject_request)
    before = (Notice.objects.count(), Event.objects.count(), Proof.objects.count())
    named = subject_request.reference if reference is None else reference
    verification.ask_sign_in(controller, named, email, at=world.later(minutes=1))
    assert (Notice.objects.count(), Event.objects.count(), Proof.objects.count()) == before


def test_sam_signs_in_by_reference_address_and_code(world: World) -> None:
    subject_request = world.file(Right.ACCESS)
    world.prove(subject_request)
    spelled = subject_request.reference.lower().replace("-", " ")
    verification.ask_sign_in("joypix", spelled, SAM, at=world.later(minutes=1))
    signed_in = verification.confirm_sign_in("joypix", spelled, world.code(), at=world.at)
    assert signed_in == subject_request


def test_a_code_signs_in_at_its_own_controller_only(world: World) -> None:
    subject_request = world.file(Right.ACCESS)
    world.prove(subject_request)
    verification.ask_sign_in("joypix", subject_request.reference, SAM, at=world.later(minutes=1))
    assert verification.confirm_sign_in("pixplus", subject_request.reference, world.code(), at=world.at) is None


def test_an_account_id_typed_beside_a_proven_address_brings_no_foreign_row(world: World, dana: Actor) -> None:
    identities = ((IdentityKind.EMAIL, SAM), (IdentityKind.ACCOUNT, "jp000002"))
    typed = intake.Intake("joypix", Right.ERASURE, identities)
    subject_request = intake.receive(typed, by=SUBJECT, at=world.at)
    world.prove(subject_request)
    assert search.proven(subject_request) == {"email": ((SAM,),)}
    review.accept(subject_request, by=dana, at=world.at)
    world.work(State.SEARCHED, subject_request)
    rows = scenes.found(subject_request)
    assert {row["id"] for row in rows["app-database.users"]} == {"jp000001"}
    assert not [row for found in rows.values() for row in found if "jp000002" in map(str, row.values())]


def test_after_a_change_of_keys_sam_still_signs_in(world: World, tmp_path: Path, settings: Settings) -> None:
    subject_request = world.file(Right.ACCESS)
    world.prove(subject_request)
    settings.DSR_KEYS = add_a_key(settings.DSR_KEYS, tmp_path)
    verification.ask_sign_in("joypix", subject_request.reference, SAM, at=world.later(minutes=1))
    signed_in = verification.confirm_sign_in("joypix", subject_request.reference, world.code(), at=world.at)
    assert signed_in == subject_request


def test_a_code_sent_before_a_change_of_keys_still_works(world: World, tmp_path: Path, settings: Settings) -> None:
    subject_request = world.file(Right.ACCESS)
    code = world.code()
    settings.DSR_KEYS = add_a_key(settings.DSR_KEYS, tmp_path)
    assert verification.confirm(subject_request, code, at=world.at) is Confirmation.CONFIRMED


def test_a_mailbox_is_looked_up_without_being_readable(world: World) -> None:
    world.file(Right.ACCESS)
    stored = Identity.objects.values().get()
    assert SAM not in str(stored)
    assert stored["lookup"] in sealed.lookups(IdentityKind.EMAIL, SAM)
