"""The SQL connector on SQLite."""

import gc
import random
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from dsr.connectors.change_kit import ChangeKit
from dsr.connectors.contract import Batch, Change, Chunk, Effect, Rejected, Unreachable
from dsr.connectors.contract_kit import ContractKit, World
from dsr.connectors.sql import SqlDatabase
from dsr.datamap.route import Identities, Key, Route, Seed
from dsr.datamap.schema import Way
from tests.connectors.maps import collection, rows, system
from tests.connectors.shop import (
    CHANGES,
    EVENTS,
    PLACED,
    SAM,
    SUSPENDED,
    UNSUBSCRIBED,
    fill,
    shop_map,
    shop_routes,
    shop_world,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop db.sqlite3"


@pytest.fixture
def engine(path: Path) -> Iterator[sa.Engine]:
    made = sa.create_engine(f"sqlite:///{path}", poolclass=sa.NullPool)
    fill(made)
    yield made
    made.dispose()


@pytest.fixture
def world(path: Path, engine: sa.Engine) -> World:
    return shop_world(f"sqlite:///{path}", engine)


@pytest.fixture
def connector(path: Path, engine: sa.Engine) -> Iterator[SqlDatabase]:
    made = SqlDatabase.from_map(shop_map("${SHOP_URL}"), {"SHOP_URL": f"sqlite:///{path}"})
    yield made
    made.close()


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """What any engine sends, without the looks at the schema."""
    sent: list[str] = []

    def note(*arguments: object) -> None:
        if not str(arguments[2]).startswith(("PRAGMA", "BEGIN")) and "sqlite_master" not in str(arguments[2]):
            sent.append(str(arguments[2]))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    yield sent
    sa.event.remove(sa.Engine, "before_cursor_execute", note)


def route_to(name: str) -> Route:
    return {route.name: route for route in shop_routes(shop_map("x"))}[name]


class TestSqlite(ContractKit, ChangeKit):
    """The whole contract."""


def test_each_collection_is_asked_by_one_statement_with_bound_values(
    connector: SqlDatabase, statements: list[str]
) -> None:
    found = rows(connector, route_to("lines"), SAM)
    assert len(found) == 20
    assert len(statements) == 1
    assert "sam@example.com" not in statements[0]


def test_without_an_identity_no_statement_is_sent(connector: SqlDatabase, statements: list[str]) -> None:
    for identities in ({}, {"email": ()}, {"email": (("",),)}, {"email": ((None,),)}, {"phone": (("1",),)}):
        assert rows(connector, route_to("lines"), identities) == []
        assert connector.count(route_to("lines"), identities) == 0
    assert statements == []


def test_once_it_is_closed_nothing_of_whom_it_was_asked_about_stays_in_memory(connector: SqlDatabase) -> None:
    nobody = "nobody-else-is-called-so@example.com"
    assert rows(connector, route_to("lines"), {"email": ((nobody,),)}) == []
    connector.close()
    gc.collect()
    bound = (one.value for one in gc.get_objects() if isinstance(one, sa.BindParameter))
    assert [value for value in bound if nobody in str(value)] == []


def test_what_is_never_exported_is_not_even_selected(connector: SqlDatabase, statements: list[str]) -> None:
    (row,) = rows(connector, route_to("users"), SAM)
    assert row == {"id": 1, "email": "sam@example.com", "Nick Name": "sam 申", "suspended_at": None}
    assert "password_hash" not in statements[0]


def test_many_rows_stream_in_batches_of_a_thousand(connector: SqlDatabase) -> None:
    sizes = [len(batch.rows) for batch in connector.find(route_to("events"), SAM)]
    assert sizes == [1_000, 1_000, EVENTS - 2_000]


def test_two_thousand_keys_bring_no_row_twice(connector: SqlDatabase) -> None:
    told: dict[str, tuple[Key, ...]] = {
        "account": (*((n,) for n in range(5_000, 6_999)), (1,)),
        "email": (*((f"{n}@example.com",) for n in range(600)), ("sam@example.com",)),
    }
    assert len(rows(connector, route_to("events"), told)) == EVENTS
    assert connector.count(route_to("events"), told) == EVENTS


def test_ten_thousand_hostile_values_bring_no_foreign_row(connector: SqlDatabase) -> None:
    chance = random.Random(7)
    pieces = ["'", '"', "`", "--", ";", "/*", "*/", " OR 1=1", "%", "_", "\\", "\0", "\x1a", "?", ":a", "%s"]
    pieces += ["%(a)s", "UNION SELECT", ")", "(", "DROP TABLE lines", "sam@example.com", "$1", "\ud800"]
    hostile = tuple(("".join(chance.choices(pieces, k=chance.randint(2, 6))),) for _ in range(10_000))
    assert rows(connector, route_to("users"), {"email": hostile, "account": hostile}) == []
    assert len(rows(connector, route_to("users"), SAM)) == 1


def test_hostile_values_erase_nothing(connector: SqlDatabase, world: World) -> None:
    before = world.snapshot()
    keys = (("1 OR 1=1",), ("' OR ''='",), ("1; DROP TABLE lines",), ("\ud800",), (2**70,))
    receipt = connector.erase(Chunk("users", Way.DELETE, ("id",), keys[:3]), "one")
    assert receipt.effect is Effect.ABSENT
    for key in keys[3:]:
        with pytest.raises(Rejected, match="cannot be named by its key again"):
            connector.erase(Chunk("users", Way.DELETE, ("id",), (key,)), "one")
    assert world.snapshot() == before


def test_a_database_that_objects_keeps_everything(connector: SqlDatabase, world: World) -> None:
    before = world.snapshot()
    with pytest.raises(Rejected, match="users") as refused:
        connector.erase(Chunk("users", Way.DELETE, ("id",), ((3,), (1,))), "one")
    assert "sam" not in str(refused.value)
    assert world.snapshot() == before


def test_a_key_that_names_several_rows_erases_none(connector: SqlDatabase, world: World) -> None:
    before = world.snapshot()
    with pytest.raises(Rejected, match="more than one row"):
        connector.erase(Chunk("lines", Way.DELETE, ("order_id",), ((1,),)), "one")
    assert world.snapshot() == before


def test_a_key_with_a_gap_is_refused(connector: SqlDatabase) -> None:
    with pytest.raises(Rejected, match="without a value"):
        connector.erase(Chunk("events", Way.DELETE, ("user_id",), ((None,),)), "one")


def test_composite_keys_are_erased_in_slices(connector: SqlDatabase, world: World) -> None:
    keys = tuple((order, line) for order in range(30) for line in range(100))
    receipt = connector.erase(Chunk("lines", Way.DELETE, ("order_id", "line"), keys), "one")
    assert (receipt.effect, receipt.count) == (Effect.DONE, 60)
    assert world.snapshot()["lines"] == {}


def test_a_locked_database_is_unreachable_for_now(
    connector: SqlDatabase, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dsr.connectors.sql.engine.BUSY_SECONDS", 0)
    holder = sqlite3.connect(path)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Unreachable):
        connector.erase(Chunk("events", Way.DELETE, ("id",), ((1,),)), "one")
    holder.close()


def test_a_missing_database_file_is_unreachable_and_not_made(tmp_path: Path) -> None:
    shop = SqlDatabase.from_map(shop_map(f"sqlite:///{tmp_path}/none.sqlite3"), {})
    with pytest.raises(Unreachable):
        rows(shop, route_to("users"), SAM)
    assert list(tmp_path.iterdir()) == []


def test_differences_between_map_and_tables_are_reported(path: Path, engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE orders ADD COLUMN gift_note TEXT"))
        connection.execute(sa.text("ALTER TABLE events DROP COLUMN page"))
        connection.execute(sa.text("DROP TABLE lines"))
    shop = SqlDatabase.from_map(shop_map(f"sqlite:///{path}"), {})
    assert {(one.collection, one.message) for one in shop.check()} == {
        ("orders", "column 'gift_note' is not described"),
        ("events", "column 'page' is missing"),
        ("lines", "lines: the table 'lines' is missing"),
    }


def test_text_that_is_no_text_is_brought_all_the_same(path: Path, connector: SqlDatabase) -> None:
    with sqlite3.connect(path) as database:
        database.execute("UPDATE events SET page = CAST(x'ff41' AS TEXT) WHERE id = 1")
    database.close()
    assert {"id": 1, "user_id": 1, "page": "\ufffdA"} in rows(connector, route_to("events"), SAM)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "setting 'url' is missing"),
        ({"url": "${SHOP_URL}"}, "the environment variable SHOP_URL is missing or empty"),
        ({"url": "sqlite:////x", "pool": "9"}, "unknown setting 'pool'"),
        ({"url": "sqlite://"}, "must name a file"),
        ({"url": "shouting"}, "driver"),
        ({"url": "nosuch://host/x"}, "driver"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SqlDatabase.from_map(system("sql", settings), {"SHOP_URL": ""})


def test_a_password_in_the_address_shows_itself_nowhere() -> None:
    with pytest.raises(ValueError, match="driver") as refused:
        SqlDatabase.from_map(system("sql", {"url": "nosuch://me:hush@host/x"}), {})
    assert "hush" not in str(refused.value)


def test_an_unknown_setting_of_a_collection_is_refused() -> None:
    wrong = collection("id", key="id", settings={"tabel": "users"})
    with pytest.raises(ValueError, match=r"shop\.users: unknown setting 'tabel'"):
        SqlDatabase.from_map(system("sql", {"url": "sqlite:////x"}, users=wrong), {})


def test_a_row_reached_in_two_ways_comes_once(connector: SqlDatabase) -> None:
    both = {**SAM, "account": ((1,), ("1",))}
    assert [row["id"] for row in rows(connector, route_to("users"), both)] == [1]
    assert connector.count(route_to("users"), both) == 1


def test_a_table_without_its_column_is_rejected_by_name(connector: SqlDatabase) -> None:
    route = Route("users", collection("id,absent", key="id", settings={"table": "app users"}),
                  (Seed("email", ("email",)),), ())  # fmt: skip
    with pytest.raises(Rejected, match="'absent'"):
        next(connector.find(route, SAM))


def test_batches_name_their_collection_and_fields(connector: SqlDatabase) -> None:
    (batch,) = connector.find(route_to("social"), SAM)
    assert batch == Batch(
        "social",
        ("provider", "subject", "user_id"),
        (("google", "sam", None), ("twitter", "s", 1)),
    )


def read(path: Path, statement: str) -> list[object]:
    """The first column, read without the connector."""
    database = sqlite3.connect(path)
    found = [row[0] for row in database.execute(statement)]
    database.close()
    return found


def test_a_moment_is_written_as_the_column_spells_moments(connector: SqlDatabase, path: Path) -> None:
    connector.stop(SUSPENDED, route_to("users"), SAM, "one")
    connector.stop(UNSUBSCRIBED, route_to("consents"), SAM, "two")
    (text,) = read(path, "SELECT suspended_at FROM [app users] WHERE id = 1")
    (moment,) = read(path, "SELECT withdrawn_at FROM consents WHERE withdrawn_at > '2026-03-02'")
    assert datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%S%z").tzinfo == UTC
    assert datetime.strptime(f"{moment}+0000", "%Y-%m-%d %H:%M:%S%z")


def test_a_consent_withdrawn_before_keeps_its_day(connector: SqlDatabase, path: Path) -> None:
    connector.stop(UNSUBSCRIBED, route_to("consents"), SAM, "one")
    (day,) = read(path, "SELECT withdrawn_at FROM consents WHERE id = 12")
    assert str(day).startswith(f"{PLACED:%Y-%m-%d %H:%M}")


def test_a_new_value_that_the_database_objects_to_changes_nothing(connector: SqlDatabase, world: World) -> None:
    before = world.snapshot()
    taken = Change("users", ("id",), (1,), "email", "sam@example.com", "mallory@example.com")
    with pytest.raises(Rejected) as refused:
        connector.correct((CHANGES[0], taken), "one")
    assert "mallory" not in str(refused.value)
    assert world.snapshot() == before


def test_a_stop_reaches_two_thousand_identities_and_no_row_twice(connector: SqlDatabase) -> None:
    told: dict[str, tuple[Key, ...]] = {"account": (*((n,) for n in range(5_000, 6_999)), (1,)), **SAM}
    running = connector.still_running(UNSUBSCRIBED, route_to("consents"), told)
    assert running == connector.stop(UNSUBSCRIBED, route_to("consents"), told, "one").count == 1


def test_a_stop_has_no_settings_in_a_database() -> None:
    shop = shop_map("sqlite:////x")
    stops = {"account": SUSPENDED.model_copy(update={"settings": {"path": "/stops"}})}
    with pytest.raises(ValueError, match="'path'"):
        SqlDatabase.from_map(shop.model_copy(update={"stops": stops}), {})


def test_another_spelling_of_a_number_is_another_value(connector: SqlDatabase) -> None:
    told: Identities = {"account": (("01",), ("1.0",), (" 1",), ("+1",), ("1e0",), ("1e999999999",))}
    assert rows(connector, route_to("users"), told) == []
