"""What is on legal hold is never erased, and of a frozen account nothing is handed over (P13, J14)."""

from datetime import date, timedelta

import pytest
from django.core import mail

from accounts.models import Staff
from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Asker, ItemState, Kind, Letter
from dsr.models import Event, LegalHold, Notice, SubjectRequest
from dsr.steps import sweeping, work
from dsr.steps.asking import cancellation, intake, representation
from dsr.steps.deciding import approval, blocking, holds
from dsr.steps.deciding.holds import Order
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from tests.conftest import SAM, World
from tests.steps import scenes, taking
from tests.steps.representing import GRETA, asked_by

REASON = "Claim 2026-114 is before the court."
REVIEW_ON = date(2026, 12, 24)
ON_IT = Order(REASON, REVIEW_ON)
ON_PERSON = Order(REASON, REVIEW_ON, person=True)
FROZEN = Order(REASON, REVIEW_ON, kind=LegalHold.FREEZE, person=True)


def standing_rows(world: World) -> list[str]:
    return scenes.state_of(world.systems.folder / "joypix" / "database.sqlite3")


@pytest.mark.parametrize("order", [ON_IT, ON_PERSON, FROZEN])
def test_a_request_on_legal_hold_is_never_approved(world: World, dana: Actor, eli: Actor, order: Order) -> None:
    subject_request = scenes.searched(world, dana)
    holds.set_hold(subject_request, order, by=dana, at=world.at)
    with pytest.raises(Conflict, match="legal hold"):
        approval.approve(subject_request, digest=subject_request.manifest.digest, by=eli, at=world.at)
    subject_request.refresh_from_db()
    assert subject_request.state == State.SEARCHED


@pytest.mark.parametrize("order", [ON_IT, ON_PERSON, FROZEN])
def test_a_request_on_legal_hold_is_never_erased(world: World, dana: Actor, eli: Actor, order: Order) -> None:
    subject_request = scenes.approved(world, dana, eli)
    holds.set_hold(subject_request, order, by=dana, at=world.at)
    before = standing_rows(world)
    world.later(days=400)
    assert not work.do_next(at=world.at)
    assert standing_rows(world) == before
    assert cancellation.possible(subject_request)  # nothing has begun


def test_a_hold_that_is_set_after_the_claim_stops_the_first_effect(world: World, dana: Actor, eli: Actor) -> None:
    subject_request = scenes.approved(world, dana, eli)
    world.later(days=4)
    before = standing_rows(world)

    def rival() -> None:
        holds.set_hold(subject_request, ON_IT, by=dana, at=world.at)

    with scenes.a_rival_before('LEFT OUTER JOIN "dsr_approval"', rival):
        work.do_next(at=world.at)
    waiting = subject_request.items.get(kind=Kind.ERASE, fence=1)
    assert (waiting.state, waiting.attempts, waiting.tries) == (ItemState.READY, 0, 0)
    assert "legal hold" in waiting.note
    assert standing_rows(world) == before


def test_what_waited_goes_on_by_itself_once_it_is_released(world: World, dana: Actor, eli: Actor) -> None:
    subject_request = scenes.approved(world, dana, eli)
    hold = holds.set_hold(subject_request, ON_PERSON, by=dana, at=world.at)[0]
    world.later(days=4)
    assert not work.do_next(at=world.at)
    holds.release(hold, by=dana, at=world.at)
    assert "What held your request has ended" in world.letters()[-1]
    world.work(State.PACKAGED, subject_request)
    assert blocking.standing(subject_request) == []


def test_rows_that_were_kept_until_a_day_wait_for_the_release_as_well(world: World, dana: Actor, eli: Actor) -> None:
    subject_request = scenes.approved(world, dana, eli)
    world.later(days=4)
    world.work(State.PACKAGED, subject_request)
    hold = holds.set_hold(subject_request, ON_IT, by=dana, at=world.at)[0]
    deferred = subject_request.items.filter(kind=Kind.ERASE).exclude(until=None)
    world.later(days=5 * 366)
    scenes.work_on(world, subject_request, Kind.ERASE)
    assert deferred.count() > 0
    assert set(deferred.values_list("state", flat=True)) == {ItemState.READY}
    holds.release(hold, by=dana, at=world.at)
    scenes.work_on(world, subject_request, Kind.ERASE)
    assert set(deferred.values_list("state", flat=True)) == {ItemState.DONE}


