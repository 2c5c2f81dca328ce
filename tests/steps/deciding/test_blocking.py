"""A hold finds an address however it was typed: in the statement that claims, and when the address is forgotten."""

from collections.abc import Callable
from datetime import date
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from pytest_django import Settings

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind
from dsr.models import Identity, LegalHold, Package, PlanItem, SubjectRequest, sealed
from dsr.sealing.keyring import KeysMissing
from dsr.steps import ledger
from dsr.steps.answering import keeping
from dsr.steps.asking import intake
from dsr.steps.deciding import blocking, holds, merging, review
from dsr.steps.deciding.holds import Order
from tests.conftest import SAM, World
from tests.steps import scenes
from tests.steps.keys import add_a_key

TYPED = "Sam@example.com"
ON_PERSON = Order("A claim is before the court.", date(2036, 1, 1), person=True)
FROZEN = Order("Reported by telephone.", date(2036, 1, 1), kind=LegalHold.FREEZE, person=True)


def hold_sam(world: World, dana: Actor, order: Order) -> LegalHold:
    """Sam, written in small letters, is held."""
    first = world.file(Right.COMPLAINT)
    world.prove(first)
    return holds.set_hold(first, order, by=dana, at=world.at)[0]


def typed_anew(subject_request: SubjectRequest) -> None:
    """As if Sam had typed the address with capitals."""
    identity = subject_request.identities.get(kind=IdentityKind.EMAIL)
    identity.seal_value(TYPED)
    identity.save()


def held_items(subject_request: SubjectRequest) -> int:
    """What the claim leaves, by its own statement alone."""
    return PlanItem.objects.filter(blocking.on_items(), subject_request=subject_request).count()


def test_a_hold_set_before_stops_the_claim_of_an_address_typed_with_capitals(world: World, dana: Actor) -> None:
    hold_sam(world, dana, ON_PERSON)
    erasure = scenes.accepted(world, dana, Right.ERASURE, email=TYPED)
    assert held_items(erasure) == erasure.items.count() > 0


def test_a_hold_set_later_stops_the_claim_of_an_address_typed_with_capitals(
    world: World, dana: Actor, eli: Actor
) -> None:
    erasure = scenes.approved(world, dana, eli)
    typed_anew(erasure)
    hold = hold_sam(world, dana, ON_PERSON)
    assert erasure in holds.affected(hold)
    assert ledger.claim(at=world.later(days=4)) is None
    holds.release(hold, by=dana, at=world.at)
    assert ledger.claim(at=world.later(days=1)) is not None


def test_a_hold_on_an_address_with_capitals_holds_the_one_without(world: World, dana: Actor) -> None:
    first = world.file(Right.COMPLAINT, email=TYPED)
    world.prove(first)
    holds.set_hold(first, ON_PERSON, by=dana, at=world.at)
    assert held_items(scenes.accepted(world, dana, Right.ERASURE)) > 0


def test_a_freeze_stops_the_time_of_a_package_and_the_answer_however_the_address_was_typed(
    world: World, dana: Actor
) -> None:
    access = scenes.packaged(world)
    typed_anew(access)
    hold_sam(world, dana, FROZEN)
    assert Package.objects.filter(blocking.on_packages()).get().subject_request == access
    assert access in SubjectRequest.objects.filter(blocking.on_requests())


def test_a_hold_finds_what_waits_for_its_date_when_the_typed_address_is_forgotten(
    answered: Callable[..., SubjectRequest], world: World, dana: Actor
) -> None:
    erasure = answered(Right.ERASURE)
    typed_anew(erasure)
    SubjectRequest.objects.filter(pk=erasure.pk).update(state=State.DELIVERED, closed_at=world.at)
    assert keeping.reduce_next(at=world.later(days=732))
    hold_sam(world, dana, ON_PERSON)
    deferred = erasure.items.filter(kind=Kind.ERASE).exclude(until=None).exclude(state=ItemState.DONE)
    assert held_items(erasure) == erasure.items.count()
    world.at = max(item.not_before for item in deferred)
    scenes.work_on(world, erasure, Kind.ERASE)
    assert set(deferred.values_list("state", flat=True)) == {ItemState.READY}
    assert len(blocking.standing(erasure)) == 1


