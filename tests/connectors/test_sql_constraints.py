"""Foreign keys, triggers and rules of the databases' own: what cannot be erased stays whole, and says why."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dsr.connectors.contract import Chunk, Effect, Rejected
from dsr.connectors.sql import SqlDatabase
from dsr.datamap.schema import SystemMap, Way
from tests.connectors.databases import Database, on
from tests.connectors.horrors import connected, routes
from tests.connectors.maps import collection, system

ALL = ["sqlite", "postgresql", pytest.param("mariadb", marks=pytest.mark.mariadb)]
SAM = Chunk("users", Way.DELETE, ("id",), ((1,), (2,)))


@pytest.fixture(params=ALL)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with on(request, tmp_path) as made:
        made.run(
            "CREATE TABLE users (id int PRIMARY KEY, email varchar(40) NOT NULL, age int,"
            " CONSTRAINT one_address UNIQUE (email), CONSTRAINT grown CHECK (age > 17))",
            "INSERT INTO users VALUES (1, 'sam@example.com', 40), (2, 'sam@example.org', 40), (3, 'mallory@x.com', 41)",
        )
        yield made


def users(url: str) -> SystemMap:
    return system("sql", {"url": url}, users=collection("id,email,age", key="id", found_by={"email": ("email",)}))


@pytest.fixture
def connector(database: Database) -> SqlDatabase:
    return connected(users(database.url))


def refused(connector: SqlDatabase, database: Database, chunk: Chunk) -> str:
    """Why it was refused; nothing has changed, and nobody's value is said."""
    before = database.read("SELECT * FROM users ORDER BY id")
    with pytest.raises(Rejected) as error:
        connector.erase(chunk, "one")
    assert database.read("SELECT * FROM users ORDER BY id") == before
    assert "sam@" not in str(error.value)
    return str(error.value)


def test_a_foreign_key_that_blocks_is_named_and_nothing_changed(connector: SqlDatabase, database: Database) -> None:
    database.run(
        "CREATE TABLE audits (id int PRIMARY KEY, user_id int,"
        " CONSTRAINT audited FOREIGN KEY (user_id) REFERENCES users (id))",
        "INSERT INTO audits VALUES (7, 2)",
    )
    why = refused(connector, database, SAM)
    assert "'audited'" in why
    assert "audits" in why
    finding, _undescribed = connector.check()
    assert "'audits', which the map does not describe, may forbid deleting: foreign key 'audited'" in finding.message


def test_a_rehearsal_names_what_would_forbid_a_later_chunk_and_changes_nothing(
    connector: SqlDatabase, database: Database
) -> None:
    database.run(
        "CREATE TABLE audits (id int PRIMARY KEY, user_id int,"
        " CONSTRAINT audited FOREIGN KEY (user_id) REFERENCES users (id))",
        "INSERT INTO audits VALUES (7, 2)",
    )
    chunks = [Chunk("users", Way.DELETE, ("id",), ((number,),)) for number in (1, 2)]
    before = database.read("SELECT * FROM users ORDER BY id")
    with pytest.raises(Rejected, match="audited"):
        connector.rehearse(chunks)
    with pytest.raises(Rejected, match="audited"):
        connector.erase_together([(chunk, "one") for chunk in chunks])
    connector.rehearse(chunks[:1])
    assert database.read("SELECT * FROM users ORDER BY id") == before


def test_several_chunks_go_together_children_first(connector: SqlDatabase, database: Database) -> None:
    database.run(
        "CREATE TABLE visits (id int PRIMARY KEY, user_id int, FOREIGN KEY (user_id) REFERENCES users (id))",
        "INSERT INTO visits VALUES (7, 1)",
    )
    described = users(database.url).collections
    visits = collection("id,user_id", key="id", links=({"to": "users", "on": {"user_id": "id"}},))
    both = connected(system("sql", {"url": database.url}, visits=visits, users=described["users"]))
    ours = Chunk("visits", Way.DELETE, ("id",), ((7,), (8,)))
    receipts = [both.erase_together([(ours, "one"), (SAM, "two")]) for _ in range(2)]
    assert [[receipt.count for receipt in each] for each in receipts] == [[1, 2], [0, 0]]
    assert database.read("SELECT id FROM users") == [(3,)]


