"""The stops and corrections that the maps name work on the sample systems, and on nobody else's rows."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from controllers.sample_services import environment
from dsr.connectors.contract import Change, Connector, Effect
from dsr.connectors.registry import build
from dsr.datamap.plan import compile_plan
from dsr.datamap.route import Identities, Route
from tests.controllers.conftest import TOKEN, Caller
from tests.controllers.reference import MAPS

SAM: Identities = {"email": (("sam@example.com",),)}
STOPS = [(slug, key) for slug in ("joypix", "pixplus") for key in MAPS[slug].systems["app-database"].stops]


def route(slug: str, system: str, collection: str, kind: str = "email") -> Route:
    plan = compile_plan(MAPS[slug], {kind})
    return next(one for each in plan.systems if each.system == system for one in each.routes if one.name == collection)


def connect(caller: Caller, slug: str, system: str) -> Connector:
    return build(MAPS[slug].systems[system], environment(caller.folder, caller.services.base_url, TOKEN))


@pytest.fixture
def runninghub(caller: Caller) -> Iterator[Connector]:
    with closing(connect(caller, "pixplus", "runninghub")) as made:
        yield made


def rows(path: Path, table: str) -> dict[object, tuple[object, ...]]:
    database = sqlite3.connect(path)
    found = {row[0]: row for row in database.execute(f"SELECT * FROM {table}")}
    database.close()
    return found


@pytest.mark.parametrize(("slug", "key"), STOPS)
def test_a_stop_of_the_map_marks_sams_rows_alone(caller: Caller, slug: str, key: str) -> None:
    stop = MAPS[slug].systems["app-database"].stops[key]
    path, there = caller.folder / slug / "database.sqlite3", route(slug, "app-database", stop.collection)
    before = rows(path, stop.collection)
    with closing(connect(caller, slug, "app-database")) as connector:
        runs = connector.still_running(stop, there, SAM)
        receipt = connector.stop(stop, there, SAM, "one")
        still = connector.still_running(stop, there, SAM)
    after = rows(path, stop.collection)
    moved = [row for key, row in after.items() if row != before[key]]

    assert (receipt.effect, receipt.count, runs, still) == (Effect.DONE, 1, 1, 0)
    assert [set(row) & {"jp000001", "pp000001"} for row in moved] == [{"jp000001" if slug == "joypix" else "pp000001"}]


@pytest.mark.parametrize("slug", ["joypix", "pixplus"])
def test_an_account_that_was_disabled_for_an_erasure_is_opened_again(caller: Caller, slug: str) -> None:
    stop = MAPS[slug].systems["app-database"].stops["account"]
    path, there = caller.folder / slug / "database.sqlite3", route(slug, "app-database", stop.collection)
    before = rows(path, stop.collection)
    with closing(connect(caller, slug, "app-database")) as connector:
        connector.stop(stop, there, SAM, "one")
        disabled = rows(path, stop.collection)
        connector.resume(stop, there, SAM, "two")

    assert disabled != before
    assert rows(path, stop.collection) == before


def sams_tasks(caller: Caller) -> Identities:
    found = rows(caller.folder / "pixplus" / "database.sqlite3", "generations").values()
    tasks = tuple((str(row[5]),) for row in found if row[1] == "pp000001" and row[5])
    return {"app-database.generations(runninghub_task_id)": tasks}


@pytest.mark.parametrize("key", ["generation", "model-training"])
def test_runninghub_stops_sams_tasks_after_a_while_and_no_others(
    caller: Caller, runninghub: Connector, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    stop, there = MAPS["pixplus"].systems["runninghub"].stops[key], route("pixplus", "runninghub", "tasks")
    before = rows(caller.folder / "services.sqlite3", "tasks")
    caller.jobs_end(monkeypatch, at_once=False)
    started = runninghub.stop(stop, there, sams_tasks(caller), "one")
    at_once = runninghub.still_running(stop, there, sams_tasks(caller))
    caller.jobs_end(monkeypatch, at_once=True)
    done = runninghub.poll(started.handle)
    after = rows(caller.folder / "services.sqlite3", "tasks")
    moved = {(name,) for name, row in after.items() if row != before[name]}

    assert (started.effect, at_once, done.effect, done.count) == (Effect.STARTED, 5, Effect.DONE, 5)
    assert runninghub.still_running(stop, there, sams_tasks(caller)) == 0
    assert moved <= set(next(iter(sams_tasks(caller).values())))


def test_training_is_off_at_runninghub_unless_somebody_agreed(caller: Caller) -> None:
    """Row P6."""
    consents = rows(caller.folder / "pixplus" / "database.sqlite3", "consents").values()
    agreed = {row[1] for row in consents if row[2] == "model-training" and not row[5]}
    generations = rows(caller.folder / "pixplus" / "database.sqlite3", "generations").values()
    owners = {row[5]: row[1] for row in generations}
    training = {
        owners[name] for name, row in rows(caller.folder / "services.sqlite3", "tasks").items() if row[9] == "on"
    }

    assert "pp000001" in training
    assert training <= agreed


@pytest.mark.parametrize(
    "new", [{"training": "on"}, {"prompt": "off"}, {}, {"training": "off", "processing": "off"}, "off"]
)
def test_runninghub_turns_nothing_else_off_and_nothing_on(caller: Caller, new: object) -> None:
    assert caller.post("/runninghub/stops", {"ids": ["rh1"], "set": new}, key="k1")[0] == 400
    assert caller.effects() == []


def test_sams_nickname_is_corrected_and_read_back_by_another_connection(caller: Caller) -> None:
    change = Change("users", ("id",), ("jp000001",), "nickname", "Sam Ortiz", "Samuel Ortiz")
    with closing(connect(caller, "joypix", "app-database")) as first:
        receipt = first.correct((change,), "one")
    with closing(connect(caller, "joypix", "app-database")) as second:
        values = second.read_values((change,))

    assert receipt.outcomes == (Effect.DONE,)
    assert values == ("Samuel Ortiz",)
