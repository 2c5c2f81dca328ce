"""The SQL connector on a real PostgreSQL server."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from dsr.connectors.change_kit import ChangeKit
from dsr.connectors.contract import Chunk, Effect, Unreachable
from dsr.connectors.contract_kit import ContractKit, World
from dsr.connectors.sql import SqlDatabase
from dsr.datamap.route import Route, Seed
from dsr.datamap.schema import Way
from tests.connectors.maps import collection, rows, system
from tests.connectors.shop import SAM, fill, shop_map, shop_routes, shop_world

_numbers = count(1)


@pytest.fixture
def url(postgresql: str) -> str:
    """The address of a new and empty database."""
    name = f"shop_{next(_numbers)}"
    server = sa.make_url(postgresql)
    admin = sa.create_engine(server.set(drivername="postgresql+psycopg"), poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text(f"CREATE DATABASE {name}"))
    return server.set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    made = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"), poolclass=sa.NullPool)
    fill(made)
    yield made
    made.dispose()


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
