"""Anybody can check that a package is what was packed, and from whom, with the public keys alone."""

import hashlib
import io
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from dsr.law.rights import Right
from dsr.models import SubjectRequest
from dsr.package.bag import Bag
from dsr.record import package_seal
from dsr.record.note import SigningKey
from tests.conftest import World
from tests.package import answers, ours
from tests.package.conftest import opened
from tests.steps import taking

LISTS = ("manifest-sha256.txt", "tagmanifest-sha256.txt")
OTHERS = SigningKey(ours.ISSUER.name, bytes(range(2, 34)))
Files = dict[str, bytes]


@pytest.fixture(scope="module")
def packed() -> bytes:
    return opened(answers.access(), sealing=ours.SEALING).zip_bytes


def verify(path: Path, *keys: object) -> str:
    """What the command says, without any portal: these tests may not ask the tables."""
    said = io.StringIO()
    known = [f"--key={key}" for key in keys or ours.KEYS]
    call_command("verify_package", str(path), *known, stdout=said)
    return said.getvalue()


def files(content: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return {name: package.read(name) for name in package.namelist() if not name.endswith("/")}


def written(content: Files, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as package:
        for name, each in content.items():
            package.writestr(name, each)
    return path


def repacked(content: bytes, path: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """The same ZIP with files changed, or left out where the change is None."""
    changed = {name: change(name, each) for name, each in files(content).items()}
    return written({name: each for name, each in changed.items() if each is not None}, path)


def resealed(content: bytes, path: Path, seal: Callable[[str], str]) -> Path:
    """The same with another seal over its lists."""
    whole = files(content)
    tags = next(each for name, each in whole.items() if name.endswith(LISTS[1]))
    return repacked(
        content,
        path,
        lambda name, each: seal(hashlib.sha256(tags).hexdigest()).encode() if name.endswith("/package.jws") else each,
    )


def relisted(content: bytes, path: Path) -> Path:
    """Every file changed that can be, and the lists written anew: what no list shows."""
    whole = {name.partition("/")[2]: each for name, each in files(content).items()}
    whole["index.html"] = b"<p>Mallory"
    data = {name: each for name, each in whole.items() if name.startswith("data/")}
    rest = {name: each for name, each in whole.items() if name not in (*data, *LISTS, "package.jws")}
    rest[LISTS[0]] = digests(data)
    seal = {"package.jws": whole["package.jws"]}
    return written({f"R/{name}": each for name, each in (data | rest | {LISTS[1]: digests(rest)} | seal).items()}, path)


def digests(content: Files) -> bytes:
    return "".join(f"{hashlib.sha256(each).hexdigest()}  {name}\n" for name, each in content.items()).encode()


def test_a_package_as_sam_downloads_it_is_whole_and_ours(
    world: World, answered: Callable[..., SubjectRequest], tmp_path: Path
) -> None:
    subject_request = answered(Right.ACCESS)
    path = tmp_path / "package.zip"
    path.write_bytes(b"".join(taking.taken(subject_request, at=world.at)))
    said = io.StringIO()
    call_command("verify_package", str(path), stdout=said)
    event = subject_request.events.get(tag="package:sealed")
    assert "all as packed" in said.getvalue()
    assert f"joypix {subject_request.reference}, access, version 1" in said.getvalue()
    assert f"entry {event.sequenced.position} of " in said.getvalue()


def test_public_keys_are_enough(packed: bytes, tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    path.write_bytes(packed)
    said = verify(path)
    assert "all as packed. joypix R3K-2WN-P5M, access, version 1" in said
    assert f"Genuine: signed by {ours.ISSUER.verifier.kid}; entry 2 of 4 in the record example.com/audit." in said


@pytest.mark.parametrize("name", ["users.json", "index.html", "report.pdf", "manifest.json", "bag-info.txt"])
def test_a_file_that_was_changed_is_named(packed: bytes, tmp_path: Path, name: str) -> None:
    path = repacked(packed, tmp_path / "p.zip", lambda n, c: c + b" " if n.endswith(f"/{name}") else c)
    with pytest.raises(CommandError, match=rf"{name} is not what was packed"):
        verify(path)


def test_of_several_the_first_that_is_listed_is_named(packed: bytes, tmp_path: Path) -> None:
    path = repacked(packed, tmp_path / "p.zip", lambda n, c: c if n.endswith(".txt") else c + b" ")
    first = next(name for name in files(packed) if "/data/" in name).partition("/")[2]
    with pytest.raises(CommandError, match=rf": {first} is not what was packed$"):
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


def test_who_writes_all_lists_anew_has_no_seal_for_them(packed: bytes, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"package\.jws does not show .* the seal of another package"):
        verify(relisted(packed, tmp_path / "p.zip"))


def test_without_a_seal_nobody_says_from_whom_it_is(packed: bytes, tmp_path: Path) -> None:
    path = repacked(packed, tmp_path / "p.zip", lambda n, c: None if n.endswith("/package.jws") else c)
    with pytest.raises(CommandError, match=r"package\.jws is missing"):
        verify(path)


def elsewhere(digest: str) -> str:
    """An entry about something else under a good signature of ours."""
    content = ours.entry(digest, tag="package:released")
    return package_seal.build({**ours.STATED, "digest": digest}, content, ours.proof(content), ours.ISSUER)


def moved(digest: str) -> str:
    """A proof that is cut."""
    proof = ours.proof(ours.entry(digest))
    cut = replace(proof, path=proof.path[:-1])
    return package_seal.build({**ours.STATED, "digest": digest}, ours.entry(digest), cut, ours.ISSUER)


SEALS: dict[str, Callable[[str], str]] = {
    "the seal of another package": lambda _: ours.seal("0" * 64),
    "is not known here": lambda digest: ours.seal(digest, issuer=SigningKey("elsewhere/certificates", bytes(32))),
    "its key '.*' is not known": lambda digest: ours.seal(digest, issuer=OTHERS),
    "about something else": elsewhere,
    "it is not in the record": moved,
    "no key that is known here signed this": lambda digest: ours.seal(digest, log=SigningKey(ours.ORIGIN, bytes(32))),
    "does not sign packages for the record": lambda digest: ours.seal(digest, issuer=ours.LOG),
    "the signature of .* is wrong": lambda digest: ours.seal(digest)[:-4] + "AAAA",
    "three parts between dots": lambda _: "sealed, Mallory",
    "not of the kind rightful-package": ours.certificate,
}


@pytest.mark.parametrize("why", SEALS)
def test_a_seal_that_is_not_ours_or_proves_nothing_is_named(packed: bytes, tmp_path: Path, why: str) -> None:
    path = resealed(packed, tmp_path / "p.zip", SEALS[why])
    with pytest.raises(CommandError, match=rf"package\.jws does not show that it is from us: .*{why}"):
        verify(path)


def test_what_we_sealed_and_is_not_of_the_published_shape_is_named(tmp_path: Path) -> None:
    out = io.BytesIO()
    bag = Bag(out, "R3K-2WN-P5M", answers.AT)
    bag.put("manifest.json", b'{"schema_version": "1.0"}')
    bag.close(ours.SEALING)
    path = tmp_path / "p.zip"
    path.write_bytes(out.getvalue())
    with pytest.raises(CommandError, match=r"manifest\.json is not of the published shape: \$ is not as"):
        verify(path)


def test_the_folder_it_was_unpacked_into_does_as_well(packed: bytes, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(packed)) as package:
        package.extractall(tmp_path / "Downloads")
    folder = tmp_path / "Downloads" / "R3K-2WN-P5M"
    (folder / "data" / ".DS_Store").write_bytes(b"left by the system that shows the folder")
    assert "all as packed" in verify(folder)
    assert "all as packed" in verify(tmp_path / "Downloads")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda folder: (folder / "index.html").write_bytes(b"<p>Mallory"), r"index\.html is not what was packed"),
        (lambda folder: (folder / "report.pdf").unlink(), r"report\.pdf is missing"),
        (lambda folder: (folder / "data" / "more.json").write_bytes(b"[]"), r"data/more\.json is not listed"),
        (lambda folder: (folder / "da\u202eta").mkdir() or (folder / "da\u202eta" / "x").touch(), "is not a name"),
        (lambda folder: (folder / "data" / "link").symlink_to("/etc/passwd"), "data/link is packed in a way"),
        (lambda folder: (folder / "data" / "more").symlink_to("/etc"), "data/more is packed in a way"),
        (lambda folder: os.mkfifo(folder / "data" / "pipe"), "data/pipe is packed in a way"),
    ],
    ids=["changed", "taken out", "put in", "a name that misleads", "a link", "a linked folder", "a pipe"],
)
def test_in_a_folder_too_the_file_that_differs_is_named(
    packed: bytes, tmp_path: Path, change: Callable[[Path], object], says: str
) -> None:
    with zipfile.ZipFile(io.BytesIO(packed)) as package:
        package.extractall(tmp_path)
    change(tmp_path / "R3K-2WN-P5M")
    with pytest.raises(CommandError, match=says) as said:
        verify(tmp_path / "R3K-2WN-P5M")
    assert str(said.value).isprintable()


def test_a_folder_that_is_linked_or_cannot_be_read_is_not_passed_over(
    packed: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(io.BytesIO(packed)) as package:
        package.extractall(tmp_path)
    folder, around, scandir = tmp_path / "R3K-2WN-P5M", tmp_path / "Downloads", os.scandir
    around.mkdir()
    (around / folder.name).symlink_to(folder)
    with pytest.raises(CommandError, match="is packed in a way"):
        verify(around)
    (folder / "more").mkdir()

    def closed(path: str) -> object:
        if Path(path).name == "more":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    with pytest.raises(CommandError, match="Permission denied"):
        verify(folder)


def test_a_flipped_byte_is_said_in_words_wherever_it_changes_a_file(packed: bytes, tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    whole, found = files(packed), 0
    for place in range(50, len(packed), 1 + len(packed) // 60):
        path.write_bytes(packed[:place] + bytes([packed[place] ^ 0xFF]) + packed[place + 1 :])
        try:
            verify(path)
        except CommandError:
            found += 1
        else:
            # A local header repeats what the central directory says: a change there changes no file.
            assert files(path.read_bytes()) == whole
    assert found > 40


@pytest.mark.parametrize("content", [b"", b"PK", b"a letter", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_package_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "letter.zip"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=r"letter\.zip"):
        verify(path)


@pytest.mark.parametrize("name", ["nothing.zip", "."])
def test_what_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(CommandError, match=str(tmp_path)):
        verify(tmp_path / name)
