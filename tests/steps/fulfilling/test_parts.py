"""What was found is not kept longer than it is needed."""

import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from dsr.connectors.contract import Batch, Cell, Found
from dsr.law.actors import Actor
from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.work import Kind
from dsr.models import Part, PlanItem, sealed
from dsr.sealing.shelf import Folder
from dsr.steps.answering import packaging
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


def test_a_file_that_cannot_be_removed_keeps_no_other_from_being_tidied_away(world: World) -> None:
    root = sealed.file_path(uuid.uuid4()).parent.parent
    kept, gone = root / "00" / str(uuid.uuid4()), root / "zz" / f"{uuid.uuid4()}.age"
    kept.mkdir(parents=True)  # a folder where a file should be is not removed as one
    gone.parent.mkdir(parents=True)
    gone.write_bytes(b"left by a worker that died")
    for path in (kept, gone):
        os.utime(path, ((world.at - HOURS_AGO).timestamp(),) * 2)
    assert parts.tidy(at=world.at) == 1
    assert (kept.exists(), gone.exists()) == (True, False)


def test_a_file_that_is_gone_while_the_others_are_listed_stops_no_tidying(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / "00").mkdir(exist_ok=True)
        (tmp_path / "00" / name).write_bytes(b"sealed")
    listed = Folder(tmp_path).stale(datetime.now(UTC) + HOURS_AGO)
    first, _ = next(listed)
    for name in {*"abc"} - {first}:
        (tmp_path / "00" / name).unlink()
    assert list(listed) == []


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


def test_a_package_is_made_of_cells_as_they_were_found_and_systems_are_asked_with_what_they_take(
    world: World, dana: Actor
) -> None:
    subject_request = scenes.accepted(world, dana, Right.PORTABILITY)
    scenes.work_on(world, subject_request, Kind.FIND)
    item = scenes.item_of(subject_request, Kind.FIND, "app-database")
    odd = (1, Decimal("-12.50"), 2**70, "half \ud83d")
    part, _ = parts.write_found(item, iter([Batch("users", ("id", "a", "b", "c"), (odd,))]))
    part.save(force_insert=True)
    PlanItem.objects.filter(pk=item.pk).update(part=part)
    answer = packaging.answer_to(subject_request, at=world.at)
    assert rows(answer.parts["app-database"]()) == [odd]
    assert rows(parts.found_in(part)) == [(1, "-12.50", str(2**70), "half \ufffd")]


def rows(found: Iterator[Found]) -> list[tuple[Cell, ...]]:
    """Every row."""
    return [row for each in found if isinstance(each, Batch) for row in each.rows]
