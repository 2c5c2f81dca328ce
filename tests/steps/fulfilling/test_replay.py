"""A restored backup brings erased people back; the suppression ledger finds and erases them again."""

import io
import json
import secrets
import shutil
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from dsr.connectors.contract import Chunk, Connector, Receipt
from dsr.connectors.sql.database import SqlDatabase
from dsr.datamap.schema import SystemMap
from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.models import Event, SubjectRequest, Suppression, sealed
from dsr.sealing.keyring import Role
from dsr.steps import pausing
from dsr.steps.fulfilling import search, suppression
from tests.conftest import SAM, World
from tests.steps import scenes

APP = "joypix/database.sqlite3"


def replay(*arguments: str) -> tuple[int, str]:
    """The exit code and what was said."""
    said = io.StringIO()
    try:
        call_command("replay_erasures", "--controller", "joypix", *arguments, stdout=said)
    except SystemExit as ended:
        return int(str(ended.code)), said.getvalue()
    return 0, said.getvalue()


@pytest.fixture
def restored(world: World, seeded: Path, answered: Callable[..., SubjectRequest]) -> SubjectRequest:
    """Sam was erased; then the application database was restored from before."""
    subject_request = answered(Right.ERASURE)
    for stale in world.systems.folder.glob(f"{APP}-*"):
        stale.unlink()
    shutil.copyfile(seeded / APP, world.systems.folder / APP)
    return subject_request


def sams(world: World) -> dict[str, int]:
    """How many rows of Sam's there are."""
    with scenes.live(world) as database:
        tables = ("social_signins", "devices", "generations", "consents")
        asked = {name: f"SELECT count(*) FROM {name} WHERE user_id = 'jp000001'" for name in tables}
        asked["users"] = f"SELECT count(*) FROM users WHERE email = '{SAM}'"
        return {name: int(database.execute(sql).fetchone()[0]) for name, sql in asked.items()}


def test_who_comes_back_with_a_backup_is_erased_again(world: World, restored: SubjectRequest) -> None:
    before = scenes.state_of(world.systems.folder / APP)
    code, said = replay()
    assert code == 2, said  # the institution cannot be asked
    assert "payment-institution: not replayable: its identity columns cannot be read." in said
    assert f"{restored.reference} app-database" in said
    assert set(sams(world).values()) == {0}
    gone = set(before) - set(scenes.state_of(world.systems.folder / APP))
    assert gone
    assert all("jp000001" in row or "usage_events" in row or "devices" in row for row in gone)


def test_what_the_law_keeps_is_kept_again(world: World, restored: SubjectRequest) -> None:
    replay()
    with scenes.live(world) as database:
        paid = "SELECT count(*) FROM orders WHERE user_id = 'jp000001' AND status = 'paid'"
        assert database.execute(paid).fetchone()[0] > 0
        assert database.execute("SELECT email, nickname FROM users WHERE id = 'jp000001'").fetchone() == (None, None)


def test_it_is_recorded_with_a_digest_and_nobodys_name(world: World, restored: SubjectRequest) -> None:
    replay()
    written = Event.objects.filter(subject_request=restored, tag__in=["replay:listed", "erasure:replayed"])
    of_database = [event.tag for event in written.order_by("pk") if event.details["system"] == "app-database"]
    assert of_database == ["replay:listed", "erasure:replayed"]
    assert SAM not in json.dumps([event.details for event in written])


def test_a_second_time_finds_nothing_to_erase(world: World, restored: SubjectRequest) -> None:
    replay()
    assert restored.reference not in replay()[1]


def test_a_dry_run_counts_and_erases_nothing(world: World, restored: SubjectRequest) -> None:
    before = sams(world)
    code, said = replay("--dry-run")
    assert code == 1
    assert "rows to erase again" in said
    assert sams(world) == before


def test_who_came_back_by_themselves_keeps_the_new_account(world: World, restored: SubjectRequest) -> None:
    with scenes.live(world) as database:
        database.execute("UPDATE users SET email = 'other@example.com' WHERE id = 'jp000001'")
        new = "INSERT INTO users (id, email, created_at) VALUES ('jp900001', ?, '2026-12-24T00:00:00Z')"
        database.execute(new, (SAM,))
    replay()
    with scenes.live(world) as database:
        assert database.execute("SELECT id FROM users WHERE email = ?", (SAM,)).fetchone() == ("jp900001",)


def test_the_ledger_holds_hashes_of_every_name_and_no_name(world: World, restored: SubjectRequest) -> None:
    rows = Suppression.objects.filter(subject_request=restored)
    assert {"email", "account", "social"} <= set(rows.values_list("kind", flat=True))
    assert all(len(row.hash) == 64 and row.normalisation == suppression.NORMALISATION for row in rows)
    assert SAM not in str(list(rows.values()))


def test_after_a_change_of_keys_the_older_hashes_are_still_found(
    world: World, restored: SubjectRequest, settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "rotated"
    shutil.copytree(settings.DSR_KEYS, folder)
    path = folder / "suppression.json"
    ring = json.loads(path.read_text())
    path.chmod(0o600)
    path.write_text(
        json.dumps({"current": "k2", "keys": {**ring["keys"], "k2": b64encode(secrets.token_bytes(32)).decode()}})
    )
    settings.DSR_KEYS = folder
    assert sealed.ring(Role.SUPPRESSION).current == "k2"
    replay()
    assert set(sams(world).values()) == {0}


def test_capitals_of_an_address_do_not_matter_and_dots_do() -> None:
    assert suppression.normalised("email", ["Sam@Example.com "]) == suppression.normalised("email", [SAM])
    assert suppression.normalised("email", ["s.am@example.com"]) != suppression.normalised("email", [SAM])
    assert suppression.normalised("account", ["A1"]) != suppression.normalised("account", ["a1"])


def test_a_paused_system_is_left_alone_and_the_replay_is_not_finished_until_somebody_insists(
    world: World, restored: SubjectRequest, engineer: Actor
) -> None:
    pausing.pause("joypix", "app-database", reason="An incident.", by=engineer, at=world.at)
    before = sams(world)
    code, said = replay()
    assert (code, sams(world)) == (1, before)
    assert "app-database: staff have paused it" in said
    assert "Nothing is left" not in said
    code, said = replay("--system", "app-database")
    assert (code, set(sams(world).values())) == (0, {0}), said


def test_no_row_restored_elsewhere_leads_a_replay_into_a_paused_system(
    world: World, restored: SubjectRequest, engineer: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    pausing.pause("joypix", "payment-institution", reason="An incident.", by=engineer, at=world.at)
    connect, entered = search.connect, set[str]()

    def connected(system: SystemMap) -> Connector:
        entered.add(system.slug)
        return connect(system)

    monkeypatch.setattr(search, "connect", connected)
    code, said = replay("--system", "app-database")
    assert code == 1
    assert f"{restored.reference} payment-institution: staff have paused it" in said
    assert "app-database" in entered
    assert "payment-institution" not in entered


def test_a_replay_that_meets_a_pause_on_its_way_stops_before_its_next_chunk(
    world: World, restored: SubjectRequest, engineer: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase, chunks = SqlDatabase.erase, list[Chunk]()

    def erased(self: SqlDatabase, chunk: Chunk, key: str) -> Receipt:
        if not chunks:
            pausing.pause("joypix", "app-database", reason="An incident.", by=engineer, at=world.at)
        chunks.append(chunk)
        return erase(self, chunk, key)

    monkeypatch.setattr(SqlDatabase, "erase", erased)
    code, said = replay()
    assert (code, len(chunks)) == (1, 1)
    assert "app-database: the rest stays" in said
