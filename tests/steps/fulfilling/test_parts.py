"""What was found is not kept longer than it is needed."""

import os
import uuid
from datetime import timedelta

from dsr.law.actors import Actor
from dsr.law.grounds import Ground
from dsr.law.work import Kind
from dsr.models import Part, sealed
from dsr.steps.deciding import review
from dsr.steps.fulfilling import parts
from tests.conftest import World
from tests.steps import scenes

HOURS_AGO = timedelta(hours=2)


def test_a_file_without_a_row_is_tidied_away_after_an_hour(world: World) -> None:
    orphan = sealed.file_path(uuid.uuid4())
    orphan.parent.mkdir(parents=True, exist_ok=True)
    orphan.write_bytes(b"left by a worker that died")
    young = orphan.with_name(f"{uuid.uuid4()}.age")
    young.write_bytes(b"about to get its row")
    for path, at in ((orphan, world.at - HOURS_AGO), (young, world.at)):
        os.utime(path, (at.timestamp(), at.timestamp()))
    assert parts.tidy(at=world.at) >= 1
    assert not orphan.exists()
    assert young.exists()


def test_a_package_that_waits_for_its_owner_is_not_tidied_away(world: World) -> None:
    subject_request = scenes.packaged(world)
    path = sealed.file_path(subject_request.packages.get().pk)
    os.utime(path, ((world.at - HOURS_AGO).timestamp(),) * 2)
    parts.tidy(at=world.at)
    assert path.exists()


def test_what_was_found_for_a_refused_request_cannot_be_opened_any_more(world: World, dana: Actor) -> None:
    subject_request = scenes.searched(world, dana)
    review.refuse(subject_request, ground=Ground.NOT_IDENTIFIABLE, by=dana, at=world.at)
    found = Part.objects.filter(item__kind=Kind.FIND)
    assert found
    assert {part.wrapped_key for part in found} == {""}
