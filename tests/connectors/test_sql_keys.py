"""Keys that nothing keeps from standing twice: whoever else has one is never erased along with Sam."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from dsr.connectors.contract import Change, Chunk, Effect, Rejected
from dsr.connectors.sql import SqlDatabase
from dsr.datamap.route import Route, Seed
from dsr.datamap.schema import Stop, Way
from tests.connectors.databases import Database, on
from tests.connectors.horrors import connected
from tests.connectors.maps import collection, system

MARIADB = pytest.param("mariadb", marks=pytest.mark.mariadb)
TWICE = "notes: its key names more than one row"
DELETED = Chunk("notes", Way.DELETE, ("ref",), (("r1",), ("r9",)))
REDACTED = Chunk("notes", Way.REDACT, ("ref",), (("r1",), ("r2",)), {"note": None})
REPLACED = Chunk("notes", Way.REDACT, ("ref",), (("r1",), ("r2",)), {"title": None})
Doing = Callable[[SqlDatabase, Chunk], object]
WAYS: dict[str, Doing] = {
    "erase": lambda connector, chunk: connector.erase(chunk, "one"),
    "erase_together": lambda connector, chunk: connector.erase_together([(chunk, "one")]),
    "rehearse": lambda connector, chunk: connector.rehearse([chunk]),
}


@pytest.fixture(params=["sqlite", "postgresql", MARIADB])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Sam has r1 and r2, of which the second holds nothing any more; Mallory has another r1."""
    with on(request, tmp_path) as made:
        made.run(
            "CREATE TABLE notes (ref varchar(9), email varchar(40), note varchar(40), title varchar(9) NOT NULL)",
            "INSERT INTO notes VALUES ('r1', 'sam@example.com', 'x', 'x'), ('r2', 'sam@example.com', NULL, 'erased'),"
            " ('r1', 'mallory@example.com', 'secret', 'mine')",
        )
        yield made


def of_notes(database: Database, key: str = "ref") -> SqlDatabase:
    """A connector to the notes."""
    described = collection("ref,email,note,title", key=key, found_by={"email": ("email",)})
    return connected(system("sql", {"url": database.url}, notes=described))


