"""What is left of Sam outside of sealed places: nothing (M6, J13)."""

import logging
import re
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Kind
from dsr.models import Event, Notice, PlanItem, SubjectRequest
from dsr.steps import ledger
from dsr.steps.asking import verification
from dsr.steps.deciding import approval, review
from tests.conftest import SAM, World
from tests.steps import scenes, taking

# Sam's address, names, ids with both controllers, and a word that only Sam wrote.
SAMS = re.compile(r"sam@|\bsam\b|ortiz|jp000001|pp000001|zebra|100000104729", re.IGNORECASE)


def told(texts: list[str]) -> list[str]:
    """Those texts that speak of Sam."""
    return [text for text in texts if SAMS.search(text)]


def portal_database() -> bytes:
    """The portal's own SQLite file, as it would lie on the disk."""
    opened = connection.connection
    assert isinstance(opened, sqlite3.Connection)
    return opened.serialize()


@pytest.fixture
def failing_walk(world: World, dana: Actor, eli: Actor, caplog: pytest.LogCaptureFixture) -> SubjectRequest:
    """An erasure at PixPlus in which everything fails once: codes, systems, services, the last rows."""
    caplog.set_level(logging.DEBUG)
    subject_request = world.file(Right.ERASURE, "pixplus", details="zebra")
    verification.confirm(subject_request, "2345 6789", at=world.at)
    world.prove(subject_request)
    verification.ask_sign_in("pixplus", subject_request.reference, SAM, at=world.later(minutes=1))
    review.accept(subject_request, by=dana, at=world.at)
    database = world.systems.folder / "pixplus" / "database.sqlite3"
    database.rename(database.with_suffix(".away"))
    scenes.work_on(world, subject_request, Kind.FIND)
    database.with_suffix(".away").rename(database)
    for status in (503, 401, 200):
        world.systems.services.add_fault({"service": "runninghub", "status": status})
        world.later(hours=1)
        scenes.work_on(world, subject_request, Kind.FIND)
        for item in subject_request.items.filter(state="quarantined"):
            ledger.retry(item, by=dana, at=world.at)
    world.work(State.SEARCHED, subject_request)
    approval.approve(subject_request, digest=subject_request.manifest.digest, by=eli, at=world.at)
    world.later(days=4)
    with scenes.live(world, "pixplus/database.sqlite3") as live:
        live.execute(
            "CREATE TRIGGER refuses BEFORE DELETE ON accounts BEGIN SELECT RAISE(ABORT, 'sam@example.com'); END"
        )
    scenes.work_on(world, subject_request, Kind.ERASE)
    return subject_request


def test_a_walk_full_of_failures_leaves_nothing_of_sam_in_logs_events_and_notes(
    failing_walk: SubjectRequest, caplog: pytest.LogCaptureFixture
) -> None:
    assert PlanItem.objects.exclude(note="").exists()
    assert Event.objects.filter(tag="item:quarantined").exists()
    assert told([record.getMessage() for record in caplog.records]) == []
    assert told([str(record.exc_info) for record in caplog.records if record.exc_info]) == []
    assert told([f"{event.tag} {event.actor} {event.details}" for event in Event.objects.all()]) == []
    assert told(list(PlanItem.objects.values_list("note", flat=True))) == []
    assert told(list(Notice.objects.values_list("note", flat=True))) == []


def test_no_byte_of_sam_stands_in_the_portals_database(failing_walk: SubjectRequest) -> None:
    text = portal_database().decode("latin-1")
    assert "dsr_identity" in text  # it is the database that we looked at
    assert (
        told([text[max(0, at.start() - 40) : at.end() + 40] for at in re.finditer(r"[Ss]am@|[Oo]rtiz|zebra", text)])
        == []
    )
    assert "jp000001" not in text
    assert "pp000001" not in text


def test_no_byte_of_sam_lies_in_a_file_of_the_portal(
    world: World,
    answered: Callable[..., SubjectRequest],
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]],
) -> None:
    with django_capture_on_commit_callbacks(execute=False):
        subject_request = answered(Right.ACCESS)
    files = [path for path in Path(settings.DSR_VAR).rglob("*") if path.is_file()]
    assert len([path for path in files if path.suffix == ".age"]) >= 4
    shown = [
        path for path in files for word in (b"sam@example.com", b"jp000001", b"Sam Ortiz") if word in path.read_bytes()
    ]
    assert shown == []
    package = b"".join(taking.taken(subject_request, at=world.at))
    assert package.startswith(b"PK")


def test_what_is_printed_of_a_row_names_nobody(world: World) -> None:
    subject_request = world.file(Right.ACCESS, details="zebra")
    rows = [subject_request, *subject_request.identities.all(), *Notice.objects.all(), *Event.objects.all()]
    assert told([f"{row} {row!r}" for row in rows]) == []
