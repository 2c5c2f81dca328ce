"""Keys are read whole or not at all, and never replaced."""

import base64
import json
from pathlib import Path

import pytest

from dsr.sealing import keyring
from dsr.sealing.keyring import KeysMissing, Role


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    keyring.make(tmp_path / "keys")
    return tmp_path / "keys"


def test_every_role_has_a_key_of_its_own(folder: Path) -> None:
    keys = {ring.key(ring.current) for ring in keyring.load(folder).values()}
    assert len(keys) == len(Role)
    assert {len(key) for key in keys} == {32}


def test_keys_are_for_their_owner_only(folder: Path) -> None:
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o400}


def test_keys_are_never_replaced(folder: Path) -> None:
    before = (folder / "fields.json").read_bytes()
    with pytest.raises(FileExistsError):
        keyring.make(folder)
    assert (folder / "fields.json").read_bytes() == before


@pytest.mark.parametrize("role", Role)
def test_a_missing_key_is_named(folder: Path, role: Role) -> None:
    (folder / f"{role}.json").unlink()
    with pytest.raises(KeysMissing, match=f"{role}.json"):
        keyring.load(folder)


SHORT = base64.b64encode(b"short").decode()
LONG = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '"k1"',
        json.dumps({"current": "k1", "keys": {}}),
        json.dumps({"current": "k2", "keys": {"k1": LONG}}),
        json.dumps({"current": "k1", "keys": {"k1": SHORT}}),
        json.dumps({"current": "k1", "keys": {"k1": "not base64!"}}),
        json.dumps({"current": "k1", "keys": {"k1": LONG, "k2": SHORT}}),
        json.dumps({"current": "k1", "keys": [LONG]}),
    ],
)
def test_a_broken_key_stops_the_portal_and_is_not_shown(folder: Path, text: str) -> None:
    (folder / "fields.json").chmod(0o600)
    (folder / "fields.json").write_text(text, encoding="ascii")
    with pytest.raises(KeysMissing, match=r"fields\.json") as stopped:
        keyring.load(folder)
    assert LONG not in str(stopped.value)
