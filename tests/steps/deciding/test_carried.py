"""A hold on a person is not walked around by another name of the same account, nor waited out (P13, J14)."""

from datetime import date, timedelta

import pytest
from django.conf import settings

from accounts import staff
from accounts.models import Role, Staff
from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor, ActorKind
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Letter
from dsr.models import Event, Identity, LegalHold, SubjectRequest, sealed
from dsr.steps import work
from dsr.steps.answering import delivery, keeping
from dsr.steps.asking import intake
from dsr.steps.deciding import approval, blocking, holds, review
from dsr.steps.deciding.holds import Order
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from tests.conftest import SAM, World
from tests.steps import scenes, taking
from tests.steps.long_life import guarded
from tests.steps.representing import GRETA

REASON = "Claim 2026-114 is before the court."
REVIEW_ON = date(2026, 12, 24)
ON_IT = Order(REASON, REVIEW_ON)
ON_PERSON = Order(REASON, REVIEW_ON, person=True)
FROZEN = Order(REASON, REVIEW_ON, kind=LegalHold.FREEZE, person=True)


@pytest.fixture
def both(dana: Actor) -> Actor:
    """Bo reviews and approves."""
    staff.add("bo", "Bo", [("joypix", Role.AGENT), ("joypix", Role.APPROVER)])
    return Actor(ActorKind.STAFF, str(Staff.objects.get(username="bo").pk))


def account_of(world: World) -> str:
    """The id of Sam's account."""
    with scenes.live(world) as database:
        return str(database.execute("SELECT id FROM users WHERE email = ?", [SAM]).fetchone()[0])


def by_account(world: World, dana: Actor, right: Right) -> SubjectRequest:
    """Somebody asks for Sam's account by its id, from another mailbox; staff took the id as proven."""
    named = ((IdentityKind.EMAIL, "mallory@example.com"), (IdentityKind.ACCOUNT, account_of(world)))
    subject_request = intake.receive(intake.Intake("joypix", right, named), by=SUBJECT, at=world.at)
    world.prove(subject_request)
    subject_request.identities.update(proven_at=world.at)
    review.accept(subject_request, by=dana, at=world.at)
    return subject_request


def held(world: World, dana: Actor, order: Order) -> LegalHold:
    """Sam's e-mail address is held, some days before."""
    first = world.file(Right.COMPLAINT)
    world.prove(first)
    hold = holds.set_hold(first, order, by=dana, at=world.at)[0]
    world.later(days=1)
    return hold


@pytest.mark.parametrize("order", [ON_PERSON, FROZEN])
def test_a_hold_on_a_person_holds_an_erasure_by_another_name_of_the_account(
    world: World, dana: Actor, eli: Actor, order: Order
) -> None:
    hold = held(world, dana, order)
    erasure = by_account(world, dana, Right.ERASURE)
    assert blocking.standing(erasure) == []
    world.work(State.SEARCHED, erasure)
    here = blocking.standing(erasure)[0]
    assert (here.kind, here.reason(), here.owner_id, here.review_on) == (
        hold.kind,
        REASON,
        hold.owner_id,
        hold.review_on,
    )
    assert Event.objects.filter(subject_request=erasure, tag="hold:set").count() == 1
    with pytest.raises(Conflict, match="legal hold"):
        approval.approve(erasure, digest=erasure.manifest.digest, by=eli, at=world.at)
    holds.release(hold, by=dana, at=world.at)
    assert blocking.standing(erasure) == []
    approval.approve(erasure, digest=erasure.manifest.digest, by=eli, at=world.at)


def test_what_a_frozen_person_is_found_with_by_another_name_is_not_handed_over(world: World, dana: Actor) -> None:
    hold = held(world, dana, FROZEN)
    access = by_account(world, dana, Right.ACCESS)
    world.work()
    work.advance_stalled(at=world.at)
    access.refresh_from_db()
    assert access.state == State.CARRIED_OUT
    holds.release(hold, by=dana, at=world.at)
    work.advance_stalled(at=world.at)
    access.refresh_from_db()
    assert access.state == State.PACKAGED


def test_a_hold_that_is_set_after_the_search_stops_the_erasure_by_another_name(
    world: World, dana: Actor, eli: Actor
) -> None:
    erasure = by_account(world, dana, Right.ERASURE)
    world.work(State.SEARCHED, erasure)
    approval.approve(erasure, digest=erasure.manifest.digest, by=eli, at=world.at)
    held(world, dana, ON_PERSON)
    world.later(days=4)
    before = scenes.state_of(world.systems.folder / "joypix" / "database.sqlite3")
    scenes.work_on(world, erasure, Kind.ERASE)
    assert scenes.state_of(world.systems.folder / "joypix" / "database.sqlite3") == before
    assert ItemState.DONE not in erasure.items.filter(kind=Kind.ERASE).values_list("state", flat=True)


