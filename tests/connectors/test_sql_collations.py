"""Collations that do not see case, accents or spaces at the end: four persons stay four."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dsr.connectors.contract import Change, Chunk, Effect
from dsr.datamap.schema import Stop, SystemMap, Way
from tests.connectors.databases import Database, on_mariadb, on_postgresql, on_sqlite
from tests.connectors.horrors import connected, routes
from tests.connectors.maps import collection, rows, system

PERSONS = ("sam@example.com", "SAM@example.com", "sám@example.com", "sam@example.com ")
BLIND = {
    "sqlite": "TEXT COLLATE NOCASE",
    "rtrim": "TEXT COLLATE RTRIM",
    "citext": "citext",
    "mariadb": "varchar(40)",
    "latin1": "varchar(40) CHARACTER SET latin1",
}
# The extension's own statements, for servers that come without it; blind to accents and spaces at the end as well.
CITEXT = (
    "CREATE TYPE citext",
    "CREATE FUNCTION citextin(cstring) RETURNS citext AS 'textin' LANGUAGE internal IMMUTABLE STRICT",
    "CREATE FUNCTION citextout(citext) RETURNS cstring AS 'textout' LANGUAGE internal IMMUTABLE STRICT",
    "CREATE TYPE citext (INPUT = citextin, OUTPUT = citextout, STORAGE = extended, COLLATABLE = true, CATEGORY = 'S')",
    "CREATE CAST (citext AS text) WITHOUT FUNCTION AS IMPLICIT",
    "CREATE CAST (text AS citext) WITHOUT FUNCTION AS ASSIGNMENT",
    """CREATE FUNCTION plain(citext) RETURNS text IMMUTABLE LANGUAGE sql AS
       $$ SELECT translate(rtrim(lower($1::text)), 'á', 'a') $$""",
    """CREATE FUNCTION order_of(citext, citext) RETURNS int IMMUTABLE LANGUAGE sql AS
       $$ SELECT CASE WHEN plain($1) < plain($2) THEN -1 WHEN plain($1) = plain($2) THEN 0 ELSE 1 END $$""",
    *(
        statement.format(name=name, sign=sign)
        for name, sign in (("lt", "<"), ("le", "<="), ("eq", "="), ("ge", ">="), ("gt", ">"))
        for statement in (
            """CREATE FUNCTION {name}(citext, citext) RETURNS bool IMMUTABLE LANGUAGE sql AS
               $$ SELECT plain($1) {sign} plain($2) $$""",
            "CREATE OPERATOR {sign} (LEFTARG = citext, RIGHTARG = citext, PROCEDURE = {name})",
        )
    ),
    """CREATE OPERATOR CLASS by_sight DEFAULT FOR TYPE citext USING btree AS
       OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 order_of(citext, citext)""",
)


@pytest.fixture(
    params=[
        "sqlite",
        "rtrim",
        "citext",
        pytest.param("mariadb", marks=pytest.mark.mariadb),
        pytest.param("latin1", marks=pytest.mark.mariadb),
    ]
)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Persons known by addresses, letters sent to addresses, and answers to letters by their code."""
    column = BLIND[request.param]
    if request.param in {"sqlite", "rtrim"}:
        opened = on_sqlite(tmp_path)
    elif request.param == "citext":
        opened = on_postgresql(request.getfixturevalue("postgresql"))
    else:
        opened = on_mariadb(request.getfixturevalue("mariadb"))
    with opened as made:
        if request.param == "citext":
            made.run(*CITEXT)
        made.run(
            f"CREATE TABLE persons (id int PRIMARY KEY, email {column}, nick {column})",
            f"CREATE TABLE letters (code {column} NOT NULL, part int NOT NULL, address {column}, PRIMARY KEY (part))",
            "CREATE INDEX address_of ON letters (address)",
        )
        for number, person in enumerate(PERSONS):
            made.run(
                f"INSERT INTO persons VALUES ({number}, '{person}', '{('Sam', 'sam', 'sám', 'sam ')[number]}')",
                f"INSERT INTO letters VALUES ('{'abcd'[number]}', {number}, '{person}')",
            )
        yield made


def told(database: Database) -> SystemMap:
    """Letters belong to persons by their address; the nick is what a stop and a correction compare."""
    persons = collection(
        "id,email,nick",
        key="id",
        rectifiable="nick",
        found_by={"email": ("email",)},
        erase={"way": "redact", "set": {"nick": "SAM"}},
    )
    letters = collection("code,part,address", key="part", links=({"to": "persons", "on": {"address": "email"}},))
    stops = {"letters": Stop(collection="persons", when={"nick": ("sam",)}, set={"nick": "Sam"}, undo={"nick": "sam"})}
    return system("sql", {"url": database.url}, stops=stops, persons=persons, letters=letters)


@pytest.mark.parametrize("number", range(4))
def test_each_person_is_found_alone_and_so_is_what_belongs_to_them(database: Database, number: int) -> None:
    ways = routes(told(database))
    connector = connected(told(database))
    identities = {"email": ((PERSONS[number],),)}
    assert [row["id"] for row in rows(connector, ways["persons"], identities)] == [number]
    assert [row["part"] for row in rows(connector, ways["letters"], identities)] == [number]
    assert [connector.count(ways[name], identities) for name in ("persons", "letters")] == [1, 1]


def test_a_value_is_overwritten_though_the_database_sees_no_difference(database: Database) -> None:
    connector = connected(told(database))
    chunk = Chunk("persons", Way.REDACT, ("id",), ((0,), (1,), (2,), (3,)), {"nick": "SAM"})
    assert len(connector.read_back(chunk)) == 4
    assert connector.erase(chunk, "one").count == 4
    assert connector.read_back(chunk) == ()
    assert {row[0] for row in database.read("SELECT nick FROM persons")} == {"SAM"}


def test_a_key_erases_its_own_row_and_not_one_that_looks_alike(database: Database) -> None:
    connector = connected(told(database))
    chunk = Chunk("persons", Way.DELETE, ("email",), (("Sam@Example.com",), ("sám@example.com",)))
    assert connector.erase(chunk, "one").count == 1
    assert [row[0] for row in database.read("SELECT id FROM persons ORDER BY id")] == [0, 1, 3]


def test_a_correction_and_a_stop_see_every_difference(database: Database) -> None:
    ways, connector = routes(told(database)), connected(told(database))
    meanwhile = Change("persons", ("id",), (0,), "nick", "sam", "Samuel")
    everybody = {"email": tuple((person,) for person in PERSONS)}
    (stop,) = told(database).stops.values()
    assert connector.correct((meanwhile,), "one").outcomes == (Effect.KEPT,)
    assert connector.still_running(stop, ways["persons"], everybody) == 1
    assert connector.stop(stop, ways["persons"], everybody, "two").count == 1
    assert [row[0] for row in database.read("SELECT nick FROM persons ORDER BY id")] == ["Sam", "Sam", "sám", "sam "]
