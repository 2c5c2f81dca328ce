"""What Sam can rely on when the package is opened."""

import base64
import csv
import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import PurePosixPath, PureWindowsPath
from zipfile import ZipFile

import jsonschema
import pytest

from dsr.connectors.contract import Batch
from dsr.package import archive, manifest
from dsr.package.contents import Answer
from tests.package import answers
from tests.package.conftest import Opened


def bag_faults(files: dict[str, bytes]) -> list[str]:
    """What a BagIt reader would complain about."""
    faults = []
    for listing, prefix in (("manifest-sha256.txt", True), ("tagmanifest-sha256.txt", False)):
        lines = (line.partition("  ") for line in files[listing].decode().splitlines())
        listed = {path: digest for digest, _, path in lines}
        there = {path for path in files if path.startswith("data/") is prefix and not path.startswith("tagmanifest")}
        faults += [f"{path} is in one place only" for path in there ^ listed.keys()]
        faults += [
            f"{path} changed"
            for path in there & listed.keys()
            if hashlib.sha256(files[path]).hexdigest() != listed[path]
        ]
    return faults


def test_every_file_of_the_bag_is_listed_with_its_digest(access: Opened) -> None:
    assert bag_faults(access.files) == []


def test_a_changed_file_no_longer_matches_the_bag(access: Opened) -> None:
    assert bag_faults({**access.files, "data/app/users.json": b"[]"}) == ["data/app/users.json changed"]
    assert bag_faults({**access.files, "index.html": b""}) == ["index.html changed"]


def test_an_answer_without_records_is_a_valid_bag_too(erasure: Opened) -> None:
    assert bag_faults(erasure.files) == []
    assert erasure.files["manifest-sha256.txt"] == b""


def test_the_ledger_gets_the_size_and_digest_of_the_zip(access: Opened) -> None:
    assert access.written.size == len(access.zip_bytes)
    assert access.written.sha256 == hashlib.sha256(access.zip_bytes).hexdigest()
    assert access.written.counts == archive.Counts(collections=4, rows=95, files=13)