def test_a_hold_that_staff_released_on_one_request_alone_is_not_set_there_again(
    world: World, dana: Actor, eli: Actor
) -> None:
    held(world, dana, ON_PERSON)
    erasure = by_account(world, dana, Right.ERASURE)
    world.work(State.SEARCHED, erasure)
    holds.release(blocking.standing(erasure)[0], by=dana, at=world.at)
    approval.approve(erasure, digest=erasure.manifest.digest, by=eli, at=world.at)
    world.later(days=4)
    world.work(State.PACKAGED, erasure)
    assert LegalHold.objects.filter(released_at=None).count() == 1  # the person's


def test_of_somebody_else_nothing_is_held(world: World, dana: Actor) -> None:
    held(world, dana, ON_PERSON)
    other = scenes.searched(world, dana, email="li.wei@example.com")
    assert blocking.standing(other) == []


def test_an_address_is_held_in_whatever_case_it_is_written(world: World, dana: Actor) -> None:
    held(world, dana, FROZEN)
    loud = world.file(Right.ACCESS, email=SAM.upper())
    world.prove(loud)
    assert blocking.blocks_delivery(loud)


def test_of_a_frozen_account_no_letter_is_answered_but_the_report_is(world: World, dana: Actor) -> None:
    complaint = held(world, dana, FROZEN).subject_request
    assert complaint is not None
    with pytest.raises(Conflict, match="frozen"):
        review.answer(complaint, text="Here is what we know of you.", by=dana, at=world.at)
    report = world.file(Right.COMPROMISED_ACCOUNT)
    world.prove(report)
    review.answer(report, text="We looked at it.", freeze="keep", by=dana, at=world.at)
    assert not blocking.withholds_answer(report)


def test_the_time_of_an_offer_stands_still_under_a_freeze_and_begins_anew(world: World, dana: Actor) -> None:
    access = scenes.packaged(world)
    freeze = holds.set_hold(access, FROZEN, by=dana, at=world.at)[0]
    world.later(days=settings.DSR_PACKAGE_DAYS + 9)
    assert not delivery.expire_next(at=world.at)
    holds.release(freeze, by=dana, at=world.at)
    last = world.at.date() + timedelta(days=settings.DSR_OFFER_DAYS)
    assert f"You can download it until {last:%A %-d %B %Y}" in world.letters()[-1]
    world.later(days=settings.DSR_OFFER_DAYS - 1)
    assert not delivery.end_offer_next(at=world.at)
    assert b"".join(taking.taken(access, at=world.at))
    world.later(days=settings.DSR_PACKAGE_DAYS - settings.DSR_OFFER_DAYS)
    assert not delivery.expire_next(at=world.at)
    assert delivery.expire_next(at=world.later(days=2))


@pytest.mark.parametrize("order", [ON_IT, ON_PERSON])
def test_who_released_a_hold_does_not_approve_the_erasure(
    world: World, dana: Actor, eli: Actor, both: Actor, order: Order
) -> None:
    erasure = scenes.searched(world, dana)
    hold = holds.set_hold(erasure, order, by=dana, at=world.at)[0]
    holds.release(hold, by=both, at=world.at)
    with pytest.raises(Forbidden, match="released a hold"):
        approval.approve(erasure, digest=erasure.manifest.digest, by=both, at=world.at)
    approval.approve(erasure, digest=erasure.manifest.digest, by=eli, at=world.at)


def offered_by_account(world: World, dana: Actor) -> SubjectRequest:
    """The copy of Sam's account is offered to another mailbox; what was found is forgotten."""
    access = by_account(world, dana, Right.ACCESS)
    world.work(State.PACKAGED, access)
    assert not access.parts.exclude(wrapped_key="").exists()
    return access


def test_a_freeze_set_after_the_offer_keeps_back_the_package_by_another_name(world: World, dana: Actor) -> None:
    access = offered_by_account(world, dana)
    freeze = held(world, dana, FROZEN)
    with pytest.raises(Conflict, match="frozen"):
        taking.taken(access, at=world.at)
    assert Event.objects.filter(subject_request=access, tag="hold:set").count() == 1
    assert access.notices.filter(letter=Letter.HELD).count() == 1
    world.later(days=settings.DSR_PACKAGE_DAYS + 9)
    assert not delivery.expire_next(at=world.at)
    holds.release(freeze, by=dana, at=world.at)
    assert b"".join(taking.taken(access, at=world.at))


def test_a_package_that_was_taken_once_by_another_name_is_not_handed_over_again(world: World, dana: Actor) -> None:
    access = offered_by_account(world, dana)
    b"".join(taking.taken(access, at=world.at))
    held(world, dana, FROZEN)
    with pytest.raises(Conflict, match="frozen"):
        taking.taken(access, at=world.at)
    assert not access.notices.filter(letter=Letter.HELD).exists()  # it is over; the page says it


