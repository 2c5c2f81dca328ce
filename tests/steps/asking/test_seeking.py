"""Finding one's request: the page writes the same whatever is typed, and a worker sees whether it fits."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dsr.law.rights import Right
from dsr.models import Identity, Notice, SoughtRequest, sealed
from dsr.steps.asking import seeking, verification
from tests.conftest import SAM, World
from tests.steps import scenes

MALLORY, NOWHERE = "mallory@example.com", "ZZZ-ZZZ-ZZZ"


def codes() -> list[str]:
    return [notice.addressee() for notice in Notice.objects.filter(letter="code")]


def seek(world: World, reference: str, address: str = SAM) -> list[str]:
    """The statements of what the page does."""
    with CaptureQueriesContext(connection) as asked:
        seeking.seek("joypix", reference, address, at=world.at)
    return [row["sql"].partition("VALUES")[0] for row in asked]


def test_what_the_page_does_is_the_same_for_what_fits_and_what_does_not(world: World) -> None:
    own = world.file(Right.ACCESS)
    said = [seek(world, *typed) for typed in ((own.reference, SAM), (own.reference, MALLORY), (NOWHERE, SAM))]
    assert said[0] == said[1] == said[2]
    assert SoughtRequest.objects.count() == 3
    assert codes() == []


def test_a_worker_sends_a_code_for_what_fits_alone_and_forgets_everything(world: World) -> None:
    own = world.file(Right.ACCESS)
    for typed in ((own.reference, SAM), (own.reference, MALLORY), (NOWHERE, SAM)):
        seek(world, *typed)
    while seeking.send_next(at=world.at):
        pass
    assert codes() == [SAM]
    assert not SoughtRequest.objects.exists()


def test_what_was_typed_lies_sealed_until_then(world: World) -> None:
    seek(world, NOWHERE)
    kept = SoughtRequest.objects.get()
    assert SAM not in kept.address_sealed
    assert sealed.unseal(kept.address_sealed, "sought_request", kept.pk, "address") == kept.address() == SAM


def test_of_two_workers_one_sends(world: World) -> None:
    seek(world, world.file(Right.ACCESS).reference)
    with scenes.a_rival_before("DELETE", lambda: seeking.send_next(at=world.at)):
        assert seeking.send_next(at=world.at)
    assert codes() == [SAM]


def test_nobody_is_sent_a_code_a_quarter_of_an_hour_late(world: World) -> None:
    seek(world, world.file(Right.ACCESS).reference)
    assert seeking.send_next(at=world.at + seeking.LATEST)
    assert codes() == []
    assert not seeking.send_next(at=world.at + timedelta(days=1))


def test_what_stops_one_holds_up_nobody_behind_it(world: World) -> None:
    own = world.file(Right.ACCESS)
    seek(world, NOWHERE)
    world.later(seconds=1)
    seek(world, own.reference)
    SoughtRequest.objects.filter(reference=NOWHERE).update(address_sealed="spoilt")
    assert seeking.send_next(at=world.at)
    assert seeking.send_next(at=world.at)
    assert codes() == [SAM]


def test_a_request_whose_mailbox_cannot_be_read_holds_up_nobody_who_seeks_after_it(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    broken, own = (world.file(Right.ACCESS) for _ in range(2))
    seek(world, broken.reference)
    world.later(seconds=1)
    seek(world, own.reference)
    Notice.objects.all().delete()
    Identity.objects.filter(subject_request=broken).update(value_sealed="spoilt")
    assert seeking.send_next(at=world.at)
    assert seeking.send_next(at=world.at)
    assert codes() == [SAM]
    assert not SoughtRequest.objects.exists()
    assert f"no code for who sought: {broken.reference}: Unsealable at" in caplog.text


def test_a_worker_that_dies_over_it_leaves_it_to_another(world: World) -> None:
    own = world.file(Right.ACCESS)
    seek(world, own.reference)
    with scenes.dying(verification, "ask_sign_in"):
        seeking.send_next(at=world.at)
    assert seeking.send_next(at=world.at)
    assert codes() == [SAM]
