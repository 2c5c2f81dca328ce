"""Whether every system answers and is what its map says, in one line each."""

import io

import pytest
from django.core.management import call_command

from tests.conftest import World
from tests.steps import scenes


def check() -> tuple[int, str]:
    """The exit code and what was said."""
    said = io.StringIO()
    try:
        call_command("check_systems", stdout=said)
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


def test_a_system_that_does_not_answer_hides_no_other(world: World) -> None:
    (world.systems.folder / "joypix" / "database.sqlite3").unlink()
    code, said = check()
    assert code == 1
    assert "joypix/app-database: \n" in said
    assert "does not answer" in said
    assert "pixplus/app-database: well" in said


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
    assert code == 1
    assert "pixplus/media-store: well" not in said
