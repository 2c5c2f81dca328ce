"""Whether every system answers and is what its map says, in one line each."""

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from dsr.law.actors import Actor
from dsr.steps import pausing
from tests.conftest import World
from tests.steps import scenes
from tests.test_kills import clean_environment
from tests.tree import ROOT


def check(*arguments: str) -> tuple[int, str]:
    """The exit code and what was said."""
    said = io.StringIO()
    try:
        call_command("check_systems", *arguments, stdout=said)
    except SystemExit as ended:
        return int(str(ended.code)), said.getvalue()
    return 0, said.getvalue()


def test_when_all_is_well_it_says_so_of_each(world: World) -> None:
    code, said = check()
    assert code == 0
    assert [line.split(": ")[1] for line in said.splitlines()] == ["well"] * 9
    assert "joypix/payment-institution: well" in said


def test_a_column_that_is_missing_is_named(world: World) -> None:
    with scenes.live(world) as database:
        database.execute("ALTER TABLE users DROP COLUMN nickname")
    code, said = check()
    assert code == 1
    assert "users: column 'nickname' is missing" in said


def test_a_column_that_nobody_described_is_named(world: World) -> None:
    with scenes.live(world) as database:
        database.execute("ALTER TABLE users ADD COLUMN shoe_size TEXT")
    code, said = check()
    assert code == 1
    assert "users: column 'shoe_size' is not described" in said


def test_a_table_that_is_missing_is_named(world: World) -> None:
    with scenes.live(world) as database:
        database.execute("DROP TABLE consents")
    code, said = check()
    assert code == 1
    assert "consents: the table 'consents' is missing" in said


