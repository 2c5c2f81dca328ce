"""A row that concerns two people: Sam's requests show, correct and erase what is Sam's, and leave Mallory hers."""

import json
import zipfile
from collections.abc import Callable
from contextlib import closing

import pytest

from dsr.connectors import sharing
from dsr.connectors.contract import Batch
from dsr.datamap.plan import compile_plan
from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind
from dsr.models import SubjectRequest
from dsr.package import report
from dsr.steps import maps
from dsr.steps.fulfilling import correctable, search, sources
from tests.conftest import SAM, World
from tests.steps import scenes
from tests.test_walk import package_of

MALLORY = "mallory@example.com"
SAMS, MALLORYS = "jp000001", "jp000002"
CANARY = "canary-of-mallory"
FROM_SAM, FROM_MALLORY, TO_HIMSELF = 1, 2, 3


@pytest.fixture(autouse=True)
def _canaries(world: World) -> None:
    """What of Mallory stands in rows that are Sam's, too."""
    with scenes.live(world) as database:
        database.execute("UPDATE gifts SET sender_note = ? WHERE sender_id = ?", (CANARY, MALLORYS))
        database.execute("UPDATE gifts SET opened_at = ? WHERE receiver_id = ?", (f"{CANARY} opened", MALLORYS))


def gifts(world: World) -> dict[int, tuple[str | None, ...]]:
    """Sender, receiver, note and moment of opening, as the system holds them."""
    with scenes.live(world) as database:
        rows = database.execute("SELECT id, sender_id, receiver_id, sender_note, opened_at FROM gifts").fetchall()
    return {row[0]: row[1:] for row in rows}


def shown(email: str) -> dict[object, dict[str, object]]:
    """The gifts that a search brings."""
    joypix = maps.controller("joypix")
    (plan,) = (one for one in compile_plan(joypix, {"email"}).systems if one.system == "app-database")
    (route,) = (one for one in plan.routes if one.name == "gifts")
    with closing(search.connect(joypix.systems["app-database"])) as connector:
        batches = [one for one in sharing.found(connector, route, {"email": ((email,),)}) if isinstance(one, Batch)]
    rows = [dict(zip(batch.fields, row, strict=True)) for batch in batches for row in batch.rows]
    assert len({row["id"] for row in rows}) == len(rows)
    return {row["id"]: dict(row) for row in rows}


def erased(world: World, *approved: SubjectRequest) -> None:
    """Their grace is over; the items of all take turns, as workers take them."""
    world.later(days=4)
    for each in approved:
        scenes.work_on(world, each, Kind.ERASE)
        each.refresh_from_db()


def test_sams_package_holds_no_byte_of_mallory_and_says_what_was_left_out(
    world: World, answered: Callable[..., SubjectRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "render", str.encode)  # all that the PDF is made of; in itself nobody could look
    archive: zipfile.ZipFile = package_of(answered(Right.ACCESS), world)
    contents = {name: archive.read(name) for name in archive.namelist()}
    letter = next(text for name, text in contents.items() if name.endswith("/report.pdf"))
    assert b"Not shown everywhere" in letter
    assert b"left out" in letter  # beside the record itself
    theirs = [
        (name, word) for name, text in contents.items() for word in (CANARY, MALLORYS, MALLORY) if word.encode() in text
    ]
    assert theirs == []
    listed = json.loads(next(text for name, text in contents.items() if name.endswith("/manifest.json")))
    (told,) = (each for each in listed["collections"] if each["collection"] == "gifts")
    assert told["rows"] == 3
    assert {each["field"]: each["rows"] for each in told["of_others"]} == {
        "sender_id": 1,
        "sender_note": 1,
        "receiver_id": 1,
        "opened_at": 1,
    }
    assert all("Art. 15(4)" in each["why"] for each in told["of_others"])
    page = next(text for name, text in contents.items() if name.endswith("/index.html")).decode()
    assert "Not shown everywhere: Own note on the gift" in page
    assert "somebody else&#x27;s, left out" in page


def test_one_erasure_empties_ones_own_side_and_the_other_sees_all_that_is_hers(
    world: World, dana: Actor, eli: Actor
) -> None:
    before = shown(MALLORY)
    erasing = scenes.approved(world, dana, eli)
    erased(world, erasing)
    assert scenes.item_of(erasing, Kind.ERASE, "app-database").state == ItemState.DONE
    left = gifts(world)
    assert left[FROM_SAM] == (None, MALLORYS, None, f"{CANARY} opened")
    assert left[FROM_MALLORY] == (MALLORYS, None, CANARY, None)
    assert TO_HIMSELF not in left
    after = shown(MALLORY)
    sams = {"message": None, "thanks": None}  # what Sam had written to her
    assert after[FROM_SAM] == {**before[FROM_SAM], "message": sams["message"]}
    assert after[FROM_MALLORY] == {**before[FROM_MALLORY], "thanks": sams["thanks"]}


def test_the_manifest_names_the_way_of_each_row(world: World, dana: Actor, eli: Actor) -> None:
    erasing = scenes.approved(world, dana, eli)
    lines = sources.lines(scenes.item_of(erasing, Kind.ERASE, "app-database"))
    ways = {key[0]: str(line.way) for line in lines if line.collection == "gifts" for key in line.keys}
    assert ways == {FROM_SAM: "unlink", FROM_MALLORY: "unlink", TO_HIMSELF: "delete"}


def test_two_erasures_in_one_minute_leave_nothing_of_either(world: World, dana: Actor, eli: Actor) -> None:
    both = [scenes.approved(world, dana, eli, email=email) for email in (SAM, MALLORY)]
    erased(world, *both)
    assert [scenes.item_of(each, Kind.ERASE, "app-database").state for each in both] == [ItemState.DONE] * 2
    assert not {FROM_SAM, FROM_MALLORY, TO_HIMSELF} & set(gifts(world))
    assert not any(name in row for row in gifts(world).values() for name in (SAMS, MALLORYS))


def test_a_row_that_still_leads_to_sam_is_not_called_erased(world: World, dana: Actor, eli: Actor) -> None:
    erasing = scenes.approved(world, dana, eli)
    with scenes.live(world) as database:
        database.execute(
            "CREATE TRIGGER sticky AFTER UPDATE ON gifts WHEN NEW.sender_id IS NULL AND OLD.sender_note IS NOT NULL"
            " BEGIN UPDATE gifts SET sender_note = OLD.sender_note WHERE id = NEW.id; END"
        )
    erased(world, erasing)
    item = scenes.item_of(erasing, Kind.ERASE, "app-database")
    assert (item.state, erasing.state) == (ItemState.QUARANTINED, State.APPROVED)
    assert "1 rows that should be gone are still there" in item.note


def test_sam_corrects_his_own_note_and_not_hers(world: World, dana: Actor) -> None:
    asked = scenes.accepted(world, dana, Right.RECTIFICATION)
    world.work(State.SEARCHED, asked)
    offered = [
        (json.loads(row.key)[0], field.name)
        for row in correctable.rows(asked)
        if row.collection == "gifts"
        for field in row.fields
    ]
    assert sorted(offered) == [(FROM_SAM, "sender_note"), (TO_HIMSELF, "sender_note")]
