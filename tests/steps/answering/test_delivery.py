"""The package goes to the person who proved the mailbox, for a while, and then to nobody."""

from datetime import datetime, timedelta

import pytest
from django.conf import settings

from dsr.law.actors import PORTAL, SUBJECT, Actor, ActorKind
from dsr.law.deadlines import closes_at, local_day
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.models import Download, Event, Package, SubjectRequest, sealed
from dsr.sealing.fields import Unsealable
from dsr.steps import maps
from dsr.steps.answering import delivery
from dsr.steps.fulfilling import parts
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from tests.conftest import World
from tests.steps import scenes

CONTENT = b"PK, and what was found of sam@example.com" * 10_000


def take(subject_request: SubjectRequest, world: World, by: Actor = SUBJECT) -> bytes:
    return b"".join(delivery.download(subject_request, by=by, at=world.at))


def test_sam_takes_exactly_what_was_packed(world: World) -> None:
    subject_request = scenes.packaged(world, CONTENT)
    stream = delivery.download(subject_request, by=SUBJECT, at=world.at)
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


@pytest.mark.parametrize("by", [PORTAL, Actor(ActorKind.STAFF, "1"), Actor(ActorKind.TOKEN, "1")])
def test_nobody_else_takes_it(world: World, by: Actor) -> None:
    subject_request = scenes.packaged(world)
    with pytest.raises(Forbidden):
        take(subject_request, world, by)
    assert not Download.objects.exists()


def test_who_has_proven_nothing_takes_nothing(world: World) -> None:
    subject_request = scenes.packaged(world)
    subject_request.identities.update(proven_at=None)
    with pytest.raises(Forbidden):
        take(subject_request, world)


def test_there_is_nothing_to_take_before_it_is_offered(world: World) -> None:
    subject_request = world.file(Right.ACCESS)
    world.prove(subject_request)
    with pytest.raises(Conflict, match="not available"):
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
    last = local_day(world.at, calendar) + timedelta(days=settings.DSR_PACKAGE_DAYS)
    assert package.expires_at == closes_at(last, calendar)
    assert f"{last:%-d %B %Y}" in world.letters()[-1]


def test_a_package_is_taken_until_its_last_moment(world: World) -> None:
    subject_request = scenes.packaged(world)
    world.later(seconds=(expires_at(subject_request) - world.at).total_seconds() - 1)
    assert not delivery.expire_next(at=world.at)
    assert take(subject_request, world)


def test_a_package_whose_time_is_over_is_refused_even_before_it_is_destroyed(world: World) -> None:
    subject_request = scenes.packaged(world)
    world.later(days=settings.DSR_PACKAGE_DAYS + 1)
    with pytest.raises(Conflict, match="not available"):
        take(subject_request, world)


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
    with pytest.raises(Unsealable):
        list(delivery._plain(package))  # noqa: SLF001 — past every other guard


def test_an_expired_package_closes_the_request_and_is_refused(world: World) -> None:
    subject_request = scenes.packaged(world)
    delivery.expire_next(at=world.later(days=settings.DSR_PACKAGE_DAYS + 1))
    subject_request.refresh_from_db()
    assert subject_request.state == State.DELIVERED
    with pytest.raises(Conflict, match="not available"):
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
