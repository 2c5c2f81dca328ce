"""What somebody has who took a copy: the assets of docs/threat-model.md whose bound no other test shows."""

import re
import sqlite3
from base64 import b32decode
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from pytest_django import Settings

from accounts import staff
from accounts.models import Role
from dsr.law.rights import Right
from dsr.models import SubjectRequest
from dsr.sealing.keyring import KeysMissing
from dsr.steps.answering import delivery
from dsr.steps.asking import tokens
from dsr.steps.move import Conflict
from tests.conftest import SAM, World
from tests.steps import scenes


def dump() -> bytes:
    """A copy of the portal's database, as a backup has it."""
    opened = connection.connection
    assert isinstance(opened, sqlite3.Connection)
    return opened.serialize()


def test_a_copy_of_the_database_holds_no_code_no_token_no_link_no_seed_and_no_password(world: World) -> None:
    made = staff.add("dana", "Dana Reyes", [("joypix", Role.AGENT)])
    seed = parse_qs(urlsplit(made.otpauth).query)["secret"][0]
    link = staff.invite("devi", "Devi Rao", [("joypix", Role.AGENT)]).rstrip("/").rpartition("/")[2]
    token = tokens.issue("joypix", "app", at=world.at)
    world.file(Right.ACCESS)
    code = world.code()
    raw = b32decode(seed + "=" * (-len(seed) % 8))
    secrets = [made.password, seed, raw.hex(), link, token, token.partition("_")[2] or token, code]
    copy = dump()
    assert b"dana" in copy
    assert [word for word in secrets if re.search(re.escape(word.encode()), copy, re.IGNORECASE)] == []
    assert raw not in copy


def test_a_copy_of_database_and_files_without_the_keys_names_nobody_and_opens_no_package(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    own = scenes.packaged(world)
    assert SAM.encode() not in dump()
    settings.DSR_KEYS = tmp_path / "somewhere else"
    taken = SubjectRequest.objects.get(pk=own.pk)
    with pytest.raises(KeysMissing):
        taken.identities.get().value()
    with pytest.raises(Conflict, match="not given the key"):
        delivery.opened(taken.packages.get())
