"""What an erasure in a database must not overlook: values that look neutral, keys that name nothing, links, its log."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dsr.connectors.contract import Chunk, Effect, Rejected
from dsr.connectors.sql import SqlDatabase
from dsr.datamap.route import Route, Seed
from dsr.datamap.schema import Way
from tests.connectors.databases import Database, on, on_mariadb, on_sqlite
from tests.connectors.horrors import connected
from tests.connectors.maps import collection, rows, system

BY_EMAIL = {"email": ("email",)}
MARIADB = pytest.param("mariadb", marks=pytest.mark.mariadb)


@pytest.fixture(params=["sqlite", "postgresql", MARIADB])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with on(request, tmp_path) as made:
        yield made


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Database]:
    with on_sqlite(tmp_path) as made:
        yield made


FIELDS = ("pregnant", "born", "children", "mood")
EMPTIED = Chunk("health", Way.REDACT, ("id",), ((1,),), dict.fromkeys(FIELDS))


def health(database: Database, *rows: str, check: str = "") -> None:
    """Columns that are never empty."""
    mood = "varchar(9)" if database.kind != "mariadb" else "enum('calm', 'ill')"
    database.run(
        f"CREATE TABLE health (id int PRIMARY KEY, pregnant boolean NOT NULL, born date NOT NULL,"
        f" children int NOT NULL {check}, mood {mood} NOT NULL)",
        *(f"INSERT INTO health VALUES {row}" for row in rows),
    )


def of_health(database: Database) -> SqlDatabase:
    """A connector that has written nothing yet."""
    return connected(system("sql", {"url": database.url}, health=collection(f"id,{','.join(FIELDS)}", key="id")))


def test_a_value_that_looks_neutral_is_overwritten_all_the_same(database: Database) -> None:
    mood = "ill" if database.kind == "mariadb" else "x"
    health(database, f"(1, true, '2000-01-01', 1, '{mood}')", f"(2, true, '2000-01-01', 1, '{mood}')")
    with closing(of_health(database)) as connector:
        assert connector.erase(EMPTIED, "one").count == 1
        assert connector.read_back(EMPTIED) == ()
        row, other = database.read("SELECT pregnant, born, children, mood FROM health ORDER BY id")
        assert (bool(row[0]), str(row[1]), row[2]) == (False, "1970-01-01", 0)
        assert row[3] == ("calm" if database.kind == "mariadb" else "erased")
        assert (bool(other[0]), other[3]) == (True, mood)
        assert connector.erase(EMPTIED, "two").effect is Effect.ABSENT


def test_a_neutral_value_that_was_not_written_is_found_when_it_is_read_back(database: Database) -> None:
    health(database, "(1, true, '2000-01-01', 2, 'ill')", check="CHECK (children > 0)")
    with closing(of_health(database)) as connector:
        assert connector.erase(EMPTIED, "one").effect is Effect.DONE
        assert connector.read_back(EMPTIED) == ()
        assert database.read("SELECT children FROM health") == [(1,)]  # the first that its rule lets pass
        database.run("UPDATE health SET born = '2000-01-01'")
        assert connector.read_back(EMPTIED) == ((1,),)
    with closing(of_health(database)) as anew:  # after a crash
        assert anew.erase(EMPTIED, "one").effect is Effect.DONE
        assert anew.erase(EMPTIED, "one").effect is Effect.ABSENT
        assert anew.read_back(EMPTIED) == ()
    with closing(of_health(database)) as third:
        assert third.erase(EMPTIED, "one").effect is Effect.ABSENT


def test_each_row_is_asked_for_the_value_that_its_own_rule_let_pass(file: Database) -> None:
    file.run(
        "CREATE TABLE scores (id int PRIMARY KEY, least int, score int NOT NULL, CHECK (score >= least))",
        "INSERT INTO scores VALUES (1, 0, 7), (2, 1, 8)",
    )
    with closing(connected(system("sql", {"url": file.url}, scores=collection("id,least,score", key="id")))) as opened:
        chunks = [Chunk("scores", Way.REDACT, ("id",), ((number,),), {"score": None}) for number in (1, 2)]
        assert [receipt.count for receipt in opened.erase_together([(one, "one") for one in chunks])] == [1, 1]
        assert file.read("SELECT score FROM scores ORDER BY id") == [(0,), (1,)]
        both = Chunk("scores", Way.REDACT, ("id",), ((1,), (2,)), {"score": None})
        assert opened.read_back(both) == ()
        file.run("UPDATE scores SET score = 1")
        assert opened.read_back(both) == ((1,),)


@pytest.mark.parametrize(
    ("kind", "key", "told"), [("BLOB", "'c-4711'", "c-4711"), ("TEXT", "CAST(x'ff41' AS text)", "�A")]
)
def test_a_listed_key_that_names_no_row_again_changes_nothing(file: Database, kind: str, key: str, told: str) -> None:
    file.run(
        f"CREATE TABLE users (id {kind} PRIMARY KEY, email text)",
        f"INSERT INTO users VALUES ({key}, 'sam@example.com')",
        "CREATE TABLE visits (id int PRIMARY KEY)",
        "INSERT INTO visits VALUES (7)",
    )
    users = collection("id,email", key="id", found_by=BY_EMAIL)
    visits = collection("id", key="id")
    connector = connected(system("sql", {"url": file.url}, visits=visits, users=users))
    chunks = [
        Chunk("visits", Way.DELETE, ("id",), ((7,),)),
        Chunk("users", Way.REDACT, ("id",), ((told,),), {"email": None}),
    ]
    with closing(connector):
        for ask in (connector.rehearse, lambda each: connector.erase_together([(one, "one") for one in each])):
            with pytest.raises(Rejected, match="cannot be named by its key again"):
                ask(chunks)
    assert file.read("SELECT id FROM visits") == [(7,)]


@pytest.mark.parametrize(
    ("database", "kind", "key"),
    [
        pytest.param("mariadb", "bigint unsigned", 17446744073709551615, marks=pytest.mark.mariadb),
        ("postgresql", "real", 0.1),
        ("postgresql", "double precision", 0.1),
    ],
    indirect=["database"],
)
def test_a_number_that_another_type_would_not_hold_names_its_row(database: Database, kind: str, key: float) -> None:
    database.run(
        f"CREATE TABLE users (id {kind} PRIMARY KEY, email varchar(40))",
        f"INSERT INTO users VALUES ({key}, 'sam@example.com')",
    )
    users = collection("id,email", key="id", found_by=BY_EMAIL)
    chunk = Chunk("users", Way.REDACT, ("id",), ((key,),), {"email": None})
    with closing(connected(system("sql", {"url": database.url}, users=users))) as connector:
        assert connector.read_back(chunk) == ((key,),)
        assert connector.erase(chunk, "one").count == 1
    assert database.read("SELECT email FROM users") == [(None,)]


@pytest.mark.parametrize("kind", ["numeric(18)", "numeric(9,2)", "double precision"])
@pytest.mark.parametrize("database", ["postgresql", MARIADB], indirect=["database"])
def test_another_spelling_of_an_amount_is_another_account(database: Database, kind: str) -> None:
    database.run(
        f"CREATE TABLE users (id {kind} PRIMARY KEY, email varchar(40))",
        "INSERT INTO users VALUES (10, 'sam@example.com')",
    )
    users = collection("id,email", key="id", found_by={"account": ("id",)})
    accounts = ("10", "010", "+10", " 10", "1_0", "10e0", "\uff11\uff10")
    with closing(connected(system("sql", {"url": database.url}, users=users))) as connector:
        route = Route("users", users, (Seed("account", ("id",)),), ())
        assert [told for told in accounts if connector.count(route, {"account": ((told,),)})] == ["10"]
        for key in (10, 10.0, "10.00", "1E+1"):  # as they travel
            assert len(connector.read_back(Chunk("users", Way.DELETE, ("id",), ((key,),)))) == 1


@pytest.mark.parametrize("database", ["postgresql", MARIADB], indirect=["database"])
def test_who_is_known_by_text_that_is_kept_as_bytes_is_found(database: Database) -> None:
    kind = "bytea" if database.kind == "postgresql" else "varbinary(60)"
    database.run(
        f"CREATE TABLE users (id int PRIMARY KEY, email {kind}, phone {kind})",
        "INSERT INTO users VALUES (1, 'sam@example.com', '+4930123456'), (2, 'Sam@example.com', '+4930123457')",
    )
    users = collection("id,email,phone", key="id", found_by={"email": ("email",), "phone": ("phone",)})
    told = system("sql", {"url": database.url}, users=users)
    for kind, value in {"email": "sam@example.com", "phone": "+4930123456"}.items():
        route = Route("users", users, (Seed(kind, (kind,)),), ())
        with closing(connected(told)) as connector:
            assert [row["id"] for row in rows(connector, route, {kind: ((value,), ("\ud800",))})] == [1]


def ratings(database: Database, told: str) -> SqlDatabase:
    """Ratings that are to be cut loose from people, and whose column is never empty."""
    database.run(
        "CREATE TABLE users (id int PRIMARY KEY, email varchar(40) UNIQUE)",
        f"CREATE TABLE ratings (id int PRIMARY KEY, user_id int NOT NULL {told})",
        "INSERT INTO users VALUES (1, 'mallory@example.com'), (2, 'sam@example.com')",
        "INSERT INTO ratings VALUES (10, 2)",
    )
    mine = collection(
        "id,user_id", key="id", links=({"to": "users", "on": {"user_id": "id"}},), erase={"way": "unlink"}
    )
    users = collection("id,email", key="id", found_by=BY_EMAIL)
    return connected(system("sql", {"url": database.url}, ratings=mine, users=users))


@pytest.mark.parametrize("told", ["", "REFERENCES users (id)"])
def test_a_row_that_cannot_be_cut_loose_is_never_handed_to_somebody_else(database: Database, told: str) -> None:
    with closing(ratings(database, told)) as connector:
        with pytest.raises(Rejected, match="column 'user_id' leads to other rows and may not be empty"):
            connector.erase(Chunk("ratings", Way.UNLINK, ("id",), ((10,),), {"user_id": None}), "one")
        said = [finding.message for finding in connector.check() if finding.collection == "ratings"]
    assert database.read("SELECT user_id FROM ratings") == [(2,)]
    assert any("column 'user_id' may not be empty, and is to be unlinked" in message for message in said)


def test_who_is_found_by_a_column_that_is_never_empty_gets_nobodys_identity(file: Database) -> None:
    file.run(
        "CREATE TABLE members (id int PRIMARY KEY, email text NOT NULL, number int NOT NULL)",
        "INSERT INTO members VALUES (1, 'sam@example.com', 8), (2, 'mallory@example.com', 0)",
    )
    found_by = {"email": ("email",), "account": ("number",)}
    with closing(
        connected(system("sql", {"url": file.url}, members=collection("id,email,number", key="id", found_by=found_by)))
    ) as connector:
        connector.erase(Chunk("members", Way.REDACT, ("id",), ((1,),), {"email": None}), "one")
        with pytest.raises(Rejected, match="no neutral value fits column 'number'"):
            connector.erase(Chunk("members", Way.REDACT, ("id",), ((1,),), {"number": None}), "two")
    assert file.read("SELECT email, number FROM members WHERE id = 1") == [("erased", 8)]


def test_a_foreign_key_that_leads_to_no_key_is_named_before_it_refuses_and_when_it_does(file: Database) -> None:
    file.run(
        "CREATE TABLE notes (id int PRIMARY KEY, user_id int REFERENCES users)",
        "CREATE TABLE users (email text UNIQUE)",
        "INSERT INTO users VALUES ('sam@example.com')",
    )
    users = collection("email", key="email", found_by=BY_EMAIL)
    with closing(connected(system("sql", {"url": file.url, "without_people": "notes"}, users=users))) as connector:
        (said,) = connector.check()
        assert said.message.startswith(
            "the database refuses to delete here, for this leads to no key: foreign key notes"
        )
        with pytest.raises(Rejected, match='leads to no key, "notes" referencing "users"'):
            connector.erase(Chunk("users", Way.DELETE, ("email",), (("sam@example.com",),)), "one")
    assert file.read("SELECT count(*) FROM users") == [(1,)]


def test_a_deferred_foreign_key_that_nobody_mapped_is_met_in_the_rehearsal(file: Database) -> None:
    file.run(
        "CREATE TABLE users (id int PRIMARY KEY, email text UNIQUE)",
        "CREATE TABLE claims (id int PRIMARY KEY, user_id int REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED)",
        "INSERT INTO users VALUES (1, 'sam@example.com'), (2, 'mallory@example.com')",
        "INSERT INTO claims VALUES (5, 1)",
    )
    users = system("sql", {"url": file.url}, users=collection("id,email", key="id", found_by=BY_EMAIL))
    with closing(connected(users)) as connector:
        connector.rehearse([Chunk("users", Way.DELETE, ("id",), ((2,),))])
        with pytest.raises(Rejected, match=r"foreign key claims\.user_id → users\.id"):
            connector.rehearse([Chunk("users", Way.DELETE, ("id",), ((1,),))])
    assert len(file.read("SELECT id FROM users")) == 2


def written_ahead(database: Database, path: Path) -> tuple[sqlite3.Connection, SqlDatabase]:
    """The application, which keeps its database open, and a connector that has erased Sam."""
    application = sqlite3.connect(path, isolation_level=None)
    application.executescript(
        "PRAGMA journal_mode = WAL; CREATE TABLE users (id int PRIMARY KEY, email text UNIQUE);"
        "INSERT INTO users VALUES (1, 'sam@example.com');"
    )
    return application, connected(
        system("sql", {"url": database.url}, users=collection("id,email", key="id", found_by=BY_EMAIL))
    )


def test_an_erased_value_stays_in_no_write_ahead_log(file: Database, tmp_path: Path) -> None:
    application, connector = written_ahead(file, tmp_path / "one database.sqlite3")
    with closing(application):
        log = tmp_path / "one database.sqlite3-wal"
        assert b"sam@example.com" in log.read_bytes()
        with closing(connector):
            connector.erase(Chunk("users", Way.DELETE, ("id",), ((1,),)), "one")
        assert log.read_bytes() == b""
        assert b"sam@example.com" not in (tmp_path / "one database.sqlite3").read_bytes()


def test_who_reads_meanwhile_keeps_the_log_and_this_is_said(
    file: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("dsr.connectors.sql.sqlite.WAIT_MILLISECONDS", 10)
    application, connector = written_ahead(file, tmp_path / "one database.sqlite3")
    with closing(application):
        application.execute("BEGIN")
        application.execute("SELECT * FROM users").fetchall()
        with closing(connector):
            chunk = Chunk("users", Way.DELETE, ("id",), ((1,),))
            connector.erase(chunk, "one")
            assert connector.read_back(chunk) == ()
        assert "the write-ahead log may hold erased values" in caplog.text


def test_an_index_that_holds_not_every_row_or_compares_otherwise_serves_nobody(file: Database) -> None:
    file.run(
        "CREATE TABLE users (id int, email text, phone text, handle text COLLATE nocase)",
        "CREATE INDEX late ON users (email) WHERE id > 10",
        "CREATE INDEX loud ON users (phone COLLATE nocase)",
        "CREATE INDEX named ON users (handle)",
        "CREATE UNIQUE INDEX some ON users (id) WHERE email IS NOT NULL",
    )
    found_by = {"email": ("email",), "phone": ("phone",), "account": ("handle",)}
    told = system("sql", {"url": file.url}, users=collection("id,email,phone,handle", key="id", found_by=found_by))
    with closing(connected(told)) as connector:
        said = [finding.message for finding in connector.check()]
    assert [message.partition(":")[0] for message in said] == [
        "no index serves the search by email (email)",
        "no index serves the search by phone (phone)",
        "no unique index stands on the key (id)",
    ]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_an_index_of_some_rows_serves_nobody_on_postgresql_either(database: Database) -> None:
    database.run(
        "CREATE TABLE users (id int PRIMARY KEY, email text, phone text)",
        "CREATE INDEX late ON users (email) WHERE id > 10",
        "CREATE INDEX called ON users (phone)",
    )
    found_by = {"email": ("email",), "phone": ("phone",)}
    told = system("sql", {"url": database.url}, users=collection("id,email,phone", key="id", found_by=found_by))
    with closing(connected(told)) as connector:
        (finding,) = connector.check()
    assert "no index serves the search by email" in finding.message


def test_everybody_gets_a_neutral_value_where_it_may_not_stand_twice_beside_another(file: Database) -> None:
    file.run(
        "CREATE TABLE members (id int PRIMARY KEY, tenant int, email varchar(60) NOT NULL, UNIQUE (tenant, email))",
        *(f"INSERT INTO members VALUES ({number}, 1, 'sam{number}@example.com')" for number in range(5)),
    )
    told = system("sql", {"url": file.url}, members=collection("id,email", key="id", found_by=BY_EMAIL))
    with closing(connected(told)) as connector:
        for number in range(5):
            chunk = Chunk("members", Way.REDACT, ("id",), ((number,),), {"email": None})
            assert connector.erase(chunk, f"{number}").effect is Effect.DONE
            assert connector.read_back(chunk) == ()
    assert file.read("SELECT count(*) FROM members WHERE email LIKE 'sam%'") == [(0,)]


def test_a_row_whose_key_is_partly_empty_text_is_found_by_it(file: Database) -> None:
    file.run(
        "CREATE TABLE prefs (id int, loc varchar(5), PRIMARY KEY (id, loc))",
        "INSERT INTO prefs VALUES (10, ''), (11, 'de')",
    )
    described = collection("id,loc", key="id,loc", found_by={"account": ("id", "loc")})
    with closing(connected(system("sql", {"url": file.url}, prefs=described))) as connector:
        route = Route("prefs", described, (Seed("manifest:prefs", ("id", "loc")),), ())
        (batch,) = connector.find(route, {"manifest:prefs": ((10, ""),)})
    assert batch.rows == ((10, ""),)


@pytest.mark.mariadb
def test_what_mariadb_fills_up_or_moves_is_read_back_as_it_was_written(mariadb: str) -> None:
    with on_mariadb(mariadb) as made:
        made.run(
            "CREATE TABLE devices (id int PRIMARY KEY, device binary(16) NOT NULL, name varchar(9) NOT NULL,"
            " seen timestamp NOT NULL DEFAULT '2000-01-01 00:00:01' ON UPDATE CURRENT_TIMESTAMP)",
            "INSERT INTO devices VALUES (1, 'abcdefghijklmnop', 'sam', '2020-01-01')",
        )
        emptied = Chunk("devices", Way.REDACT, ("id",), ((1,),), dict.fromkeys(("device", "seen", "name")))
        told = system("sql", {"url": made.url}, devices=collection("id,device,seen,name", key="id"))
        with closing(connected(told)) as connector:
            assert connector.erase(emptied, "one").effect is Effect.DONE
            assert connector.read_back(emptied) == ()
        with closing(connected(told)) as anew:
            assert anew.read_back(emptied) == ()
