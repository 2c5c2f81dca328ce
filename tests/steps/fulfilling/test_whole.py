"""An erasure that cannot be done changes nothing in its system, and says which constraint stands in the way."""

import pytest

from dsr.connectors.sql import SqlDatabase
from dsr.law.actors import Actor
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import SubjectRequest
from dsr.steps import ledger
from dsr.steps.fulfilling import whole
from tests.conftest import SAM, World
from tests.steps import scenes

APP = "joypix/database.sqlite3"
IN_ONE, IN_MANY = 10_000, 1  # rows of one transaction


@pytest.fixture
def erasing(world: World, dana: Actor, eli: Actor) -> SubjectRequest:
    """Sam's approved erasure, on the day after its grace period; a table that nobody mapped points at a device."""
    subject_request = scenes.approved(world, dana, eli)
    world.later(days=4)
    with scenes.live(world) as database:
        database.execute("CREATE TABLE warranties (id INTEGER PRIMARY KEY, device TEXT REFERENCES devices (id))")
        database.execute("INSERT INTO warranties SELECT 1, id FROM devices WHERE user_id = 'jp000001' LIMIT 1")
    return subject_request


@pytest.mark.parametrize("most", [IN_ONE, IN_MANY])
def test_a_constraint_that_nobody_mapped_leaves_everything_and_is_named(
    world: World, erasing: SubjectRequest, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(whole, "CHUNK", most)
    before = scenes.state_of(world.systems.folder / APP)
    scenes.work_on(world, erasing, Kind.ERASE)
    item = scenes.item_of(erasing, Kind.ERASE, "app-database")
    assert scenes.state_of(world.systems.folder / APP) == before
    assert item.state == ItemState.QUARANTINED
    assert "foreign key warranties.device" in item.note
    assert "usage_events" not in item.note  # rows that had gone before it in the same try
    assert SAM not in item.note
    assert "jp000001" not in item.note


def test_once_the_constraint_is_gone_a_retry_erases_everything(
    world: World, erasing: SubjectRequest, dana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole, "CHUNK", IN_MANY)
    scenes.work_on(world, erasing, Kind.ERASE)
    with scenes.live(world) as database:
        database.execute("DROP TABLE warranties")
    item = scenes.item_of(erasing, Kind.ERASE, "app-database")
    ledger.retry(item, by=dana, at=world.at)
    scenes.work_on(world, erasing, Kind.ERASE)
    item.refresh_from_db()
    assert item.outcome == Outcome.ERASED
    assert item.counts["usage_events"]["erased"] == 320


def test_what_fits_into_one_transaction_is_not_rehearsed(
    world: World, erasing: SubjectRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(SqlDatabase, "rehearse", lambda *_: asked.append("rehearse"))
    monkeypatch.setattr(whole, "CHUNK", IN_ONE)
    scenes.work_on(world, erasing, Kind.ERASE)
    assert asked == []
