"""What Sam takes along, and what never leaves: the portable copy, over every collection of both controllers."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, cast
from zipfile import ZipFile

import pytest

from controllers.sample_people import CAST
from dsr.connectors.contract import Batch, Cell, File, Found
from dsr.datamap.facts import facts
from dsr.datamap.portable import portable_fields
from dsr.datamap.schema import ControllerMap
from dsr.law.rights import Right
from dsr.models import SubjectRequest
from dsr.package import portability, shapes
from dsr.package.brought import Broken
from dsr.package.contents import Answer, CollectionOutcome, RefusedPart, SystemOutcome
from dsr.package.verification import verify
from dsr.steps import maps
from tests.conftest import World
from tests.package import answers
from tests.package.conftest import Json, Pipe
from tests.package.maps import JOYPIX
from tests.steps import taking
from tests.tree import ROOT

CANARY = "canary-4c1d"
CONTROLLERS = ["joypix", "pixplus"]
MEDIA = b"\x89PNG\r\n\x1a\n" + CANARY.encode()


class Taken:
    """A portable package, opened."""

    def __init__(self, content: bytes, folder: str) -> None:
        with ZipFile(io.BytesIO(content)) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
            seals = names.count(f"{folder}/package.jws")
            assert verify(archive) == len(names) - 1 - seals  # all but the list of lists, and the seal over that
            self.files = {name.removeprefix(f"{folder}/"): archive.read(name) for name in names}
        self.about: Json = json.loads(self.files["portability.json"])
        assert shapes.complaint("portability.json", self.about) == ""

    def json(self, path: str) -> Json:
        """A JSON file."""
        parsed: Json = json.loads(self.files[path])
        return parsed


def taken(answer: Answer) -> Taken:
    """Write and open it."""
    pipe = Pipe()
    portability.write(answer, cast("BinaryIO", pipe))
    return Taken(pipe.taken.getvalue(), answer.reference)


def whole(controller_map: ControllerMap, system: str) -> Iterator[Found]:
    """Two rows of every collection and their files, with a canary in every field that is not portable."""
    for name, collection in controller_map.systems[system].collections.items():
        portable = portable_fields(controller_map, system, name)
        fields = tuple(dict.fromkeys((*collection.key, *collection.fields)))
        rows = tuple(tuple(f"{_mark(field in portable)}-{field}-{row}" for field in fields) for row in range(2))
        yield Batch(name, fields, rows)
        if collection.files:
            for row in rows:
                key = tuple(str(row[fields.index(part)]) for part in collection.key)
                mark = MEDIA if collection.files not in portable else b"\x89PNG\r\n\x1a\npicture"
                yield File(name, key, str(row[fields.index(collection.files)]), iter((mark,)))


def _mark(portable: bool) -> str:
    return "value" if portable else CANARY


def answer_of(controller: str) -> Answer:
    """Everything that a controller could hold about one person."""
    controller_map = maps.controller(controller)
    systems = tuple(SystemOutcome(slug, "found") for slug in controller_map.systems)
    parts_ = {slug: lambda slug=slug: whole(controller_map, slug) for slug in controller_map.systems}
    return replace(
        answers.access(right=Right.PORTABILITY),
        controller=controller_map,
        facts=facts(controller_map),
        systems=systems,
        parts=parts_,
    )


@pytest.fixture(params=CONTROLLERS)
def everything(request: pytest.FixtureRequest) -> tuple[ControllerMap, Taken]:
    """A controller, and the package of all that it could hold."""
    return maps.controller(request.param), taken(answer_of(request.param))


def test_nothing_that_is_not_portable_is_ever_in_it(everything: tuple[ControllerMap, Taken]) -> None:
    _, package = everything
    assert [name for name, content in package.files.items() if CANARY.encode() in content] == []


def test_everything_that_is_portable_is_in_it_exactly(everything: tuple[ControllerMap, Taken]) -> None:
    controller_map, package = everything
    for slug, system in controller_map.systems.items():
        for name in system.collections:
            fields = portable_fields(controller_map, slug, name)
            path = f"data/{slug}/{name}.json"
            expected = [{field: f"value-{field}-{row}" for field in fields} for row in range(2)]
            assert (package.json(path) if path in package.files else [{}, {}]) == expected


def test_csv_says_the_same_as_json(everything: tuple[ControllerMap, Taken]) -> None:
    _, package = everything
    for each in package.about["collections"]:
        text = package.files[each["csv"]].decode("utf-8-sig")
        assert list(csv.DictReader(io.StringIO(text, newline=""))) == package.json(each["json"])


def test_every_file_and_every_field_is_described(everything: tuple[ControllerMap, Taken]) -> None:
    controller_map, package = everything
    described = {each["path"] for each in package.about["files"]}
    assert described == {name for name in package.files if name.startswith("data/")}
    for each in package.about["collections"]:
        fields = {field["name"]: field for field in each["fields"]}
        assert set(fields) == set(package.json(each["json"])[0])
        for field in fields.values():
            assert field["label"]
            assert field["category"].startswith(("user", "system"))
            assert field["type"] == ["string"]
            assert field["source"] in {"provided", "observed"}
            assert {"consent", "contract"} & {purpose["basis"] for purpose in field["purposes"]}
            assert controller_map.systems[each["system"]].collections[each["collection"]].fields[field["name"]]


def test_what_is_left_out_is_named_with_its_reason(everything: tuple[ControllerMap, Taken]) -> None:
    controller_map, package = everything
    named = {
        (each["system"], each["collection"], field["field"])
        for each in package.about["collections"]
        for field in each["left_out"]
    }
    whole_ones = {(each["system"], each["collection"]) for each in package.about["left_out"]}
    for slug, system in controller_map.systems.items():
        for name, collection in system.collections.items():
            for field in set(collection.fields) - set(portable_fields(controller_map, slug, name)):
                assert (slug, name) in whole_ones or (slug, name, field) in named
    assert all(each["why"] for each in package.about["left_out"])
    assert all(field["why"] for each in package.about["collections"] for field in each["left_out"])


def test_a_picture_leads_back_to_its_record(everything: tuple[ControllerMap, Taken]) -> None:
    _, package = everything
    media = [each for each in package.about["files"] if each["kind"] == "media"]
    assert media
    for each in media:
        assert package.files[each["path"]].endswith(b"picture")
        record = package.json(f"data/{each['system']}/{each['collection']}.json")[each["record"]]
        assert each["name"] in record.values()


def test_it_holds_no_pdf_and_says_so_in_few_words(everything: tuple[ControllerMap, Taken]) -> None:
    _, package = everything
    page = package.files["index.html"].decode()
    assert not [name for name in package.files if name.endswith(".pdf")]
    assert "portability.json" in page
    assert "What is not inside, and why" in page
    assert len(page) < 20_000


@pytest.mark.parametrize("name", ["portability.json", "index.html"])
def test_a_changed_file_is_found_out(name: str) -> None:
    pipe = Pipe()
    answer = answer_of("joypix")
    portability.write(answer, cast("BinaryIO", pipe))
    changed = io.BytesIO()
    with ZipFile(pipe.taken) as package, ZipFile(changed, "w") as forged:
        for entry in package.namelist():
            content = package.read(entry)
            forged.writestr(entry, content + b" " if entry.endswith(name) else content)
    with ZipFile(changed) as package, pytest.raises(Broken, match=name):
        verify(package)


def test_json_keeps_the_worth_of_every_kind_of_cell() -> None:
    row: tuple[Cell, ...] = (7, None, True, 0.5, Decimal("-12.50"), datetime(2026, 3, 12, 9, 30, tzinfo=UTC))
    events = JOYPIX.systems["app"].collections["events"]
    fields = dict.fromkeys(("n", "none", "yes", "half", "money", "when"), events.fields["page"])
    collection = events.model_copy(update={"fields": fields, "key": ("n",)})
    system = JOYPIX.systems["app"].model_copy(update={"collections": {"events": collection}})
    about = JOYPIX.model_copy(update={"systems": {"app": system}})
    part = [Batch("events", tuple(fields), (row,))]
    answer = answers.access(
        right=Right.PORTABILITY,
        controller=about,
        systems=(SystemOutcome("app", "found"),),
        parts={"app": lambda: iter(part)},
    )
    package = taken(answer)
    assert package.json("data/app/events.json") == [
        {"n": 7, "none": None, "yes": True, "half": 0.5, "money": "-12.50", "when": "2026-03-12T09:30:00+00:00"}
    ]
    types = {field["name"]: field["type"] for field in package.about["collections"][0]["fields"]}
    assert types == {
        "n": ["integer"],
        "none": ["null"],
        "yes": ["boolean"],
        "half": ["number"],
        "money": ["string"],
        "when": ["string"],
    }


def test_a_system_that_did_not_answer_makes_the_copy_incomplete() -> None:
    systems = (SystemOutcome("app", "found"), SystemOutcome("media", "failed", "The store is being moved."))
    package = taken(answers.access(right=Right.PORTABILITY, systems=systems, parts={"app": answers.app_part}))
    assert {each["system"]: each["complete"] for each in package.about["systems"]} == {"app": True, "media": False}
    page = package.files["index.html"].decode()
    assert "This copy is not complete." in page
    assert "The store is being moved." in page


def test_a_system_that_was_not_searched_is_named_with_the_reason_and_lacks_nothing() -> None:
    systems = (SystemOutcome("app", "found"), SystemOutcome("media", "not-reached", "You asked for one alone."))
    package = taken(answers.access(right=Right.PORTABILITY, systems=systems, parts={"app": answers.app_part}))
    assert [each["complete"] for each in package.about["systems"]] == [True, True]
    page = package.files["index.html"].decode()
    assert "<dt>Media store</dt><dd>Not searched. You asked for one alone.</dd>" in page
    assert "not complete" not in page


def test_a_refused_part_is_named_with_its_ground() -> None:
    refused = RefusedPart("It would harm others.", "GDPR Art. 20(4)", "Two people wrote it.")
    outcome = SystemOutcome("app", "found", "", (CollectionOutcome("prompts", 0, refused=refused),))
    package = taken(answers.access(right=Right.PORTABILITY, systems=(outcome,), parts={}))
    assert package.about["refused"][0]["citation"] == "GDPR Art. 20(4)"
    assert "Two people wrote it." in package.files["index.html"].decode()


@pytest.mark.parametrize("email", [person[1] for person in CAST])
@pytest.mark.parametrize("controller", CONTROLLERS)
def test_of_a_real_person_only_what_is_portable_arrives(
    controller: str, email: str, world: World, answered: Callable[..., SubjectRequest]
) -> None:
    subject_request: SubjectRequest = answered(Right.PORTABILITY, controller, email)
    opened = taking.taken(subject_request, at=world.at)
    package = Taken(b"".join(opened), subject_request.reference)
    assert f'"email":"{email}"' in b"".join(package.files.values()).decode(errors="replace")
    for each in package.about["collections"]:
        fields = portable_fields(maps.controller(controller), each["system"], each["collection"])
        for record in package.json(each["json"]):
            assert set(record) == set(fields)


def test_another_service_takes_it_in_with_the_reader_of_the_documentation(tmp_path: Path) -> None:
    package = taken(answers.access(right=Right.PORTABILITY))
    for path, content in package.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    documented = re.findall(r"```python\n(.*?)```", (ROOT / "docs/portability.md").read_text("utf-8"), re.DOTALL)
    reader: dict[str, Any] = {}
    exec(documented[0], reader)  # noqa: S102 — the code of our own page
    found = [(collection["collection"], record, media) for collection, record, media in reader["taken"](tmp_path)]
    assert {name for name, _, _ in found} == {"users", "prompts", "events", "saved"}
    pictures = [path for _, _, media in found for path in media]
    assert sorted(pictures) == sorted(each["path"] for each in package.about["files"] if each["kind"] == "media")
    assert [media for _, record, media in found if record.get("path") == "CON"] == [["data/files/media/saved/0002.png"]]
