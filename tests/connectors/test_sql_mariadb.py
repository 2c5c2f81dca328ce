"""The SQL connector on a real MariaDB server."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from dsr.connectors.change_kit import ChangeKit
from dsr.connectors.contract import Ages, Chunk, Rejected, Unreachable
from dsr.connectors.contract_kit import ContractKit, World, keys_of
from dsr.connectors.sql.engine import open_engine
from dsr.datamap.route import Route, Seed
from dsr.datamap.schema import Way
from tests.connectors.databases import Database, on_mariadb
from tests.connectors.horrors import SAM, connected, routes
from tests.connectors.maps import collection, rows, system
from tests.connectors.shop import fill, shop_world

pytestmark = pytest.mark.mariadb


@pytest.fixture
def database(mariadb: str) -> Iterator[Database]:
    """A new and empty database."""
    with on_mariadb(mariadb) as made:
        yield made


@pytest.fixture
def world(database: Database) -> World:
    fill(database.engine)
    return shop_world(database.url, database.engine)


class TestMariadb(ContractKit, ChangeKit):
    """The whole contract."""


def test_a_lock_held_by_another_is_waited_for_a_while_only(world: World, database: Database) -> None:
    with database.engine.begin() as holder:
        holder.exec_driver_sql("SELECT * FROM events WHERE id = 1 FOR UPDATE")
        with pytest.raises(Unreachable, match="1205"), closing(world.connect()) as connector:
            connector.erase(Chunk("events", Way.DELETE, ("id",), ((1,),)), "one")


def test_who_writes_sees_what_others_have_committed_meanwhile(database: Database) -> None:
    level = []
    for writing in (True, False):
        engine = open_engine(database.url, writing=writing)
        with engine.connect() as connection:
            level.append(connection.exec_driver_sql("SELECT @@tx_isolation").scalar())
        engine.dispose()
    assert level == ["READ-COMMITTED", "REPEATABLE-READ"]


def test_a_table_that_keeps_what_was_erased_is_reported_and_nothing_is_called_erased_there(database: Database) -> None:
    database.run(
        "CREATE TABLE users (id int PRIMARY KEY, email varchar(40) UNIQUE) WITH SYSTEM VERSIONING",
        "CREATE TABLE teams (id int PRIMARY KEY, email varchar(40) UNIQUE)",
        "CREATE TABLE notes (id int PRIMARY KEY, team int, KEY (team)) WITH SYSTEM VERSIONING",
        "INSERT INTO users VALUES (1, 'sam@example.com')",
        "INSERT INTO teams VALUES (1, 'sam@example.com')",
        "INSERT INTO notes VALUES (5, 1)",
    )
    users = teams = collection("id,email", key="id", found_by={"email": ("email",)})
    link = {"to": "teams", "on": {"team": "id"}, "owns": False}
    notes = collection("id,team", key="id", links=(link,), erase={"way": "keep"})
    with closing(connected(system("sql", {"url": database.url}, notes=notes, users=users, teams=teams))) as connector:
        said = [found.collection for found in connector.check() if "older versions of its rows" in found.message]
        for chunk in (
            Chunk("users", Way.DELETE, ("id",), ((1,),)),
            Chunk("users", Way.REDACT, ("id",), ((1,),), {"email": "nobody"}),
            Chunk("teams", Way.DELETE, ("id",), ((1,),)),  # which would empty a column of the notes
        ):
            for ask in (connector.rehearse, lambda each: connector.erase_together([(one, "one") for one in each])):
                with pytest.raises(Rejected, match="keeps older versions of its rows"):
                    ask([chunk])
            with pytest.raises(Rejected, match="keeps older versions of its rows"):
                connector.erase(chunk, "one")
    assert said == ["notes", "users"]
    assert database.read("SELECT email FROM users") == [("sam@example.com",)]
    assert database.read("SELECT team FROM notes") == [(1,)]


def test_a_server_that_is_not_there_is_unreachable() -> None:
    connector = connected(system("sql", {"url": "mariadb://me:hush@127.0.0.1:9/shop"}))
    with pytest.raises(Unreachable) as refused:
        connector.describe()
    assert "hush" not in str(refused.value)


def test_a_wrong_password_is_for_a_person_to_look_at(database: Database) -> None:
    database.run("CREATE OR REPLACE USER known@localhost IDENTIFIED BY 'known'")
    address = sa.make_url(database.url).set(username="known", password="hush")
    connector = connected(system("sql", {"url": address.render_as_string(hide_password=False)}))
    with pytest.raises(Rejected, match="1045") as refused:
        connector.describe()
    assert "hush" not in str(refused.value)


def test_a_table_in_another_database_is_found_and_erased(database: Database) -> None:
    other = f"{sa.make_url(database.url).database}_other"
    database.run(
        f"CREATE DATABASE {other}",
        f"CREATE TABLE {other}.letters (id int PRIMARY KEY, email varchar(40), KEY (email))",
        f"INSERT INTO {other}.letters VALUES (1, 'sam@example.com'), (2, 'SAM@example.com')",
    )
    letters = collection("id,email", key="id", settings={"schema": other}, found_by={"email": ("email",)})
    told = system("sql", {"url": database.url}, letters=letters)
    connector = connected(told)
    assert connector.check() == []
    assert f"{other}.letters" in connector.describe().collections
    assert [row["id"] for row in rows(connector, routes(told)["letters"], SAM)] == [1]
    assert connector.erase(Chunk("letters", Way.DELETE, ("id",), ((1,),)), "one").count == 1
    assert database.read(f"SELECT id FROM {other}.letters") == [(2,)]


def test_columns_of_unlike_collations_and_types_are_compared_all_the_same(database: Database) -> None:
    database.run(
        "CREATE TABLE users (id int PRIMARY KEY, email varchar(40) COLLATE utf8mb4_unicode_ci)",
        "CREATE TABLE mails (id int PRIMARY KEY, address varchar(40) CHARACTER SET latin1)",
        "CREATE TABLE notes (id int PRIMARY KEY, user_number varchar(9))",
        "CREATE TABLE drafts (id int PRIMARY KEY, user_number varbinary(9))",
        "INSERT INTO users VALUES (1, 'sam@example.com'), (2, 'SAM@example.com')",
        "INSERT INTO mails VALUES (1, 'sam@example.com'), (2, 'SAM@example.com'), (3, 's\u00e1m@example.com')",
        "INSERT INTO notes VALUES (1, '1'), (2, '01'), (3, '1st'), (4, '2')",
        "INSERT INTO drafts VALUES (1, '1'), (2, '01'), (3, '1st'), (4, '2')",
    )
    told = system(
        "sql",
        {"url": database.url},
        users=collection("id,email", key="id", found_by={"email": ("email",)}),
        mails=collection("id,address", key="id", links=({"to": "users", "on": {"address": "email"}},)),
        notes=collection("id,user_number", key="id", links=({"to": "users", "on": {"user_number": "id"}},)),
        drafts=collection("id,user_number", key="id", links=({"to": "users", "on": {"user_number": "id"}},)),
    )
    connector, ways = connected(told), routes(told)
    assert [row["id"] for row in rows(connector, ways["mails"], SAM)] == [1]
    assert [row["id"] for row in rows(connector, ways["notes"], SAM)] == [1]
    assert [row["id"] for row in rows(connector, ways["drafts"], SAM)] == [1]


def test_a_table_without_transactions_is_reported_and_left_out_of_rehearsals(database: Database) -> None:
    database.run("CREATE TABLE old (id int PRIMARY KEY) ENGINE=MyISAM")
    connector = connected(system("sql", {"url": database.url}, old=collection("id", key="id")))
    (finding,) = connector.check()
    assert "MyISAM" in finding.message
    database.run("INSERT INTO old VALUES (1)")
    connector.rehearse([Chunk("old", Way.DELETE, ("id",), ((1,),))])
    assert database.read("SELECT id FROM old") == [(1,)]


def test_a_report_counts_the_rows_that_an_erasure_would_keep(database: Database) -> None:
    database.run(
        "CREATE TABLE orders (id int PRIMARY KEY, paid_at datetime, said varchar(30), paid boolean, state varchar(8))",
        "INSERT INTO orders VALUES (1, '2001-01-01', '31.12.2001', true, 'open'), (2, NULL, NULL, true, 'OPEN'),"
        " (3, '2026-01-01', '2026-01-01', false, 'open'), (4, '2001-01-01', '2001-01-01 00:00:00 UTC', true, 'open')",
    )
    orders = collection("id,paid_at,said,paid,state", key="id")
    survey = connected(system("sql", {"url": database.url}, orders=orders)).survey()
    when, before = {"paid": ("true",), "state": ("open",)}, datetime(2020, 1, 1, tzinfo=UTC)
    assert survey.ages("orders", "paid_at", before, when) == Ages("2001-01-01T00:00:00", 2, 0, 0)
    assert survey.ages("orders", "said", before, when) == Ages("2001-01-01 00:00:00 UTC", 1, 0, 1)
    assert survey.ages("orders", "paid_at", before, {"state": ("OPEN",)}) == Ages("", 0, 1, 0)


@pytest.mark.parametrize(
    ("kind", "sams", "mallorys", "told"),
    [
        ("bit(1)", "b'1'", "b'0'", 1),
        ("bit(64)", "b'1' << 63", "b'0'", 2**63),
        ("time", "'100:00:00'", "'00:00:04'", "100:00:00"),
        ("time(3)", "'-10:00:01.5'", "'-00:00:01'", "-10:00:01.500000"),
        ("year", "2020", "0", 2020),
    ],
)
def test_a_key_of_bits_or_hours_names_its_own_row_and_nobody_elses(
    database: Database, kind: str, sams: str, mallorys: str, told: object
) -> None:
    database.run(
        f"CREATE TABLE seats (number {kind} NOT NULL PRIMARY KEY, email varchar(40), note varchar(9) NOT NULL)",
        f"INSERT INTO seats VALUES ({sams}, 'sam@example.com', 'x'), ({mallorys}, 'mallory@example.com', 'y')",
    )
    seats = collection("number,email,note", key="number", found_by={"email": ("email",)})
    made = system("sql", {"url": database.url}, seats=seats)
    connector = connected(made)
    (key,) = keys_of(connector, routes(made)["seats"], SAM)
    assert rows(connector, Route("seats", seats, (Seed("email", ("number",)),), ()), {"email": (("x",),)}) == []
    deletion = Chunk("seats", Way.DELETE, ("number",), (key,))
    assert connector.read_back(deletion) == (key,)
    assert connector.erase(deletion, "two").count == 1
    assert database.read("SELECT email, note FROM seats") == [("mallory@example.com", "y")]
    assert key == (told,)
