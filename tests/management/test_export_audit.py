"""The record away from the portal: it proves itself, and tells what happened to a request."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError
from pytest_django import Settings

from dsr.models import Event, SubjectRequest
from dsr.record import note
from dsr.sealing import keyring
from tests.management.forging import said, verify

pytestmark = pytest.mark.usefixtures("clock")  # the commands read it


@pytest.fixture
def exported(written: list[Event], tmp_path: Path) -> Path:
    """The record as JSON Lines."""
    file = tmp_path / "record.jsonl"
    said("export_audit", file)
    return file


def test_an_exported_record_proves_itself_away_from_the_portal(
    exported: Path, kept: Path, settings: Settings, tmp_path: Path
) -> None:
    public = said("export_audit", "--keys").splitlines()[0]
    settings.DSR_KEYS = tmp_path / "nowhere"
    whole = verify("--file", exported, "--key", public, "--checkpoint", kept)
    assert whole.startswith("7 events")
    assert exported.stat().st_mode & 0o777 == 0o600
    lines = [json.loads(line) for line in exported.read_text("utf-8").splitlines()]
    assert lines[0]["checkpoint"] == kept.read_text("utf-8")
    assert [line["position"] for line in lines[1:]] == list(range(7))
    assert lines[5]["content"]["commitment"]
    assert "because of" not in exported.read_text("utf-8")


@pytest.mark.parametrize(
    ("bent", "named"),
    [
        (lambda lines: [lines[0], *lines[2:]], "Position 0: its entry is missing"),
        (lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], "Position 2"),
        (lambda lines: [*lines[:3], lines[2], *lines[3:]], "Position 2: an entry stands out of order"),
        (lambda lines: lines[:-1], "Position 6: the record ends here"),
        (lambda lines: [*lines, lines[-1].replace('"position": 6', '"position": 7')], "position 7 and what follows"),
        (lambda lines: [line.replace("subject", "staff:9") for line in lines], "is not what was written"),
        (lambda lines: [*lines[:2], "{", *lines[3:]], "line 3 cannot be read"),
        (lambda lines: [*lines[:2], '{"position": 1}', *lines[3:]], "line 3 is no entry"),
        (lambda lines: lines[1:], "line 1 is no checkpoint"),
        (lambda _: [], "line 1 cannot be read"),
    ],
)
def test_an_exported_record_that_was_changed_is_found(
    exported: Path, bent: Callable[[list[str]], list[str]], named: str
) -> None:
    exported.write_text("\n".join(bent(exported.read_text("utf-8").splitlines())), "utf-8")
    with pytest.raises(CommandError, match=named):
        verify("--file", exported)


def test_exporting_is_an_event(exported: Path) -> None:
    event = Event.objects.latest("id")
    assert (event.tag, event.actor, event.details) == ("audit:exported", "portal", {"size": 7})


def test_an_exported_file_is_never_written_over_another(exported: Path) -> None:
    with pytest.raises(CommandError, match="exists"):
        said("export_audit", exported)


def test_a_timeline_tells_what_happened_to_a_request_and_where_it_stands(written: list[Event]) -> None:
    subject_request = SubjectRequest.objects.earliest("received_at")
    told = said("export_audit", "--timeline", subject_request.reference).splitlines()
    assert subject_request.reference in told[0]
    assert "2026-11-03 09:00:00 UTC  subject: request received" in told[1]
    assert "position 0" in told[1]
    assert Event.objects.latest("id").tag == "timeline:exported"


def test_nothing_is_exported_before_anything_was_signed(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Nothing was signed"):
        said("export_audit", tmp_path / "record.jsonl")
    with pytest.raises(CommandError, match="no request"):
        said("export_audit", "--timeline", "R3K-2WN-P5M")


def test_the_public_keys_are_printed_and_no_private_one(db: None, settings: Settings) -> None:
    keys = [note.read_key(line) for line in said("export_audit", "--keys").splitlines()]
    assert [key.name for key in keys] == ["127.0.0.1/audit", "127.0.0.1/audit/certificates"]
    seeds = {seed for role in keyring.SIGNING for seed in keyring.load(settings.DSR_KEYS)[role].keys.values()}
    assert seeds.isdisjoint({key.public for key in keys})