@pytest.mark.parametrize("doing", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("chunk", [DELETED, REDACTED, REPLACED], ids=["delete", "redact", "replace"])
def test_a_key_that_another_key_makes_up_for_still_erases_nobody_else(
    database: Database, chunk: Chunk, doing: Doing
) -> None:
    before = database.read("SELECT * FROM notes")
    with closing(of_notes(database)) as connector, pytest.raises(Rejected, match=TWICE):
        doing(connector, chunk)
    assert database.read("SELECT * FROM notes") == before


def test_a_key_that_stands_once_is_erased_though_others_stand_twice(database: Database) -> None:
    with closing(of_notes(database)) as connector:
        receipt = connector.erase(Chunk("notes", Way.DELETE, ("ref",), (("r2",), ("R1",))), "one")
    assert (receipt.effect, receipt.count) == (Effect.DONE, 1)
    assert database.read("SELECT count(*) FROM notes") == [(2,)]


def test_no_value_is_corrected_in_a_row_that_shares_its_key(database: Database) -> None:
    before = database.read("SELECT * FROM notes")
    change = Change("notes", ("ref",), ("r1",), "note", "secret", "mine now")  # what Mallory's holds, and not Sam's
    described = collection("ref,email,note,title", key="ref", found_by={"email": ("email",)}, rectifiable="note")
    made = connected(system("sql", {"url": database.url}, notes=described))
    with closing(made) as connector, pytest.raises(Rejected, match=TWICE):
        connector.correct((change,), "one")
    assert database.read("SELECT * FROM notes") == before


@pytest.mark.parametrize("verb", ["stop", "resume"])
def test_nothing_is_stopped_in_a_row_that_shares_its_key(database: Database, verb: str) -> None:
    before = database.read("SELECT * FROM notes")
    described = collection("ref,email,note,title", key="ref", found_by={"email": ("email",)})
    halt = Stop(collection="notes", set={"title": "x"}, undo={"title": "y"})
    route = Route("notes", described, (Seed("email", ("email",)),), ())
    made = connected(system("sql", {"url": database.url}, {"halt": halt}, notes=described))
    act = {"stop": made.stop, "resume": made.resume}[verb]
    with closing(made), pytest.raises(Rejected, match=TWICE):
        act(halt, route, {"email": (("sam@example.com",),)}, "one")
    assert database.read("SELECT * FROM notes") == before


def statements(connector: SqlDatabase, doing: Callable[[], object]) -> Sequence[str]:
    """What is told to the database meanwhile, by the connection that writes."""
    heard: list[str] = []

    def hear(*told: object) -> None:
        heard.append(str(told[2]))

    engine = connector._writer  # noqa: SLF001  no door leads there
    sa.event.listen(engine, "before_cursor_execute", hear)
    doing()
    sa.event.remove(engine, "before_cursor_execute", hear)
    return heard


@pytest.mark.parametrize("rule", ["ref varchar(9) PRIMARY KEY", "ref int PRIMARY KEY", "ref varchar(9) UNIQUE"])
def test_a_key_that_cannot_stand_twice_is_not_looked_for(database: Database, rule: str) -> None:
    database.run("DROP TABLE notes", f"CREATE TABLE notes ({rule}, email varchar(40), note varchar(9))")
    database.run("INSERT INTO notes VALUES ('1', 'sam@example.com', 'x')")
    with closing(of_notes(database, key="ref,email")) as connector:
        chunk = Chunk("notes", Way.REDACT, ("ref", "email"), (("1", "sam@example.com"),), {"note": None})
        heard = statements(connector, lambda: connector.erase(chunk, "one"))
    assert [told.split()[0] for told in heard if not told.startswith("BEGIN")] == ["UPDATE"]
    assert database.read("SELECT count(*) FROM notes WHERE note IS NOT NULL") == [(0,)]


def test_an_index_of_some_rows_or_of_more_columns_makes_no_key_single(database: Database) -> None:
    database.run("CREATE UNIQUE INDEX pair ON notes (ref, email)")
    if database.kind != "mariadb":
        database.run("CREATE UNIQUE INDEX partly ON notes (ref) WHERE email LIKE 'sam%'")
        database.run("CREATE UNIQUE INDEX longer ON notes ((ref || email))")
    with closing(of_notes(database)) as connector, pytest.raises(Rejected, match=TWICE):
        connector.erase(DELETED, "one")
    assert database.read("SELECT count(*) FROM notes") == [(3,)]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_rule_that_was_dropped_meanwhile_is_no_longer_believed(database: Database) -> None:
    database.run("ALTER TABLE notes RENAME TO old", "CREATE TABLE notes (LIKE old)")
    database.run("CREATE UNIQUE INDEX once ON notes (ref)")
    with closing(of_notes(database)) as connector:
        assert connector.erase(DELETED, "one").effect is Effect.ABSENT
    database.run("DROP INDEX once", "INSERT INTO notes SELECT * FROM old")
    with closing(of_notes(database)) as connector, pytest.raises(Rejected, match=TWICE):
        connector.erase(DELETED, "one")
    assert database.read("SELECT count(*) FROM notes") == [(3,)]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_key_of_a_table_says_nothing_of_the_tables_that_inherit_from_it(database: Database) -> None:
    database.run(
        "DELETE FROM notes WHERE email LIKE 'mallory%'",
        "ALTER TABLE notes ADD PRIMARY KEY (ref)",
        "CREATE TABLE more () INHERITS (notes)",
        "INSERT INTO more VALUES ('r1', 'mallory@example.com', 'secret', 'mine')",
    )
    with closing(of_notes(database)) as connector, pytest.raises(Rejected, match=TWICE):
        connector.erase(DELETED, "one")
    assert database.read("SELECT count(*) FROM notes") == [(3,)]


def test_rows_of_a_view_are_looked_at_for_keys_that_stand_twice(database: Database) -> None:
    database.run("ALTER TABLE notes RENAME TO old", "CREATE VIEW notes AS SELECT * FROM old")
    if database.kind == "sqlite":
        database.run("CREATE TRIGGER gone INSTEAD OF DELETE ON notes BEGIN DELETE FROM old WHERE ref = old.ref; END")
    with closing(of_notes(database)) as connector, pytest.raises(Rejected, match=TWICE):
        connector.erase(DELETED, "one")
    assert database.read("SELECT count(*) FROM old") == [(3,)]
