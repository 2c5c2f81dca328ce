"""The package goes to the person who proved the mailbox, for a while, and then to nobody."""

from datetime import date, datetime, timedelta

import pytest
from django.conf import settings

from dsr.law.actors import Actor
from dsr.law.deadlines import closes_at, local_day
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.models import Download, Event, LegalHold, Package, SubjectRequest, sealed
from dsr.sealing import fields, files
from dsr.sealing.fields import Unsealable
from dsr.sealing.keyring import Role
from dsr.steps import maps
from dsr.steps.answering import delivery
from dsr.steps.deciding import holds
from dsr.steps.fulfilling import parts
from dsr.steps.move import Conflict
from tests.conftest import World
from tests.steps import scenes, taking

FROZEN = holds.Order("Feared", date(2027, 6, 1), LegalHold.FREEZE)
CONTENT = b"PK, and what was found of sam@example.com" * 10_000


def take(subject_request: SubjectRequest, world: World) -> bytes:
    return b"".join(taking.taken(subject_request, at=world.at))


def test_sam_takes_exactly_what_was_packed(world: World) -> None:
    subject_request = scenes.packaged(world, CONTENT)
    stream = taking.taken(subject_request, at=world.at)
    assert b"".join(stream) == CONTENT
    assert stream.size == len(CONTENT)
    assert stream.name == f"joypix-{subject_request.reference}.zip"


def test_the_first_download_closes_the_request(world: World) -> None:
    subject_request = scenes.packaged(world)
    take(subject_request, world)
    assert SubjectRequest.objects.get().state == State.DELIVERED


def test_every_download_is_recorded(world: World) -> None:
    subject_request = scenes.packaged(world)
    take(subject_request, world)
    take(subject_request, world)
    assert Download.objects.count() == 2
    assert Event.objects.filter(tag="package:downloaded").count() == 2


def test_a_second_download_at_the_same_moment_is_no_error(world: World) -> None:
    stale = scenes.packaged(world)
    take(SubjectRequest.objects.get(), world)
    assert take(stale, world)
    assert Download.objects.count() == 2


def test_there_is_nothing_to_take_before_it_is_offered(world: World) -> None:
    subject_request = world.file(Right.ACCESS)
    world.prove(subject_request)
    with pytest.raises(Conflict, match="not there"):
        take(subject_request, world)


def expires_at(subject_request: SubjectRequest) -> datetime:
    """When its package goes."""
    moment = subject_request.packages.get().expires_at
    assert moment is not None
    return moment


def test_the_letter_says_until_when_it_lies_there(world: World) -> None:
    subject_request = scenes.packaged(world)
    package = subject_request.packages.get()
    assert package.expires_at is not None
    calendar = maps.calendar("joypix")
    offered, held = (
        local_day(world.at, calendar) + timedelta(days=days)
        for days in (settings.DSR_OFFER_DAYS, settings.DSR_PACKAGE_DAYS)
    )
    assert package.expires_at == closes_at(offered, calendar)
    assert package.held_until == closes_at(held, calendar)
    letter = world.letters()[-1]
    assert f"You can download it until {offered:%A %-d %B %Y}." in letter
    assert f"you can ask for it again on that page until {held:%A %-d %B %Y}. Then we erase it here." in letter


def test_a_package_is_taken_until_its_last_moment(world: World) -> None:
    subject_request = scenes.packaged(world)
    world.later(seconds=(expires_at(subject_request) - world.at).total_seconds() - 1)
    assert not delivery.end_offer_next(at=world.at)
    assert take(subject_request, world)


def test_a_package_whose_offer_is_over_is_refused_even_before_a_worker_ended_it(world: World) -> None:
    subject_request = scenes.packaged(world)
    world.later(days=settings.DSR_OFFER_DAYS + 1)
    with pytest.raises(Conflict, match="over"):
        take(subject_request, world)


def test_the_end_of_an_offer_delivers_the_request_once_and_holds_the_package_on(world: World) -> None:
    subject_request = scenes.packaged(world)
    assert delivery.end_offer_next(at=world.later(days=settings.DSR_OFFER_DAYS + 1))
    assert not delivery.end_offer_next(at=world.at)
    subject_request.refresh_from_db()
    assert subject_request.state == State.DELIVERED
    assert Event.objects.filter(tag="package:offer-ended").count() == 1
    assert not delivery.expire_next(at=world.at)
    assert subject_request.packages.get().wrapped_key


def test_after_its_days_it_is_asked_for_again_without_a_new_request(world: World) -> None:
    subject_request = scenes.packaged(world, CONTENT)
    delivery.end_offer_next(at=world.later(days=settings.DSR_OFFER_DAYS + 1))
    delivery.offer_again(subject_request, at=world.at)
    assert take(subject_request, world) == CONTENT
    assert Event.objects.filter(tag="package:offered-again").count() == 1
    assert SubjectRequest.objects.count() == 1


