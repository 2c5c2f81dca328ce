"""The same walk where JoyPix keeps its rows on PostgreSQL and its media in a bucket: the maps are the same."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from controllers import sample_services
from dsr.connectors import registry
from dsr.law.rights import Right
from dsr.models import SubjectRequest
from dsr.steps import maps
from tests.buckets import Bucket
from tests.conftest import ANCHOR, Systems, World
from tests.connectors.databases import Database, on_postgresql
from tests.test_walk import package_of
from tests.test_walk_on_s3 import bucket, of_sam  # noqa: F401 — the bucket is a fixture

Walk = Callable[..., SubjectRequest]
SAM = "jp000001"
BELOW = ("social_signins", "devices", "orders", "generations", "consents")


@pytest.fixture
def live(postgresql: str, systems: Systems, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """JoyPix' rows on PostgreSQL, and no file where they were."""
    with on_postgresql(postgresql) as database:
        folder = tmp_path / "seeded again"
        sample_services.seed(folder, seed=7, anchor=ANCHOR, people=30, heavy=300, joypix_url=database.url)
        shutil.rmtree(folder)
        (systems.folder / "joypix" / "database.sqlite3").unlink()
        monkeypatch.setenv("JOYPIX_DATABASE_URL", database.url)
        yield database


def of_others(live: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row that is not Sam's."""
    rows = {table: live.read(f"SELECT * FROM {table} WHERE user_id <> '{SAM}' ORDER BY id") for table in BELOW}
    rows["users"] = live.read(f"SELECT * FROM users WHERE id <> '{SAM}' ORDER BY id")
    used = "SELECT * FROM usage_events WHERE device NOT IN (SELECT id FROM devices WHERE user_id = '{}') ORDER BY id"
    return {**rows, "usage_events": live.read(used.format(SAM))}


def test_postgresql_holds_the_same_rows_as_the_file(seeded: Path, world: World, live: Database) -> None:
    with closing(sqlite3.connect(seeded / "joypix" / "database.sqlite3")) as file:
        for table in ("users", *BELOW):
            assert live.read(f"SELECT * FROM {table} ORDER BY id") == list(
                file.execute(f"SELECT * FROM {table} ORDER BY id")
            )


def test_the_map_fits_postgresql(world: World, live: Database) -> None:
    with closing(registry.build(maps.controller("joypix").systems["app-database"], os.environ)) as connector:
        assert connector.check() == []


@pytest.mark.usefixtures("bucket")
def test_sam_downloads_what_stands_on_postgresql_and_in_the_bucket(
    world: World, live: Database, answered: Walk
) -> None:
    prompts = {row[0] for row in live.read(f"SELECT prompt FROM generations WHERE user_id = '{SAM}'")}
    archive = package_of(answered(Right.ACCESS), world)
    name = next(name for name in archive.namelist() if name.endswith("app-database/generations.json"))
    told = json.loads(archive.read(name))
    assert prompts
    assert prompts == {row["prompt"] for row in told}
    assert [name for name in archive.namelist() if "/data/files/" in name]


def test_an_erasure_leaves_of_sam_what_the_law_keeps_and_touches_nobody_else(
    world: World, live: Database, request: pytest.FixtureRequest, answered: Walk
) -> None:
    media: Bucket = request.getfixturevalue("bucket")
    others = of_others(live)
    paid = live.read(
        f"SELECT id FROM orders WHERE user_id = '{SAM}' AND status = 'paid' AND completed_at > '2023-11-06'"
    )
    answered(Right.ERASURE)
    left = {table: live.read(f"SELECT id FROM {table} WHERE user_id = '{SAM}'") for table in BELOW}
    assert {table: rows for table, rows in left.items() if rows} == {"orders": paid}
    assert live.read(f"SELECT email, nickname, signin_subject FROM users WHERE id = '{SAM}'") == [(None, None, None)]
    assert of_others(live) == others
    assert of_sam(media) == set()
