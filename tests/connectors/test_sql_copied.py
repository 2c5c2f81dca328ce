"""Long answers of PostgreSQL come as the text that COPY writes, and say what its driver would have said."""

import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from dsr.connectors.blocks import Block
from dsr.connectors.contract import Batch, Rejected, Unreachable
from dsr.connectors.sql import SqlDatabase
from dsr.datamap.route import Route, Seed
from dsr.datamap.schema import SystemMap
from tests.connectors.databases import Database, on_postgresql
from tests.connectors.maps import collection, system

ROWS = 2_500
COLUMNS = {
    "owner": ("text", "'sam''s \"own\" \\ mailbox'"),
    "whole": ("bigint", "n * 3689348814741910 - 9223372036854775807"),
    "small": ("smallint", "nullif(n % 7, 3)"),
    "amount": ("numeric(12,2)", "nullif(n, 5) / 7.0"),
    "exact": ("numeric", "10 ^ (n % 5) / 3"),
    "real": ("real", "n / 3.0"),
    "double": ("double precision", "nullif(n, 9) / 3.0"),
    "truth": ("boolean", "nullif(n % 3, 2) = 1"),
    "at": ("timestamptz", "timestamptz '2026-03-29 00:59:30+00' + n * interval '0.5 second'"),
    "unzoned": ("timestamp", "timestamp '2026-03-05 14:03:00' + nullif(n, 4) * interval '1 day'"),
    "day": ("date", "date '2026-03-05' + n"),
    "words": ("text", "E'line \\n\\ttab \\\\ back \\r\\v\\b\\f \"quoted\" 申 \\x01' || n"),
    "none": ("text", "CASE n % 3 WHEN 0 THEN '' WHEN 1 THEN '\\N' END"),
    "fixed": ("char(5)", "'a' || n % 10"),
    "token": ("uuid", "md5(n::text)::uuid"),
    "mood": ("mood", "CASE n % 2 WHEN 0 THEN 'kind' ELSE 'an''gry\t' END::mood"),
    "short": ("note_text", "'note ' || n"),
}
OWNER = 'sam\'s "own" \\ mailbox'


@pytest.fixture(scope="module")
def database(postgresql: str) -> Iterator[Database]:
    """Sam's many rows of every type that is copied, in a database whose clocks stand in Berlin."""
    with on_postgresql(postgresql) as made:
        columns = ", ".join(f'"{name}" {kind}' for name, (kind, _) in COLUMNS.items())
        values = ", ".join(value for _, value in COLUMNS.values())
        (name,) = made.read("SELECT current_database()")[0]
        made.run(
            f"ALTER DATABASE \"{name}\" SET timezone = 'Europe/Berlin'",
            "CREATE TYPE mood AS ENUM ('kind', E'an''gry\\t')",
            "CREATE DOMAIN note_text AS text",
            f"CREATE TABLE notes (id integer PRIMARY KEY, {columns}, extra jsonb)",
            f"INSERT INTO notes SELECT n, {values}, '{{}}' FROM generate_series(1, {ROWS}) n",
            "CREATE VIEW broken AS SELECT id, owner, 1 / (1900 - id) AS whole FROM notes",
        )
        yield made


def mapped(database: Database, fields: str, table: str = "notes") -> tuple[SystemMap, Route]:
    notes = collection(f"id,{fields}", key="id", settings={"table": table}, found_by={"email": ("owner",)})
    shop = system("sql", {"url": database.url}, notes=notes)
    return shop, Route("notes", notes, (Seed("email", ("owner",)),), ())


def found(database: Database, fields: str, table: str = "notes") -> Generator[Batch, None, None]:
    shop, route = mapped(database, fields, table)
    with closing(SqlDatabase.from_map(shop, {})) as connector:
        yield from (each for each in connector.find(route, {"email": ((OWNER,),)}) if isinstance(each, Batch))


def by_the_driver(database: Database) -> list[tuple[object, ...]]:
    names = ", ".join(f'"{name}"' for name in ("id", *COLUMNS))
    engine = sa.create_engine(sa.make_url(database.url).set(drivername="postgresql+psycopg"))
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute(f"SELECT {names} FROM notes ORDER BY id")
        rows = [
            tuple(str(cell) if name == "token" else cell for name, cell in zip(("id", *COLUMNS), row, strict=True))
            for row in cursor.fetchall()
        ]
    engine.dispose()
    return rows


def test_every_cell_is_what_the_driver_makes_of_it(database: Database) -> None:
    batches = list(found(database, ",".join(COLUMNS)))
    assert [len(batch.rows) for batch in batches] == [1_000, 1_000, 500]
    assert all(isinstance(batch.rows, Block) for batch in batches)
    rows = sorted(row for batch in batches for row in batch.rows)
    assert rows == by_the_driver(database)
    assert [list(map(type, row)) for row in rows[:9]] == [list(map(type, row)) for row in by_the_driver(database)[:9]]


