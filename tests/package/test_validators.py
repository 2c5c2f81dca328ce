"""Programs of others, which know nothing of ours, find every kind of package in order."""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO, cast
from zipfile import ZipFile

import bagit
import frictionless
import jsonschema
import pytest

from dsr.connectors.contract import Batch, Cell, Found
from dsr.law.rights import Right
from dsr.package import archive, kinds, manifest, portability
from dsr.package.bag import SEAL, Sealing
from dsr.package.contents import Answer, CollectionOutcome, RefusedPart, SystemOutcome
from tests.package import answers
from tests.package.conftest import Json, Pipe
from tests.package.maps import JOYPIX

REFUSED = CollectionOutcome("prompts", 0, refused=RefusedPart("Two wrote it.", "GDPR Art. 15(4)", "Both are named."))
ANSWERS = {
    "access": answers.access(),  # with all hostile cells and names
    "rectification": answers.rectification(),
    "withdrawal": answers.withdrawal(),
    "erasure": answers.erasure(),
    "portability": answers.access(right=Right.PORTABILITY),
    "refused": answers.access(systems=(SystemOutcome("app", "found", "", (REFUSED,)),), parts={}),
    "refused in part": answers.access(
        systems=(SystemOutcome("app", "found", "", (REFUSED,)),), parts={"media": answers.media_part}
    ),
}


def unpacked(answer: Answer, folder: Path, sealing: Sealing | None = None) -> Path:
    """The one folder of an answer's package."""
    pipe = Pipe()
    out = cast("BinaryIO", pipe)
    if answer.right is Right.PORTABILITY:
        portability.write(answer, out, sealing=sealing)
    else:
        archive.write(answer, out, report=lambda _: b"%PDF-marked", sealing=sealing)
    with ZipFile(pipe.taken) as package:
        package.extractall(folder)
    return folder / answer.reference


def table_faults(package: Path) -> list[list[str]]:
    """What Frictionless complains about."""
    report = frictionless.Package(str(package / "datapackage.json")).validate()
    faults: list[list[str]] = report.flatten(["type", "message"])
    return faults


@pytest.fixture(params=ANSWERS)
def package(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return unpacked(ANSWERS[request.param], tmp_path)


def test_each_package_is_a_bag(package: Path) -> None:
    bag = bagit.Bag(str(package))
    bag.validate()
    assert bag.info["External-Identifier"] == package.name


def test_a_seal_that_no_list_can_name_leaves_it_a_bag(tmp_path: Path) -> None:
    package = unpacked(ANSWERS["access"], tmp_path, sealing=lambda digest: f"seal over {digest}")
    bagit.Bag(str(package)).validate()
    assert (package / SEAL).read_text().startswith("seal over ")


def test_a_changed_file_makes_it_a_bag_no_longer(tmp_path: Path) -> None:
    package = unpacked(ANSWERS["access"], tmp_path)
    (package / "data/app/users.csv").write_bytes(b"id\r\n8\r\n")
    with pytest.raises(bagit.BagValidationError):
        bagit.Bag(str(package)).validate()


@pytest.mark.parametrize("name", ["access", "portability", "refused in part"])
def test_each_table_is_as_it_is_described(name: str, tmp_path: Path) -> None:
    package = unpacked(ANSWERS[name], tmp_path)
    described: Json = json.loads((package / "datapackage.json").read_bytes())
    assert {table["path"] for table in described["resources"]} == {
        str(path.relative_to(package)) for path in package.glob("data/*/*.csv")
    }
    assert table_faults(package) == []


@pytest.mark.parametrize("name", ["erasure", "refused"])
def test_where_there_is_no_table_nothing_claims_to_describe_one(name: str, tmp_path: Path) -> None:
    assert not (unpacked(ANSWERS[name], tmp_path) / "datapackage.json").exists()


def test_each_list_of_contents_keeps_its_schema(package: Path) -> None:
    (listed,) = (path for path in package.glob("*.json") if path.name in {"manifest.json", "portability.json"})
    schema = json.loads(manifest.SCHEMA.with_name(f"{listed.stem}.schema.json").read_bytes())
    jsonschema.Draft202012Validator(schema).validate(json.loads(listed.read_bytes()))


def test_a_table_that_was_changed_is_found_out_by_its_description(tmp_path: Path) -> None:
    package = unpacked(ANSWERS["access"], tmp_path)
    table = package / "data/app/users.csv"
    table.write_bytes(table.read_bytes().replace(b"7,", b"x,"))
    assert {fault for fault, _ in table_faults(package)} == {"hash-count", "type-error"}


COLUMNS: dict[str, tuple[str, tuple[Cell, ...]]] = {
    "whole": ("integer", (1, None, -2)),
    "broken": ("number", (1, 0.5, Decimal("-12.50"))),
    "yes": ("boolean", (True, None, False)),
    "mixed": ("string", (True, 1, None)),
    "words": ("string", ("1", "2", "3")),
    "endless": ("string", (1.5, float("inf"), None)),
    "neutral": ("string", (1, "=1+1", 2)),
    "empty": ("string", (None, None, None)),
}


def test_a_column_is_of_a_type_when_every_cell_is(tmp_path: Path) -> None:
    events = JOYPIX.systems["app"].collections["events"]
    fields = dict.fromkeys(COLUMNS, events.fields["page"])
    collection = events.model_copy(update={"fields": fields, "key": ("whole",)})
    system = JOYPIX.systems["app"].model_copy(update={"collections": {"events": collection}})
    rows = tuple(zip(*(cells for _, cells in COLUMNS.values()), strict=True))

    def part() -> Iterator[Found]:
        yield Batch("events", tuple(COLUMNS), rows[:1])  # types are seen over all batches
        yield Batch("events", tuple(COLUMNS), rows[1:])

    answer = replace(
        answers.access(systems=(SystemOutcome("app", "found"),), parts={"app": part}),
        controller=JOYPIX.model_copy(update={"systems": {"app": system}}),
    )
    package = unpacked(answer, tmp_path)
    (table,) = json.loads((package / "datapackage.json").read_bytes())["resources"]
    types = {field["name"]: field["type"] for field in table["schema"]["fields"]}
    assert types == {name: type_ for name, (type_, _) in COLUMNS.items()}
    assert table_faults(package) == []


def test_a_column_that_nothing_was_seen_of_is_text() -> None:
    assert kinds.together(()) == "string"