def test_a_hold_on_a_person_holds_what_the_person_asks_later(world: World, dana: Actor, eli: Actor) -> None:
    first = world.file(Right.COMPLAINT)
    world.prove(first)
    holds.set_hold(first, ON_PERSON, by=dana, at=world.at)
    later = scenes.searched(world, dana)
    assert "called a legal hold" in "".join(world.letters())
    with pytest.raises(Conflict, match="legal hold"):
        approval.approve(later, digest=later.manifest.digest, by=eli, at=world.at)
    other = scenes.searched(world, dana, email="li.wei@example.com")
    approval.approve(other, digest=other.manifest.digest, by=eli, at=world.at)


def test_a_hold_at_one_controller_holds_nothing_at_another(world: World, dana: Actor, eli: Actor) -> None:
    holds.set_hold(scenes.searched(world, dana), ON_PERSON, by=dana, at=world.at)
    other = scenes.searched(world, dana, "pixplus")
    approval.approve(other, digest=other.manifest.digest, by=eli, at=world.at)


def test_who_names_a_held_identifier_without_a_proof_learns_nothing_and_is_not_held(world: World, dana: Actor) -> None:
    holds.set_hold(scenes.searched(world, dana), ON_PERSON, by=dana, at=world.at)
    named = ((IdentityKind.EMAIL, "mallory@example.com"), (IdentityKind.ACCOUNT, "jp000001"))
    mallory = intake.receive(intake.Intake("joypix", Right.ERASURE, named), by=SUBJECT, at=world.at)
    world.prove(mallory)
    assert blocking.standing(mallory) == []


def test_the_person_is_told_the_kind_and_the_review_date_and_never_the_reason(world: World, dana: Actor) -> None:
    subject_request = scenes.searched(world, dana)
    holds.set_hold(subject_request, ON_IT, by=dana, at=world.at)
    letter = world.letters()[-1]
    assert "called a legal hold" in letter
    assert "24 December 2026" in letter
    assert "Complain to the supervisory authority" in letter
    assert "Claim 114" not in letter


def test_the_reason_is_sealed_and_stands_in_no_event(world: World, dana: Actor) -> None:
    hold = holds.set_hold(scenes.searched(world, dana), ON_IT, by=dana, at=world.at)[0]
    stored = LegalHold.objects.values().get()
    assert hold.reason() == REASON
    assert "Claim 114" not in str(stored)
    assert "Claim 114" not in str(list(Event.objects.values()))


def test_when_the_review_date_comes_the_owner_is_reminded_once_and_nothing_is_released(
    world: World, dana: Actor
) -> None:
    Staff.objects.filter(pk=dana.id).update(email="dana@joypix.example")
    subject_request = scenes.searched(world, dana)
    holds.set_hold(subject_request, ON_IT, by=dana, at=world.at)
    assert not holds.remind_next(at=world.later(days=50))
    assert holds.remind_next(at=world.later(days=2))
    assert not holds.remind_next(at=world.later(days=100))
    world.letters()
    reminders = [message for message in mail.outbox if message.to == ["dana@joypix.example"]]
    assert [message.subject for message in reminders if "to be reviewed" in message.subject] != []
    assert len([message for message in reminders if "to be reviewed" in message.subject]) == 1
    assert blocking.blocks_erasure(subject_request)


@pytest.mark.parametrize("order", [ON_IT, ON_PERSON])
def test_of_fifty_clicks_one_sets_and_one_releases(world: World, dana: Actor, order: Order) -> None:
    subject_request = scenes.searched(world, dana)
    done = 0
    for _ in range(50):
        try:
            holds.set_hold(subject_request, order, by=dana, at=world.at)
        except Conflict:
            continue
        done += 1
    assert done == 1
    hold = blocking.standing(subject_request)[0]
    for _ in range(50):
        try:
            holds.release(hold, by=dana, at=world.at)
        except Conflict:
            continue
        done += 1
    assert done == 2
    assert list(Event.objects.filter(tag__startswith="hold:").values_list("tag", flat=True)) == [
        "hold:set",
        "hold:released",
    ]


def test_a_rival_who_sets_it_in_the_last_moment_leaves_one(world: World, dana: Actor) -> None:
    subject_request = scenes.searched(world, dana)

    def rival() -> None:
        holds.set_hold(subject_request, ON_IT, by=dana, at=world.at)

    with scenes.a_rival_before("SAVEPOINT", rival), pytest.raises(Conflict):
        holds.set_hold(subject_request, ON_IT, by=dana, at=world.at)
    assert LegalHold.objects.count() == 1


