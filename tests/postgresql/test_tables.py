"""The portal's own tables on PostgreSQL: made from nothing, and guarded by the database itself."""

import psycopg
import pytest

from dsr.models import installer
from tests.postgresql.conftest import Portal

pytestmark = pytest.mark.processes
GUARDED = "SELECT tgname FROM pg_trigger WHERE tgname LIKE 'dsr_%' ORDER BY 1"


def test_tables_made_from_nothing_pass_every_check(migrated: Portal) -> None:
    said = migrated.manage("check", "--database", "default", "--fail-level", "WARNING")
    assert "no issues" in said


def test_the_models_ask_for_no_other_tables_than_those_migrated(migrated: Portal) -> None:
    assert "No changes" in migrated.manage("makemigrations", "--check", "--dry-run")


@pytest.mark.parametrize("table", installer.APPEND_ONLY)
@pytest.mark.parametrize("attempt", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_database_refuses_to_change_the_record(migrated: Portal, table: str, attempt: str) -> None:
    with pytest.raises(psycopg.errors.RaiseException, match=f"{table} is append-only"):
        migrated.rows(attempt.format(table, installer.APPEND_ONLY[table][0]))


def test_the_record_cannot_be_emptied_by_way_of_the_requests(migrated: Portal) -> None:
    with pytest.raises(psycopg.errors.RaiseException, match="is append-only"):
        migrated.rows("TRUNCATE dsr_subjectrequest CASCADE")


def test_a_guard_that_was_taken_away_is_missed_and_set_again(portal: Portal) -> None:
    before = portal.rows(GUARDED)
    portal.rows("DROP TRIGGER dsr_event_no_delete ON dsr_event")
    missed = portal.manage("check", "--database", "default")
    portal.manage("migrate", "--verbosity", "0")
    assert "dsr_event_no_delete is missing" in missed
    assert portal.rows(GUARDED) == before
    assert len(before) >= 3 * len(installer.APPEND_ONLY)


def test_nobody_waits_for_ever_on_a_connection(migrated: Portal) -> None:
    assert migrated.act("settings_in_force") == {
        "statement_timeout": "30s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "10s",
        "transaction_isolation": "read committed",
    }


def test_the_address_may_allow_a_long_migration_more_time(migrated: Portal) -> None:
    asked = {"DSR_DATABASE_URL": migrated.address + "&options=-c%20statement_timeout%3D0"}
    found = migrated.act("settings_in_force", **asked)
    assert (found["statement_timeout"], found["lock_timeout"]) == ("0", "5s")


def test_a_connection_plans_once_what_it_asks_often_and_a_pooler_may_have_it_otherwise(migrated: Portal) -> None:
    assert migrated.act("plans_kept") == {"kept": 1, "named": 0}
    asked = {"DSR_DATABASE_URL": migrated.address + "&server_side_binding=false"}
    assert migrated.act("plans_kept", **asked) == {"kept": 0, "named": 0}
