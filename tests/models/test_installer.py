"""The record can only grow: the database itself refuses everything else."""

import io
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError

from dsr.law.actors import SUBJECT, Actor
from dsr.law.rights import Right
from dsr.models import Approval, Event, SubjectRequest, installer
from dsr.steps import sweeping
from dsr.steps.asking import intake
from dsr.steps.recording import sequencer

AT = datetime(2026, 11, 3, 9, tzinfo=UTC)


@pytest.fixture
def written(db: None, eli: Actor) -> SubjectRequest:
    """A request with Events in their places under a checkpoint, a certificate, and an approval."""
    information = intake.Intake("joypix", Right.PROCESSING_INFORMATION, ())
    subject_request = intake.receive(information, by=SUBJECT, at=AT)
    Approval.objects.create(subject_request=subject_request, digest="0" * 64, by_id=int(eli.id), at=AT)
    sequencer.sequence(at=AT)
    sweeping.certify(at=AT)
    return subject_request


@pytest.mark.parametrize("model", [Event, Approval])
def test_no_row_of_the_record_can_be_changed(written: SubjectRequest, model: type[Event] | type[Approval]) -> None:
    before = list(model.objects.values())
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        model.objects.update(at=AT)
    assert list(model.objects.values()) == before


@pytest.mark.parametrize("model", [Event, Approval])
def test_no_row_of_the_record_can_be_deleted(written: SubjectRequest, model: type[Event] | type[Approval]) -> None:
    before = model.objects.count()
    # Django itself keeps an Event that has its place.
    with pytest.raises((DatabaseError, ProtectedError)), transaction.atomic():
        model.objects.all().delete()
    assert model.objects.count() == before > 0


@pytest.mark.parametrize("table", installer.APPEND_ONLY)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {0} SET {1} = {1}",
        "DELETE FROM {}",
        "REPLACE INTO {0} SELECT * FROM {0}",
        "INSERT OR REPLACE INTO {0} SELECT * FROM {0}",
    ],
)
def test_not_even_by_sql(written: SubjectRequest, table: str, statement: str) -> None:
    def rows() -> list[tuple[object, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table}")
            return list(cursor.fetchall())

    before = rows()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table, installer.APPEND_ONLY[table][0]))
    assert rows() == before


def test_not_even_by_a_row_that_takes_the_place_of_an_approval(written: SubjectRequest) -> None:
    given = Approval.objects.values().get()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "REPLACE INTO dsr_approval (digest, at, by_id, subject_request_id) "
            "SELECT 'another', at, by_id, subject_request_id FROM dsr_approval"
        )
    assert Approval.objects.values().get() == given


def test_a_row_can_be_added_while_the_guards_stand(written: SubjectRequest) -> None:
    before = Event.objects.count()
    intake.receive(intake.Intake("joypix", Right.PROCESSING_INFORMATION, ()), by=SUBJECT, at=AT)
    assert Event.objects.count() > before


def test_setting_the_guards_again_changes_nothing(db: None) -> None:
    def standing() -> list[tuple[object, ...]]:
        with connection.cursor() as cursor:
            query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
            cursor.execute(query)
            return list(cursor.fetchall())

    before = standing()
    installer.install(connection)
    installer.install(connection)
    assert standing() == before
    assert len(before) >= 4


def test_a_missing_guard_is_named_by_the_check(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER dsr_event_no_delete")
    assert installer.missing(connection) == ["dsr_event_no_delete"]
    said = io.StringIO()
    call_command("check", databases=["default"], stderr=said, stdout=said)
    assert "dsr_event_no_delete is missing" in said.getvalue()


def test_a_missing_guard_is_set_again_by_the_installer(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER dsr_approval_no_update")
    installer.install(connection)
    assert installer.missing(connection) == []
