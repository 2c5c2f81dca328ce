"""Keys are made once. Those that sign are added to an older installation, as long as nothing was signed."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from dsr.law.actors import PORTAL
from dsr.management import keys
from dsr.models import Checkpoint, SubjectRequest, Suppression
from dsr.sealing import keyring
from dsr.sealing.keyring import Role
from dsr.steps.recording import record, sequencer
from tests.conftest import World
from tests.steps import scenes

AT = datetime(2026, 11, 3, 9, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    """The keys of a new installation."""
    settings.DSR_KEYS = tmp_path / "keys"
    call_command("make_keys", stdout=io.StringIO())
    return tmp_path / "keys"


@pytest.fixture
def older(folder: Path) -> Path:
    """The keys of an installation from before the record was signed."""
    for role in keyring.SIGNING:
        (folder / f"{role}.json").unlink()
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_first_keys_are_whole_and_for_their_owner_only(folder: Path) -> None:
    assert set(keyring.load(folder)) == set(keyring.Role)
    assert len((folder / "django.txt").read_text("ascii")) >= 50
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o400}


def test_keys_are_never_made_in_place_of_others(folder: Path) -> None:
    before = contents(folder)
    with pytest.raises(CommandError, match="not empty"):
        call_command("make_keys")
    assert contents(folder) == before


def test_a_key_that_got_lost_is_not_made_anew(folder: Path) -> None:
    (folder / "fields.json").unlink()
    with pytest.raises(CommandError, match="not empty"):
        call_command("make_keys")
    assert not (folder / "fields.json").exists()


def test_an_older_installation_gets_the_keys_that_sign_and_keeps_the_others(older: Path, db: None) -> None:
    before = contents(older)
    with pytest.raises(keys.KeysLost, match=r"run manage\.py make_keys --missing"):
        keys.require(older)
    call_command("make_keys", "--missing", stdout=io.StringIO())
    keys.require(older)
    assert before.items() <= contents(older).items()
    assert keyring.lacking(older) == frozenset()


def test_nothing_is_made_where_nothing_is_missing(folder: Path, db: None) -> None:
    before, said = contents(folder), io.StringIO()
    call_command("make_keys", "--missing", stdout=said)
    assert "No key is missing" in said.getvalue()
    assert contents(folder) == before


def test_a_signing_key_that_has_signed_is_lost_and_not_made_anew(folder: Path, db: None) -> None:
    record.write_for("joypix", "test:happened", by=PORTAL, at=AT)
    sequencer.sequence(at=AT)
    (folder / "checkpoints.json").unlink()
    with pytest.raises(CommandError, match="Restore"):
        call_command("make_keys", "--missing")
    with pytest.raises(keys.KeysLost, match="Restore"):
        keys.require(folder)
    assert Checkpoint.objects.exists()
    assert not (folder / "checkpoints.json").exists()


def test_a_lost_key_that_seals_is_never_missing(older: Path, db: None) -> None:
    (older / "fields.json").unlink()
    with pytest.raises(CommandError, match="lost"):
        call_command("make_keys", "--missing")
    assert not (older / "checkpoints.json").exists()


def test_the_deployment_check_says_in_one_line_what_to_do(older: Path, db: None) -> None:
    with pytest.raises(CommandError, match="make_keys --missing"):
        call_command("check", deploy=True)


def test_the_key_of_the_suppression_ledger_is_added_once_and_never_after_it_was_used(folder: Path, db: None) -> None:
    (folder / "suppression.json").unlink()
    assert keys.make_missing(folder) == ["suppression"]
    asked = SubjectRequest.objects.create(
        controller="joypix", right="erasure", reference="AAA-AAA-AAA", received_at=AT, due_on=AT.date()
    )
    Suppression.objects.create(
        controller="joypix",
        kind="email",
        hash="0" * 64,
        key_id="k1",
        normalisation=1,
        erased_at=AT,
        subject_request=asked,
    )
    (folder / "suppression.json").unlink()
    with pytest.raises(keys.KeysLost, match="was used already"):
        keys.make_missing(folder)


def test_the_key_of_packages_is_added_once_and_never_after_a_package_was_sealed(folder: Path, world: World) -> None:
    (folder / "packages.json").unlink()
    assert keys.make_missing(folder) == ["packages"]
    own = scenes.packaged(world)
    (folder / "packages.json").unlink()
    with pytest.raises(keys.KeysLost, match="was used already"):
        keys.make_missing(folder)
    with pytest.raises(keys.KeysLost, match="Restore"):
        keys.require(folder)
    own.packages.update(key_role=Role.FILES)  # one of before
    assert keys.make_missing(folder) == ["packages"]
