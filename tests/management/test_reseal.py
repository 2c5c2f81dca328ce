"""A change of the key of packages: what was sealed before opens on, and by the newest key alone."""

import base64
import io
import json
import secrets
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from dsr.models import Package, SubjectRequest, sealed
from dsr.sealing import fields, files, keyring
from dsr.sealing.keyring import KeysMissing, Role
from dsr.steps.answering import delivery
from dsr.steps.move import Conflict
from tests.conftest import World
from tests.steps import scenes, taking

CONTENT = b"PK, and what was found"


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    """The keys of an installation of its own."""
    settings.DSR_KEYS = tmp_path / "keys"
    keyring.make(settings.DSR_KEYS)
    return tmp_path / "keys"


@pytest.fixture
def packaged(folder: Path, world: World) -> SubjectRequest:
    """A package that the first key wraps."""
    return scenes.packaged(world, CONTENT)


def called(name: str, *words: str) -> str:
    said = io.StringIO()
    call_command(name, *words, stdout=said)
    return said.getvalue()


def without(folder: Path, kid: str) -> None:
    """The operator takes a key out of the file."""
    path = folder / "packages.json"
    ring = json.loads(path.read_text("ascii"))
    del ring["keys"][kid]
    path.unlink()
    path.write_text(json.dumps(ring), "ascii")


def test_after_a_change_of_keys_a_package_opens_by_the_newest_alone(
    world: World, folder: Path, packaged: SubjectRequest
) -> None:
    before = sealed.file_path(packaged.packages.get().pk).read_bytes()
    assert "Made key k2 of packages" in called("make_keys", "--another", "packages")
    said = called("reseal", "packages")
    assert "1 resealed; 0 were already" in said
    assert "nothing needs key k1 any more" in said
    without(folder, "k1")
    assert b"".join(taking.taken(packaged, at=world.at)) == CONTENT
    assert sealed.file_path(packaged.packages.get().pk).read_bytes() == before


def test_a_key_that_a_run_left_half_made_is_no_obstacle_to_the_next(folder: Path) -> None:
    (folder / "packages.new").write_bytes(b"{")
    assert "Made key k2 of packages" in called("make_keys", "--another", "packages")
    assert sorted(path.suffix for path in folder.iterdir() if path.stem == "packages") == [".json"]


def test_the_second_turn_finds_nothing_to_do(packaged: SubjectRequest) -> None:
    called("make_keys", "--another", "packages")
    called("reseal", "packages")
    wrapped = packaged.packages.get().wrapped_key
    assert "0 resealed; 1 were already" in called("reseal", "packages")
    assert packaged.packages.get().wrapped_key == wrapped


def test_a_turn_that_broke_off_goes_on_where_it_was(world: World, packaged: SubjectRequest) -> None:
    called("make_keys", "--another", "packages")
    called("reseal", "packages")
    Package.objects.create(
        subject_request=packaged, version=2, sha256="", size=0, released_at=world.at, wrapped_key=of_the_first(world)
    )
    with pytest.raises(CommandError, match="version 2"):
        called("reseal", "packages")  # it says which one opens by no key, and keeps it as it is
    assert packaged.packages.get(version=2).wrapped_key.startswith("v1.k1.")


def of_the_first(world: World) -> str:
    """What the first key wrapped for another place."""
    return fields.seal(sealed.ring(Role.PACKAGES), b"a key", "elsewhere").replace("v1.k2.", "v1.k1.")


def test_a_key_that_one_package_still_needs_is_not_called_removable(world: World, packaged: SubjectRequest) -> None:
    called("make_keys", "--another", "packages")
    kept = of_the_first(world)
    Package.objects.create(
        subject_request=packaged, version=2, sha256="", size=0, released_at=world.at, wrapped_key=kept
    )
    said = io.StringIO()
    with pytest.raises(CommandError):
        call_command("reseal", "packages", stdout=said)
    assert "1 resealed" in said.getvalue()
    assert "nothing needs key" not in said.getvalue()