def told(*arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit code, and what a program reads: each system by its place."""
    code, said = check("--json", *arguments)
    return code, {f"{one['controller']}/{one['system']}": one for one in json.loads(said)["systems"]}


def test_a_table_that_nobody_described_is_named(world: World) -> None:
    with scenes.live(world) as database:
        database.execute("CREATE TABLE shoes (owner TEXT)")
    code, said = check()
    assert code == 1
    assert "shoes: the table is not described" in said


def test_an_identity_that_no_index_serves_is_named(world: World) -> None:
    with scenes.live(world) as database:
        database.execute("ALTER TABLE devices RENAME TO old_devices")
        database.execute("CREATE TABLE devices AS SELECT * FROM old_devices")
        database.execute("ALTER TABLE social_signins RENAME TO old_signins")
        database.execute("CREATE TABLE social_signins AS SELECT * FROM old_signins")
    code, said = check("--controller", "joypix", "--system", "app-database")
    assert code == 1
    assert "social_signins: no index serves the search by social (provider, subject): every row is read" in said
    assert "users: no index" not in said


def test_a_link_between_types_that_never_meet_is_named(world: World) -> None:
    with scenes.live(world) as database:
        database.execute("ALTER TABLE consents RENAME COLUMN user_id TO was")
        database.execute("ALTER TABLE consents ADD COLUMN user_id INTEGER")
    code, said = check()
    assert code == 1
    assert "consents: column 'user_id' (INTEGER) cannot hold what 'users.id' (TEXT) holds" in said


def test_a_link_into_another_system_between_types_that_never_meet_is_named(world: World) -> None:
    with scenes.live(world, "pixplus/events.sqlite3") as database:
        database.execute("ALTER TABLE logs RENAME COLUMN device_id TO was")
        database.execute("ALTER TABLE logs ADD COLUMN device_id INTEGER")
        database.execute("CREATE INDEX logs_by_device ON logs (device_id)")
    code, found = told("--controller", "pixplus")
    assert code == 1
    assert {
        "collection": "logs",
        "message": "field 'device_id' (INTEGER) cannot hold what 'app-database.devices.id' (TEXT) holds",
    } in found["pixplus/event-store"]["findings"]


def test_a_system_that_does_not_answer_hides_no_other_and_is_said_apart(world: World) -> None:
    (world.systems.folder / "joypix" / "database.sqlite3").unlink()
    code, said = check()
    apart = said.partition("No answer, so nothing is known of:\n")
    assert code == 2
    assert "joypix/app-database" not in apart[0]
    assert "  joypix/app-database: " in apart[2]
    assert "does not answer" in apart[2]
    assert "pixplus/app-database: well" in apart[0]


def test_a_difference_weighs_more_than_a_system_that_does_not_answer(world: World) -> None:
    (world.systems.folder / "pixplus" / "database.sqlite3").unlink()
    with scenes.live(world) as database:
        database.execute("ALTER TABLE users DROP COLUMN nickname")
    code, found = told()
    assert code == 1
    assert found["pixplus/app-database"]["standing"] == "unreachable"
    assert found["joypix/app-database"]["standing"] == "differs"
    assert {"collection": "users", "message": "column 'nickname' is missing"} in found["joypix/app-database"][
        "findings"
    ]


def test_a_program_reads_that_all_is_well(world: World) -> None:
    code, found = told()
    assert code == 0
    assert {one["standing"] for one in found.values()} == {"well"}
    assert len(found) == 9


def test_one_system_can_be_asked_alone(world: World) -> None:
    assert list(told("--controller", "pixplus", "--system", "media-store")[1]) == ["pixplus/media-store"]
    with pytest.raises(CommandError, match="no such controller or system"):
        check("--controller", "nobody")


def test_a_file_that_is_no_database_hides_no_other(world: World) -> None:
    path = world.systems.folder / "joypix" / "database.sqlite3"
    path.write_bytes(b"this is not a database, but somebody's shopping list" * 100)
    code, said = check()
    assert code == 1
    assert "pixplus/app-database: well" in said


def test_a_service_that_turns_us_away_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOYPIX_PAYMENT_TOKEN", "the wrong one")
    code, said = check()
    assert code == 1
    assert "the wrong one" not in said


def test_a_setting_that_is_missing_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JOYPIX_MEDIA_URL")
    code, said = check()
    assert code == 1
    assert "JOYPIX_MEDIA_URL" in said


def test_a_folder_that_is_gone_is_named(world: World) -> None:
    folder = world.systems.folder / "pixplus" / "media"
    folder.rename(folder.with_name("away"))
    code, said = check()
    assert code == 2
    assert "pixplus/media-store: well" not in said
    assert "pixplus/media-store: " in said


@pytest.fixture
def accepting(tmp_path: Path, settings: Settings) -> Callable[[str], None]:
    """Somebody accepts a finding of JoyPix' database in its map."""

    def accepted(finding: str) -> None:
        folder = tmp_path / "accepting"
        shutil.copytree(settings.DSR_CONTROLLERS, folder)
        path = folder / "joypix" / "systems" / "app-database.yaml"
        told = f'accepted: [{{finding: "{finding}", reason: It goes with the next release.}}]\n'
        path.write_text(path.read_text("utf-8").rstrip() + "\n" + told, encoding="utf-8")
        settings.DSR_CONTROLLERS = folder

    return accepted


def test_a_finding_that_the_map_accepts_is_told_with_its_reason_and_fails_nothing(
    world: World, accepting: Callable[[str], None]
) -> None:
    accepting("users: column 'shoe_size' is not described")
    with scenes.live(world) as database:
        database.execute("ALTER TABLE users ADD COLUMN shoe_size TEXT")
    code, found = told("--controller", "joypix", "--system", "app-database")
    one = found["joypix/app-database"]
    assert (code, one["standing"], one["findings"]) == (0, "well", [])
    assert one["accepted"] == [
        {
            "collection": "users",
            "message": "column 'shoe_size' is not described",
            "reason": "It goes with the next release.",
        }
    ]


def test_what_is_accepted_covers_nothing_else_and_is_told_when_it_is_not_found(
    world: World, accepting: Callable[[str], None]
) -> None:
    accepting("users: column 'shoe_size' is not described")
    with scenes.live(world) as database:
        database.execute("ALTER TABLE users ADD COLUMN hat_size TEXT")
    code, said = check("--controller", "joypix", "--system", "app-database")
    assert code == 1
    assert "users: column 'hat_size' is not described" in said
    assert "accepted, and not found any more: users: column 'shoe_size' is not described" in said


@pytest.fixture
def watching(tmp_path: Path, settings: Settings) -> int:
    """JoyPix' map asks when a mailbox was last seen; the line that says by which column."""
    folder = tmp_path / "watching"
    shutil.copytree(settings.DSR_CONTROLLERS, folder)
    path = folder / "joypix" / "controller.yaml"
    asks = (
        "\nproof:\n  unseen:\n    {months: 24, system: app-database, collection: users,\n     field: last_active_at}\n"
    )
    path.write_text(path.read_text("utf-8").replace("\nproof:\n", asks, 1), encoding="utf-8")
    settings.DSR_CONTROLLERS = folder
    return next(n for n, line in enumerate(path.read_text("utf-8").splitlines(), 1) if "field: last_active_at" in line)


def remade(world: World, kind: str) -> None:
    """The column by which JoyPix says when somebody was last there is of another type."""
    with scenes.live(world) as database:
        database.execute("ALTER TABLE users DROP COLUMN last_active_at")
        if kind:
            database.execute(f"ALTER TABLE users ADD COLUMN last_active_at {kind}")


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("", "column 'last_active_at' is missing"),
        *((one, f"column 'last_active_at' ({one}) holds no date") for one in ("BOOLEAN", "BLOB", "TIME", "SMALLINT")),
    ],
)
def test_a_column_that_cannot_say_when_a_mailbox_was_last_seen_is_named_with_the_line_that_asks_it(
    world: World, watching: int, kind: str, says: str
) -> None:
    remade(world, kind)
    code, said = check("--controller", "joypix", "--system", "app-database")
    assert code == 1
    asks = f"by which proof.unseen asks when a mailbox was last seen (joypix/controller.yaml:{watching})"
    assert f"  users: {says}, {asks}\n" in said