def test_the_claim_leaves_nothing_that_only_names_a_held_identifier(world: World, dana: Actor) -> None:
    first = world.file(Right.COMPLAINT)
    world.prove(first)
    account = (IdentityKind.ACCOUNT, "jp000001")
    order = Order(ON_PERSON.reason, ON_PERSON.review_on, person=True, others=(account,))
    holds.set_hold(first, order, by=dana, at=world.at)
    asked = intake.Intake("joypix", Right.ERASURE, ((IdentityKind.EMAIL, "mallory@example.com"), account))
    mallorys = intake.receive(asked, by=SUBJECT, at=world.at)
    world.prove(mallorys)
    review.accept(mallorys, by=dana, at=world.at)
    assert mallorys.items.exists()
    assert held_items(mallorys) == 0


def test_two_spellings_are_two_people_to_everything_but_a_hold(world: World, dana: Actor) -> None:
    scenes.accepted(world, dana, Right.ACCESS)
    capitals = world.file(Right.ACCESS, email=TYPED)
    world.prove(capitals)
    assert merging.originals(capitals) == []
    assert Identity.objects.filter(lookup=sealed.lookup("email", SAM)).count() == 1


def test_an_account_is_held_exactly_as_it_is_spelled() -> None:
    assert sealed.held_by(IdentityKind.ACCOUNT, "AbC") == sealed.lookups(IdentityKind.ACCOUNT, "AbC")


def test_identifiers_of_before_are_filled_as_far_as_they_open(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    opens, forgotten, broken = (world.file(Right.COMPLAINT, email=TYPED).identities.get() for _ in range(3))
    Identity.objects.filter(pk=forgotten.pk).update(value_sealed="")
    Identity.objects.filter(pk=broken.pk).update(value_sealed=opens.value_sealed)  # sealed for another place
    Identity.objects.update(folded="")
    migration = import_module("dsr.migrations.0006_addresses_in_small_letters")
    monkeypatch.setattr(migration, "BATCH", 2)
    migration.fill(apps, None)
    filled = dict(Identity.objects.values_list("pk", "folded"))
    spelled = sealed.lookup("email", TYPED)
    assert filled == {opens.pk: sealed.lookup("email", TYPED.lower()), forgotten.pk: spelled, broken.pk: spelled}


@pytest.mark.parametrize(
    "written", [" sam@b\u00fccher.de", "Sam@B\u00dcCHER.de", "sam@xn--bcher-kva.de\n", "SAM@XN--BCHER-KVA.DE"]
)
def test_one_address_is_held_however_a_system_writes_it(written: str) -> None:
    assert sealed.held_by(IdentityKind.EMAIL, written) == sealed.held_by(IdentityKind.EMAIL, "sam@b\u00fccher.de")
    assert sealed.folded(IdentityKind.EMAIL, written) != sealed.folded(IdentityKind.EMAIL, "sam@bucher.de")


@pytest.mark.parametrize("written", ["", "sam", "sam@", "sam@a..b", f"sam@{'a' * 64}.de"])
def test_what_is_no_address_is_held_as_it_is(written: str) -> None:
    assert sealed.folded(IdentityKind.EMAIL, written) == sealed.lookup(IdentityKind.EMAIL, written)


def test_a_domain_of_before_is_filled_in_its_one_spelling(world: World) -> None:
    identity = world.file(Right.COMPLAINT, email="Sam@b\u00fccher.de").identities.get()
    Identity.objects.update(folded="")
    import_module("dsr.migrations.0006_addresses_in_small_letters").fill(apps, None)
    identity.refresh_from_db()
    assert identity.folded == sealed.lookup(IdentityKind.EMAIL, "sam@xn--bcher-kva.de")


def test_without_the_keys_nothing_is_filled_for_good(world: World, settings: Settings, tmp_path: Path) -> None:
    world.file(Right.COMPLAINT, email=TYPED)
    Identity.objects.update(folded="")
    settings.DSR_KEYS = tmp_path
    with pytest.raises(KeysMissing):
        import_module("dsr.migrations.0006_addresses_in_small_letters").fill(apps, None)
    assert Identity.objects.get().folded == ""


def test_a_freeze_of_before_a_change_of_keys_is_found_by_statements_about_what_is_asked_afterwards(
    world: World, dana: Actor, settings: Settings, tmp_path: Path
) -> None:
    first = world.file(Right.COMPLAINT)
    world.prove(first)
    holds.set_hold(first, FROZEN, by=dana, at=world.at)
    settings.DSR_KEYS = add_a_key(settings.DSR_KEYS, tmp_path)
    later = world.file(Right.ACCESS)
    world.prove(later)
    assert later in SubjectRequest.objects.filter(blocking.on_requests())