@pytest.mark.parametrize("order", [Order("", REVIEW_ON), Order("  ", REVIEW_ON), Order(REASON, date(2026, 11, 3))])
def test_a_hold_needs_a_reason_and_a_review_date_to_come(world: World, dana: Actor, order: Order) -> None:
    with pytest.raises(Conflict):
        holds.set_hold(scenes.searched(world, dana), order, by=dana, at=world.at)
    assert not LegalHold.objects.exists()


def test_only_who_reviews_sets_and_releases(world: World, dana: Actor, ada: Actor) -> None:
    subject_request = scenes.searched(world, dana)
    for by in (ada, SUBJECT):
        with pytest.raises(Forbidden):
            holds.set_hold(subject_request, ON_IT, by=by, at=world.at)
    hold = holds.set_hold(subject_request, ON_IT, by=dana, at=world.at)[0]
    for by in (ada, SUBJECT):
        with pytest.raises(Forbidden):
            holds.release(hold, by=by, at=world.at)
    assert blocking.standing(subject_request) == [hold]


def reported(world: World, *, proven: bool = True) -> SubjectRequest:
    """Sam reports that somebody got into the account."""
    report = world.file(Right.COMPROMISED_ACCOUNT, details="Somebody changed my password.")
    if proven:
        world.prove(report)
    return report


def test_who_reports_a_compromised_account_from_its_mailbox_freezes_it_at_once(
    world: World, dana: Actor, eli: Actor
) -> None:
    erasure, access = scenes.approved(world, dana, eli), scenes.packaged(world)
    report = reported(world)
    freeze = blocking.standing(report)[0]
    assert (freeze.kind, freeze.reason() != "") == (LegalHold.FREEZE, True)
    world.later(days=4)
    assert not work.do_next(at=world.at)
    with pytest.raises(Conflict, match="frozen"):
        taking.taken(access, at=world.at)
    holds.release(freeze, by=dana, at=world.at)
    taking.taken(access, at=world.at)
    assert not blocking.blocks_erasure(erasure)


def test_an_unproven_stranger_freezes_nobody(world: World, dana: Actor) -> None:
    access = scenes.packaged(world)
    reported(world, proven=False)
    named = ((IdentityKind.EMAIL, "mallory@example.com"), (IdentityKind.ACCOUNT, "jp000001"))
    asked = intake.Intake("joypix", Right.COMPROMISED_ACCOUNT, named, "It is me, Sam!")
    world.prove(intake.receive(asked, by=SUBJECT, at=world.at))
    assert not blocking.blocks_delivery(access)
    taking.taken(access, at=world.at)


def test_staff_freeze_by_hand_whose_mailbox_is_lost(world: World, dana: Actor) -> None:
    access = scenes.packaged(world)
    report = reported(world, proven=False)
    with pytest.raises(Conflict, match="No identifier is proven"):
        holds.set_hold(report, FROZEN, by=dana, at=world.at)
    by_hand = Order(REASON, REVIEW_ON, kind=LegalHold.FREEZE, person=True, unproven=True)
    holds.set_hold(report, by_hand, by=dana, at=world.at)
    with pytest.raises(Conflict, match="frozen"):
        taking.taken(access, at=world.at)


def test_staff_freeze_another_address_of_the_same_account(world: World, dana: Actor) -> None:
    access = scenes.packaged(world)
    report = world.file(Right.COMPROMISED_ACCOUNT, email="sam.new@example.com", details="I lost sam@example.com")
    world.prove(report)
    assert not blocking.blocks_delivery(access)
    order = Order(REASON, REVIEW_ON, kind=LegalHold.FREEZE, person=True, others=((IdentityKind.EMAIL, SAM),))
    holds.set_hold(report, order, by=dana, at=world.at)
    assert blocking.blocks_delivery(access)


def test_an_answer_that_is_ready_waits_for_the_end_of_the_freeze(world: World, dana: Actor) -> None:
    access = scenes.accepted(world, dana, Right.ACCESS)
    freeze = holds.set_hold(access, FROZEN, by=dana, at=world.at)[0]
    world.work()
    work.advance_stalled(at=world.at)
    access.refresh_from_db()
    assert access.state == State.CARRIED_OUT
    holds.release(freeze, by=dana, at=world.at)
    work.advance_stalled(at=world.at)
    access.refresh_from_db()
    assert access.state == State.PACKAGED