@pytest.mark.parametrize(
    ("new", "name"),
    [
        ({"email": "erased"}, ("one_address", "users.email")),
        ({"age": 3}, ("grown",)),
        ({"email": "e" * 41}, ("email", "22001")),
    ],
)
def test_a_rule_that_a_new_value_breaks_is_named(
    connector: SqlDatabase, database: Database, new: dict[str, str | int | None], name: tuple[str, ...]
) -> None:
    if database.kind == "sqlite" and "e" * 41 in new.values():
        new, name = {"email": "erased"}, ("users.email",)  # it has no lengths
    why = refused(connector, database, Chunk("users", Way.REDACT, ("id",), ((1,), (2,)), new))
    assert any(one in why for one in name)


def test_a_trigger_that_refuses_is_named(connector: SqlDatabase, database: Database) -> None:
    database.run(*TRIGGERS["refuse"][database.kind])
    assert "trigger" in refused(connector, database, SAM)


def test_a_trigger_that_keeps_the_rows_is_found_out_by_reading_back(connector: SqlDatabase, database: Database) -> None:
    database.run(*TRIGGERS["keep"][database.kind])
    if database.kind == "mariadb":  # whose triggers cannot touch their own table
        database.run("INSERT INTO log VALUES ('sam@example.com')")
        logged = Chunk("users", Way.DELETE, ("id",), ((1,),))
        assert connector.erase(logged, "one").effect is Effect.DONE
        assert connector.read_back(logged) == ()
        return
    connector.erase(SAM, "one")
    assert set(connector.read_back(SAM)) == {(1,), (2,)}


TRIGGERS = {
    "refuse": {
        "sqlite": [
            "CREATE TRIGGER never BEFORE DELETE ON users BEGIN SELECT RAISE(ABORT, 'sam@example.com stays'); END"
        ],
        "postgresql": [
            """CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS
               $$ BEGIN RAISE EXCEPTION '% stays', OLD.email; END $$""",
            "CREATE TRIGGER never BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION never()",
        ],
        "mariadb": [
            """CREATE TRIGGER never BEFORE DELETE ON users FOR EACH ROW
               SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'sam@example.com stays'"""
        ],
    },
    "keep": {
        "sqlite": [
            """CREATE TRIGGER again AFTER DELETE ON users
               BEGIN INSERT INTO users VALUES (OLD.id, OLD.email, OLD.age); END"""
        ],
        "postgresql": [
            """CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS
               $$ BEGIN INSERT INTO users VALUES (OLD.*); RETURN NULL; END $$""",
            "CREATE TRIGGER again AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION again()",
        ],
        "mariadb": [
            "CREATE TABLE log (email varchar(40))",
            "CREATE TRIGGER again AFTER DELETE ON users FOR EACH ROW INSERT INTO log VALUES (OLD.email)",
        ],
    },
}


def test_rows_of_one_table_that_point_at_each_other_go_together(connector: SqlDatabase, database: Database) -> None:
    database.run(
        "CREATE TABLE talks (id int PRIMARY KEY, to_id int, FOREIGN KEY (to_id) REFERENCES talks (id))",
        "INSERT INTO talks VALUES (1, NULL), (2, 1), (3, 2), (4, NULL)",
    )
    talks = connected(system("sql", {"url": database.url}, talks=collection("id,to_id", key="id")))
    chunk = Chunk("talks", Way.DELETE, ("id",), ((1,), (2,), (3,)))
    assert talks.erase(chunk, "one").count == 3
    assert database.read("SELECT id FROM talks") == [(4,)]


def test_deleting_that_takes_other_peoples_rows_is_reported(database: Database) -> None:
    database.run(
        "CREATE TABLE rooms (id int PRIMARY KEY, owner_id int UNIQUE)",
        "CREATE TABLE posts (id int PRIMARY KEY, room_id int, user_id int UNIQUE,"
        " CONSTRAINT in_room FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE CASCADE)",
    )
    by_user = {"email": ("user_id",)}
    told = system(
        "sql",
        {"url": database.url, "without_people": "users"},
        rooms=collection("id,owner_id", key="id", found_by={"email": ("owner_id",)}),
        posts=collection("id,room_id,user_id", key="id", found_by=by_user),
    )
    (finding,) = connected(told).check()
    assert finding.collection == "rooms"
    assert "also takes rows of 'posts'" in finding.message
    assert "in_room" in finding.message or database.kind == "sqlite"