@pytest.mark.parametrize("name", ["access", "erasure"])
def test_the_manifest_keeps_its_schema(name: str, request: pytest.FixtureRequest) -> None:
    package: Opened = request.getfixturevalue(name)
    schema = json.loads((manifest.SCHEMA).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(package.json("manifest.json"))


def test_json_gives_hostile_cells_back_exactly(access: Opened) -> None:
    pages = [row["page"] for row in access.json("data/app/events.json")]
    assert pages == [text.replace("\ud83d", "\ufffd") for text in answers.HOSTILE * 2]
    assert [entry["repaired_cells"] for entry in access.json("manifest.json")["collections"]] == [0, 0, 2, 0]


def test_json_keeps_the_worth_of_every_kind_of_cell(access: Opened) -> None:
    assert access.json("data/app/users.json") == [
        {
            "id": 7,
            "email": "sam@example.org",
            "name": "Sam <b>Ä.</b>",
            "plan": 3,
            "balance": "-12.50",
            "born": "1990-02-28",
            "created_at": "2026-03-12T09:30:00+00:00",
            "bio": "Painter, 画家, رسام 🎨",
            "avatar": base64.b64encode(b"+\xfe\xff").decode(),
        }
    ]


def test_a_spreadsheet_finds_nothing_to_run(access: Opened) -> None:
    rows = list(csv.reader(io.StringIO(access.files["data/app/events.csv"].decode("utf-8-sig"), newline="")))
    live = [cell for row in rows for cell in row if cell.lstrip("\ufeff \t\r\n\0")[:1] in tuple("=+@\uff1d")]
    assert live == []
    assert len(rows) == 1 + 2 * len(answers.HOSTILE)
    assert access.json("manifest.json")["collections"][2]["neutralised_csv_cells"] == 2 * 5


def test_a_password_is_said_to_be_held_and_shown_nowhere(access: Opened) -> None:
    assert not [path for path, content in access.files.items() if answers.SECRET.encode() in content]
    assert answers.SECRET not in access.report_html
    (entry,) = access.json("manifest.json")["collections"][0]["withheld"]
    assert entry["field"] == "password_hash"
    assert "Not shown: Password" in access.text("index.html")
    assert "Not shown: Password" in access.report_html


def test_a_field_that_nobody_described_stays_out(open_package: Callable[[Answer], Opened]) -> None:
    part = [Batch("letters", ("id", "ssn"), ((1, "078-05-1120"),))]
    package = open_package(answers.access(parts={"support": lambda: iter(part)}))
    assert package.json("data/support/letters.json") == [{"id": 1}]
    assert [entry["field"] for entry in package.json("manifest.json")["collections"][0]["withheld"]] == ["ssn"]


def test_mallory_chooses_no_path_in_sams_package(access: Opened) -> None:
    names = [entry["path"] for entry in access.json("manifest.json")["files"]]
    assert [PurePosixPath(name).name for name in names] == [
        *(f"{place:04}.png" for place in range(1, 9)),
        *("0009.txt", "0010.bin", "0011.pdf", "0012.bin", "0013.txt"),
    ]
    for name in access.files:
        assert name.isascii()
        assert not PureWindowsPath(name).is_absolute()
        assert not PureWindowsPath(name).is_reserved()
        assert ".." not in PurePosixPath(name).parts


def test_original_names_stand_in_the_manifest(access: Opened) -> None:
    names = [entry["original_name"] for entry in access.json("manifest.json")["files"]]
    assert tuple(names[: len(answers.NAMES)]) == answers.NAMES


def test_files_arrive_whole(access: Opened) -> None:
    content = access.files["data/files/media/saved/0001.png"]
    assert content.startswith(b"\x89PNG")
    assert content.endswith(b"IEND\xaeB`\x82")


def test_pictures_are_not_packed_once_more(open_package: Callable[[Answer], Opened]) -> None:
    package = open_package(answers.access(parts={"media": answers.pictures_part(1_000)}))
    with ZipFile(io.BytesIO(package.zip_bytes)) as archive_:
        pictures = [entry for entry in archive_.infolist() if entry.filename.endswith(".png")]
    assert len(pictures) == 1_000
    assert all(entry.compress_size == entry.file_size for entry in pictures)


def test_identities_are_named_by_kind_in_the_manifest(access: Opened) -> None:
    assert access.json("manifest.json")["identities"] == ["email", "account"]
    assert b"sam@example.org" not in access.files["manifest.json"]


def test_a_reference_that_could_leave_its_folder_is_refused() -> None:
    with pytest.raises(ValueError, match="letters, digits"):
        archive.write(answers.access(reference="../x"), io.BytesIO(), report=lambda _: b"")


def test_batches_that_do_not_follow_each_other_are_refused_aloud() -> None:
    event, prompt = Batch("events", ("id",), ((1,),)), Batch("prompts", ("id",), ((1,),))
    answer = answers.access(parts={"app": lambda: iter((event, prompt, event))})
    with pytest.raises(ValueError, match=r"app\.events"):
        archive.write(answer, io.BytesIO(), report=lambda _: b"")


MEASURED = """
import io, re
from pathlib import Path
import django
django.setup()
from dsr.package import archive
from tests.package import answers

class Nowhere(io.RawIOBase):
    def write(self, content):
        return len(content)

def most():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024

def written(count):
    parts = PARTS
    counts = archive.write(answers.access(parts=parts), Nowhere(), report=lambda _: b"%PDF-").counts
    return counts.rows, counts.files

written(1_000)
before = most()
print(*written(COUNT), most() - before)
"""
EVENTS, PICTURES = '{"app": answers.events_part(count)}', '{"media": answers.pictures_part(count)}'


def grown(parts: str, count: int) -> list[int]:
    """Rows and files of a package, and the memory it took, in a process with a high-water mark of its own."""
    code = MEASURED.replace("PARTS", parts).replace("COUNT", str(count))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [int(figure) for figure in done.stdout.split()]


def test_a_hundred_thousand_events_pass_through_little_memory() -> None:
    rows, _, growth = grown(EVENTS, 100_000)
    assert rows == 100_000
    assert growth < 30_000_000


def test_fifty_thousand_pictures_pass_through_little_memory() -> None:
    rows, files, growth = grown(PICTURES, 50_000)
    assert (rows, files) == (50_000, 50_000)
    assert growth < 100_000_000