def test_an_offer_made_anew_ends_with_the_keeping(world: World) -> None:
    subject_request = scenes.packaged(world)
    delivery.offer_again(subject_request, at=world.later(days=settings.DSR_PACKAGE_DAYS - 1))
    package = subject_request.packages.get()
    assert package.expires_at == package.held_until
    with pytest.raises(Conflict, match="nothing to offer"):
        delivery.offer_again(subject_request, at=world.later(days=3))


def test_what_can_be_taken_is_not_offered_again_and_two_clicks_offer_it_once(world: World) -> None:
    subject_request = scenes.packaged(world)
    with pytest.raises(Conflict, match="nothing to offer"):
        delivery.offer_again(subject_request, at=world.at)
    world.later(days=settings.DSR_OFFER_DAYS + 1)
    with scenes.a_rival_before("SAVEPOINT", lambda: delivery.offer_again(SubjectRequest.objects.get(), at=world.at)):
        delivery.offer_again(subject_request, at=world.at)
    assert Event.objects.filter(tag="package:offered-again").count() == 1


def test_a_freeze_stops_the_end_of_an_offer_and_of_the_keeping(world: World, dana: Actor) -> None:
    subject_request = scenes.packaged(world)
    holds.set_hold(subject_request, FROZEN, by=dana, at=world.at)
    assert not delivery.end_offer_next(at=world.later(days=settings.DSR_OFFER_DAYS + 1))
    assert not delivery.expire_next(at=world.later(days=settings.DSR_PACKAGE_DAYS))
    with pytest.raises(Conflict, match="nothing to offer"):
        delivery.offer_again(subject_request, at=world.at)


def test_an_expired_package_is_destroyed_key_and_file(world: World) -> None:
    subject_request = scenes.packaged(world)
    package = subject_request.packages.get()
    copy = sealed.file_path(package.pk).read_bytes()
    assert delivery.expire_next(at=world.later(days=settings.DSR_PACKAGE_DAYS + 1))
    assert not sealed.file_path(package.pk).exists()
    assert Package.objects.get().wrapped_key == ""
    # Not even a backup of the file opens any more.
    sealed.file_path(package.pk).write_bytes(copy)
    package.refresh_from_db()
    with pytest.raises(Conflict, match="cannot be opened"):
        delivery.opened(package)  # past every other guard


def test_a_package_of_before_opens_by_the_key_that_sealed_it(world: World) -> None:
    subject_request = scenes.packaged(world, CONTENT)
    package = subject_request.packages.get()
    place = sealed.file_place(package.pk)
    own_key = files.key_of(place, package.ring(), package.wrapped_key)
    old = fields.seal(sealed.ring(Role.FILES), own_key.encode(), place)
    Package.objects.update(key_role=Role.FILES, wrapped_key=old)
    assert take(subject_request, world) == CONTENT


def test_an_expired_package_closes_the_request_and_is_refused(world: World) -> None:
    subject_request = scenes.packaged(world)
    delivery.expire_next(at=world.later(days=settings.DSR_PACKAGE_DAYS + 1))
    subject_request.refresh_from_db()
    assert subject_request.state == State.DELIVERED
    with pytest.raises(Conflict, match="destroyed"):
        take(subject_request, world)
    assert not delivery.expire_next(at=world.at)


def test_of_two_sweepers_one_destroys_a_package_and_one_event_is_written(world: World) -> None:
    scenes.packaged(world)
    world.later(days=settings.DSR_PACKAGE_DAYS + 1)
    with scenes.a_rival_before("SAVEPOINT", lambda: delivery.expire_next(at=world.at)):
        assert delivery.expire_next(at=world.at)
    assert Event.objects.filter(tag="package:expired").count() == 1


def test_a_package_that_was_changed_on_disk_is_never_handed_over_whole(world: World) -> None:
    subject_request = scenes.packaged(world, CONTENT)
    path = sealed.file_path(subject_request.packages.get().pk)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(Unsealable):
        take(subject_request, world)


def test_files_of_nobody_are_tidied_away_and_packages_stay(world: World) -> None:
    subject_request = scenes.packaged(world)
    package = sealed.file_path(subject_request.packages.get().pk)
    orphan = package.with_name("3f0b8d4e-0000-4000-8000-000000000000.age")
    orphan.write_bytes(b"left by a worker that died")
    world.later(days=365)
    assert parts.tidy(at=world.at) >= 1
    assert (package.exists(), orphan.exists()) == (True, False)
