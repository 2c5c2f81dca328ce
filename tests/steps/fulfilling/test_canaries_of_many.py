"""Two hundred people with a canary in every field are erased: no byte of one is left but in what the answer names.

Their packages are searched as well: they hold nothing but what each request was made by.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.conf import settings
from django.db import connection

from controllers import sample_services
from dsr.datamap.schema import CollectionMap, IdentityKind, SystemMap, Way
from dsr.law.actors import SUBJECT, Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Kind
from dsr.models import PlanItem, SubjectRequest
from dsr.package import archive
from dsr.package.contents import Answer
from dsr.steps import maps, work
from dsr.steps.answering import packaging
from dsr.steps.asking import intake
from dsr.steps.asking.intake import Intake
from dsr.steps.deciding import approval, review
from tests.conftest import ANCHOR, NOW, Systems, World

PEOPLE = 100  # of each controller
TOGETHER = 25  # in one request
CANARY = re.compile(rb"~([a-z_-]+)/([a-z_]+)/([a-z]{2}[0-9]{6})~")
TABLES = {  # file -> where a row's person stands, for tables that do not name the account themselves
    "joypix/database.sqlite3": {
        "users": "id",
        "usage_events": "(SELECT user_id FROM devices WHERE id = device)",
        "gifts": "sender_id",
    },
    "pixplus/database.sqlite3": {
        "accounts": "id",
        "face_data": "(SELECT account_id FROM generations WHERE id = generation_id)",
        "moderation_records": "(SELECT account_id FROM generations WHERE id = generation_id)",
        "support_messages": "(SELECT account_id FROM conversations WHERE id = conversation_id)",
    },
    "services.sqlite3": {},
}
RECEIVED = {("gifts", "thanks"): "receiver_id"}  # of a row of two people: the other one's own field
PLAIN = re.compile(r"(^|_)(id|key|at|on|status|device|verdict|kind|purpose|author)$|_(id|at|on)$|^(saved|compute_ms)$")


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sample systems whose every field, file and file's name holds a canary of its person."""
    folder = tmp_path_factory.mktemp("marked") / "systems"
    sample_services.seed(folder, seed=11, anchor=ANCHOR, people=PEOPLE, heavy=60)
    for name, owners in TABLES.items():
        with closing(sqlite3.connect(folder / name)) as database, database:
            _mark(database, owners)
    with closing(sqlite3.connect(folder / "pixplus/events.sqlite3")) as database, database:
        database.execute("ATTACH ? AS app", (str(folder / "pixplus/database.sqlite3"),))
        owner = "(SELECT account_id FROM app.devices d WHERE d.id = device_id)"
        _mark(database, dict.fromkeys(("events", "logs", "crash_reports"), owner))
    for path in [path for path in folder.glob("*/media/*/*/*") if path.is_file()]:
        person, kind = path.parent.name, path.parent.parent.name
        with path.open("ab") as file:
            file.write(f"~{kind}/content/{person}~".encode())
    return folder


def _mark(database: sqlite3.Connection, owners: dict[str, str]) -> None:
    # What is only counted keeps the fields that point at nobody; a canary there would be no sign of anything.
    gone = {name: set(one.erase.set) for name, one in _collections() if one.erase.way is Way.AGGREGATE}
    for (table,) in database.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall():
        columns = [row[1:3] for row in database.execute(f"PRAGMA main.table_info({table})")]
        names = {name for name, _ in columns}
        own = next((one for one in ("user_id", "account_id", "customer_id") if one in names), "")
        owner = owners.get(table, own)
        for name, kind in columns if owner else ():
            if kind == "TEXT" and not PLAIN.search(name) and name in gone.get(table, {name}):
                whose = RECEIVED.get((table, name), owner)
                canary = f"'~{table}/{name}/' || {whose} || '~'"
                keep = f"{canary} || '@example.com'" if name == "email" else f"{name} || {canary}"
                keep = f"{keep} || rowid" if name == "subject" else keep
                database.execute(f"UPDATE main.{table} SET {name} = {keep} WHERE {owner} IS NOT NULL")


def _collections() -> Iterator[tuple[str, CollectionMap]]:
    for about in maps.controllers().values():
        for system in about.systems.values():
            yield from system.collections.items()


def found(content: bytes) -> set[tuple[str, str, str]]:
    """The canaries in these bytes."""
    return {(table.decode(), name.decode(), who.decode()) for table, name, who in CANARY.findall(content)}