def test_an_address_goes_after_the_customer_who_points_at_it(database: Database) -> None:
    database.run(
        "CREATE TABLE addresses (id int PRIMARY KEY, street varchar(40))",
        "ALTER TABLE users ADD COLUMN address_id int REFERENCES addresses (id)",
        "INSERT INTO addresses VALUES (1, 'Elm'), (2, 'Oak')",
        "UPDATE users SET address_id = 1 WHERE id = 1",
    )
    told = system(
        "sql",
        {"url": database.url},
        users=collection("id,email,age,address_id", key="id", found_by={"email": ("email",)}),
        addresses=collection("id,street", key="id", links=({"to": "users", "on": {"id": "address_id"}},)),
    )
    connector = connected(told)
    assert connector.check() == []
    for name in routes(told):
        assert connector.erase(Chunk(name, Way.DELETE, ("id",), ((1,),)), name).effect is Effect.DONE
    assert database.read("SELECT id FROM addresses") == [(2,)]


def test_new_values_that_cannot_be_written_are_reported_beforehand(database: Database) -> None:
    database.run(
        "ALTER TABLE users ADD COLUMN loud varchar(40) GENERATED ALWAYS AS (upper(email)) " + VIRTUAL[database.kind]
    )
    told = system(
        "sql",
        {"url": database.url},
        users=collection(
            "id,email,age,loud",
            key="id",
            found_by={"email": ("email",)},
            erase={"way": "redact", "set": {"loud": "x", "email": "erased", "age": "many"}},
        ),
    )
    connector = connected(told)
    with pytest.raises(Rejected, match="computes 'loud'"):
        connector.erase(Chunk("users", Way.REDACT, ("id",), ((1,),), {"loud": "x"}), "one")
    messages = {finding.message for finding in connector.check()}
    assert "column 'loud' is computed by the database and cannot be set" in messages
    assert "column 'email' takes no value twice: set it to null, and each row gets its own" in messages
    assert ("column 'age' cannot hold its new value" in messages) is (database.kind != "sqlite")


VIRTUAL = {"sqlite": "VIRTUAL", "postgresql": "STORED", "mariadb": "VIRTUAL"}


def test_a_row_that_gets_no_value_of_its_own_keeps_its_chunk_whole(database: Database) -> None:
    database.run(
        "CREATE TABLE cards (code varchar(40) PRIMARY KEY, tag varchar(10) NOT NULL UNIQUE)",
        f"INSERT INTO cards VALUES ('a', 'sam 1'), ('{'b' * 40}', 'sam 2'), ('{'c' * 40}', 'sam 3')",
    )
    told = system("sql", {"url": database.url}, cards=collection("code,tag", key="code"))
    keys = (("a",), ("b" * 40,), ("c" * 40,))  # of the long ones only one can have the value that is nobody's
    chunk = Chunk("cards", Way.REDACT, ("code",), keys, {"tag": None})
    with pytest.raises(Rejected, match="no neutral value fits column 'tag'"):
        connected(told).erase(chunk, "one")
    assert {row[0] for row in database.read("SELECT tag FROM cards")} == {"sam 1", "sam 2", "sam 3"}
    assert set(connected(told).read_back(chunk)) == set(keys)


def test_an_order_that_a_live_foreign_key_contradicts_is_reported(database: Database) -> None:
    database.run(
        "CREATE TABLE visits (id int PRIMARY KEY, user_id int, email varchar(40) UNIQUE,"
        " CONSTRAINT visited FOREIGN KEY (user_id) REFERENCES users (id))"
    )
    by_email = {"email": ("email",)}
    users_first = {
        "visits": collection("id,user_id,email", key="id", found_by=by_email),
        "users": collection("id,email,age", key="id", found_by=by_email),
    }
    (finding,) = connected(system("sql", {"url": database.url}, None, **users_first)).check()
    assert finding.collection == "users"
    assert "rows of 'visits' are erased after these, and forbid it" in finding.message


@pytest.mark.parametrize(
    ("told", "new", "well"), [("NOT NULL", {}, False), ("NOT NULL", {"user_id": 3}, True), ("", {}, True)]
)
def test_a_row_that_cannot_be_unlinked_is_named_with_what_helps(
    database: Database, told: str, new: dict[str, int], well: bool
) -> None:
    database.run(
        f"CREATE TABLE notes (id int PRIMARY KEY, user_id int {told}, CONSTRAINT noted FOREIGN KEY (user_id)"
        " REFERENCES users (id))"
    )
    links = ({"to": "users", "on": {"user_id": "id"}},)
    notes = collection("id,user_id", key="id", links=links, erase={"way": "unlink", "set": new})
    people = collection("id,email,age", key="id", found_by={"email": ("email",)})
    findings = connected(system("sql", {"url": database.url}, None, users=people, notes=notes)).check()
    assert [finding.collection for finding in findings] == ([] if well else ["notes"])
    assert well or "column 'user_id' may not be empty, and is to be unlinked; let it be NULL there" in str(findings)
