"""Anybody can check that a package is what was packed."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from dsr.law.actors import SUBJECT
from dsr.law.rights import Right
from dsr.models import SubjectRequest
from dsr.steps.answering import delivery
from tests.conftest import World
from tests.package import answers
from tests.package.conftest import opened


@pytest.fixture(scope="module")
def packed() -> bytes:
    return opened(answers.access()).zip_bytes


def verify(path: Path) -> str:
    said = io.StringIO()
    call_command("verify_package", str(path), stdout=said)
    return said.getvalue()


def repacked(content: bytes, path: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """The same ZIP with files changed, or left out where the change is None."""
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            if (changed := change(name, old.read(name))) is not None:
                new.writestr(name, changed)
    return path


def test_a_package_as_sam_downloads_it_is_whole(
    world: World, answered: Callable[..., SubjectRequest], tmp_path: Path
) -> None:
    subject_request = answered(Right.ACCESS)
    path = tmp_path / "package.zip"
    path.write_bytes(b"".join(delivery.download(subject_request, by=SUBJECT, at=world.at)))
    assert "all as packed" in verify(path)


@pytest.mark.parametrize("name", ["users.json", "index.html", "report.pdf", "manifest.json", "bag-info.txt"])
def test_a_file_that_was_changed_is_named(packed: bytes, tmp_path: Path, name: str) -> None:
    path = repacked(packed, tmp_path / "p.zip", lambda n, c: c + b" " if n.endswith(f"/{name}") else c)
    with pytest.raises(CommandError, match=name):
        verify(path)


def test_a_file_that_was_taken_out_is_named(packed: bytes, tmp_path: Path) -> None:
    path = repacked(packed, tmp_path / "p.zip", lambda n, c: None if n.endswith("/users.json") else c)
    with pytest.raises(CommandError, match=r"users\.json is missing"):
        verify(path)


def test_a_file_that_was_put_in_is_named(packed: bytes, tmp_path: Path) -> None:
    path = repacked(packed, tmp_path / "p.zip", lambda _, content: content)
    with zipfile.ZipFile(path, "a") as package:
        folder = package.namelist()[0].split("/")[0]
        package.writestr(f"{folder}/data/extra.json", "[]")
    with pytest.raises(CommandError, match=r"extra\.json is not listed"):
        verify(path)


def contents(path: Path) -> dict[str, bytes]:
    """Every file of a ZIP."""
    with zipfile.ZipFile(path) as package:
        return {name: package.read(name) for name in package.namelist()}


def test_a_flipped_byte_is_said_in_words_wherever_it_changes_a_file(packed: bytes, tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    path.write_bytes(packed)
    whole = contents(path)
    found = 0
    for place in range(50, len(packed), 1 + len(packed) // 60):
        path.write_bytes(packed[:place] + bytes([packed[place] ^ 0xFF]) + packed[place + 1 :])
        try:
            verify(path)
        except CommandError:
            found += 1
        else:
            # A local header repeats what the central directory says: a change there changes no file.
            assert contents(path) == whole
    assert found > 40


@pytest.mark.parametrize("content", [b"", b"PK", b"a letter", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_package_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "letter.zip"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=r"letter\.zip"):
        verify(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nothing\.zip"):
        verify(tmp_path / "nothing.zip")
