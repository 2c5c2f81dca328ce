"""What staff leave out before a release is in no format of the answer, and the answer says how much it is, and why."""

import csv
import io
import json
from dataclasses import replace
from typing import Any

import pytest

from accounts.models import Membership, Role
from dsr.connectors.contract import Batch, File
from dsr.law.actors import Actor
from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Kind
from dsr.models import Redaction, SubjectRequest
from dsr.package import report, shapes
from dsr.steps import maps
from dsr.steps.deciding import looking, redacting
from dsr.steps.fulfilling import parts
from dsr.steps.move import Conflict
from tests.conftest import World
from tests.steps import looks, scenes

GENERATIONS, SAVED = "app-database.generations", "media-store.saved"


@pytest.fixture(name="danas")
def _danas(dana: Actor) -> Actor:
    """Dana, who redacts as well."""
    for slug in ("joypix", "pixplus"):
        Membership.objects.create(staff_id=int(dana.id), controller=slug, role=Role.REDACTOR)
    return dana


@pytest.fixture(name="letters_html")
def _letters_html(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The text of each PDF, before it is set."""
    pages: list[str] = []

    def render(html: str) -> bytes:
        pages.append(html)
        return b"%PDF-"

    monkeypatch.setattr(report, "render", render)
    return pages


def rows(subject_request: SubjectRequest, place: str) -> list[dict[str, Any]]:
    """What was found of a collection."""
    system, _, collection = place.partition(".")
    item = subject_request.items.select_related("part").get(kind=Kind.FIND, system=system)
    assert item.part is not None
    return [
        dict(zip(batch.fields, row, strict=True))
        for batch in parts.as_found(item.part)
        if isinstance(batch, Batch) and batch.collection == collection
        for row in batch.rows
    ]


def released(world: World, subject_request: SubjectRequest, by: Actor) -> dict[str, bytes]:
    """Looked at, put together, and in Sam's hands."""
    looks.look(subject_request, by, world)
    world.work(State.PACKAGED, subject_request)
    return looks.package(subject_request, world)


def test_a_field_of_one_record_a_whole_record_and_a_whole_field_are_in_no_format(
    world: World, danas: Actor, monkeypatch: pytest.MonkeyPatch, letters_html: list[str]
) -> None:
    looks.ask_for(monkeypatch, "one")
    with scenes.live(world) as database:  # so that no two are alike
        database.execute("UPDATE generations SET prompt = 'a prompt like no other: ' || id")
    subject_request = looks.waiting(world, danas, Right.ACCESS, "joypix")
    found, saved = rows(subject_request, GENERATIONS), rows(subject_request, SAVED)
    names = looks.names(subject_request, *GENERATIONS.split("."))
    assert len(found) > 2
    for one in (
        looks.mark(GENERATIONS, names[0], field="prompt"),
        looks.mark(GENERATIONS, names[1]),
        looks.mark(GENERATIONS, field="model"),
        looks.mark(SAVED, looks.names(subject_request, *SAVED.split("."))[0], words="It shows a friend."),
    ):
        redacting.leave_out(subject_request, one, by=danas, at=world.at)
    files = released(world, subject_request, danas)
    table = json.loads(files[f"data/{GENERATIONS.replace('.', '/')}.json"])
    assert [row["id"] for row in table] == [row["id"] for row in found if row["id"] != found[1]["id"]]
    assert [row["prompt"] for row in table[:1]] == [None]
    assert not any("model" in row for row in table)
    read = list(csv.DictReader(io.StringIO(files[f"data/{GENERATIONS.replace('.', '/')}.csv"].decode("utf-8-sig"))))
    assert (len(read), read[0]["prompt"], "model" in read[0]) == (len(found) - 1, "", False)
    gone = [str(found[0]["prompt"]), str(found[1]["prompt"]), str(saved[0]["path"])]
    assert all(len(text) > 12 for text in gone)
    everything = b"\n".join(files.values()).decode(errors="replace") + "".join(letters_html)
    assert [text for text in gone if text in everything] == []
    assert sum(name.startswith("data/files/media-store/saved/") for name in files) == len(saved) - 1
    told = json.loads(files["manifest.json"])
    assert shapes.complaint("manifest.json", told) == ""
    assert sorted((each["collection"], each["field"], each["records"]) for each in told["left_out"]) == [
        *(("generations", "", 1), ("generations", "model", 0), ("generations", "prompt", 1), ("saved", "", 1))
    ]
    for page in (files["index.html"].decode(), letters_html[0]):
        assert "It shows a friend." in page
        assert page.count(looks.WHY) == 3
        assert "GDPR Art. 15(4)" in page
        assert "left out" in page


def test_a_portable_copy_lacks_it_as_well_and_says_so(world: World, danas: Actor, officer: Actor) -> None:
    with scenes.live(world, "pixplus/database.sqlite3") as database:
        database.execute("UPDATE generations SET prompt = 'a prompt like no other: ' || id")
    subject_request = looks.waiting(world, danas)
    found = rows(subject_request, GENERATIONS)
    names = looks.names(subject_request, *GENERATIONS.split("."))
    field = "prompt"
    redacting.leave_out(subject_request, looks.mark(GENERATIONS, names[0], field=field), by=danas, at=world.at)
    redacting.leave_out(subject_request, looks.mark(GENERATIONS, names[-1]), by=danas, at=world.at)
    looks.look(subject_request, danas, world)
    files = released(world, subject_request, officer)
    table = json.loads(files[f"data/{GENERATIONS.replace('.', '/')}.json"])
    assert (len(table), table[0][field]) == (len(found) - 1, None)
    assert found[0][field].encode() not in b"\n".join(files.values())
    told = json.loads(files["portability.json"])
    assert shapes.complaint("portability.json", told) == ""
    assert sorted((each["field"], each["records"]) for each in told["left_out_by_us"]) == [("", 1), (field, 1)]
    assert files["index.html"].decode().count(looks.WHY) == 2


def test_a_portable_copy_never_calls_empty_what_was_left_out_whole(
    world: World, danas: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks.ask_for(monkeypatch, "one", Right.PORTABILITY, "pixplus")
    subject_request = looks.waiting(world, danas)
    every = looks.names(subject_request, *GENERATIONS.split("."))
    redacting.leave_out(subject_request, looks.mark(GENERATIONS, *every), by=danas, at=world.at)
    files = released(world, subject_request, danas)
    assert f"data/{GENERATIONS.replace('.', '/')}.json" not in files
    title = maps.controller("pixplus").systems["app-database"].collections["generations"].title
    told = [line for line in files["index.html"].decode().splitlines() if title in line]
    assert told
    assert [line for line in told if "found nothing about you there" in line] == []


def test_what_is_put_back_goes_out(world: World, danas: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    looks.ask_for(monkeypatch, "one")
    subject_request = looks.waiting(world, danas, Right.ACCESS, "joypix")
    count = len(rows(subject_request, GENERATIONS))
    row = looks.names(subject_request, *GENERATIONS.split("."))[0]
    redacting.leave_out(subject_request, looks.mark(GENERATIONS, row), by=danas, at=world.at)
    redacting.put_back(subject_request.redactions.get(), by=danas, at=world.at)
    with pytest.raises(Conflict):
        redacting.put_back(subject_request.redactions.get(), by=danas, at=world.at)
    files = released(world, subject_request, danas)
    assert len(json.loads(files[f"data/{GENERATIONS.replace('.', '/')}.json"])) == count
    assert json.loads(files["manifest.json"])["left_out"] == []


def test_marks_outlive_a_map_that_asks_for_no_look_any_more(
    world: World, danas: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks.ask_for(monkeypatch, "one")
    subject_request = looks.waiting(world, danas, Right.ACCESS, "joypix")
    row = looks.names(subject_request, *GENERATIONS.split("."))[0]
    redacting.leave_out(subject_request, looks.mark(GENERATIONS, row), by=danas, at=world.at)
    looks.ask_for(monkeypatch, "none")
    files = released(world, subject_request, danas)
    assert len(json.loads(files["manifest.json"])["left_out"]) == 1


def test_a_file_goes_with_the_field_that_it_is(world: World, danas: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    looks.ask_for(monkeypatch, "one")
    subject_request = looks.waiting(world, danas, Right.ACCESS, "joypix")
    system = maps.controller("joypix").systems["media-store"]
    described = system.collections["saved"]
    whole = redacting.Marked(described, set(), {described.files}, {})
    key = tuple("x" for _ in described.key)
    files = [File("saved", key, "x.png", iter([b"1"]))]
    left = redacting.left(subject_request, {("media-store", "saved"): whole}, "media-store", lambda: iter(files))
    assert list(left) == []


def test_marks_that_make_no_sense_are_refused(world: World, danas: Actor) -> None:
    subject_request = looks.waiting(world, danas)
    row = looks.names(subject_request, *GENERATIONS.split("."))[0]
    key = maps.controller("pixplus").systems["app-database"].collections["generations"].key[0]
    wrong = [
        looks.mark("app-database.nowhere", row),
        looks.mark(GENERATIONS),
        looks.mark(GENERATIONS, "0" * 64),
        looks.mark(GENERATIONS, row, field="nothing"),
        looks.mark(GENERATIONS, row, field=key),
        looks.mark(GENERATIONS, row, words="  "),
        looks.mark(GENERATIONS, row, words="x" * 1_001),
        looks.mark(GENERATIONS, *(str(each) for each in range(201))),
        replace(looks.mark(GENERATIONS, row), ground=Ground.EXCESSIVE),
    ]
    for one in wrong:
        with pytest.raises(Conflict):
            redacting.leave_out(subject_request, one, by=danas, at=world.at)
    redacting.leave_out(subject_request, looks.mark(GENERATIONS, row), by=danas, at=world.at)
    with pytest.raises(Conflict, match="left out already"):
        redacting.leave_out(subject_request, looks.mark(GENERATIONS, row), by=danas, at=world.at)
    assert Redaction.objects.count() == 1


def test_each_mark_is_one_event_that_names_no_value_and_keeps_the_words_sealed(world: World, danas: Actor) -> None:
    subject_request = looks.waiting(world, danas)
    names = looks.names(subject_request, *GENERATIONS.split("."))
    redacting.leave_out(subject_request, looks.mark(GENERATIONS, *names[:2]), by=danas, at=world.at)
    event = subject_request.events.get(tag="release:left-out")
    assert event.details == {
        "part": GENERATIONS,
        "field": "",
        "records": "2",
        "ground": "rights_of_others",
        "citation": "GDPR Art. 15(4), 20(4)",
    }
    assert looks.WHY in event.why()
    kept = Redaction.objects.values_list("words_sealed", "row")
    assert [looks.WHY in words or len(row) != 64 for words, row in kept] == [False, False]
    looking.opened(subject_request, part=GENERATIONS, by=danas, at=world.at)
    looking.opened(subject_request, part=GENERATIONS, by=danas, at=world.at)
    opened = subject_request.events.filter(tag="release:opened")
    assert [(each.actor, each.details) for each in opened] == [(str(danas), {"part": GENERATIONS})] * 2


def test_after_the_release_nothing_is_left_out_any_more(world: World, danas: Actor, officer: Actor) -> None:
    subject_request = looks.waiting(world, danas)
    row = looks.names(subject_request, *GENERATIONS.split("."))[0]
    looks.look(subject_request, danas, world)
    looks.look(subject_request, officer, world)
    with pytest.raises(Conflict, match="does not wait"):
        redacting.leave_out(subject_request, looks.mark(GENERATIONS, row), by=danas, at=world.at)
