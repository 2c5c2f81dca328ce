"""The cast and their world: seeded sample systems on loopback, staff who have signed in, and the steps of a walk."""

import fcntl
import gc
import importlib
import os
import re
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core import mail
from django.db import connection
from django.db.backends.signals import connection_created
from django.test import Client
from django.test.utils import setup_databases, teardown_databases
from django_otp import DEVICE_ID_SESSION_KEY, devices_for_user
from pytest_django import DjangoDbBlocker
from xdist.scheduler import LoadFileScheduling

from accounts import staff
from accounts.models import Role, Staff
from controllers import sample_services, sample_state
from controllers.sample_http import Services
from dsr.datamap.schema import IdentityKind
from dsr.desk import confidentiality
from dsr.law.actors import SUBJECT, Actor, ActorKind
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.models import SubjectRequest
from dsr.package import report
from dsr.steps import maps, work
from dsr.steps.asking import intake, seeking, verification
from dsr.steps.deciding import approval, review
from dsr.steps.fulfilling import withdrawal
from dsr.steps.post import notices
from tests import mariadb as mariadb_server
from tests import staging
from tests.lookers import looked_at

ANCHOR = date(2026, 11, 2)
NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
SAM = "sam@example.com"
# Files that share a demo or a server, which takes seconds to start: one process does them all.
TOGETHER = ("tests/browser/", "tests/postgresql/", "tests/connectors/test_object_store", "tests/connectors/test_sql")


def pytest_configure() -> None:
    """Passwords of made-up staff need no slow hash."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that wait for browsers, servers and processes begin first, so that the end does not wait for them alone."""
    ranks = {item.path: 1 if item.nodeid.startswith(TOGETHER) else 2 for item in items}
    first = ((1, "long"), (1, "typeset"), (1, "processes"), (0, "browser"))  # the browser's share one demo
    for rank, mark in first:
        ranks |= {item.path: rank for item in items if any(item.iter_markers(mark))}
    items.sort(key=lambda item: ranks[item.path])


def pytest_collection_finish() -> None:
    """What was imported stays: looking for garbage among it, again and again, took a tenth of a run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


class Together(LoadFileScheduling):  # type: ignore[misc]  # xdist ships no types
    """Shares tests between processes file by file, but for those that belong together."""

    def _split_scope(self, nodeid: str) -> str:
        return next(filter(nodeid.startswith, TOGETHER), nodeid.partition("::")[0])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling | None:
    """Where files are shared between processes."""
    return Together(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(autouse=True)
def untypeset(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few bytes in the PDF's place, which takes seconds each; who wants the PDF itself is marked `typeset`."""
    if request.node.get_closest_marker("typeset") is None:
        monkeypatch.setattr(
            report, "render", lambda html: b"%PDF-1.7 not typeset: " + html[:80].encode() + b"\n%%EOF\n"
        )


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Sample systems of both controllers with few people; copied for each test that changes them."""
    folder = tmp_path_factory.mktemp("seeded") / "systems"
    sample_services.seed(folder, seed=7, anchor=ANCHOR, people=30, heavy=300)
    media = {path: path.read_bytes() for path in folder.glob("*/media/**/*") if path.is_file()}
    yield folder
    assert [path for path, content in media.items() if path.read_bytes() != content] == []  # see `copied`


def copied(source: Path, target: Path) -> None:
    """A tree of one's own; media, a hundred files each time, are linked only, for the store does nothing but unlink."""
    for top, _, names in os.walk(source):
        folder = f"{target}{top.removeprefix(str(source))}"
        Path(folder).mkdir()
        copy = os.link if f"{os.sep}media{os.sep}" in f"{top}{os.sep}" else shutil.copyfile
        for name in names:
            copy(f"{top}{os.sep}{name}", f"{folder}{os.sep}{name}")


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process after the other."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """The database of all tests. Its migrations take seconds: one process runs them, the others copy its tables."""
    folder = tmp_path_factory.getbasetemp()
    path = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "migrated.sqlite3"

    def begin(**_: object) -> None:
        connection_created.disconnect(begin)
        with closing(sqlite3.connect(path)) as file:
            file.backup(connection.connection)

    with django_db_blocker.unblock(), _alone(path.with_suffix(".lock")):
        made = path.exists()
        if made:
            connection_created.connect(begin)
        databases = setup_databases(verbosity=0, interactive=False, serialized_aliases=())
        if not made:
            with closing(sqlite3.connect(path)) as file:
                connection.connection.backup(file)
    yield
    with django_db_blocker.unblock():
        teardown_databases(databases, verbosity=0)


@pytest.fixture(scope="session")
def tables(django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A portal's empty tables in a file, as the migrations make them; they take seconds, and a copy none."""
    path = tmp_path_factory.mktemp("tables") / "portal.sqlite3"
    with django_db_blocker.unblock(), closing(sqlite3.connect(path)) as file:
        connection.ensure_connection()
        connection.connection.backup(file)
    return path


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real PostgreSQL server, on a Unix socket."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))  # the server warns without it
        pgserver = importlib.import_module("pgserver")
        # Not below pytest's own folder, which every other run shuts again for the account the server runs as.
        with tempfile.TemporaryDirectory(prefix="rightful-postgresql-") as folder:
            running = pgserver.get_server(folder)
            with psycopg.connect(running.get_uri(), autocommit=True) as told:  # it need not survive a crash
                for guard in (b"fsync", b"full_page_writes", b"synchronous_commit"):
                    told.execute(b"ALTER SYSTEM SET " + guard + b" = off")
                told.execute("SELECT pg_reload_conf()")
            yield running.get_uri()
            running.cleanup()


