from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from dsr.sealing import keyring


def test_the_first_keys_are_whole_and_for_their_owner_only(tmp_path: Path, settings: Settings) -> None:
    settings.DSR_KEYS = tmp_path / "keys"
    call_command("make_keys")
    assert set(keyring.load(settings.DSR_KEYS)) == set(keyring.Role)
    assert len((settings.DSR_KEYS / "django.txt").read_text("ascii")) >= 50
    assert {path.stat().st_mode & 0o777 for path in settings.DSR_KEYS.iterdir()} == {0o400}


def test_keys_are_never_made_in_place_of_others(tmp_path: Path, settings: Settings) -> None:
    settings.DSR_KEYS = tmp_path / "keys"
    call_command("make_keys")
    before = {path: path.read_bytes() for path in settings.DSR_KEYS.iterdir()}
    with pytest.raises(CommandError, match="not empty"):
        call_command("make_keys")
    assert {path: path.read_bytes() for path in settings.DSR_KEYS.iterdir()} == before


def test_a_key_that_got_lost_is_not_made_anew(tmp_path: Path, settings: Settings) -> None:
    settings.DSR_KEYS = tmp_path / "keys"
    call_command("make_keys")
    (settings.DSR_KEYS / "fields.json").unlink()
    with pytest.raises(CommandError, match="not empty"):
        call_command("make_keys")
    assert not (settings.DSR_KEYS / "fields.json").exists()
