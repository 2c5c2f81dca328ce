"""The walk with the portal's own tables on PostgreSQL."""

import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from tests.postgresql.conftest import Portal

pytestmark = pytest.mark.processes


def manifest_of(package: Path) -> dict[str, list[dict[str, object]]]:
    """What the package says of itself."""
    with zipfile.ZipFile(package) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/manifest.json"))
        manifest: dict[str, list[dict[str, object]]] = json.loads(archive.read(name))
        return manifest


def test_sam_downloads_everything(portal: Portal, tmp_path: Path) -> None:
    done = portal.act("walk", "access", str(tmp_path / "package.zip"))
    assert done["state"] == "delivered"
    assert {state for _, state, _ in done["items"]} == {"done"}
    with zipfile.ZipFile(tmp_path / "package.zip") as archive:
        users = next(name for name in archive.namelist() if name.endswith("data/app-database/users.json"))
        assert [user["email"] for user in json.loads(archive.read(users))] == ["sam@example.com"]


def test_sam_is_erased_and_told_what_is_kept(portal: Portal, tmp_path: Path) -> None:
    done = portal.act("walk", "erasure", str(tmp_path / "package.zip"))
    assert done["state"] == "delivered"
    assert {state for _, state, _ in done["items"]} == {"done"}
    with closing(sqlite3.connect(portal.folder / "systems" / "joypix" / "database.sqlite3")) as database:
        left = database.execute("SELECT count(*) FROM users WHERE email = 'sam@example.com'").fetchone()
    assert left == (0,)
    systems = manifest_of(tmp_path / "package.zip")["systems"]
    assert {"app-database"} <= {str(system["system"]) for system in systems}
    deferred = "SELECT count(*) FROM dsr_planitem WHERE until IS NOT NULL AND state = 'ready' AND not_before > now()"
    assert portal.rows(deferred)[0][0] >= 1
