"""What takes its time in another system is waited for from the moment it began, and never begun twice."""

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from controllers import sample_state
from dsr.datamap.schema import Pace
from dsr.law.actors import Actor
from dsr.law.work import ItemState, Kind
from dsr.models import PlanItem, SubjectRequest
from dsr.steps import gates, ledger
from tests.conftest import World
from tests.steps import scenes


def worked(world: World, subject_request: SubjectRequest, *, days: float) -> PlanItem:
    """The item of the service that only says 'begun', when workers have had their turn so many days later."""
    world.later(days=days)
    scenes.work_on(world, subject_request, Kind.ERASE)
    return scenes.item_of(subject_request, Kind.ERASE, "runninghub")


def has(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    """The map says that every system may take so many days over what it has begun."""
    monkeypatch.setattr(gates, "pace", lambda _: Pace(job_days=days))


def jobs(world: World) -> int:
    """How often that service was asked to begin."""
    journal = world.systems.services.state.journal()["items"]
    assert isinstance(journal, list)
    return len([entry for entry in journal if entry["service"] == "runninghub"])


@pytest.fixture
def slow(world: World, dana: Actor, eli: Actor, monkeypatch: pytest.MonkeyPatch) -> SubjectRequest:
    """An approved erasure; whatever is begun from now on takes ten hours."""
    subject_request = scenes.approved(world, dana, eli, "pixplus")
    monkeypatch.setattr(sample_state, "JOB_SECONDS", 36_000.0)
    return subject_request


def test_a_job_that_began_late_has_as_long_as_any_other(world: World, slow: SubjectRequest) -> None:
    assert worked(world, slow, days=45).state == ItemState.WAITING  # as after a legal hold
    assert worked(world, slow, days=29).state == ItemState.WAITING
    assert worked(world, slow, days=2).state == ItemState.QUARANTINED


@pytest.mark.parametrize("days", [3, 45])
def test_a_system_has_as_many_days_as_its_map_gives_it(
    world: World, slow: SubjectRequest, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    has(monkeypatch, days)
    item = worked(world, slow, days=4)
    assert (item.state, item.waits_until) == (ItemState.WAITING, world.at + timedelta(days=days))
    assert worked(world, slow, days=days - 1).state == ItemState.WAITING
    overdue = worked(world, slow, days=2)
    assert (overdue.state, overdue.note) == (ItemState.QUARANTINED, ledger.STILL_WORKING)


def test_what_was_waited_for_before_due_dates_keeps_its_last_moment(world: World, slow: SubjectRequest) -> None:
    item = worked(world, slow, days=4)
    due = item.waits_until
    migration = import_module("dsr.migrations.0030_when_what_was_begun_is_due")
    editor = SimpleNamespace(connection=connection)
    migration.to_since(apps, editor)
    item.refresh_from_db()
    assert item.waits_until == world.at
    migration.from_since(apps, editor)
    item.refresh_from_db()
    assert item.waits_until == due


def test_who_tries_again_what_took_too_long_begins_nothing_anew(
    world: World, slow: SubjectRequest, dana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked(world, slow, days=4)
    item = worked(world, slow, days=31)
    ledger.retry(item, by=dana, at=world.at)
    assert worked(world, slow, days=0).state == ItemState.WAITING
    monkeypatch.setattr(sample_state, "JOB_SECONDS", 0.0)
    ended = worked(world, slow, days=20)  # it is waited for as long as the first time
    assert (ended.state, ended.waits_until) == (ItemState.DONE, None)
    assert jobs(world) == 1
