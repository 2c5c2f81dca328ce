"""The sample systems are what the maps say, repeat from their seed, and are whole or not there."""

import hashlib
import sqlite3
from datetime import date, timedelta
from pathlib import Path

import pytest

from controllers import sample_services
from controllers.sample_pixplus import SAM_DEVICE
from controllers.sample_services import environment, seed
from dsr.connectors.registry import build
from tests.controllers.conftest import ANCHOR, TOKEN, Caller
from tests.controllers.reference import MAPS

SYSTEMS = [(slug, system) for slug, found in MAPS.items() for system in found.systems]
DATABASES = [
    ("joypix", "app-database", "joypix/database.sqlite3"),
    ("pixplus", "app-database", "pixplus/database.sqlite3"),
    ("pixplus", "event-store", "pixplus/events.sqlite3"),
]


def asked(path: Path, query: str, *values: object) -> list[tuple[object, ...]]:
    """Rows of a SQLite file."""
    database = sqlite3.connect(path)
    rows = database.execute(query, values).fetchall()
    database.close()
    return rows


def columns(path: Path) -> dict[str, set[str]]:
    """Table -> its columns."""
    tables = asked(path, "SELECT name FROM sqlite_master WHERE type = 'table'")
    return {str(table): {str(row[1]) for row in asked(path, f"PRAGMA table_info({table})")} for (table,) in tables}


def tables_of(folder: Path) -> str:
    """A digest over every table and file of the sample systems."""
    digest = hashlib.sha256()
    for _, _, name in (*DATABASES, ("", "", "services.sqlite3")):
        for table in sorted(set(columns(folder / name)) - {"meta"}):  # meta holds the hour of the seeding
            rows = asked(folder / name, f"SELECT * FROM {table} ORDER BY 1")
            digest.update(repr((table, rows)).encode())
    for path in sorted(folder.glob("*/media/**/*")):
        if path.is_file():
            digest.update(f"{path.relative_to(folder)} {path.stat().st_mtime}".encode() + path.read_bytes())
    return digest.hexdigest()


@pytest.mark.parametrize(("slug", "system", "file"), DATABASES)
def test_the_maps_describe_every_table_and_column_and_no_other(seeded: Path, slug: str, system: str, file: str) -> None:
    described = {name: set(one.fields) for name, one in MAPS[slug].systems[system].collections.items()}

    assert columns(seeded / file) == described


@pytest.mark.parametrize(("slug", "system"), SYSTEMS)
def test_every_sample_system_answers_and_matches_its_map(caller: Caller, slug: str, system: str) -> None:
    environ = environment(caller.folder, caller.services.base_url, TOKEN)
    connector = build(MAPS[slug].systems[system], environ)

    findings = connector.check()
    connector.close()

    assert findings == []


def test_a_column_that_nobody_described_is_found(samples: Path) -> None:
    database = sqlite3.connect(samples / "joypix" / "database.sqlite3")
    database.execute("ALTER TABLE users ADD COLUMN shoe_size INTEGER")
    database.close()
    connector = build(MAPS["joypix"].systems["app-database"], environment(samples, "http://127.0.0.1:9", TOKEN))

    findings = connector.check()
    connector.close()

    assert [(one.collection, "shoe_size" in one.message) for one in findings] == [("users", True)]


def test_the_same_seed_makes_the_same_rows_and_files(seeded: Path, tmp_path: Path) -> None:
    seed(tmp_path / "again", seed=7, anchor=ANCHOR, people=30, heavy=300)

    assert tables_of(tmp_path / "again") == tables_of(seeded)


def test_another_seed_makes_others(seeded: Path, tmp_path: Path) -> None:
    seed(tmp_path / "other", seed=8, anchor=ANCHOR, people=30, heavy=300)

    assert tables_of(tmp_path / "other") != tables_of(seeded)


def test_what_was_seeded_is_found_again_and_not_made_anew(samples: Path) -> None:
    before = tables_of(samples)

    made = seed(samples, seed=8, anchor=ANCHOR, people=30, heavy=300)

    assert not made
    assert tables_of(samples) == before


def test_a_seeding_that_is_stopped_leaves_nothing_and_can_be_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sample_services, "_seed_pixplus", stop)
        with pytest.raises(KeyboardInterrupt):
            seed(tmp_path / "systems", seed=7, anchor=ANCHOR, people=6, heavy=300)

    assert list(tmp_path.iterdir()) == []
    assert seed(tmp_path / "systems", seed=7, anchor=ANCHOR, people=6, heavy=300)


def test_sam_is_known_to_both_controllers_with_a_history_worth_asking_for(seeded: Path) -> None:
    joypix, pixplus = seeded / "joypix", seeded / "pixplus"
    (sam,) = asked(joypix / "database.sqlite3", "SELECT id FROM users WHERE email = 'sam@example.com'")[0]
    events = asked(
        joypix / "database.sqlite3",
        "SELECT count(*) FROM usage_events e JOIN devices d ON d.id = e.device WHERE d.user_id = ?",
        sam,
    )
    devices = asked(
        pixplus / "database.sqlite3",
        "SELECT d.id FROM devices d JOIN accounts a ON a.id = d.account_id WHERE a.email = 'sam@example.com'",
    )
    count = "SELECT count(*) FROM events WHERE device_id = ?"

    assert events == [(320,)]
    assert list((joypix / "media" / "saved" / str(sam)).iterdir())
    assert (SAM_DEVICE,) in devices
    assert asked(pixplus / "events.sqlite3", count, SAM_DEVICE) == [(120,)]


def test_sams_orders_are_one_to_keep_one_past_its_time_and_two_never_paid(seeded: Path) -> None:
    rows = asked(
        seeded / "joypix" / "database.sqlite3",
        "SELECT status, completed_at FROM orders WHERE user_id = 'jp000001' ORDER BY created_at",
    )
    ages = [ANCHOR - date.fromisoformat(str(completed)[:10]) for _, completed in rows if completed]

    assert [status for status, _ in rows] == ["paid", "paid", "cancelled", "created"]
    assert ages == [timedelta(days=1200), timedelta(days=365)]


def test_one_person_has_a_hundred_thousand_usage_events_unless_fewer_are_asked_for(tmp_path: Path) -> None:
    seed(tmp_path / "systems", seed=7, anchor=ANCHOR, people=5)
    query = (
        "SELECT count(*) FROM usage_events e JOIN devices d ON d.id = e.device"
        " JOIN users u ON u.id = d.user_id WHERE u.email = 'heavy@example.com'"
    )

    ((count,),) = asked(tmp_path / "systems" / "joypix" / "database.sqlite3", query)

    assert count == 100_002


def test_face_data_is_a_table_that_is_always_empty(seeded: Path) -> None:
    assert asked(seeded / "pixplus" / "database.sqlite3", "SELECT count(*) FROM face_data") == [(0,)]


def test_every_reference_between_tables_holds(seeded: Path) -> None:
    broken = [asked(seeded / name, "PRAGMA foreign_key_check") for _, _, name in DATABASES]

    assert broken == [[], [], []]
