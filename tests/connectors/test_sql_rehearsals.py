"""What PostgreSQL is asked before a large erasure: what nothing can refuse is not tried, and all else is."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from dsr.connectors.contract import Chunk, Rejected, Unreachable
from dsr.connectors.sql import SqlDatabase, proving
from dsr.datamap.schema import Way
from tests.connectors.databases import Database, on_postgresql
from tests.connectors.horrors import connected
from tests.connectors.maps import collection, system

ONE, OTHER = (f"00000000-0000-0000-0000-00000000000{number}" for number in (7, 8))
USERS = Chunk("users", Way.DELETE, ("id",), ((1,), ("2",)))
VISITS = [Chunk("visits", Way.DELETE, ("id",), ((key,),)) for key in (ONE, OTHER)]


@pytest.fixture(scope="module")
def server(postgresql: str) -> Iterator[Database]:
    with on_postgresql(postgresql) as made:
        yield made


@pytest.fixture
def database(server: Database) -> Database:
    """Sam is 1 and 2 and was here twice, Mallory is 3."""
    server.run(
        "DROP SCHEMA public CASCADE",
        "CREATE SCHEMA public",
        "CREATE TABLE users (id int PRIMARY KEY, email text UNIQUE, friend int)",
        "CREATE TABLE visits (id uuid PRIMARY KEY, user_id bigint CONSTRAINT visited REFERENCES users (id))",
        "INSERT INTO users VALUES (1, 'sam@example.com'), (2, 'sam@example.org'), (3, 'mallory@example.com')",
        f"INSERT INTO visits VALUES ('{ONE}', 1), ('{OTHER}', 2)",
    )
    return server


@pytest.fixture
def connector(database: Database) -> Iterator[SqlDatabase]:
    users = collection("id,email,friend", key="id", found_by={"email": ("email",)})
    visits = collection("id,user_id", key="id", links=({"to": "users", "on": {"user_id": "id"}},))
    with closing(connected(system("sql", {"url": database.url}, visits=visits, users=users))) as opened:
        yield opened


def marks(database: Database) -> list[tuple[object, ...]]:
    """Which transaction touched each row last, one that was rolled back included: the server writes it there."""
    return database.read("SELECT id::text, xmax::text FROM users UNION ALL SELECT id::text, xmax::text FROM visits")


def test_what_nothing_can_refuse_is_shown_and_not_tried(connector: SqlDatabase, database: Database) -> None:
    before = marks(database)
    connector.rehearse([*VISITS, USERS])
    assert marks(database) == before


@pytest.mark.parametrize(
    "change",
    [
        """CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
           CREATE TRIGGER seen BEFORE DELETE ON visits FOR EACH ROW EXECUTE FUNCTION seen()""",
        "CREATE RULE seen AS ON DELETE TO users DO ALSO NOTHING",
        "ALTER TABLE users ENABLE ROW LEVEL SECURITY",
        "CREATE TABLE newer () INHERITS (users)",
        "ALTER TABLE users ADD CONSTRAINT befriended FOREIGN KEY (friend) REFERENCES users (id)",
        "CREATE TABLE notes (user_id int REFERENCES users (id) ON DELETE CASCADE)",
        "CREATE TABLE notes (user_id int REFERENCES users (id) ON DELETE SET NULL)",
        "CREATE TABLE notes (of text REFERENCES users (email))",
        "ALTER TABLE users ADD UNIQUE (friend); CREATE TABLE notes (friend int REFERENCES users (friend))",
        "ALTER TABLE visits DROP CONSTRAINT visits_pkey; CREATE INDEX looked_up ON visits (id)",
        "CREATE TABLE notes (id int REFERENCES users); ALTER TABLE notes ENABLE ROW LEVEL SECURITY",
        "CREATE TABLE notes (user_id int REFERENCES users (id)) PARTITION BY RANGE (user_id)",
    ],
)
def test_whatever_could_refuse_is_tried_and_taken_back(connector: SqlDatabase, database: Database, change: str) -> None:
    database.run(change)
    before = marks(database)
    connector.rehearse([*VISITS, USERS])
    assert marks(database) != before
    assert len(database.read("SELECT id FROM visits")) == 2


def test_a_row_that_stays_and_points_at_what_goes_is_named(connector: SqlDatabase, database: Database) -> None:
    with pytest.raises(Rejected, match="foreign key 'visited' of table 'visits'"):
        connector.rehearse([VISITS[0], USERS])
    database.run("DELETE FROM visits")
    connector.rehearse([VISITS[0], USERS])


def test_an_order_that_the_server_refuses_is_named(connector: SqlDatabase) -> None:
    with pytest.raises(Rejected, match="foreign key 'visited' of table 'visits'"):
        connector.rehearse([USERS, *VISITS])


def test_a_table_that_takes_no_deletion_at_all_is_named(connector: SqlDatabase, database: Database) -> None:
    database.run("ALTER TABLE users REPLICA IDENTITY NOTHING", "CREATE PUBLICATION everything FOR TABLE users")
    with pytest.raises(Unreachable, match="55000"):
        connector.rehearse([*VISITS, USERS])


def test_a_redaction_among_them_is_tried_with_the_rest(connector: SqlDatabase, database: Database) -> None:
    taken = Chunk("users", Way.REDACT, ("id",), ((1,),), {"email": "mallory@example.com"})
    with pytest.raises(Rejected, match="users_email_key"):
        connector.rehearse([*VISITS, taken])


def test_more_than_may_be_held_is_tried(
    connector: SqlDatabase, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proving, "MOST", 2)
    before = marks(database)
    connector.rehearse([*VISITS, USERS])
    assert marks(database) != before