def test_the_portal_itself_releases_nothing(world: World, dana: Actor) -> None:
    hold = holds.set_hold(scenes.searched(world, dana), ON_IT, by=dana, at=world.at)[0]
    world.later(days=1000)
    sweeping.sweep(lambda: world.later(seconds=30), seconds=60)
    hold.refresh_from_db()
    assert hold.released_at is None
    assert not Event.objects.filter(tag="hold:released").exists()


def test_a_released_hold_never_shortens_the_grace_period(world: World, dana: Actor, eli: Actor) -> None:
    erasure = scenes.approved(world, dana, eli)
    hold = holds.set_hold(erasure, ON_IT, by=dana, at=world.at)[0]
    holds.release(hold, by=dana, at=world.at)
    planned = erasure.items.filter(kind=Kind.ERASE, until=None).values_list("not_before", flat=True)
    assert set(planned) == {erasure.erase_after}


def test_what_is_done_is_not_made_to_wait(world: World, dana: Actor) -> None:
    erasure = scenes.searched(world, dana)
    done = scenes.item_of(erasure, Kind.CLOSE)
    holds.wait(done, at=world.at)
    done.refresh_from_db()
    assert done.state == ItemState.DONE


def test_of_a_hold_without_an_owner_the_whole_team_is_reminded_and_it_is_recorded(
    world: World, dana: Actor, devi: Actor
) -> None:
    Staff.objects.update(email="team@joypix.example")
    reported(world)
    assert holds.remind_next(at=world.later(days=holds.FREEZE_DAYS + 1))
    reminded = Notice.objects.filter(letter=Letter.HOLD_REVIEW).values_list("to", flat=True)
    assert set(reminded) == {f"staff:{dana.id}", f"staff:{devi.id}"}
    assert Event.objects.filter(tag="hold:reminded").count() == 1


def test_who_asks_for_a_child_is_not_held_with_it(world: World, dana: Actor) -> None:
    about_kim = asked_by(world, Asker.GUARDIAN)
    world.prove(about_kim)
    representation.check(about_kim, note="Birth certificate seen", by=dana, at=world.at)
    holds.set_hold(about_kim, ON_PERSON, by=dana, at=world.at)
    own = world.file(Right.COMPLAINT, email=GRETA)
    world.prove(own)
    assert blocking.standing(own) == []


def test_what_still_stands_is_not_said_to_have_ended(world: World, dana: Actor) -> None:
    erasure = scenes.searched(world, dana)
    first = holds.set_hold(erasure, ON_IT, by=dana, at=world.at)[0]
    holds.set_hold(erasure, ON_PERSON, by=dana, at=world.at)
    holds.release(first, by=dana, at=world.at)
    assert not erasure.notices.filter(letter=Letter.RELEASED).exists()


def test_the_time_of_an_offer_stands_still_while_another_freeze_holds_it(world: World, dana: Actor) -> None:
    access = scenes.packaged(world)
    SubjectRequest.objects.filter(pk=access.pk).update(state=State.DELIVERED)  # taken once; it can be taken again
    before = access.packages.get().expires_at
    on_it = Order(REASON, REVIEW_ON, kind=LegalHold.FREEZE)
    first = holds.set_hold(access, on_it, by=dana, at=world.at)[0]
    holds.set_hold(access, FROZEN, by=dana, at=world.at)
    holds.release(first, by=dana, at=world.later(days=3))
    assert access.packages.get().expires_at == before


def test_beside_a_legal_hold_the_time_of_an_offer_begins_anew_with_the_release_of_the_freeze(
    world: World, dana: Actor
) -> None:
    access = scenes.packaged(world)
    before = access.packages.get().expires_at
    holds.set_hold(access, ON_PERSON, by=dana, at=world.at)
    freeze = holds.set_hold(access, FROZEN, by=dana, at=world.at)[0]
    holds.release(freeze, by=dana, at=world.later(days=3))
    assert before is not None
    assert access.packages.get().expires_at == before + timedelta(days=3)
    assert access.notices.filter(letter=Letter.RELEASED).count() == 1


def test_a_legal_hold_is_not_told_to_who_asks_for_a_copy(world: World, dana: Actor) -> None:
    first = world.file(Right.COMPLAINT)
    world.prove(first)
    holds.set_hold(first, ON_PERSON, by=dana, at=world.at)
    access = scenes.accepted(world, dana, Right.ACCESS)
    assert not access.notices.filter(letter=Letter.HELD).exists()