@pytest.fixture(scope="session")
def mariadb() -> Iterator[str]:
    """The address of a real MariaDB server, on a Unix socket."""
    with mariadb_server.server() as url:
        yield url


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of an S3 server, in a process of its own."""
    with importlib.import_module("tests.buckets").serving() as address:  # only who asks for it waits for its client
        yield address


@pytest.fixture(scope="session")
def with_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample maps, where one system more takes a person, and one a letter: for reading only, and read once."""
    folder = tmp_path_factory.mktemp("with-people") / "controllers"
    shutil.copytree(settings.DSR_CONTROLLERS, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    importlib.import_module("tests.steps.errands.scene").with_people(folder)  # it needs this file itself
    return folder


@dataclass(frozen=True, slots=True)
class Systems:
    """The live systems: their folder, and the HTTP services."""

    folder: Path
    services: Services


@contextmanager
def _listening(source: Path, folder: Path) -> Iterator[Systems]:
    """A copy of sample systems, with the HTTP services listening, and the environment that says where."""
    copied(source, folder)
    with pytest.MonkeyPatch.context() as patch, sample_services.server(folder, 0, "token-for-tests") as services:
        patch.setattr(sample_state, "JOB_SECONDS", 0.0)  # what it has begun is over when it is next asked
        thread = threading.Thread(target=services.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        for name, value in sample_services.environment(folder, services.base_url, "token-for-tests").items():
            patch.setenv(name, value)
        yield Systems(folder, services)
        services.shutdown()
        thread.join()


@pytest.fixture
def systems(seeded: Path, stage: staging.Stage, tmp_path: Path) -> Iterator[Systems]:
    """A copy of the sample systems of one's own, with the HTTP services listening."""
    with _listening(stage.taken.systems if stage.taken else seeded, tmp_path / "systems") as listening:
        yield listening


class World:
    """A clock that only tests turn, and the walk in words."""

    def __init__(self, at: datetime, systems: Systems) -> None:
        """It is `at`."""
        self.at = at
        self.systems = systems

    def later(self, **delta: float) -> datetime:
        """Turn the clock forward."""
        self.at += timedelta(**delta)
        self.systems.services.state.set_today(self.at.date())
        return self.at

    def file(self, right: Right, controller: str = "joypix", email: str = SAM, details: str = "") -> SubjectRequest:
        """Somebody files a request on the web."""
        identities = ((IdentityKind.EMAIL, email),)
        asked = intake.Intake(controller, right, identities, details, purposes=self.purposes(right, controller))
        return intake.receive(asked, by=SUBJECT, at=self.at)

    def purposes(self, right: Right, controller: str = "joypix") -> tuple[str, ...]:
        """What a withdrawal names here: the first consent of the policy."""
        offered = withdrawal.here(maps.controller(controller).controller)
        return tuple(offered)[:1] if right is Right.CONSENT_WITHDRAWAL else ()

    def letters(self) -> list[str]:
        """Send the outbox; the texts of all letters so far."""
        while seeking.send_next(at=self.at):
            pass
        while notices.send_next(at=self.at):
            pass
        return [str(message.body) for message in mail.outbox]

    def code(self) -> str:
        """The newest code in the post."""
        for text in reversed(self.letters()):
            if found := re.search(r"^ +([2-9A-Z]{4}) ([2-9A-Z]{4})$", text, re.MULTILINE):
                return found[1] + found[2]
        message = "no letter holds a code"
        raise AssertionError(message)

    def prove(self, subject_request: SubjectRequest) -> None:
        """The person types the code."""
        assert verification.confirm(subject_request, self.code(), at=self.at) is verification.Confirmation.CONFIRMED

    def work(self, until: State | None = None, subject_request: SubjectRequest | None = None) -> None:
        """Workers do everything that is due; pauses for polling are waited out on the clock of tests."""
        for _ in range(40):
            for _turn in range(100):
                if not work.do_next(at=self.at):
                    break
            else:
                pytest.fail("the ledger never comes to rest")
            if subject_request is not None:
                subject_request.refresh_from_db()
            if until is None or subject_request is None or subject_request.state == until:
                return
            self.later(seconds=5)
        message = f"still {subject_request.state if subject_request else ''}"
        raise AssertionError(message)


@pytest.fixture(scope="session")
def scenes_taken() -> Iterator[dict[staging.Walk, staging.Taken]]:
    """The scenes that were walked so far in this process."""
    taken: dict[staging.Walk, staging.Taken] = {}
    yield taken
    for one in taken.values():
        one.tables.close()


@pytest.fixture(autouse=True)
def stage(
    untypeset: None, scenes_taken: dict[staging.Walk, staging.Taken], request: pytest.FixtureRequest
) -> Iterator[staging.Stage]:
    """The scene that a test begins with, if it asks for one; it stands before the test's transaction begins."""
    wanted = staging.asked_for(request)
    if wanted is None:
        yield staging.Stage()
        return
    walk, needs = wanted
    for name in ("django_db_setup", *needs):
        request.getfixturevalue(name)
    with request.getfixturevalue("django_db_blocker").unblock():
        if walk not in scenes_taken:
            folder = request.getfixturevalue("tmp_path_factory").mktemp(walk.__name__)
            with _listening(request.getfixturevalue("seeded"), folder / "first") as systems:
                scenes_taken[walk] = staging.take(walk, World(NOW, systems), folder)
        taken = scenes_taken[walk]
        with staging.standing(taken):
            taken.put_back()
            yield staging.Stage(walk, taken)


@pytest.fixture
def world(db: None, stage: staging.Stage, systems: Systems) -> World:
    """Tuesday morning, and everything stands; or the moment at which the scene of the test ended."""
    return World(stage.taken.at if stage.taken else NOW, systems)


@pytest.fixture
def sign_in(db: None) -> Callable[[str], Client]:
    """A browser in which this staff member has passed both factors, and knows the duty of confidentiality."""

    def signed_in(username: str) -> Client:
        Staff.objects.filter(username=username).update(confidential=confidentiality.EDITION)
        member = Staff.objects.get(username=username)
        client = Client()
        client.force_login(member)
        session = client.session
        session[DEVICE_ID_SESSION_KEY] = next(iter(devices_for_user(member))).persistent_id
        session["factor_at"] = session["signed_in_at"]
        session.save()
        return client

    return signed_in


def _member(username: str, *roles: tuple[str, Role]) -> Actor:
    if not Staff.objects.filter(username=username).exists():  # who had a part in the scene is there already
        staff.add(username, username.title(), list(roles))
    return Actor(ActorKind.STAFF, str(Staff.objects.get(username=username).pk))


def dana_in() -> Actor:
    """Dana reviews, for both controllers."""
    return _member("dana", ("joypix", Role.AGENT), ("pixplus", Role.AGENT))


@pytest.fixture
def dana(db: None) -> Actor:
    """Dana reviews, for both controllers."""
    return dana_in()


def devi_in() -> Actor:
    """Devi reviews too, for both controllers."""
    return _member("devi", ("joypix", Role.AGENT), ("pixplus", Role.AGENT))


@pytest.fixture
def devi(db: None) -> Actor:
    """Devi reviews too, for both controllers."""
    return devi_in()


def officer_in() -> Actor:
    """Olga is the privacy officer of both controllers."""
    return _member("olga", ("joypix", Role.PRIVACY_OFFICER), ("pixplus", Role.PRIVACY_OFFICER))


@pytest.fixture
def officer(db: None) -> Actor:
    """Olga is the privacy officer of both controllers."""
    return officer_in()


@pytest.fixture
def engineer(db: None) -> Actor:
    """Enzo looks after systems, and sees no personal data."""
    return _member("enzo", ("joypix", Role.ENGINEER))


def eli_in() -> Actor:
    """Eli approves, for both controllers."""
    return _member("eli", ("joypix", Role.APPROVER), ("pixplus", Role.APPROVER))


@pytest.fixture
def eli(db: None) -> Actor:
    """Eli approves, for both controllers."""
    return eli_in()


@pytest.fixture
def ada(db: None) -> Actor:
    """Ada audits, for both controllers."""
    return _member("ada", ("joypix", Role.AUDITOR), ("pixplus", Role.AUDITOR))


def walked(world: World, right: Right, controller: str = "joypix", email: str = SAM) -> SubjectRequest:
    """A request of Sam's, from the form to its package; Dana reviews, Eli approves."""
    subject_request = world.file(right, controller, email)
    world.prove(subject_request)
    review.accept(subject_request, by=dana_in(), at=world.at)
    if right is Right.ERASURE:
        world.work(State.SEARCHED, subject_request)
        digest = subject_request.manifest.digest
        approval.approve(subject_request, digest=digest, by=eli_in(), at=world.at)
        world.later(days=4)
    looked_at(subject_request, lambda: world.work(State.APPROVED, subject_request), world.at)
    world.work(State.PACKAGED, subject_request)
    return subject_request


@pytest.fixture
def answered(world: World, dana: Actor, eli: Actor) -> Callable[..., SubjectRequest]:
    """Walk a request of Sam's from the form to its package."""
    return partial(walked, world)
