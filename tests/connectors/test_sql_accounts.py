"""Two accounts in one database: one reads, one writes; and what is brought never stands in memory as a whole."""

import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import run
from traceback import format_exception

import pytest
import sqlalchemy as sa

from dsr.connectors.contract import Chunk, Effect, Rejected
from dsr.connectors.sql import SqlDatabase
from dsr.datamap.schema import SystemMap, Way
from tests.connectors.databases import Database, on
from tests.connectors.horrors import connected, routes
from tests.connectors.maps import collection, rows, system

ALL = ["sqlite", "postgresql", pytest.param("mariadb", marks=pytest.mark.mariadb)]
ROWS = 500_000
SAM = {"email": (("sam@example.com",),)}


@pytest.fixture(params=ALL)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with on(request, tmp_path) as made:
        made.run(
            "CREATE TABLE visits (id int PRIMARY KEY, email varchar(40), page varchar(40))",
            "CREATE INDEX visited_by ON visits (email)",
        )
        yield made


def visits(url: str, **settings: str) -> SystemMap:
    told = collection("id,email,page", key="id", found_by={"email": ("email",)})
    return system("sql", {"url": url, **settings}, visits=told)


def reader_of(database: Database) -> str:
    """The address of an account that may read, and nothing else."""
    address = sa.make_url(database.url)
    name = address.database
    if database.kind == "postgresql":
        database.run(f"CREATE ROLE reads_{name} LOGIN", f"GRANT SELECT ON visits TO reads_{name}")
        return address.set(username=f"reads_{name}").render_as_string(hide_password=False)
    database.run(f"CREATE USER reads_{name}@localhost", f"GRANT SELECT ON {name}.* TO reads_{name}@localhost")
    return address.set(username=f"reads_{name}").render_as_string(hide_password=False)


def test_one_account_reads_and_another_writes(database: Database) -> None:
    database.run("INSERT INTO visits VALUES (1, 'sam@example.com', '/'), (2, 'mallory@example.com', '/')")
    chunk = Chunk("visits", Way.DELETE, ("id",), ((1,),))
    if database.kind != "sqlite":  # which has no accounts
        alone = connected(visits(reader_of(database)))
        assert alone.check() == []
        with pytest.raises(Rejected, match="refuses"):
            alone.erase(chunk, "one")
    told = visits("${READ}", write_url="${WRITE}")
    reading = database.url if database.kind == "sqlite" else sa.make_url(database.url).set(
        username=f"reads_{sa.make_url(database.url).database}").render_as_string(hide_password=False)  # fmt: skip
    both = SqlDatabase.from_map(told, {"READ": reading, "WRITE": database.url})
    assert [row["id"] for row in rows(both, routes(told)["visits"], SAM)] == [1]
    assert both.read_back(chunk) == ((1,),)
    assert both.erase(chunk, "one").effect is Effect.DONE
    assert both.read_back(chunk) == ()
    assert database.read("SELECT id FROM visits") == [(2,)]


def test_a_wrong_address_to_write_to_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="setting 'write_url'"):
        SqlDatabase.from_map(visits(f"sqlite:///{tmp_path}/x", write_url="nosuch://me:hush@host/x"), {})


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://portal:p@x:hunter2/w@db.example/shop",
        "mariadb://portal:p@x:hunter2:y@db.example/shop",
        "mariadb://portal@db.example/shop?read_timeout=hunter2",
    ],
)
@pytest.mark.parametrize("setting", ["url", "write_url"])
def test_no_part_of_a_password_is_told_of_an_address_that_cannot_be_read(
    tmp_path: Path, setting: str, address: str
) -> None:
    right = {"url": f"sqlite:///{tmp_path}/x"}
    with pytest.raises(ValueError, match=f"^shop: setting '{setting}': it cannot be read as an address") as refused:
        SqlDatabase.from_map(visits(**right | {setting: "${URL}"}), {"URL": address})
    assert "hunter2" not in "".join(format_exception(refused.value))


def test_the_connection_that_reads_cannot_write(database: Database) -> None:
    connector = connected(visits(database.url))
    with pytest.raises(sa.exc.DBAPIError), connector._reader.begin() as connection:  # noqa: SLF001  no door leads there
        connection.exec_driver_sql("INSERT INTO visits VALUES (1, 'x', 'y')")
    assert database.read("SELECT id FROM visits") == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("theirs", ["-csearch_path=shop", "-c search_path=shop -c default_transaction_read_only=off"])
def test_options_in_an_address_take_nothing_from_ours(database: Database, theirs: str) -> None:
    database.run(
        "CREATE SCHEMA shop",
        "ALTER TABLE visits SET SCHEMA shop",
        "INSERT INTO shop.visits VALUES (1, 'sam@example.com', '/')",
    )
    address = sa.make_url(database.url).update_query_dict({"options": theirs}).render_as_string(hide_password=False)
    connector = connected(visits(address))
    with connector._reader.connect() as connection:  # noqa: SLF001  no door leads there
        names = ("default_transaction_read_only", "lock_timeout", "DateStyle")
        told = [str(connection.exec_driver_sql(f"SHOW {name}").scalar_one()) for name in names]
    assert told[:2] == ["on", "5s"]
    assert told[2].startswith("ISO")
    assert connector.erase(Chunk("visits", Way.DELETE, ("id",), ((1,),)), "one").effect is Effect.DONE
    assert database.read("SELECT id FROM shop.visits") == []


def test_half_a_million_rows_pass_through_little_memory(database: Database) -> None:
    page = "'/page/' || n" if database.kind != "mariadb" else "CONCAT('/page/', n)"
    counted = {
        "sqlite": f"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {ROWS}) SELECT n FROM s",
        "postgresql": f"SELECT n FROM generate_series(1, {ROWS}) n",
        "mariadb": f"SELECT seq AS n FROM seq_1_to_{ROWS}",
    }[database.kind]
    database.run(f"INSERT INTO visits SELECT n, 'sam@example.com', {page} FROM ({counted}) AS numbers")
    told = [sys.executable, "-c", _CHILD, database.url, str(ROWS)]
    grown = run(told, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    megabytes = int(grown.stdout) / 1024
    assert megabytes < 16, f"{database.kind}: {megabytes:.1f} MB above the first thousand rows"


# A process of its own, whose peak is nobody else's: prints by how many kilobytes it grew after the first batch.
_CHILD = """
import sys
from pathlib import Path
from tests.connectors.horrors import connected, routes
from tests.connectors.test_sql_accounts import SAM, visits
def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
told = visits(sys.argv[1])
found = connected(told).find(routes(told)["visits"], SAM)
count = len(next(found).rows)
before = peak()
count += sum(len(batch.rows) for batch in found)
assert count == int(sys.argv[2]), count
print(peak() - before)
"""