def everywhere(folder: Path) -> set[tuple[str, str, str]]:
    """Those in every file below, its name included."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {one for path in files for one in found(path.read_bytes()) | found(str(path).encode())}


def packed(answer: Answer) -> set[tuple[str, str, str]]:
    """Those in the package of an answer; its letter stands in it as text, for in a PDF nobody could look."""
    whole = BytesIO()
    archive.write(answer, whole, report=str.encode)
    with ZipFile(whole) as package:
        return {one for name in package.namelist() for one in found(name.encode()) | found(package.read(name))}


Requests = dict[tuple[str, ...], SubjectRequest]  # by the accounts of the people


def asked(world: World, dana: Actor, controller: str, prefix: str, table: str) -> Requests:
    """Everybody has asked, many in one request, and was accepted."""
    requests: Requests = {}
    for start in range(1, PEOPLE + 1, TOGETHER):
        people = tuple(f"{prefix}{number:06d}" for number in range(start, start + TOGETHER))
        email = (IdentityKind.EMAIL, f"~{table}/email/{people[0]}~@example.com")
        identities = (email, *((IdentityKind.ACCOUNT, person) for person in people[1:]))
        subject_request = intake.receive(Intake(controller, Right.ERASURE, identities), by=SUBJECT, at=world.at)
        subject_request.identities.update(proven_at=world.at)
        SubjectRequest.objects.filter(pk=subject_request.pk).update(state=State.VERIFIED)
        subject_request.refresh_from_db()
        review.accept(subject_request, by=dana, at=world.at)
        requests[people] = subject_request
    return requests


def worked(world: World, requests: Requests, state: State) -> None:
    """Workers do everything for everybody."""
    for _ in range(60):
        while work.do_next(at=world.at):
            pass
        for subject_request in requests.values():
            subject_request.refresh_from_db()
        if all(subject_request.state == state for subject_request in requests.values()):
            return
        world.later(seconds=5)
    pytest.fail(f"still {sorted({subject_request.state for subject_request in requests.values()})}")


def test_no_byte_of_anybody_is_left_but_in_what_the_answer_names(
    db: None, systems: Systems, dana: Actor, eli: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "IDENTITIES", TOGETHER)
    world = World(NOW, systems)
    requests = asked(world, dana, "joypix", "jp", "users") | asked(world, dana, "pixplus", "pp", "accounts")
    assert {who for _, _, who in everywhere(systems.folder)} == {who for people in requests for who in people}
    worked(world, requests, State.SEARCHED)
    for subject_request in requests.values():
        approval.approve(subject_request, digest=subject_request.manifest.digest, by=eli, at=world.at)
    world.later(days=5)
    # The packages are written below; nobody waits for reports to be set as PDF.
    PlanItem.objects.filter(kind=Kind.ASSEMBLE).update(not_before=world.at + timedelta(days=900))
    worked(world, requests, State.CARRIED_OUT)
    left = everywhere(systems.folder)
    answers = {people: packaging.answer_to(requests[people], at=world.at) for people in requests}
    named = {
        (row.collection, who)
        for people, answer in answers.items()
        for system in answer.systems
        for row in system.collections
        if row.kept
        for who in people
    }
    assert {(table, who) for table, _, who in left} <= named
    assert {table for table, _, _ in left} == {"orders", "payments"}  # finance and tax law wants these
    opened = connection.connection
    assert isinstance(opened, sqlite3.Connection)
    assert found(opened.serialize()) == set()
    assert everywhere(Path(settings.DSR_VAR)) == set()
    for answer in answers.values():
        by = found(" ".join(value for _, value in answer.identities).encode())  # what each was asked by, which it names
        assert (len(by), packed(answer)) == (1, by)


def test_every_field_of_the_maps_that_may_hold_a_text_holds_a_canary(seeded: Path) -> None:
    there = {(table, name) for table, name, _ in everywhere(seeded)}
    silent = [
        f"{system.slug}.{name}.{field}"
        for controller in maps.controllers().values()
        for system in controller.systems.values()
        if system.connector.kind == "sql"
        for name, field in _texts(seeded, controller.controller.slug, system)
        if (name, field) not in there
    ]
    assert silent == []


def _texts(folder: Path, controller: str, system: SystemMap) -> Iterator[tuple[str, str]]:
    file = "events" if system.slug == "event-store" else "database"
    with closing(sqlite3.connect(folder / controller / f"{file}.sqlite3")) as database:
        for name in system.collections:
            for _, field, kind, *_rest in database.execute(f"PRAGMA table_info({name})"):
                filled = database.execute(f"SELECT count({field}) FROM {name}").fetchone()[0]
                stays = system.collections[name].erase.way is Way.AGGREGATE
                stays = stays and field not in system.collections[name].erase.set
                if kind == "TEXT" and filled and not PLAIN.search(field) and not stays:
                    yield name, field