@pytest.mark.parametrize("kind", ["TEXT", "DATETIME", "TIMESTAMP", "DATE", "INTEGER", "BIGINT", "NUMERIC", ""])
def test_a_column_that_may_hold_a_moment_and_a_map_that_asks_for_none_are_no_finding(
    world: World, watching: int, settings: Settings, kind: str
) -> None:
    remade(world, kind)
    if not kind:  # nobody asks for it any more
        settings.DSR_CONTROLLERS = Path(__file__).parents[2] / "controllers"
    assert "proof.unseen" not in check("--controller", "joypix", "--system", "app-database")[1]


def test_a_system_that_staff_paused_is_not_asked_unless_it_is_named(world: World, engineer: Actor) -> None:
    pausing.pause("joypix", "app-database", reason="An incident.", by=engineer, at=world.at)
    (world.systems.folder / "joypix" / "database.sqlite3").unlink()
    code, found = told("--controller", "joypix")
    assert (code, found["joypix/app-database"]["standing"]) == (2, "paused")
    assert found["joypix/media-store"]["standing"] == "well"
    assert (
        told("--controller", "joypix", "--system", "app-database")[1]["joypix/app-database"]["standing"]
        == "unreachable"
    )


@pytest.mark.parametrize("command", ["check_systems", "retention_report"])
def test_where_only_maps_are_checked_no_portal_needs_to_be_set_up(command: str, tmp_path: Path) -> None:
    about = clean_environment() | {"DSR_SECRET_KEY": "x" * 50, "DSR_VAR": str(tmp_path / "var")}
    run = subprocess.run(
        [sys.executable, "manage.py", command, "--controller", "joypix"],
        cwd=ROOT,
        env=about,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode in {1, 2}, run.stderr
    assert "joypix/" in run.stdout
    assert not (tmp_path / "var").exists()
