"""The walk, from the form to the package. Read this first."""

import csv
import io
import json
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from django.conf import settings

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import SubjectRequest
from dsr.steps.deciding import approval, review
from dsr.steps.permissions import Forbidden
from tests.conftest import Systems, World
from tests.steps import taking

Walk = Callable[..., SubjectRequest]


def package_of(subject_request: SubjectRequest, world: World) -> zipfile.ZipFile:
    """What Sam downloads."""
    stream = taking.taken(subject_request, at=world.at)
    return zipfile.ZipFile(io.BytesIO(b"".join(stream)))


def read(archive: zipfile.ZipFile, name: str) -> bytes:
    """One member, by its name below the package's folder."""
    folder = archive.namelist()[0].split("/")[0]
    return archive.read(f"{folder}/{name}")


def rows_of(database: Path, statement: str) -> list[tuple[object, ...]]:
    """What stands in a live system, asked past the portal."""
    connection = sqlite3.connect(database)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


@pytest.mark.typeset
def test_sam_asks_for_the_data_and_downloads_all_of_it(world: World, answered: Walk) -> None:
    subject_request = answered(Right.ACCESS)
    archive = package_of(subject_request, world)
    users = json.loads(read(archive, "data/app-database/users.json"))
    assert [user["email"] for user in users] == ["sam@example.com"]
    orders = list(csv.DictReader(io.StringIO(read(archive, "data/app-database/orders.csv").decode("utf-8-sig"))))
    assert len(orders) >= 3
    assert read(archive, "report.pdf").startswith(b"%PDF-")
    assert b"Content-Security-Policy" in read(archive, "index.html")
    subject_request.refresh_from_db()
    assert subject_request.state == State.DELIVERED


def test_the_answer_comes_within_fifteen_business_days(world: World) -> None:
    subject_request = world.file(Right.ACCESS)
    # Received Tuesday 3 November 2026, US: Veterans Day (11th) and Thanksgiving (26th) do not count.
    assert subject_request.due_on.isoformat() == "2026-11-25"


def test_nothing_is_searched_before_the_mailbox_is_proven(world: World, dana: Actor) -> None:
    subject_request = world.file(Right.ACCESS)
    with pytest.raises(Exception, match="cannot become accepted"):
        review.accept(subject_request, by=dana, at=world.at)
    assert not subject_request.items.exists()


def test_an_erasure_keeps_what_the_law_keeps_and_says_so(world: World, answered: Walk, systems: Systems) -> None:
    subject_request = answered(Right.ERASURE)
    database = systems.folder / "joypix" / "database.sqlite3"
    assert rows_of(database, "SELECT count(*) FROM users WHERE email = 'sam@example.com'") == [(0,)]
    archive = package_of(subject_request, world)
    manifest = json.loads(read(archive, "manifest.json"))
    app = next(system for system in manifest["systems"] if system["system"] == "app-database")
    orders = next(row for row in app["collections"] if row["collection"] == "orders")
    assert orders["erased"] >= 1
    assert orders["kept"][0]["until"] > "2027"
    assert orders["kept"][0]["ground"]


def test_kept_orders_are_erased_by_themselves_on_their_date(world: World, answered: Walk, systems: Systems) -> None:
    subject_request = answered(Right.ERASURE)
    database = systems.folder / "joypix" / "database.sqlite3"
    kept = rows_of(database, "SELECT id FROM orders WHERE user_id = 'jp000001'")
    assert kept
    world.later(days=3 * 366)
    world.work()
    assert rows_of(database, "SELECT count(*) FROM orders WHERE user_id = 'jp000001'") == [(0,)]
    assert rows_of(database, "SELECT count(*) FROM users WHERE id = 'jp000001'") == [(0,)]
    deferred = subject_request.items.filter(kind=Kind.ERASE).exclude(until=None)
    assert {item.state for item in deferred} == {ItemState.DONE}


def test_an_erasure_reaches_media_and_processors(world: World, answered: Walk, systems: Systems) -> None:
    subject_request = answered(Right.ERASURE, "pixplus")
    items = subject_request.items.filter(kind=Kind.ERASE, until=None)
    assert {item.system for item in items} >= {"app-database", "media-store", "runninghub"}
    assert {item.outcome for item in items} <= {Outcome.ERASED, Outcome.KEPT}
    assert not list((systems.folder / "pixplus" / "media").rglob("*pp000001*/*"))


def test_who_accepted_an_erasure_cannot_approve_it(world: World, officer: Actor) -> None:
    subject_request = world.file(Right.ERASURE)
    world.prove(subject_request)
    review.accept(subject_request, by=officer, at=world.at)  # who has both duties
    world.work(State.SEARCHED, subject_request)
    with pytest.raises(Forbidden, match="you accepted"):
        approval.approve(subject_request, digest=subject_request.manifest.digest, by=officer, at=world.at)


def test_an_erasure_leaves_no_copy_in_the_portal(world: World, answered: Walk) -> None:
    subject_request = answered(Right.ERASURE)
    parts = subject_request.parts.filter(item__kind=Kind.FIND)
    assert parts
    assert {part.wrapped_key for part in parts} == {""}
    assert world.at


def test_the_package_is_the_only_copy_once_it_is_offered(
    world: World, answered: Walk, django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        subject_request = answered(Right.ACCESS)
    files = {path.stem for path in (settings.DSR_VAR / "files").glob("*/*.age")}
    assert str(subject_request.packages.get().pk) in files
    assert not files & {str(part.pk) for part in subject_request.parts.all()}
    assert world.at
