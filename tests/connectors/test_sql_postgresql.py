"""The SQL connector on a real PostgreSQL server."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from dsr.connectors.change_kit import ChangeKit
from dsr.connectors.contract import Chunk, Effect, Rejected, Unreachable
from dsr.connectors.contract_kit import ContractKit, World
from dsr.connectors.sql import SqlDatabase
from dsr.datamap import meeting
from dsr.datamap.route import Hop, Route, Seed
from dsr.datamap.schema import Way
from tests.connectors import two_owners
from tests.connectors.databases import Database, on_postgresql
from tests.connectors.horrors import connected, routes
from tests.connectors.maps import collection, rows, system
from tests.connectors.shop import SAM, fill, shop_map, shop_routes, shop_world


@pytest.fixture
def database(postgresql: str) -> Iterator[Database]:
    """A new and empty database."""
    with on_postgresql(postgresql) as made:
        yield made


@pytest.fixture
def url(database: Database) -> str:
    return database.url


@pytest.fixture
def engine(database: Database) -> sa.Engine:
    fill(database.engine)
    return database.engine


@pytest.fixture
def world(url: str, engine: sa.Engine) -> World:
    return shop_world(url, engine)


class TestPostgresql(ContractKit, ChangeKit):
    """The whole contract."""


def test_values_of_the_wrong_shape_match_nothing_instead_of_failing(url: str, engine: sa.Engine) -> None:
    connector = SqlDatabase.from_map(shop_map(url), {})
    users = shop_routes(shop_map(url))[-1]
    hostile = (("1 OR 1=1",), ("abc",), (str(2**70),), ("1\0",), ("\ud800",), ("٣",), (True,), (b"1",))
    assert rows(connector, users, {"account": hostile, "email": hostile}) == []
    assert [row["id"] for row in rows(connector, users, {"account": (("1",), (1,))})] == [1]


def test_keys_of_any_type_find_their_rows_again(url: str) -> None:
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"), poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "CREATE TABLE prompts (id uuid, made_at timestamptz, kind text, note jsonb, mood varchar(9),"
                " done boolean, score numeric, PRIMARY KEY (id, made_at))"
            )
        )
        connection.execute(
            sa.text(
                "INSERT INTO prompts SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid,"
                " '2026-03-01 12:00+00', 'k' || n % 2, '{\"a\": [1]}', 'calm', true, 1.50"
                " FROM generate_series(1, 4) n"
            )
        )
    prompts = collection("id,made_at,kind,note,mood,done,score", key="id,made_at", found_by={"device": ("kind",)})
    connector = SqlDatabase.from_map(system("sql", {"url": url}, prompts=prompts), {})
    found = rows(connector, Route("prompts", prompts, (Seed("device", ("kind",)),), ()), {"device": (("k1",),)})
    keys = tuple((str(row["id"]), str(row["made_at"])) for row in found)
    redaction = Chunk(
        "prompts",
        Way.REDACT,
        ("id", "made_at"),
        keys,
        {"mood": None, "done": "false", "score": "0", "kind": "x"},
    )
    deletion = Chunk("prompts", Way.DELETE, ("id", "made_at"), keys)
    assert {row["id"] for row in found} == {str(UUID(int=1)), str(UUID(int=3))}
    assert {row["note"] for row in found} == {'{"a": [1]}'}
    assert connector.erase(redaction, "one").effect is Effect.DONE
    assert connector.erase(redaction, "two").effect is Effect.ABSENT
    assert connector.read_back(redaction) == ()
    assert set(connector.read_back(deletion)) == set(keys)
    assert connector.erase(deletion, "three").count == 2
    assert connector.read_back(deletion) == ()


def test_a_key_of_any_type_alone_finds_its_row_and_erases_it(database: Database) -> None:
    told: dict[str, str | int] = {
        "smallint": "1",
        "bigint": 2**40,
        "numeric(9,2)": "1.50",
        "double precision": "1.5",
        "varchar(9)": "it's %s",
        "char(4)": "ab",
        "uuid": str(UUID(int=1)),
        "mood": "calm",
        "nick": "sammy",
        "date": "2026-03-01",
        "timestamp": "2026-03-01T12:00:00",
        "timestamptz": "2026-03-01T12:00:00+02:00",
        "bytea": "00ff27",
        "boolean": "true",
        "jsonb": '{"a": 1}',
        "inet": "10.0.0.1",
        "interval": "1 day",
        "int[]": "{1,2}",
    }
    columns = {f"c{number}": kind for number, kind in enumerate(told)}
    database.run(
        "CREATE TYPE mood AS ENUM ('calm', 'cross')",
        "CREATE DOMAIN nick AS text CHECK (length(VALUE) > 2)",
        "CREATE TABLE things (" + ", ".join(f"{name} {kind}" for name, kind in columns.items()) + ")",
        "INSERT INTO things VALUES (1, 1099511627776, 1.5, 1.5, 'it''s %s', 'ab',"
        " '00000000-0000-0000-0000-000000000001', 'calm', 'sammy',"
        " '2026-03-01', '2026-03-01 12:00', '2026-03-01 10:00+00', '\\x00ff27', true, '{\"a\": 1}',"
        " '10.0.0.1', '1 day', '{1,2}')",
    )
    things = collection(",".join(columns), key="c0")
    connector = SqlDatabase.from_map(system("sql", {"url": database.url}, things=things), {})
    by_kind = zip(columns, told.values(), strict=True)
    chunks = [Chunk("things", Way.DELETE, (name,), ((value,),)) for name, value in by_kind]
    assert [len(connector.read_back(chunk)) for chunk in chunks] == [1] * len(told)
    for chunk in chunks:
        connector.rehearse([chunk])
        assert connector.erase(replace(chunk, way=Way.REDACT, set={"c0": "1"}), "one").effect is Effect.ABSENT
    assert connector.erase(chunks[-1], "two").count == 1
    assert connector.read_back(chunks[0]) == ()


def test_a_question_leaves_no_transaction_open(url: str, engine: sa.Engine) -> None:
    connector = SqlDatabase.from_map(shop_map(url), {})
    users = shop_routes(shop_map(url))[-1]
    waiting = "SELECT pid FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()"
    answer = connector.find(users, SAM)
    next(answer)
    with engine.connect() as looking:
        assert looking.exec_driver_sql(waiting).all() == []
    assert list(answer) == []


def test_a_table_that_has_changed_is_seen_by_the_next_item(database: Database) -> None:
    database.run(
        "CREATE TABLE users (id int PRIMARY KEY, email varchar(40), nick text)",
        "INSERT INTO users VALUES (1, 'sam@example.com', 'sammy')",
    )
    by_email = {"email": ("email",)}
    people = collection("id,email,nick", key="id", found_by=by_email)
    users = Route("users", people, (Seed("email", ("email",)),), ())
    told = system("sql", {"url": database.url}, users=people)
    with closing(SqlDatabase.from_map(told, {})) as first:
        assert [row["id"] for row in rows(first, users, SAM)] == [1]
    database.run(
        "ALTER TABLE users ALTER id TYPE text",
        "ALTER TABLE users ALTER nick TYPE int USING 0",
        "INSERT INTO users VALUES ('01', 'sam@example.com')",
    )
    with closing(SqlDatabase.from_map(told, {})) as second:
        assert [row["id"] for row in rows(second, users, SAM)] == ["1", "01"]
        assert second.erase(Chunk("users", Way.DELETE, ("id",), (("01",),)), "one").count == 1
        assert second.erase(Chunk("users", Way.REDACT, ("id",), (("1",),), {"nick": "7"}), "two").count == 1
    assert database.read("SELECT id, nick FROM users") == [("1", 7)]


def test_a_lock_held_by_another_is_waited_for_a_while_only(
    url: str, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dsr.connectors.sql.engine.LOCK_SECONDS", 0.1)
    connector = SqlDatabase.from_map(shop_map(url), {})
    with engine.begin() as holder:
        holder.execute(sa.text("LOCK TABLE events IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(Unreachable):
            connector.erase(Chunk("events", Way.DELETE, ("id",), ((1,),)), "one")


def test_a_server_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    connector = SqlDatabase.from_map(shop_map(f"postgresql://me:hush@/shop?host={tmp_path}"), {})
    with pytest.raises(Unreachable) as refused:
        rows(connector, shop_routes(shop_map("x"))[-1], SAM)
    assert "hush" not in str(refused.value)


def test_a_table_in_another_schema_is_found_and_erased_and_its_key_named(database: Database) -> None:
    database.run(
        "CREATE SCHEMA post",
        "CREATE TABLE people (id int PRIMARY KEY, email text)",
        "CREATE TABLE post.people (id int PRIMARY KEY, email text)",
        "CREATE INDEX called ON post.people (email)",
        "CREATE TABLE post.stamps (of int CONSTRAINT glued REFERENCES post.people (id))",
        "INSERT INTO post.people VALUES (1, 'sam@example.com'), (2, 'sam@example.com')",
        "INSERT INTO post.stamps VALUES (2)",
    )
    people = collection("id,email", key="id", settings={"schema": "post"}, found_by={"email": ("email",)})
    connector = SqlDatabase.from_map(system("sql", {"url": database.url}, people=people), {})
    route = Route("people", people, (Seed("email", ("email",)),), ())
    assert [row["id"] for row in rows(connector, route, SAM)] == [1, 2]
    assert ["glued" in finding.message for finding in connector.check()] == [True, False]  # and is not described
    with pytest.raises(Rejected, match="foreign key 'glued' of table 'stamps'"):
        connector.erase(Chunk("people", Way.DELETE, ("id",), ((1,), (2,))), "one")
    assert connector.erase(Chunk("people", Way.DELETE, ("id",), ((1,),)), "two").count == 1
    assert database.read("SELECT id FROM post.people") == [(2,)]


def test_a_number_met_by_a_text_is_compared_as_text(database: Database) -> None:
    database.run(
        "CREATE TABLE users (id int PRIMARY KEY, email text)",
        "CREATE TABLE notes (id int PRIMARY KEY, user_number text)",
        "INSERT INTO users VALUES (1, 'sam@example.com')",
        "INSERT INTO notes VALUES (1, '1'), (2, '01'), (3, '1st')",
    )
    people = collection("id,email", key="id", found_by={"email": ("email",)})
    notes = collection("id,user_number", key="id")
    connector = SqlDatabase.from_map(system("sql", {"url": database.url}, users=people, notes=notes), {})
    users = Route("users", people, (Seed("email", ("email",)),), ())
    found = rows(connector, Route("notes", notes, (), (Hop(("user_number",), users, ("id",)),)), SAM)
    assert [row["id"] for row in found] == [1]


@pytest.mark.parametrize(
    ("there", "here", "meet"),
    [
        ("int", "uuid", False), ("uuid", "int", False), ("int", "date", False), ("int", "boolean", False),
        ("int", "bytea", False), ("int", "int[]", False), ("int", "jsonb", False), ("mood", "text", False),
        ("mood", "taste", False), ("mood", "mood", True), ("int", "numeric(9)", True), ("bigint", "whole", True),
        ("date", "timestamptz", True), ("varchar(9)", "char(9)", True), ("inet", "cidr", True),
    ],
)  # fmt: skip
def test_a_link_that_the_database_cannot_compare_is_named_before_anybody_asks(
    database: Database, there: str, here: str, meet: bool
) -> None:
    database.run(
        "CREATE TYPE mood AS ENUM ('calm')",
        "CREATE TYPE taste AS ENUM ('calm')",
        "CREATE DOMAIN whole AS int",
        f"CREATE TABLE users (id {there} PRIMARY KEY, email varchar(40) UNIQUE)",
        f"CREATE TABLE notes (id int PRIMARY KEY, user_id {here})",
    )
    told = system(
        "sql",
        {"url": database.url},
        users=collection("id,email", key="id", found_by={"email": ("email",)}),
        notes=collection("id,user_id", key="id", links=({"to": "users", "on": {"user_id": "id"}},)),
    )
    connector = connected(told)
    assert ["cannot hold what 'users.id'" in finding.message for finding in connector.check()] == [True] * (not meet)
    if meet:
        assert rows(connector, routes(told)["notes"], {"email": (("sam@example.com",),)}) == []


def test_who_erases_another_of_these_people_is_waited_for(database: Database) -> None:
    """Neither would see what the other has not committed, and the address they shared would stay for nobody."""
    two_owners.fill(database.engine)
    about = two_owners.network(database.url)
    mallorys = two_owners.listed(about, two_owners.MALLORY)
    two_owners.erased(about, [chunk for chunk in two_owners.listed(about, two_owners.SAM) if chunk.way is Way.UNLINK])
    with ThreadPoolExecutor() as pool, database.engine.connect() as sams, database.engine.connect() as looking:
        sams.exec_driver_sql("DELETE FROM messages WHERE sender = 1")
        sams.exec_driver_sql("DELETE FROM people WHERE id = 1")
        sams.exec_driver_sql("SELECT id FROM addresses WHERE id = 7 FOR UPDATE")
        hers = pool.submit(two_owners.erased, about, mallorys)
        waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        while not hers.done() and not looking.execute(waiting).scalar_one():
            looking.rollback()
        sams.commit()
        assert hers.result()[-1].effect is Effect.DONE
        assert looking.execute(sa.select(two_owners.addresses.c.id)).scalars().all() == [8]


@pytest.mark.parametrize(
    ("kind", "live", "told"),
    [
        ("boolean", "true", "true"),
        ("boolean", "true", "True"),
        ("char(8)", "'paid'", "paid"),
        ("numeric(4,2)", "1", "1"),
        ("text", "'paid'", "paid"),
    ],
)
def test_a_report_counts_the_rows_that_an_erasure_would_keep(
    database: Database, kind: str, live: str, told: str
) -> None:
    database.run(
        f"CREATE TABLE orders (id int PRIMARY KEY, email text, paid_at timestamptz, paid {kind})",
        f"INSERT INTO orders VALUES (1, 'sam@example.com', '2001-01-01', {live}), (2, 'sam@example.com', '2001-01-01',"
        f" NULL), (3, 'sam@example.com', '2026-01-01', {live}), (4, 'sam@example.com', NULL, {live})",
    )
    keep = {"rule": "account", "since": "paid_at", "when": {"paid": (told,)}}
    orders = collection("id,email,paid_at,paid", key="id", found_by={"email": ("email",)}, keep=keep)
    connector = SqlDatabase.from_map(system("sql", {"url": database.url}, orders=orders), {})
    found = rows(connector, Route("orders", orders, (Seed("email", ("email",)),), ()), SAM)
    assert [row["id"] for row in found if meeting.matches(row, {"paid": (told,)})] == [1, 3, 4]
    ages = connector.survey().ages("orders", "paid_at", datetime(2020, 1, 1, tzinfo=UTC), {"paid": (told,)})
    assert (ages.older, ages.undated, ages.unread) == (1, 1, 0)
    assert ages.oldest.startswith("2001-01-01")


def test_a_check_names_a_value_that_keeps_no_row(database: Database) -> None:
    database.run("CREATE TABLE orders (id int PRIMARY KEY, paid boolean)")
    keep = {"rule": "account", "since": "paid", "when": {"paid": ("yes",)}}
    orders = collection("id,paid", key="id", keep=keep)
    said = [
        one.message for one in SqlDatabase.from_map(system("sql", {"url": database.url}, orders=orders), {}).check()
    ]
    assert "'keep.when' names 'yes', which column 'paid' (BOOLEAN) never holds: it would keep no row" in said
    assert "'keep.since' counts from 'paid', a column that holds no moments (BOOLEAN)" in said
