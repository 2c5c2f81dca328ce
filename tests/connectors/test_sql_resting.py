"""What a worker keeps of a PostgreSQL between two items: a connection, and what the tables were like."""

from collections.abc import Iterator

import pytest

from dsr.connectors.contract import Rejected
from dsr.connectors.sql import SqlDatabase, questions, resting
from dsr.connectors.sql.engine import close_engine, open_engine
from dsr.connectors.sql.live import Tables
from dsr.connectors.sql.marks import mark_of
from dsr.datamap.route import Identities, Route
from dsr.datamap.schema import SystemMap
from tests.connectors.databases import Database, on_postgresql
from tests.connectors.maps import rows
from tests.connectors.shop import MALLORY, SAM, fill, shop_map, shop_routes


@pytest.fixture
def database(postgresql: str) -> Iterator[Database]:
    """A new database with the shop's people in it."""
    with on_postgresql(postgresql) as made:
        fill(made.engine)
        yield made


def _sams(database: Database) -> list[dict[str, object]]:
    """Sam's row, as an item of its own finds it."""
    shop = shop_map(database.url)
    connector = SqlDatabase.from_map(shop, {})
    found = rows(connector, shop_routes(shop)[-1], {"account": (("1",),)})
    connector.close()
    return found


def _there(database: Database) -> int:
    """How many others are connected."""
    with database.engine.connect() as connection:
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        return int(connection.exec_driver_sql(others).scalar_one())


def test_one_connection_rests_after_an_item(database: Database) -> None:
    _sams(database)
    assert _there(database) == 1
    _sams(database)
    assert _there(database) == 1


def test_no_connection_that_may_write_rests(database: Database) -> None:
    engine = open_engine(database.url, writing=True)
    with engine.connect():
        pass
    close_engine(engine)
    assert _there(database) == 0


def test_a_server_that_went_meanwhile_is_connected_to_anew(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resting, "_TRUSTED", 0)
    before = _sams(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert _sams(database) == before


def test_of_many_databases_few_connections_rest(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resting, "MOST", 2)
    made = []
    for _ in range(3):
        with on_postgresql(postgresql) as database:
            fill(database.engine)
            _sams(database)
            made.append(database)
    assert [_there(database) for database in made] == [0, 1, 1]


CHANGES = (
    'ALTER TABLE "app users" ADD COLUMN nickname text',
    'ALTER TABLE "app users" RENAME COLUMN suspended_at TO called',
    'ALTER TABLE "app users" DROP COLUMN suspended_at',
    'ALTER TABLE "app users" ALTER COLUMN suspended_at TYPE varchar(90)',
    'ALTER TABLE "app users" ALTER COLUMN suspended_at TYPE text COLLATE "C"',
    'ALTER TABLE "app users" ALTER COLUMN suspended_at SET NOT NULL',
    'ALTER TABLE "app users" ADD COLUMN twice text GENERATED ALWAYS AS (email || email) STORED',
    'ALTER TABLE "app users" RENAME TO people',
    'ALTER TABLE "app users" SET SCHEMA elsewhere',
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_table_that_changed_has_another_mark(database: Database, change: str) -> None:
    with database.engine.connect() as connection:
        connection.exec_driver_sql("CREATE SCHEMA elsewhere")
        connection.exec_driver_sql("UPDATE \"app users\" SET suspended_at = ''")
        before = mark_of(connection, None, ["app users"])
        connection.exec_driver_sql(change)
        after = mark_of(connection, None, ["app users"])
        connection.rollback()
    assert before
    assert after != before


@pytest.mark.parametrize(
    "kind", ["CREATE TYPE own AS ENUM ('a')", "CREATE DOMAIN own AS text", "CREATE TYPE own AS (a int)"]
)
def test_a_type_of_somebodys_own_is_always_looked_at(database: Database, kind: str) -> None:
    with database.engine.connect() as connection:
        connection.exec_driver_sql(kind)
        connection.exec_driver_sql('ALTER TABLE "app users" ADD COLUMN odd own')
        mark = mark_of(connection, None, ["app users"])
        connection.rollback()
    assert mark is None


def test_the_next_item_sees_that_a_table_has_changed(database: Database) -> None:
    shop = shop_map(database.url)
    reader = open_engine(database.url)
    Tables(reader, shop).look()
    with database.engine.begin() as connection:
        connection.exec_driver_sql('ALTER TABLE "app users" ADD COLUMN nickname text')
    place = Tables(reader, shop).place("users", shop.collections["users"])
    close_engine(reader)
    assert "nickname" in place.columns


def test_tables_that_did_not_change_are_not_looked_at_again(database: Database) -> None:
    shop = shop_map(database.url)
    reader = open_engine(database.url)
    first = Tables(reader, shop).place("users", shop.collections["users"])
    again = Tables(reader, shop).place("users", shop.collections["users"])
    close_engine(reader)
    assert again is first


def test_a_question_put_together_for_one_person_is_asked_about_another(database: Database) -> None:
    shop = shop_map(database.url)
    routes = shop_routes(shop)
    alone = [_all_of(shop, route, MALLORY) for route in routes]
    questions.remembered.cache_clear()
    before = [_all_of(shop, route, SAM) for route in routes]
    again = [_all_of(shop, route, MALLORY) for route in routes]
    assert again == alone
    assert all(rows_of_sam != rows_of_mallory for rows_of_sam, rows_of_mallory in zip(before, alone, strict=True))


def test_nothing_of_a_person_is_kept_in_a_question_that_is_remembered(database: Database) -> None:
    shop = shop_map(database.url)
    for route in shop_routes(shop):
        _all_of(shop, route, {"email": (("sam@example.com",),), "social": SAM["social"]})
    kept = questions.remembered(open_engine(database.url))
    assert kept
    assert all(isinstance(value, int) for question in kept.values() for value in question.constants.values())
    assert not any("sam@" in question.words for question in kept.values())


def test_a_question_about_a_table_that_changed_is_put_together_anew(database: Database) -> None:
    shop = shop_map(database.url)
    users = shop_routes(shop)[-1]
    _all_of(shop, users, SAM)
    with database.engine.begin() as connection:
        connection.exec_driver_sql('ALTER TABLE "app users" RENAME COLUMN suspended_at TO suspended')
    with pytest.raises(Rejected, match="no column 'suspended_at'"):
        _all_of(shop, users, SAM)


def _all_of(shop: SystemMap, route: Route, identities: Identities) -> list[dict[str, object]]:
    connector = SqlDatabase.from_map(shop, {})
    found = rows(connector, route, identities)
    connector.close()
    return found
