"""What real databases hold that no textbook shows: asked on SQLite, PostgreSQL and MariaDB alike."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dsr.connectors.contract import Chunk, Effect
from dsr.datamap.schema import Way
from tests.connectors import horrors
from tests.connectors.databases import Database, on
from tests.connectors.maps import rows

QUOTED = {"sqlite": '"order"', "postgresql": '"order"', "mariadb": "`order`"}
BOTH = {"email": (("sam@example.com",), ("sam@example.org",))}


@pytest.fixture(params=["sqlite", "postgresql", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """The horrors, in each database."""
    with on(request, tmp_path) as made:
        horrors.make(made)
        yield made


def test_every_kind_of_value_is_brought_and_the_soft_deleted_row_too(database: Database) -> None:
    told = horrors.horrors(database.url)
    connector = horrors.connected(told)
    found = rows(connector, horrors.routes(told)["orders"], BOTH)
    assert connector.check() == []
    assert [row["part"] for row in found] == [1, 2]
    assert found[0]["id"] == b"\x00\xff'"
    assert found[0]["select %s :from"] == "it's %s"
    assert str(found[0]["note"]).replace(" ", "") == '{"a":[1]}'
    assert found[0]["loud"] == "SAM@EXAMPLE.COM"
    if database.kind != "sqlite":  # which has no moments
        assert found[0]["made_at"] == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_what_may_not_be_empty_gets_a_neutral_value_that_fits(database: Database) -> None:
    told = horrors.horrors(database.url)
    connector = horrors.connected(told)
    route = horrors.routes(told)["orders"]
    keys = (("00ff27", 1), ("00ff27", 2))  # as a manifest spells them
    chunk = Chunk("orders", Way.REDACT, ("id", "part"), keys, route.collection.erase.set)
    mallory = database.read(f"SELECT * FROM {QUOTED[database.kind]} WHERE part = 3")
    assert set(connector.read_back(chunk)) == set(keys)
    assert (connector.erase(chunk, "one").effect, connector.read_back(chunk)) == (Effect.DONE, ())
    assert connector.erase(chunk, "two").effect is Effect.ABSENT
    after = database.read(f"SELECT email, nick, score, loud, note FROM {QUOTED[database.kind]} WHERE part < 3")
    assert len({row[0] for row in after}) == 2
    assert all(row[0].startswith("erased-00ff27-") and row[1] == "erased" and row[2] == 1 for row in after)
    assert all(row[3] == row[0].upper() and row[4] is None for row in after)
    assert database.read(f"SELECT * FROM {QUOTED[database.kind]} WHERE part = 3") == mallory