def test_rows_that_wait_for_their_date_are_held_by_a_name_that_they_carried(
    world: World, dana: Actor, eli: Actor
) -> None:
    erasure = by_account(world, dana, Right.ERASURE)
    world.work(State.SEARCHED, erasure)
    approval.approve(erasure, digest=erasure.manifest.digest, by=eli, at=world.at)
    world.later(days=4)
    world.work(State.PACKAGED, erasure)
    held(world, dana, ON_PERSON)
    deferred = erasure.items.filter(kind=Kind.ERASE).exclude(until=None)
    world.later(days=5 * 366)
    scenes.work_on(world, erasure, Kind.ERASE)
    assert set(deferred.values_list("state", flat=True)) == {ItemState.READY}


def test_a_freeze_set_later_leaves_the_package_of_somebody_else(world: World, dana: Actor) -> None:
    other = scenes.accepted(world, dana, Right.ACCESS, email="li.wei@example.com")
    world.work(State.PACKAGED, other)
    held(world, dana, FROZEN)
    assert blocking.standing(other) == []


def test_at_another_controller_no_carried_name_is_held(world: World, dana: Actor) -> None:
    other = scenes.accepted(world, dana, Right.ACCESS, "pixplus")
    world.work(State.PACKAGED, other)
    held(world, dana, FROZEN)
    assert blocking.standing(other) == []


def test_a_request_with_nothing_left_is_not_held_by_what_it_once_found(world: World, dana: Actor) -> None:
    access = offered_by_account(world, dana)
    assert delivery.expire_next(at=world.later(days=settings.DSR_PACKAGE_DAYS + 1))
    held(world, dana, FROZEN)
    assert blocking.standing(access) == []


def test_with_the_time_of_keeping_carried_names_are_forgotten(world: World, dana: Actor) -> None:
    access = offered_by_account(world, dana)
    assert access.carried_names.filter(lookup=sealed.lookup("email", SAM)).exists()
    assert delivery.expire_next(at=world.later(days=settings.DSR_PACKAGE_DAYS + 1))
    assert keeping.reduce_next(at=world.later(days=800))
    assert not access.carried_names.exists()


def test_a_hold_that_spread_is_reminded_of_by_its_source_alone(world: World, dana: Actor) -> None:
    hold = held(world, dana, ON_PERSON)
    erasure = by_account(world, dana, Right.ERASURE)
    world.work(State.SEARCHED, erasure)
    assert blocking.standing(erasure)[0].reminded_at is not None
    hold.refresh_from_db()
    assert hold.reminded_at is None


def test_who_released_a_hold_before_this_request_arrived_may_approve_it(world: World, dana: Actor, both: Actor) -> None:
    holds.release(held(world, dana, ON_PERSON), by=both, at=world.at)
    world.later(days=1)
    erasure = scenes.searched(world, dana)
    approval.approve(erasure, digest=erasure.manifest.digest, by=both, at=world.at)
    erasure.refresh_from_db()
    assert erasure.state == State.APPROVED


def of_account(subject_request: SubjectRequest, world: World, account: str) -> SubjectRequest:
    """It has proven this account as well."""
    identity = Identity(subject_request=subject_request, kind=IdentityKind.ACCOUNT, proven_at=world.at)
    identity.seal_value(account)
    identity.save(force_insert=True)
    return subject_request


def by_old_account(world: World, dana: Actor) -> SubjectRequest:
    """An access from another mailbox, by an account that only an older request of Sam's knows."""
    older = world.file(Right.COMPLAINT)
    world.prove(of_account(older, world, "gone-1"))
    access = world.file(Right.ACCESS, email="nobody@example.net")
    world.prove(of_account(access, world, "gone-1"))
    review.accept(access, by=dana, at=world.at)
    world.work(State.PACKAGED, access)
    return access


def test_a_freeze_reaches_who_found_nothing_but_the_persons_requests_in_the_portal(world: World, dana: Actor) -> None:
    access = by_old_account(world, dana)
    held(world, dana, FROZEN)
    with pytest.raises(Conflict, match="frozen"):
        taking.taken(access, at=world.at)


def test_of_requests_found_in_the_portal_each_proven_identifier_is_carried_and_nothing_else(
    world: World, dana: Actor
) -> None:
    access = by_old_account(world, dana)
    names = (("email", SAM), ("email", "nobody@example.net"), ("account", "gone-1"))
    known = {each for kind, value in names for each in sealed.held_by(kind, value)}
    assert set(access.carried_names.values_list("lookup", flat=True)) == known


def test_who_asks_for_a_child_is_not_carried_with_it(world: World, dana: Actor) -> None:
    guarded(world, dana)
    access = scenes.accepted(world, dana, Right.ACCESS)
    world.work(State.PACKAGED, access)
    assert access.carried_names.filter(lookup=sealed.folded("email", SAM)).exists()
    assert not access.carried_names.filter(lookup=sealed.folded("email", GRETA)).exists()


def test_an_address_that_a_system_wrote_in_capitals_and_with_space_is_held(world: World, dana: Actor) -> None:
    access = by_account(world, dana, Right.ACCESS)
    with scenes.live(world) as database, database:
        database.execute("UPDATE users SET email = ? WHERE email = ?", [f" {SAM.upper()} ", SAM])
    held(world, dana, FROZEN)
    world.work()
    assert blocking.blocks_delivery(access)
