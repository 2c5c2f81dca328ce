"""Whoever had an app of one-time codes before seeds were sealed signs in with it afterwards, and needs nothing new."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from pytest_django import DjangoDbBlocker

from accounts import authenticator
from accounts.models import Authenticator, Membership, Role, Staff
from dsr.desk import confidentiality

CLEAR = [("accounts", "0002_redactors")]  # the last tables in which django-otp kept seeds
SEED, OLDER, UNFINISHED = "3132333435363738393031323334353637383930", "ab" * 20, "cd" * 20
PASSWORD = "the long password of somebody who was here before"


@pytest.fixture
def portal(tables: Path, tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Path]:
    """A database in a file, which can be migrated there and back; no test's transaction is around it."""
    path = tmp_path / "portal.sqlite3"
    shutil.copyfile(tables, path)
    ours, theirs = connections["default"], connections.create_connection("default")
    theirs.settings_dict = {**theirs.settings_dict, "NAME": str(path)}
    connections["default"] = theirs
    with django_db_blocker.unblock():
        yield path
        theirs.close()
    connections["default"] = ours


def migrate(target: list[tuple[str, str]] | None = None) -> MigrationExecutor:
    """There, or to the newest."""
    executor = MigrationExecutor(connection)
    executor.migrate(target or executor.loader.graph.leaf_nodes("accounts"))
    return MigrationExecutor(connection)


def before(portal: Path) -> None:
    """Dana and her app as they stood in the tables of then: an app she uses, an older one, one never finished."""
    then = migrate(CLEAR).loader.project_state([*CLEAR, ("otp_totp", "0003_add_timestamps")]).apps
    dana = then.get_model("accounts", "Staff").objects.create(
        username="dana", password=make_password(PASSWORD), is_staff=True
    )
    devices = then.get_model("otp_totp", "TOTPDevice").objects
    for seed, confirmed in ((OLDER, True), (SEED, True), (UNFINISHED, False)):
        devices.create(user_id=dana.pk, name="authenticator app", key=seed, confirmed=confirmed)


def stands(portal: Path, seed: str) -> bool:
    """Whether it is in the file, deleted rows included; its last connection takes what else there was along."""
    connection.close()
    assert list(portal.parent.glob(f"{portal.name}-*")) == []
    return seed.encode() in portal.read_bytes()


def test_who_had_an_app_before_seeds_were_sealed_signs_in_with_it_and_no_seed_stands_in_clear(portal: Path) -> None:
    before(portal)
    seeds = (SEED, OLDER, UNFINISHED)
    assert [seed for seed in seeds if stands(portal, seed)] == [*seeds]
    migrate()
    assert [seed for seed in seeds if stands(portal, seed)] == []
    dana = Staff.objects.get()
    Membership.objects.create(staff=dana, controller="joypix", role=Role.AGENT)
    Staff.objects.update(confidential=confidentiality.EDITION)
    browser, code = Client(), f"{authenticator.codes(SEED).token():06}"
    for typed in ("000000", code):
        browser.post("/desk/login/", {"username": "dana", "password": PASSWORD, "token": typed})
        Authenticator.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    assert browser.get("/desk/").status_code == 200
    again = Client()
    again.post("/desk/login/", {"username": "dana", "password": PASSWORD, "token": code})
    assert again.get("/desk/").status_code == 302  # it was spent
