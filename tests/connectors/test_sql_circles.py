"""Tables whose rows point at each other in circles: found once and to the end, erased without anybody else's rows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dsr.connectors.contract import Chunk, Rejected
from dsr.connectors.sql import SqlDatabase
from dsr.datamap.plan import SystemPlan, compile_plan
from dsr.datamap.schema import IdentityKind, SystemMap, Way
from tests.connectors.databases import Database, on_mariadb, on_postgresql, on_sqlite
from tests.connectors.maps import collection, rows, system
from tests.datamap.whole import whole

SAM = {"email": (("sam@example.com",),)}
INVITED = "CONSTRAINT invited FOREIGN KEY (invited_by) REFERENCES people (id)"
TABLES = (
    f"CREATE TABLE people (id int PRIMARY KEY, email varchar(40) UNIQUE, photo int, invited_by int, {INVITED})",
    "CREATE TABLE photos (id int PRIMARY KEY, person int NOT NULL, FOREIGN KEY (person) REFERENCES people (id))",
    "CREATE TABLE folders (id int PRIMARY KEY, person int, parent int, FOREIGN KEY (parent) REFERENCES folders (id))",
    "INSERT INTO people VALUES (1, 'sam@example.com', NULL, NULL), (2, 'dana@example.com', NULL, 1)",
    "INSERT INTO photos VALUES (10, 1), (11, 1), (20, 2)",
    "UPDATE people SET photo = 10",
    "INSERT INTO folders VALUES (1, 1, NULL), (2, NULL, 1), (3, NULL, 2), (4, 1, 3), (8, 2, NULL), (9, NULL, 8)",
    "UPDATE folders SET parent = 4 WHERE id = 1",  # a ring
)
MAIN_PHOTO = "ALTER TABLE people ADD CONSTRAINT shown FOREIGN KEY (photo) REFERENCES photos (id)"


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        opened = on_sqlite(tmp_path)
    else:
        there = {"postgresql": on_postgresql, "mariadb": on_mariadb}[request.param]
        opened = there(request.getfixturevalue(request.param))
    with opened as made:
        told = [one.replace("photo int,", "photo int REFERENCES photos (id),") for one in TABLES]
        made.run(*(told if made.kind == "sqlite" else (*TABLES, MAIN_PHOTO)))
        yield made


def described(url: str) -> SystemMap:
    only_points = ({"to": "people", "on": {"invited_by": "id"}, "owns": False},)
    shown = ({"to": "photos", "on": {"photo": "id"}, "owns": False},)
    own = {"to": "people", "on": {"person": "id"}}
    below = {"to": "folders", "on": {"parent": "id"}, "owns": True}
    return system(
        "sql",
        {"url": url},
        people=collection(
            "id,email,invited_by,photo", key="id", found_by={"email": ("email",)}, links=(*only_points, *shown)
        ),
        photos=collection("id,person", key="id", links=(own,)),
        folders=collection("id,person,parent", key="id", links=(own, below)),
    )


def planned(database: Database) -> tuple[SqlDatabase, SystemPlan]:
    told = described(database.url)
    (plan,) = compile_plan(whole(told), ["email"]).systems
    return SqlDatabase.from_map(told, {}), plan


def test_a_tree_is_followed_to_its_end_and_each_row_is_found_once(database: Database) -> None:
    connector, plan = planned(database)
    found = {route.name: sorted(int(str(row["id"])) for row in rows(connector, route, SAM)) for route in plan.routes}
    assert found == {"people": [1], "photos": [10, 11], "folders": [1, 2, 3, 4]}
    assert {route.name: connector.count(route, SAM) for route in plan.routes} == {
        "people": 1,
        "photos": 2,
        "folders": 4,
    }


def test_a_circle_is_erased_and_what_points_at_it_from_elsewhere_is_emptied(database: Database) -> None:
    connector, plan = planned(database)
    for route in plan.routes:
        keys = tuple((str(row["id"]),) for row in rows(connector, route, SAM))
        connector.erase(Chunk(route.name, Way.DELETE, ("id",), keys), route.name)
    assert database.read("SELECT id, email, invited_by, photo FROM people") == [(2, "dana@example.com", None, None)]
    assert database.read("SELECT id FROM photos") == [(20,)]
    assert database.read("SELECT id FROM folders ORDER BY id") == [(8,), (9,)]


def test_such_a_schema_is_well_once_the_map_says_what_only_points(database: Database) -> None:
    assert planned(database)[0].check() == []


def test_a_column_that_cannot_be_emptied_is_named_before_and_nothing_is_erased(database: Database) -> None:
    told = described(database.url)
    photos = told.collections["photos"]
    link = photos.links[0].model_copy(update={"owns": False})
    wrong = photos.model_copy(update={"links": (link,), "found_by": {IdentityKind.ACCOUNT: ("id",)}})
    told = told.model_copy(update={"collections": {**told.collections, "photos": wrong}})
    connector = SqlDatabase.from_map(told, {})
    said = [one.message for one in connector.check() if one.collection == "photos"]
    assert any("column 'person' may not be empty" in one for one in said)
    with pytest.raises(Rejected):
        connector.erase(Chunk("people", Way.DELETE, ("id",), ((1,),)), "one")
    assert len(database.read("SELECT id FROM people WHERE photo IS NOT NULL")) == 2


REPLIES = (
    (
        "CREATE TABLE notes (shop int, id int, person int, answers int, PRIMARY KEY (shop, id),"
        " FOREIGN KEY (shop, answers) REFERENCES notes (shop, id))"
    ),
    "INSERT INTO notes VALUES (5, 10, 1, NULL), (5, 11, 2, 10)",
)


def test_of_a_pointer_by_several_columns_neither_the_key_nor_whose_the_row_is_is_emptied(database: Database) -> None:
    database.run(*REPLIES)
    links = (
        {"to": "people", "on": {"person": "id"}},
        {"to": "notes", "on": {"shop": "shop", "answers": "id"}, "owns": False},
    )
    told = described(database.url)
    notes = collection("shop,id,person,answers", key="shop,id", links=links)
    told = told.model_copy(update={"collections": {**told.collections, "notes": notes}})
    connector = SqlDatabase.from_map(told, {})
    assert [one for one in connector.check() if one.collection == "notes"] == []
    connector.erase(Chunk("notes", Way.DELETE, ("shop", "id"), ((5, 10),)), "one")
    assert database.read("SELECT shop, id, person, answers FROM notes") == [(5, 11, 2, None)]