def test_a_package_of_before_gets_the_key_of_packages(world: World, packaged: SubjectRequest) -> None:
    package = packaged.packages.get()
    place = sealed.file_place(package.pk)
    own = files.key_of(place, package.ring(), package.wrapped_key)
    old = fields.seal(sealed.ring(Role.FILES), own.encode(), place)
    Package.objects.update(key_role=Role.FILES, wrapped_key=old)
    assert "1 resealed" in called("reseal", "packages")
    assert packaged.packages.get().key_role == Role.PACKAGES
    assert b"".join(taking.taken(packaged, at=world.at)) == CONTENT


def test_a_destroyed_package_stays_destroyed_though_every_byte_and_every_key_is_there(
    world: World, packaged: SubjectRequest
) -> None:
    package = packaged.packages.get()
    Package.objects.update(wrapped_key="")
    called("make_keys", "--another", "packages")
    assert "0 resealed; 0 were already" in called("reseal", "packages")
    package.refresh_from_db()
    assert sealed.file_path(package.pk).exists()
    with pytest.raises(Conflict, match="cannot be opened"):
        delivery.opened(package)


def test_a_package_that_is_destroyed_while_it_is_resealed_stays_destroyed(packaged: SubjectRequest) -> None:
    called("make_keys", "--another", "packages")
    with scenes.a_rival_before('UPDATE "dsr_package"', lambda: Package.objects.update(wrapped_key="")):
        said = called("reseal", "packages")
    assert "0 resealed" in said
    assert packaged.packages.get().wrapped_key == ""


def test_the_key_of_packages_may_stand_in_the_environment_alone(
    world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "packages.json").unlink()
    first, second = (base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(2))
    monkeypatch.setenv("DSR_KEY_PACKAGES", f"one:{first}")
    assert keyring.lacking(folder) == frozenset()
    packaged = scenes.packaged(world, CONTENT)
    monkeypatch.setenv("DSR_KEY_PACKAGES", f"two:{second}, one:{first}")
    assert "nothing needs key one any more" in called("reseal", "packages")
    monkeypatch.setenv("DSR_KEY_PACKAGES", f"two:{second}")
    assert b"".join(taking.taken(packaged, at=world.at)) == CONTENT


def test_a_new_key_is_added_where_the_others_stand(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSR_KEY_PACKAGES", f"one:{base64.b64encode(bytes(32)).decode()}")
    before = (folder / "packages.json").read_bytes()
    with pytest.raises(CommandError, match="in front of the others"):
        called("make_keys", "--another", "packages")
    assert (folder / "packages.json").read_bytes() == before


@pytest.mark.parametrize("line", ["one", "one:", "one:AAAA", ":" + "A" * 43 + "=", "a.b:" + "A" * 43 + "=", "one:é"])
def test_a_line_that_is_no_key_is_refused_and_not_repeated(
    folder: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.setenv("DSR_KEY_PACKAGES", line)
    with pytest.raises(KeysMissing, match="DSR_KEY_PACKAGES") as refused:
        keyring.read(folder, Role.PACKAGES)
    assert line.partition(":")[2] not in str(refused.value) or not line.partition(":")[2]


def test_without_its_key_the_command_says_so(folder: Path, db: None) -> None:
    (folder / "packages.json").unlink()
    with pytest.raises(CommandError, match=r"packages\.json is missing"):
        called("reseal", "packages")


def test_a_first_start_makes_no_file_for_a_key_that_the_environment_has(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DSR_KEYS = tmp_path / "keys"
    monkeypatch.setenv("DSR_KEY_PACKAGES", f"one:{base64.b64encode(bytes(32)).decode()}")
    called("make_keys")
    assert not (settings.DSR_KEYS / "packages.json").exists()
    assert (settings.DSR_KEYS / "fields.json").exists()