def test_a_type_that_the_driver_reads_in_its_own_way_is_left_to_it(database: Database) -> None:
    batches = list(found(database, "owner,extra"))
    assert not any(isinstance(batch.rows, Block) for batch in batches)
    assert sum(len(batch.rows) for batch in batches) == ROWS


def test_a_database_that_speaks_another_encoding_is_left_to_the_driver(postgresql: str) -> None:
    with on_postgresql(postgresql) as made:
        (name,) = made.read("SELECT current_database()")[0]
        made.run(
            "CREATE TABLE notes (id integer PRIMARY KEY, owner text)",
            f"INSERT INTO notes SELECT n, E'sam''s \"own\" \\\\ mailbox' FROM generate_series(1, {ROWS}) n",
            f"ALTER DATABASE \"{name}\" SET client_encoding = 'LATIN1'",
        )
        batches = list(found(made, "owner"))
    assert not any(isinstance(batch.rows, Block) for batch in batches)
    assert {row[1] for batch in batches for row in batch.rows} == {OWNER}


@pytest.mark.parametrize("rows", [5, ROWS])
def test_a_moment_that_no_calendar_of_ours_has_is_text_in_answers_of_any_length(postgresql: str, rows: int) -> None:
    with on_postgresql(postgresql) as made:
        (name,) = made.read("SELECT current_database()")[0]
        made.run(
            "CREATE TABLE notes (id integer PRIMARY KEY, owner text, at timestamptz, until timestamp, day date,"
            " opens timetz, closes time)",
            "INSERT INTO notes SELECT n, E'sam''s \"own\" \\\\ mailbox', timestamptz '2026-03-05 14:03:00+00',"
            " CASE n WHEN 1 THEN 'infinity' ELSE '0044-03-15 BC' END::timestamp, 'infinity', '09:30+01', '24:00'"
            f" FROM generate_series(1, {rows}) n",
            f"ALTER DATABASE \"{name}\" SET datestyle = 'German, DMY'",
        )
        batches, hours = list(found(made, "owner,at,until,day")), list(found(made, "opens,closes,owner"))
    assert {row[1:3] for batch in hours for row in batch.rows} == {("09:30:00+01:00", "24:00:00")}
    told = [row[2:] for batch in batches for row in batch.rows]
    at = datetime(2026, 3, 5, 14, 3, tzinfo=UTC)
    assert told == [(at, "infinity", "infinity"), *[(at, "0044-03-15 00:00:00 BC", "infinity")] * (rows - 1)]


def test_where_a_statement_has_a_limit_a_slow_reader_has_none(database: Database) -> None:
    limited = replace(database, url=f"{database.url}&options=-c%20statement_timeout%3D60s")
    batches = list(found(limited, "owner,words"))
    assert not any(isinstance(batch.rows, Block) for batch in batches)
    assert sum(len(batch.rows) for batch in batches) == ROWS


def test_who_stops_reading_leaves_a_connection_that_can_be_asked_again(database: Database) -> None:
    begun = found(database, "owner,words")
    next(begun)
    begun.close()
    assert sum(len(batch.rows) for batch in found(database, "owner,words")) == ROWS


def test_a_statement_that_breaks_on_the_way_says_so_without_a_value(database: Database) -> None:
    reading = found(database, "owner,whole", "broken")
    with pytest.raises(Rejected) as told:
        list(reading)
    assert "refuses" in str(told.value)
    assert "1900" not in str(told.value)
    assert sum(len(batch.rows) for batch in found(database, "owner,whole")) == ROWS


def test_a_server_that_goes_on_the_way_is_not_reached_and_no_half_answer_a_whole_one(database: Database) -> None:
    database.run(
        "CREATE OR REPLACE FUNCTION slow(n integer) RETURNS integer LANGUAGE plpgsql AS"
        " $$ BEGIN IF n > 1100 THEN PERFORM pg_sleep(0.01); END IF; RETURN n; END $$",
        "CREATE OR REPLACE VIEW slow_notes AS SELECT id, owner, slow(id) AS whole FROM notes WHERE id <= 1400",
    )
    reading = found(database, "owner,whole", "slow_notes")
    next(reading)
    ending = threading.Thread(target=database.read, args=(KILL,))
    ending.start()
    with pytest.raises(Unreachable):
        list(reading)
    ending.join()
    assert sum(len(batch.rows) for batch in found(database, "owner,whole")) == ROWS


KILL = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND query LIKE 'COPY%'"
)
