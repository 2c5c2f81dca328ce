"""The record proves itself, and an edited row is named."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from dsr.law.rights import Right
from dsr.models import Event, installer
from dsr.record.tree import root
from tests.conftest import World


@pytest.fixture
def written(world: World) -> list[Event]:
    """A record of a few lines."""
    world.prove(world.file(Right.ACCESS))
    world.file(Right.PROCESSING_INFORMATION)
    return list(Event.objects.order_by("id"))


def verify() -> str:
    said = io.StringIO()
    call_command("verify_audit", stdout=said)
    return said.getvalue()


def edit(statement: str, *values: str | int | None) -> None:
    """What somebody with the database's password can do: lift the guard, edit, set it again."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER dsr_event_no_update")
        cursor.execute(statement, values)
    installer.install(connection)


def test_a_record_that_is_whole_shows_its_size_and_root(written: list[Event]) -> None:
    said = verify()
    assert f"{len(written)} events" in said
    assert root(event.leaf for event in written) in said


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("tag", "request:refused"),
        ("actor", "staff:1"),
        ("at", "2020-01-01 00:00:00"),
        ("details", '{"right": "erasure"}'),
        ("controller", "pixplus"),
        ("subject_request_id", None),
        ("leaf", "0" * 64),
    ],
)
def test_a_row_that_was_edited_is_named(written: list[Event], column: str, value: str | None) -> None:
    edited = written[1]
    edit(f"UPDATE dsr_event SET {column} = %s WHERE id = %s", value, edited.pk)  # noqa: S608  names above
    with pytest.raises(CommandError, match=f"Event {edited.pk} "):
        verify()


def test_a_record_without_its_guards_is_not_believed(written: list[Event]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER dsr_event_no_delete")
    with pytest.raises(CommandError, match="dsr_event_no_delete"):
        verify()
