"""Every free text that a long life brings is sealed: neither the database nor the var folder holds a canary."""

import sqlite3
from pathlib import Path

import pytest
from django.conf import settings as portal
from django.db import connection
from pytest_django import Settings

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.work import Asker, Kind
from dsr.models import ClockPause, LegalHold, Representative, SubjectRequest
from dsr.sealing.keyring import Role
from dsr.steps import resealing
from dsr.steps.asking import verification
from dsr.steps.recording import sequencer
from tests.conftest import World
from tests.steps import scenes
from tests.steps.keys import add_a_key, without_older_keys
from tests.steps.long_life import CANARY, POSTAL, corrected, held, withdrawn, written
from tests.steps.representing import asked_by

NAMES = (
    "sam@example.com",
    "alma@agents.example",
    "greta@family.example",
    "Alma Agent",
    "Greta Garda",
    "jp000001",
    POSTAL,
)


@pytest.fixture
def long_life(world: World, dana: Actor) -> World:
    """Everything that brings a text of somebody's own, and an access that finds it."""
    held(world, dana)
    guardians = asked_by(world, Asker.GUARDIAN, Right.PORTABILITY)
    verification.confirm(guardians, "2345 6789", at=world.at)
    LegalHold.objects.update(released_at=world.at)
    corrected(world, dana)
    written(world, dana)
    withdrawn(world)
    own = scenes.accepted(world, dana, Right.ACCESS)
    scenes.work_on(world, own, Kind.FIND)  # the portal's own shelves among the rest: into sealed Parts
    assert CANARY in str(scenes.found(own))
    sequencer.sequence(at=world.at)
    return world


def test_no_canary_stands_in_the_portals_database(long_life: World) -> None:
    opened = connection.connection
    assert isinstance(opened, sqlite3.Connection)
    dump = opened.serialize()
    assert b"dsr_correction" in dump
    assert [word for word in (CANARY, *NAMES) if word.encode() in dump] == []


def test_no_canary_lies_in_the_var_folder(long_life: World) -> None:
    files = [path for path in Path(portal.DSR_VAR).rglob("*") if path.is_file()]
    assert any(path.suffix == ".age" for path in files)
    found = [(path.name, word) for path in files for word in (CANARY, *NAMES) if word.encode() in path.read_bytes()]
    assert found == []


def test_the_texts_are_there_for_who_may_read_them_and_after_a_change_of_keys_by_the_newest_alone(
    long_life: World, settings: Settings, tmp_path: Path
) -> None:
    settings.DSR_KEYS = add_a_key(settings.DSR_KEYS, tmp_path)
    told = {role: resealing.reseal(role) for role in (Role.FIELDS, Role.FILES)}
    assert {role: (one.failed, one.removable) for role, one in told.items()} == dict.fromkeys(told, ([], ["k1"]))
    assert min(one.done for one in told.values()) > 0
    settings.DSR_KEYS = without_older_keys(settings.DSR_KEYS, tmp_path)
    assert CANARY in str(scenes.found(SubjectRequest.objects.filter(right=Right.ACCESS).latest("received_at")))
    assert CANARY in ClockPause.objects.get().question()
    assert CANARY in LegalHold.objects.latest("set_at").reason()
    assert CANARY in SubjectRequest.objects.get(right=Right.RECTIFICATION).statement()
    assert SubjectRequest.objects.get(right=Right.COMPLAINT).postal() == POSTAL
    assert Representative.objects.get(kind=Asker.GUARDIAN).name() == "Greta Garda"
