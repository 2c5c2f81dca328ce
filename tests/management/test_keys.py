"""Keys are made once. Those that sign are added to an older installation, as long as nothing was signed."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from dsr.law.actors import PORTAL, Actor
from dsr.management import keys
from dsr.models import Checkpoint, SubjectRequest, Suppression
from dsr.sealing import keyring
from dsr.sealing.keyring import Role
from dsr.steps.recording import record, sequencer
from tests.conftest import World
from tests.steps import scenes
from tests.tree import ROOT

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


def test_another_secret_key_signs_and_what_the_one_of_before_signed_is_still_read(folder: Path) -> None:
    first = read_settings(folder)["SECRET_KEY"]
    call_command("make_keys", "--waits", "django", stdout=io.StringIO())
    waiting = read_settings(folder)
    assert waiting["SECRET_KEY"] == first
    assert len(waiting["SECRET_KEY_FALLBACKS"]) == 1
    call_command("make_keys", "--another", "django", stdout=io.StringIO())
    turned = read_settings(folder)
    assert (turned["SECRET_KEY"], turned["SECRET_KEY_FALLBACKS"]) == (waiting["SECRET_KEY_FALLBACKS"][0], [first])


def test_a_browser_stays_signed_in_while_the_secret_key_changes(
    dana: Actor, sign_in: Callable[[str], Client], settings: Settings
) -> None:
    browser, other = sign_in("dana"), sign_in("dana")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another one, of no use elsewhere", [settings.SECRET_KEY]
    assert browser.get("/desk/law/").status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert browser.get("/desk/law/").status_code == 200  # signed anew by then
    assert other.get("/desk/law/").status_code == 302


def test_without_a_secret_key_nothing_starts(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        read_settings(tmp_path)
    assert "restore the keys" in refused.value.stderr


def read_settings(folder: Path) -> dict[str, Any]:
    """The secret keys, as a process that starts now reads them."""
    script = "import json; from dsr import settings as s; print(json.dumps([s.SECRET_KEY, s.SECRET_KEY_FALLBACKS]))"
    environment = {"DSR_KEYS": str(folder), "DSR_VAR": str(folder.parent)}
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return dict(zip(("SECRET_KEY", "SECRET_KEY_FALLBACKS"), json.loads(run.stdout), strict=True))


@pytest.mark.parametrize("role", Role)
def test_serve_does_not_start_without_one_of_its_keys(folder: Path, db: None, role: Role) -> None:
    record.write_for("joypix", "test:happened", by=PORTAL, at=AT)
    sequencer.sequence(at=AT)
    (folder / f"{role}.json").unlink()
    with pytest.raises(CommandError, match=f"{role}.json"):
        call_command("serve", port=0)
